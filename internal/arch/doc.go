// Package arch holds no code: its test keeps the layers, the package map of
// docs/ARCHITECTURE.md and the house style true. It reads the source tree and
// writes nothing.
package arch
