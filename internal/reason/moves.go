package reason

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"faultline/outage"
)

// stance is what one sign said by one origin, and what that added to each hypothesis.
type stance struct {
	evidence outage.Evidence
	weights  map[string]float64
}

// Moves says what changed between two verdicts on the same incident: evidence that is
// new, that says the opposite, or that is no longer seen, with the hypothesis it moved
// most. A verdict of nothing before moves by everything that speaks.
func Moves(before, after *outage.Verdict) []outage.Moved {
	was, is := stances(before), stances(after)
	var all []outage.Moved
	for key, s := range is {
		old, ok := was[key]
		switch {
		case !ok:
			all = append(all, moved("moved-new", s, stance{}))
		case old.evidence.Finding != s.evidence.Finding:
			all = append(all, moved("moved-changed", s, old))
		}
	}
	for key, s := range was {
		if _, ok := is[key]; !ok {
			all = append(all, moved("moved-gone", stance{evidence: s.evidence}, s))
		}
	}
	all = slices.DeleteFunc(all, func(m outage.Moved) bool { return m.Weight == 0 })
	slices.SortFunc(all, func(a, b outage.Moved) int {
		return cmp.Or(cmp.Compare(math.Abs(b.Weight), math.Abs(a.Weight)), cmp.Compare(a.Sign, b.Sign), cmp.Compare(a.Text, b.Text))
	})
	return all
}

// stances indexes the evidence of a verdict by who said what.
func stances(v *outage.Verdict) map[string]stance {
	all := map[string]stance{}
	if v == nil {
		return all
	}
	keys := map[string]string{} // id of evidence -> key
	for _, e := range v.Evidence {
		key := e.Sign
		if e.Source != nil {
			key += " by " + e.Source.Name
		}
		keys[e.ID] = key
		all[key] = stance{e, map[string]float64{}}
	}
	for i := range v.Hypotheses {
		h := &v.Hypotheses[i]
		for _, list := range [][]outage.Weighed{h.For, h.Against} {
			for _, w := range list {
				if s, ok := all[keys[w.Evidence]]; ok {
					s.weights[h.ID] = w.Weight
				}
			}
		}
	}
	return all
}

// moved names the hypothesis that a change moved most.
func moved(template string, now, before stance) outage.Moved {
	m := outage.Moved{Sign: now.evidence.Sign, Text: fill(template, "sentence", now.evidence.Sentence)}
	if template == "moved-gone" && now.evidence.Origin == outage.OriginCrowd {
		// Whoever holds back shares of few reports looks at the evidence that there is; of
		// what is gone no number is told.
		m.Text = fill(template, "sentence", strings.ReplaceAll(now.evidence.Sign, "-", " "))
	}
	change := map[string]float64{}
	for id, w := range now.weights {
		change[id] += w
	}
	for id, w := range before.weights {
		change[id] -= w
	}
	for id, d := range change {
		d = round(d)
		if math.Abs(d) > math.Abs(m.Weight) || math.Abs(d) == math.Abs(m.Weight) && d != 0 && (d > m.Weight || d == m.Weight && id < m.For) {
			m.For, m.Weight = id, d
		}
	}
	return m
}
