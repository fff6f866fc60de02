package reason

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"faultline/internal/feature"
	"faultline/internal/knowledge"
	"faultline/outage"
)

// seen is what one sign says by one origin.
type seen struct {
	sign     *knowledge.Sign
	evidence outage.Evidence
}

// own says whether it is of what we have measured ourselves.
func (s *seen) own() bool { return s.evidence.Origin != outage.OriginObserver }

// view is what a sign looks at: our own features, or those of one observer.
type view struct {
	set    *feature.Set
	source string // empty: our own
	at     map[string]feature.Feature
}

// views gives our own first, then one for each observer, by name. Two values that one
// observer published of the same feature count as the later one.
func views(set *feature.Set) []view {
	all := []view{{set: set, at: set.Own}}
	bySource := map[string]map[string]feature.Feature{}
	for _, f := range set.Observed {
		if f.Source == nil {
			continue
		}
		have := bySource[f.Source.Name]
		if have == nil {
			have = map[string]feature.Feature{}
			bySource[f.Source.Name] = have
		}
		if old, ok := have[f.Name]; !ok || later(f, old) {
			have[f.Name] = f
		}
	}
	var names []string
	for name := range bySource {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		all = append(all, view{set: set, source: name, at: bySource[name]})
	}
	return all
}

// later orders two values of one observer, whatever order they came in.
func later(a, b feature.Feature) bool {
	return cmp.Or(cmp.Compare(a.To, b.To), cmp.Compare(a.From, b.From), cmp.Compare(a.Value, b.Value)) > 0
}

// condition finds the feature of a condition: an observer's, or else ours, for an
// observer rarely publishes everything.
func (v view) condition(name string) (feature.Feature, bool) {
	if f, ok := v.at[name]; ok {
		return f, true
	}
	return v.set.Get(name)
}

// open are the signs that are unknown, and not because they do not apply.
type open map[string]bool

// look asks every sign of every origin. The second answer are the signs that nobody
// could answer.
func look(set *feature.Set, t *knowledge.Table) ([]seen, open) {
	var found []seen
	unknown := open{}
	for i, v := range views(set) {
		for j := range t.Signs {
			s := &t.Signs[j]
			finding, applies := ask(s, v)
			switch {
			case finding != outage.FindingUnknown:
				found = append(found, seen{s, evidence(s, v.at[s.Feature], finding)})
				delete(unknown, s.ID)
			case i == 0 && applies:
				unknown[s.ID] = true
			}
		}
	}
	return found, unknown
}

// ask answers one sign. It does not apply while one of its conditions is known not to
// hold.
func ask(s *knowledge.Sign, v view) (finding outage.Finding, applies bool) {
	f, ok := v.at[s.Feature]
	known := true
	for _, c := range s.When {
		w, have := v.condition(c.Feature)
		if have && !c.Holds(w.Value) {
			return outage.FindingUnknown, false
		}
		known = known && (have || c.OrUnknown)
	}
	if !ok || !known || tooFew(s, f, v) {
		return outage.FindingUnknown, true
	}
	switch {
	case s.Present.Holds(f.Value):
		return outage.FindingPresent, true
	case s.Absent.Holds(f.Value):
		return outage.FindingAbsent, true
	}
	return outage.FindingUnknown, true
}

// tooFew says whether a feature rests on less than the sign asks for. An observer who
// does not publish a number is taken at the word; the caps are there for that.
func tooFew(s *knowledge.Sign, f feature.Feature, v view) bool {
	short := func(have, want int) bool {
		return have < want && (v.source == "" || have > 0)
	}
	return short(f.Sample, s.Sample) || short(f.Vantages, s.Agents)
}

// evidence writes down what a sign says.
func evidence(s *knowledge.Sign, f feature.Feature, finding outage.Finding) outage.Evidence {
	text, expected := s.Says.Present, s.Present
	if finding == outage.FindingAbsent {
		text, expected = s.Says.Absent, s.Absent
	}
	unit := unitOf(s.Feature)
	e := outage.Evidence{
		Sign: s.ID, Group: s.Group, Finding: finding,
		Sentence: sentenceOf(text, f), Feature: s.Feature, Value: f.Value, Unit: unit, Expected: spanText(expected, unit),
		From: f.From, To: f.To, Sample: f.Sample, Vantages: f.Vantages, Networks: f.Networks,
		Origin: f.Origin, Rests: slices.Clone(f.Rests),
	}
	if e.Origin == "" {
		e.Origin = outage.OriginProbes
	}
	if f.Source != nil {
		source := *f.Source
		e.Source = &source
		e.Sentence = fill("published", "what", e.Sentence, "source", source.Name)
	}
	slices.Sort(e.Rests)
	e.ID = contentID(&e)
	return e
}

// idBytes is how much of the hash makes an id: 2^64 are enough for the pieces of one
// verdict.
const idBytes = 8

// contentID hashes everything but the id.
func contentID(e *outage.Evidence) string {
	plain := *e
	plain.ID = ""
	data, err := json.Marshal(&plain)
	if err != nil {
		return "" // a value that JSON cannot hold; features never are
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:idBytes])
}
