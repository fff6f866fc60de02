package feature

import (
	"cmp"
	"slices"

	"faultline/internal/attempts"
	"faultline/outage"
)

// cell is what was tried at one spot, in the incident and before it.
type cell struct {
	tally
	now, base part
}

// pair is an agent and an address: what the way between them is like does not depend on
// the page that is asked for.
type pair struct{ agent, address string }

// joinPairs adds up the spots of each pair.
func (x *extract) joinPairs() {
	for i := range x.cells {
		c, s := &x.cells[i], &x.past.Spots[i]
		k := pair{s.Agent, s.Address}
		p := x.pairs[k]
		if p == nil {
			p = &cell{}
			x.pairs[k] = p
		}
		p.tally.add(c.tally)
		p.now.Merge(&c.now.Small)
		p.base.Merge(&c.base.Small)
	}
}

// part is what is kept of a spot's bins for comparison.
type part struct {
	attempts.Small
	whole, lossy mixed // attempts, and connects
}

func (p *part) add(m outage.Minute, b *attempts.Bin, t tally) {
	p.Add(b)
	back := came(b)
	p.whole.add(m, t.failed > 0, t.tried > t.failed, back)
	p.lossy.add(m, b.N(attempts.SYNLost) > 0 || b.N(attempts.Fell(outage.LayerTCP)) > 0, b.N(attempts.Clean) > 0, back || t.failed == 0)
}

// connects counts attempts that came to a connect, and those of them that failed there.
func (p *part) connects() tally {
	return tally{
		p.N(attempts.Reached(outage.LayerTCP)) + p.N(attempts.Reached(outage.LayerRoute)),
		p.N(attempts.Fell(outage.LayerTCP)) + p.N(attempts.Fell(outage.LayerRoute)),
	}
}

// came says whether something succeeded in a minute after something had failed.
func came(b *attempts.Bin) bool {
	return b.FirstFail != attempts.None && b.LastFine != attempts.None && b.LastFine > b.FirstFail
}

// mixed tells whether good came soon after bad: what was fine until it failed is an
// onset and no mixture.
type mixed struct {
	bad  outage.Minute // the last one before this minute
	both bool
}

// mixedWithin is how soon, in minutes.
const mixedWithin = 2

// add takes the minutes in their order. back says that in this one good came after bad.
func (x *mixed) add(m outage.Minute, bad, good, back bool) {
	if good && x.bad != 0 && m > x.bad && m-x.bad <= mixedWithin || bad && good && back {
		x.both = true
	}
	if bad {
		x.bad = m
	}
}

// length of the path as most traces found it; 0: none arrived.
func (p *part) length() int {
	best := 0
	for n, count := range p.Lengths {
		if count > 0 && count >= p.Lengths[best] {
			best = n
		}
	}
	return best
}

// Bounds of ratios.
const (
	// fewTimes are too few to compare a median by, fewSpread to compare a range by.
	fewTimes  = 3
	fewSpread = 8
	// leastTime keeps ratios of very short times sane, in milliseconds.
	leastTime = 0.1
	// leastServer is the same of what a server takes: a page that is ready takes none.
	leastServer = 10
)

// ratio is a time at a spot against what it was, n times.
type ratio struct {
	value float64
	n     int
	hurt  bool // the spot's agent sees it fail
}

// middle is the median weighted by the number of times. Where spots are hurt they alone
// speak: elsewhere all is well by definition.
func middle(list []ratio) (value float64, n int, ok bool) {
	if slices.ContainsFunc(list, func(r ratio) bool { return r.hurt }) {
		list = slices.DeleteFunc(list, func(r ratio) bool { return !r.hurt })
	}
	slices.SortFunc(list, func(a, b ratio) int { return cmp.Or(cmp.Compare(a.value, b.value), cmp.Compare(a.n, b.n)) })
	for _, r := range list {
		n += r.n
	}
	below := 0
	for _, r := range list {
		if below += r.n; 2*below >= n {
			return r.value, n, n > 0
		}
	}
	return 0, 0, false
}

// compare holds each time against the usual one of its spot; of some kinds of looks, or
// all. A spot needs so few times to have its say: where answers take long there are few.
func (x *extract) compare(which attempts.Time, least float64, few int, looks ...attempts.Look) []ratio {
	var list []ratio
	for i := range x.cells {
		c, s := &x.cells[i], &x.past.Spots[i]
		if len(looks) > 0 && !slices.Contains(looks, s.Look) {
			continue
		}
		before, m := c.base.Times(which).Median()
		if m < fewTimes || c.now.Times(which).N() < few {
			continue
		}
		if which == attempts.TimeFirstByte {
			before *= x.season(s.Agent).first
		}
		hurt := x.hurt(pair{s.Agent, s.Address})
		c.now.Times(which).Each(func(ms float64, n int) {
			list = append(list, ratio{max(ms, least) / max(before, least), n, hurt})
		})
	}
	return list
}

