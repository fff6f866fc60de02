package attempts

import (
	"slices"
	"strings"

	"faultline/outage"
)

// Glimpse is what an agent had of a service in one minute: one look, which is too
// little to say that the service fails, and the first that is known of it.
type Glimpse struct {
	Agent         string
	Tried, Failed int // whole attempts
	// Layer and Failure are of what most of them met first; empty while none fails.
	Layer   outage.Layer
	Failure outage.Failure
}

// Glimpses lists by service what agents had in a minute that has ended, ordered by
// agent. What cannot be believed is left out.
func (w *Window) Glimpses(m outage.Minute) map[string][]Glimpse {
	out := map[string][]Glimpse{}
	for id, p := range w.services {
		for i := len(p.Minutes) - 1; i >= 0 && p.Minutes[i].At >= m; i-- {
			if p.Minutes[i].At != m {
				continue
			}
			if list := p.glimpses(p.Minutes[i].Bins); len(list) > 0 {
				out[id] = list
			}
		}
	}
	return out
}

func (p *Past) glimpses(bins []Bin) []Glimpse {
	type sum struct {
		Glimpse
		met [layerCount * wordCount]int
	}
	agents := map[string]*sum{}
	for i := range bins {
		b := &bins[i]
		tried, failed := b.Tally()
		if b.Doubted || tried == 0 {
			continue
		}
		s := agents[p.Spots[b.Spot].Agent]
		if s == nil {
			s = &sum{Glimpse: Glimpse{Agent: p.Spots[b.Spot].Agent}}
			agents[s.Agent] = s
		}
		s.Tried, s.Failed = s.Tried+tried, s.Failed+failed
		if failed == 0 {
			continue
		}
		for _, c := range b.Counts {
			if c.Code >= codeWord && c.Code < codeStatus {
				s.met[c.Code-codeWord] += int(c.N)
			}
		}
	}
	list := make([]Glimpse, 0, len(agents))
	for _, s := range agents {
		s.Layer, s.Failure = most(s.met[:])
		list = append(list, s.Glimpse)
	}
	slices.SortFunc(list, func(a, b Glimpse) int { return strings.Compare(a.Agent, b.Agent) })
	return list
}

// most finds the layer and the failure that most attempts met.
func most(met []int) (outage.Layer, outage.Failure) {
	best := -1
	for i, n := range met {
		if n > 0 && (best < 0 || n > met[best]) {
			best = i
		}
	}
	switch {
	case best < 0:
		return "", ""
	case best%wordCount < len(words):
		return layers[best/wordCount], words[best%wordCount]
	}
	return layers[best/wordCount], outage.FailureHTTPRequest
}
