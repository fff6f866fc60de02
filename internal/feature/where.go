package feature

import (
	"maps"
	"slices"

	"faultline/internal/attempts"
)

// where says which vantage points and which addresses fail.
func (x *extract) where() {
	ids := x.ids
	if len(ids) == 0 {
		return
	}
	x.slowness()
	var bad []string
	shares := make([]float64, 0, len(ids))
	countries, networks, classes := sides{}, sides{}, sides{}
	for _, id := range ids {
		a := x.agents[id]
		fails := a.suffers()
		if fails {
			bad = append(bad, id)
		}
		shares = append(shares, a.share())
		countries.add(a.vantage.Country, fails)
		networks.add(a.vantage.Network, fails)
		classes.add(a.vantage.Class, fails)
	}
	x.of(AgentFailShare, len(bad), len(ids))
	x.of(CountryFailShare, countries.bad(), len(countries))
	x.of(NetworkFailShare, networks.bad(), len(networks))
	if len(bad) > 0 {
		for name, s := range map[string]sides{OneCountry: countries, OneNetwork: networks, ClassOnly: classes} {
			if s.named() > 1 { // or there is nothing to compare
				x.put(name, yes(s.only(len(bad))), len(ids))
			}
		}
		x.put(VantageGini, gini(shares), len(ids))
	}
	x.edges()
	x.families()
}

// slowness counts the answers of each agent that take several times as long as before.
func (x *extract) slowness() {
	for i := range x.cells {
		c, s := &x.cells[i], &x.past.Spots[i]
		before, m := c.base.Times(attempts.TimeFirstByte).Median()
		if a := x.agents[s.Agent]; a != nil && m >= fewTimes && slices.Contains(timedLooks, s.Look) {
			h := c.now.Times(attempts.TimeFirstByte)
			a.answers.add(tally{h.N(), h.Above(slowTimes * before)})
		}
	}
}

// sides counts agents by what they have in common: those that fail, and all.
type sides map[string]*tally

func (s sides) add(name string, fails bool) {
	t := tally{tried: 1}
	if fails {
		t.failed = 1
	}
	at(s, name).add(t)
}

// bad counts names whose agents mostly fail.
func (s sides) bad() int {
	n := 0
	for _, t := range s {
		if 2*t.failed > t.tried {
			n++
		}
	}
	return n
}

// named counts names that are known.
func (s sides) named() int {
	n := len(s)
	if s[""] != nil {
		n--
	}
	return n
}

// only says whether all agents that fail are of one name, that is known, and whether
// agents of another one see it well.
func (s sides) only(failing int) bool {
	fine := false
	one := false
	for name, t := range s {
		switch {
		case t.failed == failing && name != "" && 2*t.failed > t.tried:
			one = true
		case t.failed == 0:
			fine = true
		}
	}
	return one && fine
}

func yes(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// gini is how unevenly shares are spread: 0 all alike, towards 1 one alone.
func gini(list []float64) float64 {
	slices.Sort(list)
	sum, weighted := 0.0, 0.0
	for i, v := range list {
		sum += v
		weighted += float64(2*(i+1)-len(list)-1) * v
	}
	if sum == 0 {
		return 0
	}
	return weighted / (float64(len(list)) * sum)
}

// edges says whether some addresses fail and others do not. An address fails when most
// agents that tried it see it fail. One that nobody was given before is none of the
// service's own, while those that were known are still in use.
func (x *extract) edges() {
	known := x.known()
	pairs := map[pair]*tally{}
	for i := range x.cells {
		if s := &x.past.Spots[i]; s.Whole() && s.Address != "" && x.cells[i].tried > 0 {
			k := pair{s.Agent, s.Address}
			if pairs[k] == nil {
				pairs[k] = &tally{}
			}
			pairs[k].add(x.cells[i].tally)
		}
	}
	inUse := false
	for k := range pairs {
		inUse = inUse || known[k.address]
	}
	votes := map[string]*tally{}
	for k, t := range pairs {
		if inUse && !known[k.address] {
			continue
		}
		v := tally{tried: 1}
		if t.share() >= 0.5 {
			v.failed = 1
		}
		at(votes, k.address).add(v)
	}
	dead := 0
	shares := make([]float64, 0, len(votes))
	for _, a := range slices.Sorted(maps.Keys(votes)) {
		if 2*votes[a].failed > votes[a].tried {
			dead++
		}
		shares = append(shares, x.spots[a].share())
	}
	x.of(AddressFailShare, dead, len(votes))
	if len(shares) > 1 {
		x.put(AddressGini, gini(shares), len(shares))
	}
}

// families compares IPv6 with IPv4.
func (x *extract) families() {
	var four, six tally
	for i := range x.cells {
		s := &x.past.Spots[i]
		if !s.Whole() {
			continue
		}
		switch s.Family {
		case 4:
			four.add(x.cells[i].tally)
		case 6:
			six.add(x.cells[i].tally)
		}
	}
	if four.tried >= fewSpread && six.tried >= fewSpread {
		x.put(FamilyGap, six.share()-four.share(), min(four.tried, six.tried))
	}
}

// controls says what the agents that see it fail had of their own controls, whether or
// not they can be believed.
func (x *extract) controls() {
	tried, failed := 0, 0
	first, last := x.onset, x.to()
	for _, id := range slices.Sorted(maps.Keys(x.agents)) {
		s := x.agents[id]
		all := s.tally
		all.add(s.doubted)
		a := x.Window.Agent(id)
		if a == nil || !fails(&all, s.quiet.share()) {
			continue
		}
		for m := first; m <= last; m++ {
			if x.in[m] {
				t, f := a.Control(m, m)
				tried, failed = tried+t, failed+f
			}
		}
	}
	x.of(ControlFail, failed, tried)
}
