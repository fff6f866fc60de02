// Package geo says which country and which network an address belongs to.
package geo
