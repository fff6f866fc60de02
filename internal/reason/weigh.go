package reason

import (
	"cmp"
	"math"
	"slices"

	"faultline/internal/knowledge"
	"faultline/outage"
)

// weigh gives each hypothesis what the evidence adds to it, best first.
func weigh(found []seen, unknown open, t *knowledge.Table) []outage.Hypothesis {
	ranked := make([]outage.Hypothesis, 0, len(t.Hypotheses))
	for i := range t.Hypotheses {
		k := &t.Hypotheses[i]
		h := outage.Hypothesis{ID: k.ID, Title: k.Title, Class: k.Class, Prior: round(math.Log10(k.Prior.Share))}
		h.Score = h.Prior
		for _, w := range weights(found, k, t) {
			h.Score += w.Weight
			switch {
			case w.Band > 0:
				h.For = append(h.For, w)
			case w.Band < 0:
				h.Against = append(h.Against, w)
			}
		}
		h.Score = round(h.Score)
		h.Missing = missing(k, unknown)
		ranked = append(ranked, h)
	}
	share(ranked)
	slices.SortStableFunc(ranked, func(a, b outage.Hypothesis) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
	return ranked
}

// weights are the pieces that say something of a hypothesis, by size, after the caps.
// Each cap bounds a sum of what the cap below it has left, so that a further piece in
// favour never lowers a score.
func weights(found []seen, h *knowledge.Hypothesis, t *knowledge.Table) []outage.Weighed {
	var all []outage.Weighed
	groups, sources := map[string][]int{}, map[string][]int{} // positions in all
	var observed []int
	for i := range found {
		s := &found[i]
		band := bandOf(h, s)
		if band == 0 {
			continue
		}
		n := len(all)
		w := outage.Weighed{Evidence: s.evidence.ID, Sign: s.sign.ID, Band: band, Weight: band}
		if s.own() {
			groups[s.sign.Group] = append(groups[s.sign.Group], n)
		} else {
			limit := t.Rules.Observers.Sign
			w.Weight = max(-limit, min(limit, band))
			sources[s.evidence.Source.Name] = append(sources[s.evidence.Source.Name], n)
			observed = append(observed, n)
		}
		all = append(all, w)
	}
	for group, at := range groups {
		bound(all, at, t.Group(group).Cap)
	}
	for _, at := range sources {
		bound(all, at, t.Rules.Observers.Source)
	}
	bound(all, observed, t.Rules.Observers.All)
	for i := range all {
		all[i].Weight = round(all[i].Weight)
	}
	slices.SortStableFunc(all, func(a, b outage.Weighed) int {
		return cmp.Or(cmp.Compare(math.Abs(b.Weight), math.Abs(a.Weight)), cmp.Compare(a.Sign, b.Sign), cmp.Compare(a.Evidence, b.Evidence))
	})
	return all
}

// bound scales pieces so that their sum is within a cap on either side.
func bound(all []outage.Weighed, at []int, limit float64) {
	var sum float64
	for _, i := range at {
		sum += all[i].Weight
	}
	if math.Abs(sum) <= limit {
		return
	}
	for _, i := range at {
		all[i].Weight *= limit / math.Abs(sum)
	}
}

// bandOf is what the table says of a sign for a hypothesis.
func bandOf(h *knowledge.Hypothesis, s *seen) float64 {
	w := weightOf(h, s.sign.ID)
	switch {
	case w == nil:
		return 0
	case s.evidence.Finding == outage.FindingPresent:
		return w.Present
	}
	return w.Absent
}

// weightOf finds the entry of a sign; the entries are sorted.
func weightOf(h *knowledge.Hypothesis, sign string) *knowledge.Weight {
	i, ok := slices.BinarySearchFunc(h.Signs, sign, func(w knowledge.Weight, id string) int { return cmp.Compare(w.Sign, id) })
	if !ok {
		return nil
	}
	return &h.Signs[i]
}

// mostMissing is how many unknown signs a hypothesis lists: readers look for the few
// that would move it, and the table has the rest.
const mostMissing = 5

// missing are the unknown signs that would move a hypothesis by a factor of ten.
func missing(h *knowledge.Hypothesis, unknown open) []string {
	type gap struct {
		sign string
		size float64
	}
	var gaps []gap
	for _, w := range h.Signs {
		size := max(math.Abs(w.Present), math.Abs(w.Absent))
		if unknown[w.Sign] && size >= 1 {
			gaps = append(gaps, gap{w.Sign, size})
		}
	}
	slices.SortStableFunc(gaps, func(a, b gap) int {
		return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(a.sign, b.sign))
	})
	var names []string
	for _, g := range gaps[:min(len(gaps), mostMissing)] {
		names = append(names, g.sign)
	}
	return names
}

// share turns scores into shares among all hypotheses.
func share(ranked []outage.Hypothesis) {
	top := math.Inf(-1)
	for _, h := range ranked {
		top = max(top, h.Score)
	}
	var sum float64
	for _, h := range ranked {
		sum += math.Pow(10, h.Score-top)
	}
	for i := range ranked {
		ranked[i].Support = round(math.Pow(10, ranked[i].Score-top) / sum)
	}
}

// round keeps four places: more would be noise, and differ between processors.
func round(v float64) float64 {
	r := math.Round(v*1e4) / 1e4
	if r == 0 {
		return 0 // never minus zero
	}
	return r
}
