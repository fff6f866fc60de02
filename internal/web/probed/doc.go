// Package probed builds what pages show of measurements: what each vantage point sees of
// a service and saw of an incident, layer by layer, and the vantage points themselves.
//
// It reads looks, latencies and states of probes as the store answered them and writes
// plain structures that a template prints without thinking, all of it pure functions.
// Limits: it judges nothing, single looks go back as far as the store keeps them, and of
// an incident it draws the first two days and a dozen vantage points.
package probed
