// Package feature takes the numbers out of facts that tell one cause of an outage
// from another: which layer fails and for which share of attempts, how fast errors
// come, where and in what order it began, what stands beside it.
//
// It reads measurements, points, states of probes and observations that it is given
// and writes nothing. Every function is pure, and equal facts give equal features.
//
// Method: what is measured in the minutes of an incident is set against the same
// vantage points in the quiet minutes before its onset, or at the same hour of the
// days before where that is known. A feature that cannot be computed is absent:
// absent is not zero.
//
// Limits: attempts of agents that cannot be believed are left out, as are records of
// imports that tell less than an attempt.
package feature

import (
	"maps"
	"slices"

	"faultline/outage"
)

// Feature is one number with what it is of.
type Feature struct {
	Name     string                `json:"name" yaml:"name"` // row of the vocabulary, which says unit and sample
	Value    float64               `json:"value" yaml:"value"`
	From     outage.Minute         `json:"from,omitempty" yaml:"from"`
	To       outage.Minute         `json:"to,omitempty" yaml:"to"`
	Sample   int                   `json:"sample,omitempty" yaml:"sample"`
	Vantages int                   `json:"vantages,omitempty" yaml:"vantages"`
	Networks int                   `json:"networks,omitempty" yaml:"networks"`
	Origin   outage.EvidenceOrigin `json:"origin" yaml:"origin"`
	Source   *outage.Source        `json:"source,omitempty" yaml:"source"` // of an observer
	Quote    string                `json:"quote,omitempty" yaml:"quote"`
	Rests    []string              `json:"rests,omitempty" yaml:"rests"`
}

// Set holds at most one measured feature of a name, and beside it what observers
// have published under the same name.
type Set struct {
	Service  string
	Incident string
	Onset    outage.Minute // of the incident, as measured or else as reported
	At       outage.Minute // closed minutes up to this one were looked at
	Own      map[string]Feature
	Observed []Feature // by name, then source
}

// Names lists the features of our own, sorted.
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.Own)) }

// Get returns a feature of our own; ok is false where it is unknown.
func (s *Set) Get(name string) (Feature, bool) {
	f, ok := s.Own[name]
	return f, ok
}
