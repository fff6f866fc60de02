package feature

import (
	"slices"

	"faultline/internal/attempts"
	"faultline/outage"
)

// when says how it began, and how it went on.
func (x *extract) when() {
	hour := float64((x.onset%outage.Day+outage.Day)%outage.Day) / float64(outage.Hour)
	x.put(OnsetHour, hour, 1)
	past := x.onset % 30
	x.put(OnTheHour, yes(past <= 1 || past == 29), 1)
	x.put(WaveCount, float64(max(len(x.waves), len(x.Incident.Waves))), x.n(attempts.Tried))
	line := x.timeline(x.onset, x.to())
	list := line.minutes()
	minutes := 0
	for m := range list {
		if x.in[x.onset+outage.Minute(m)] {
			minutes++
		}
	}
	worst := worstOf(list)
	x.put(Duration, float64(x.last()-x.onset+1), minutes)
	if len(x.waves) == 0 {
		return
	}
	x.part(PeakFailFrac, worst.failed, worst.tried)
	x.sharpness(&line)
	x.rise(&line)
	x.spread()
	x.shift()
}

// minutes adds up the slots of each whole minute.
func (s *slots) minutes() []tally {
	list := make([]tally, len(s.list)/attempts.Slots)
	for m := range list {
		for _, t := range s.list[m*attempts.Slots : (m+1)*attempts.Slots] {
			list[m].add(t)
		}
	}
	return list
}

// worstOf is the minute with the highest failing share, of those with attempts enough;
// the last of equals.
func worstOf(minutes []tally) tally {
	worst := tally{}
	for _, t := range minutes {
		if t.tried >= enoughTries/2 && t.share() >= worst.share() {
			worst = t
		}
	}
	return worst
}

// How the sharpness of an onset is measured.
const (
	sharpSeconds = 120
	longEnough   = 240 // seconds of a wave before its end tells what its beginning was
)

// sharpness is the share of the failing fraction that the first two minutes reached, of
// the highest that any two minutes did.
func (x *extract) sharpness(line *slots) {
	begin, end := x.waves[0].from, x.waves[0].to
	if end == 0 {
		end = int64(x.to()+1) * 60
	}
	if end-begin < longEnough {
		return
	}
	i0 := int((begin - line.from) / line.width)
	n := int(sharpSeconds / line.width)
	var first, run tally
	best := 0.0
	for i := i0; i < len(line.list) && line.second(i) < end; i++ {
		run.add(line.list[i])
		if i-i0 >= n {
			old := line.list[i-n]
			run.tried, run.failed = run.tried-old.tried, run.failed-old.failed
		}
		if i-i0 < n {
			first.add(line.list[i])
		} else if run.tried > 0 {
			best = max(best, run.share())
		}
	}
	if best = max(best, first.share()); best > 0 && first.tried > 0 {
		x.put(OnsetSharpness, first.share()/best, first.tried)
	}
}

// rise is how long it took from the first sign until half of the failing was there. The
// first sign may be that answers became slow.
func (x *extract) rise(line *slots) {
	n := int(riseSeconds / line.width)
	shares := make([]tally, len(line.list))
	best := 0.0
	for i := range line.list {
		for _, t := range line.list[max(0, i-n+1) : i+1] {
			shares[i].add(t)
		}
		if shares[i].tried >= enoughTries/2 {
			best = max(best, shares[i].share())
		}
	}
	for i, t := range shares {
		if at := line.second(i); at >= x.waves[0].from && t.failed > 0 && t.share() >= best/2 {
			x.put(OnsetRamp, x.slowFor+float64(at-x.waves[0].from)/60, t.tried)
			return
		}
	}
}

// riseSeconds is the stretch that the failing share is of while it rises.
const riseSeconds = 30

// spread is how long it took from the first failure until four of five agents that
// fail had one.
func (x *extract) spread() {
	from := x.waves[0].from
	x.each(x.onset, x.to(), func(m outage.Minute, s *attempts.Spot, b *attempts.Bin, ok bool) {
		if !ok || b.FirstFail == attempts.None {
			return
		}
		at := int64(m)*60 + int64(b.FirstFail)
		if a := x.agents[s.Agent]; a != nil && at >= from && (a.first == 0 || at < a.first) {
			a.first = at
		}
	})
	var firsts []int64
	for _, a := range x.agents {
		if a.first != 0 && a.fails() {
			firsts = append(firsts, a.first)
		}
	}
	if len(firsts) < 2 {
		return
	}
	slices.Sort(firsts)
	const most = 0.8
	i := min(int(most*float64(len(firsts))+0.999), len(firsts)) - 1
	x.put(OnsetSpread, float64(firsts[i]-firsts[0]), len(firsts))
}

// shift says how much the set of agents that fail differs between successive waves: 1
// less the mean of their Jaccard indices.
func (x *extract) shift() {
	var sets []map[string]bool
	for _, w := range x.waves {
		shares := map[string]*tally{}
		to := w.to
		if to == 0 {
			to = int64(x.to()+1) * 60
		}
		x.each(outage.Minute(w.from/60), outage.Minute((to-1)/60), func(_ outage.Minute, s *attempts.Spot, b *attempts.Bin, ok bool) {
			if ok {
				tried, failed := b.Tally()
				at(shares, s.Agent).add(tally{tried, failed})
			}
		})
		set := map[string]bool{}
		for id, t := range shares {
			if fails(t, x.agentQuiet(id)) {
				set[id] = true
			}
		}
		if len(set) > 0 {
			sets = append(sets, set)
		}
	}
	if len(sets) < 2 {
		return
	}
	sum := 0.0
	for i := 1; i < len(sets); i++ {
		both, any := 0, len(sets[i-1])
		for id := range sets[i] {
			if sets[i-1][id] {
				both++
			} else {
				any++
			}
		}
		sum += 1 - float64(both)/float64(any)
	}
	x.put(FocusShift, sum/float64(len(sets)-1), len(sets))
}

func (x *extract) agentQuiet(id string) float64 {
	if a := x.agents[id]; a != nil {
		return a.quiet.share()
	}
	return 0
}
