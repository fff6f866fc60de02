package reason

import (
	"cmp"
	"math"
	"slices"

	"faultline/internal/feature"
	"faultline/internal/knowledge"
	"faultline/outage"
)

// Judge says what the features of an incident are consistent with. The caller fills
// in which revision of what it is, and what moved.
func Judge(set *feature.Set, t *knowledge.Table) outage.Verdict {
	found, unknown := look(set, t)
	g := groundOf(set, t)
	v := outage.Verdict{
		Incident: set.Incident, Service: set.Service, Name: set.Name, Minute: set.At, Table: t.Version,
		Layer: layerOf(set, g), Hypotheses: weigh(found, unknown, t), Evidence: []outage.Evidence{},
		Onset: set.Onset, Features: set.List(),
	}
	known := map[string]outage.Finding{}
	for i := range found {
		known[found[i].sign.ID] = found[i].evidence.Finding
	}
	o := decide(v.Hypotheses, g, known, t)
	v.State, v.Class, v.Leading = o.state, o.class, o.names()
	v.Sentence, v.Short = o.sentence(set, g, t), o.short(g, t)
	if o.state != outage.VerdictInsufficient {
		v.Likelihood = o.chance(g)
	}
	v.Confidence, v.ConfidenceWhy = g.trust(o.first())
	v.Classes = classes(v.Hypotheses)
	v.Evidence = append(v.Evidence, ordered(found, v.Hypotheses)...)
	v.Wanted = wanted(o, v.Hypotheses, unknown, g, t)
	v.Chain = chain(o, found, t)
	return v
}

// outcome is what the scores come to.
type outcome struct {
	state   outage.VerdictState
	class   outage.CauseClass
	leading []*outage.Hypothesis // best first; none when it abstains
	meaning int                  // how many of them mean the same to a reader
	rival   *outage.Hypothesis   // the best of another meaning
	told    *outage.Hypothesis   // the one that the sentence compares with; nil: none comes behind
	support float64              // of all that lead
	pair    *knowledge.Pair      // that cannot be told apart, nil when the scores are just close
	vague   bool                 // it abstains because nothing tells causes apart
	torn    int                  // it abstains between so many kinds of causes; 0: it does not
}

func (o *outcome) names() []string {
	var names []string
	for _, h := range o.leading {
		names = append(names, h.ID)
	}
	return names
}

// first is the best of those that lead, nil when the verdict abstains.
func (o *outcome) first() *outage.Hypothesis {
	if len(o.leading) == 0 {
		return nil
	}
	return o.leading[0]
}

// decide finds the state and who leads. The hypotheses are ranked.
func decide(ranked []outage.Hypothesis, g ground, known map[string]outage.Finding, t *knowledge.Table) outcome {
	top := &ranked[0]
	if !g.enough || sum(top.For)+sum(top.Against) < t.Rules.Gained {
		return outcome{state: outage.VerdictInsufficient, vague: g.enough}
	}
	o := outcome{leading: []*outage.Hypothesis{top}, meaning: 1}
	for i := range ranked[1:] {
		if h := &ranked[1+i]; sameMeaning(top, h, t) && top.Score-h.Score <= t.Rules.Pair {
			o.leading = append(o.leading, h)
			o.meaning++
		}
	}
	same := len(o.leading)
	o.addRivals(ranked, g, known, t)
	for _, h := range o.leading {
		o.support += h.Support
	}
	o.support = round(o.support)
	o.asked(ranked)
	o.class = top.Class
	for _, h := range o.leading {
		if h.Class != top.Class {
			o.class = outage.CauseUndecided
		}
	}
	if n := o.kinds(); n > mostKinds {
		return outcome{state: outage.VerdictInsufficient, vague: true, torn: n}
	}
	o.state = stateOf(&o, same, g, t)
	return o
}

// mostKinds is how many classes of causes a verdict may name: one that names three has
// said nothing.
const mostKinds = 2

// kinds counts the classes of those that lead.
func (o *outcome) kinds() int {
	seen := map[outage.CauseClass]bool{}
	for _, h := range o.leading {
		seen[h.Class] = true
	}
	return len(seen)
}

