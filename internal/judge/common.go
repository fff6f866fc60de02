package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"faultline/outage"
)

// Common is a suspicion: several services that stand on the same provider fail at
// the same time and in the same way. It is no finding: it names what is shared.
type Common struct {
	Provider string
	Failure  outage.Failure
	Targets  []string  // that fail, by name
	From, To time.Time // of the moments at which enough of them fail together
	Spared   int       // targets elsewhere that were watched and did not fail then
	Why      string
}

// Limits of a suspicion.
const (
	// commonTargets is how many targets must fail together: two may be chance.
	commonTargets = 3
	// elsewhereShare is the largest share of targets elsewhere that may fail at the
	// same time; more of them point to the vantage points or to something larger.
	elsewhereShare = 0.25
)

// fault is a wave with what its target stands on.
type fault struct {
	target    string
	providers []string
	wave      *Wave
}

// CommonCauses looks for providers whose targets fail together. The providers of a
// target are those that the catalog names; a target that it does not know counts
// as elsewhere.
func CommonCauses(tracks []*Track, providers map[string][]string) []Common {
	byProvider := map[string]map[outage.Failure][]fault{}
	for _, t := range tracks {
		for i := range t.Waves {
			f := fault{t.Target, providers[t.Target], &t.Waves[i]}
			for _, p := range f.providers {
				if byProvider[p] == nil {
					byProvider[p] = map[outage.Failure][]fault{}
				}
				byProvider[p][f.wave.Failure] = append(byProvider[p][f.wave.Failure], f)
			}
		}
	}
	var found []Common
	for provider, byFailure := range byProvider {
		for failure, faults := range byFailure {
			for _, c := range together(faults) {
				c.Provider, c.Failure = provider, failure
				if c.besides(tracks, providers) {
					found = append(found, c)
				}
			}
		}
	}
	slices.SortFunc(found, func(a, b Common) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Failure, b.Failure))
	})
	return found
}

// together sweeps over the waves and takes the stretches in which enough different
// targets fail at once; stretches that share targets and follow within an hour are
// one.
func together(faults []fault) []Common {
	type edge struct {
		at    time.Time
		open  bool
		fault *fault
	}
	edges := make([]edge, 0, 2*len(faults))
	for i := range faults {
		w := faults[i].wave
		edges = append(edges, edge{w.Onset, true, &faults[i]}, edge{w.upTo(), false, &faults[i]})
	}
	slices.SortStableFunc(edges, func(a, b edge) int { return a.at.Compare(b.at) })
	failing := map[string]int{}
	var found []Common
	var now *Common
	for _, e := range edges {
		before := len(failing)
		if e.open {
			failing[e.fault.target]++
		} else if failing[e.fault.target]--; failing[e.fault.target] == 0 {
			delete(failing, e.fault.target)
		}
		switch {
		case before < commonTargets && len(failing) >= commonTargets:
			if n := len(found); n > 0 && e.at.Sub(found[n-1].To) <= time.Hour {
				now = &found[n-1]
			} else {
				found = append(found, Common{From: e.at})
				now = &found[len(found)-1]
			}
		case before >= commonTargets && len(failing) < commonTargets:
			now.To = e.at
		}
		if len(failing) >= commonTargets {
			now.join(failing)
		}
	}
	return found
}

// join adds the targets that fail at this moment.
func (c *Common) join(failing map[string]int) {
	for t := range failing {
		if !slices.Contains(c.Targets, t) {
			c.Targets = append(c.Targets, t)
		}
	}
	slices.Sort(c.Targets)
}

// besides counts the targets elsewhere that were watched at the time, and says
// whether few enough of them fail. A target was watched if its track had begun.
func (c *Common) besides(tracks []*Track, providers map[string][]string) bool {
	watched, bad := map[string]bool{}, map[string]bool{}
	for _, t := range tracks {
		if slices.Contains(providers[t.Target], c.Provider) || !t.watchedOn(c.From) {
			continue
		}
		watched[t.Target] = true
		for i := range t.Waves {
			if w := &t.Waves[i]; w.Onset.Before(c.To) && w.upTo().After(c.From) {
				bad[t.Target] = true
			}
		}
	}
	c.Spared = len(watched) - len(bad)
	if float64(len(bad)) > elsewhereShare*float64(len(watched)) {
		return false
	}
	c.Why = fmt.Sprintf("%s stand on %s and fail together in the same way (%s); of %d watched elsewhere %d fail: a common cause at %s is suspected",
		strings.Join(c.Targets, ", "), c.Provider, c.Failure, len(watched), len(bad), c.Provider)
	return true
}

// watchedOn says whether somebody spoke of a target up to a day and from it on: a
// monitor that logs changes may speak of one that is well in the day's snapshot
// alone.
func (t *Track) watchedOn(at time.Time) bool {
	const day = 24 * time.Hour
	if len(t.Periods) == 0 {
		return false
	}
	today := at.Truncate(day)
	return !t.Periods[0].From.Truncate(day).After(today) && !t.last.Truncate(day).Before(today)
}
