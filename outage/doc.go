// Package outage holds the facts of Faultline: what people reported, what was
// counted, what was unusual, what we call an incident and what we say of it.
//
// The flow, each arrow a topic of the log with one writer:
//
//	ingest -> Report -> rollup -> MinutePoints -> detect -> MinuteDetections, Baselines
//	       -> incident -> Incident -> publish -> Bulletin
//
// What may enter: types, their validation and their keys. The package imports
// only the standard library, does no I/O and never reads the clock: time is
// data. The JSON form of each type is what is stored, so fields are added and
// never renamed.
package outage