// addRivals finds those that come so close to the leading meaning that they are named
// with it, and the best that does not.
func (o *outcome) addRivals(ranked []outage.Hypothesis, g ground, known map[string]outage.Finding, t *knowledge.Table) {
	top, same := o.leading[0], len(o.leading)
	first := true
	for i := range ranked {
		h := &ranked[i]
		if slices.Contains(o.leading[:same], h) {
			continue
		}
		margin := t.Rules.Margin
		if first && !g.probes {
			margin = t.Rules.Clear // what others measured cannot be traced, so the second is told too
		}
		first = false
		pair := inseparable(o.leading[:same], h, known, t)
		switch {
		case top.Score-h.Score < margin, pair != nil && top.Score-h.Score <= t.Rules.Pair:
			o.leading = append(o.leading, h)
			o.pair = cmp.Or(o.pair, pair)
		case o.rival == nil:
			o.rival = h
		}
	}
}

// asked chooses what the sentence compares with: the best of those behind all that
// lead, and an internal failure when an attack leads, for attack or own failure is what
// everybody wants to know. The rival itself may stand before one that is named for its
// pair; then "more so" would not be true of it.
func (o *outcome) asked(ranked []outage.Hypothesis) {
	of := func(class outage.CauseClass) func(*outage.Hypothesis) bool {
		return func(h *outage.Hypothesis) bool { return h.Class == class }
	}
	attack := slices.ContainsFunc(o.leading, of(outage.CauseAttack)) && !slices.ContainsFunc(o.leading, of(outage.CauseInternal))
	least := o.leading[0].Score
	for _, h := range o.leading {
		least = min(least, h.Score)
	}
	for i := range ranked {
		h := &ranked[i]
		if h.Score > least || slices.Contains(o.leading, h) {
			continue
		}
		if o.told == nil {
			o.told = h
		}
		if attack && h.Class == outage.CauseInternal {
			o.told = h
			return
		}
	}
}

// stateOf is how far the evidence goes.
func stateOf(o *outcome, same int, g ground, t *knowledge.Table) outage.VerdictState {
	if len(o.leading) > same {
		return outage.VerdictAmbiguous
	}
	clear := o.rival == nil || o.leading[0].Score-o.rival.Score >= t.Rules.Clear
	level, _ := g.trust(o.leading[0])
	if clear && o.support >= t.Rules.Support && level != outage.TrustLow {
		return outage.VerdictVeryLikely
	}
	return outage.VerdictLikely
}

// sameMeaning says whether two hypotheses are one to a reader.
func sameMeaning(a, b *outage.Hypothesis, t *knowledge.Table) bool {
	p := t.Pair(a.ID, b.ID)
	return p != nil && p.Title != ""
}

// inseparable finds the pair that keeps a hypothesis from being told apart from one
// of those that lead.
func inseparable(leading []*outage.Hypothesis, h *outage.Hypothesis, known map[string]outage.Finding, t *knowledge.Table) *knowledge.Pair {
	for _, l := range leading {
		p := t.Pair(l.ID, h.ID)
		if p == nil || p.Title != "" {
			continue
		}
		if !p.Decided(func(sign string) outage.Finding { return known[sign] }) {
			return p
		}
	}
	return nil
}

// classes adds up the support of each class, the most supported first.
func classes(ranked []outage.Hypothesis) []outage.ClassSupport {
	by := map[outage.CauseClass]float64{}
	for i := range ranked {
		by[ranked[i].Class] += ranked[i].Support
	}
	all := make([]outage.ClassSupport, 0, len(by))
	for class, support := range by {
		all = append(all, outage.ClassSupport{Class: class, Support: round(support)})
	}
	slices.SortFunc(all, func(a, b outage.ClassSupport) int {
		return cmp.Or(cmp.Compare(b.Support, a.Support), cmp.Compare(a.Class, b.Class))
	})
	return all
}

// ordered lists the evidence by the largest weight that it has for any of the
// hypotheses, then by sign.
func ordered(found []seen, ranked []outage.Hypothesis) []outage.Evidence {
	largest := map[string]float64{}
	for i := range ranked {
		for _, list := range [][]outage.Weighed{ranked[i].For, ranked[i].Against} {
			for _, w := range list {
				largest[w.Evidence] = max(largest[w.Evidence], math.Abs(w.Weight))
			}
		}
	}
	all := make([]outage.Evidence, 0, len(found))
	for i := range found {
		all = append(all, found[i].evidence)
	}
	slices.SortStableFunc(all, func(a, b outage.Evidence) int {
		return cmp.Or(cmp.Compare(largest[b.ID], largest[a.ID]), cmp.Compare(a.Sign, b.Sign), cmp.Compare(a.ID, b.ID))
	})
	return all
}