// hurt says whether the way between an agent and an address has part in the failing:
// the agent sees the service fail, there or before it came to an address.
func (x *extract) hurt(k pair) bool {
	a := x.agents[k.agent]
	return a != nil && a.fails() && (k.address == "" || x.pairs[k].share() >= failsShare)
}

// timedLooks are the looks whose times speak of the service: a redirect is answered by the
// edge, and says nothing of what stands behind it.
var timedLooks = []attempts.Look{attempts.LookFront, attempts.LookDynamic, attempts.LookStatic}

// ratios compares times with what they were.
func (x *extract) ratios() {
	put := func(name string, list []ratio) {
		if v, n, ok := middle(list); ok {
			x.put(name, v, n)
		}
	}
	put(TTFBRatio, x.compare(attempts.TimeFirstByte, leastTime, 1, timedLooks...))
	put(StaticTTFBRatio, x.compare(attempts.TimeFirstByte, leastTime, 1, attempts.LookStatic))
	put(DynamicTTFBRatio, x.compare(attempts.TimeFirstByte, leastTime, 1, attempts.LookDynamic))
	put(ServerTimeRatio, x.compare(attempts.TimeServer, leastServer, 1, timedLooks...))
	put(DNSTimeRatio, x.compare(attempts.TimeName, leastTime, fewTimes))
	trips, rise, jitter := x.trips()
	put(RTTRatio, trips)
	put(RTTRise, rise)
	put(JitterRatio, jitter)
	x.ramp()
	quiet := 0
	for i := range x.past.Minutes {
		if x.base[x.past.Minutes[i].At] {
			quiet++
		}
	}
	x.put(BaselineMin, float64(quiet), x.quiet.N(attempts.Tried))
}

// trips compares round trips, pair by pair: by the same hour of other days where that is
// known, else by the quiet minutes.
func (x *extract) trips() (trips, rise, jitter []ratio) {
	for k, c := range x.pairs {
		hurt := x.hurt(k)
		now, n := c.now.Times(attempts.TimeConnect).Median()
		before, m := c.base.Times(attempts.TimeConnect).Median()
		if n < fewTimes || m < fewTimes {
			continue
		}
		season := x.season(k.agent)
		before *= season.connect
		trips = append(trips, ratio{max(now, leastTime) / max(before, leastTime), n, hurt})
		rise = append(rise, ratio{now - before, n, hurt})
		if base := c.base.Times(attempts.TimeConnect); n >= fewSpread && base.N() >= fewSpread {
			jitter = append(jitter, ratio{c.now.Times(attempts.TimeConnect).Range() / (base.Range() * season.jitter), n, hurt})
		}
	}
	return trips, rise, jitter
}

// How a rise of first-byte times before the first errors is told.
const (
	rampRatio = 1.5
	rampTimes = 4 // of a minute
)

// ramp says for how many minutes first-byte times were up before the first failure.
func (x *extract) ramp() {
	if len(x.waves) == 0 {
		return
	}
	type slow struct{ n, up int }
	minutes := map[outage.Minute]*slow{}
	x.each(x.onset-lookBack, x.onset, func(m outage.Minute, _ *attempts.Spot, b *attempts.Bin, ok bool) {
		if !ok {
			return
		}
		before, n := x.cells[b.Spot].base.Times(attempts.TimeFirstByte).Median()
		if n < fewTimes {
			return
		}
		var h attempts.Histogram
		h.Add(b, attempts.TimeFirstByte)
		if minutes[m] == nil {
			minutes[m] = &slow{}
		}
		minutes[m].n += h.N()
		minutes[m].up += h.Above(rampRatio * before)
	})
	begin := x.onset + 1
	for m := x.onset; m >= x.onset-lookBack; m-- {
		s := minutes[m]
		if m == x.onset && (s == nil || s.n < rampTimes) {
			continue // the minute of the onset may hold failures only
		}
		if s == nil || s.n < rampTimes || 2*s.up < s.n {
			break
		}
		begin = m
	}
	rise := 0.0
	if begin <= x.onset {
		rise = max(0, float64(x.waves[0].from-int64(begin)*60)/60)
	}
	x.slowFor = rise
	sample := 0
	for _, s := range minutes {
		sample += s.n
	}
	if sample > 0 {
		x.put(TTFBRampMin, rise, sample)
	}
}
