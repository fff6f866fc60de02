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
	"cmp"
	"maps"
	"slices"

	"faultline/outage"
)

// Feature is one number with what it is of.
type Feature = outage.Feature

// Set holds at most one measured feature of a name, and beside it what observers
// have published under the same name.
type Set struct {
	Service  string
	Name     string // what people call the service; empty: its id
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

// Put adds a feature: one of an observer beside those of our own. Of two of our own
// with the same name the later replaces the earlier.
func (s *Set) Put(f Feature) {
	if f.Origin == outage.OriginObserver {
		s.Observed = append(s.Observed, f)
		slices.SortStableFunc(s.Observed, func(a, b Feature) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(sourceName(a), sourceName(b)))
		})
		return
	}
	if s.Own == nil {
		s.Own = map[string]Feature{}
	}
	s.Own[f.Name] = f
}

func sourceName(f Feature) string {
	if f.Source == nil {
		return ""
	}
	return f.Source.Name
}

// List is the whole set in the order in which a verdict keeps it: our own by name,
// then what observers have published.
func (s *Set) List() []Feature {
	out := make([]Feature, 0, len(s.Own)+len(s.Observed))
	for _, name := range s.Names() {
		out = append(out, s.Own[name])
	}
	return append(out, s.Observed...)
}

// Of is the set that a verdict was reached from, so that another table can judge it
// anew.
func Of(v *outage.Verdict) *Set {
	s := &Set{Service: v.Service, Name: v.Name, Incident: v.Incident, Onset: v.Onset, At: v.Minute, Own: map[string]Feature{}}
	for _, f := range v.Features {
		s.Put(f)
	}
	return s
}
