package feature

import (
	"maps"
	"slices"

	"faultline/internal/attempts"
	"faultline/outage"
)

// looking lists the agents with attempts that count, sorted.
func (x *extract) looking() []string {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(x.agents)) {
		if x.agents[id].tried > 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

// networks counts the different networks of agents.
func (x *extract) networks(ids []string) int {
	set := map[string]bool{}
	for _, id := range ids {
		set[x.agents[id].vantage.Network] = true
	}
	return len(set)
}

// put adds a feature that attempts have shown.
func (x *extract) put(name string, value float64, sample int) {
	f := Feature{Name: name, Value: round(value), Sample: sample, Origin: outage.OriginProbes, From: x.onset, To: x.to()}
	f.Vantages, f.Networks = len(x.ids), x.networks(x.ids)
	x.set.Put(f)
}

// share adds one counter over another, where there is something to divide by.
func (x *extract) share(name string, part, whole attempts.Code) {
	if v, ok := x.all.Share(part, whole); ok {
		x.put(name, v, x.all.N(whole))
	}
}

// part adds the share of attempts that failed. Where there is no whole minute of failing
// yet, those that came before the first failure are taken off, or a cut in the middle of
// a minute would look like loss.
func (x *extract) part(name string, failed, tried int) {
	x.of(name, failed, x.since(failed, tried))
}

// since is how many of some attempts came after the first failure.
func (x *extract) since(failed, tried int) int {
	if x.failing >= 1 {
		return tried
	}
	return max(failed, int(float64(tried)*x.failing+0.5))
}

// of adds a share of counts.
func (x *extract) of(name string, part, whole int) {
	if whole > 0 {
		x.put(name, float64(part)/float64(whole), whole)
	}
}
