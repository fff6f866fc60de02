package feature

import (
	"math"

	"faultline/internal/attempts"
	"faultline/outage"
)

// wave is a stretch of time in which attempts fail, in seconds since 1970.
type wave struct {
	from, to int64 // to is 0 while it lasts
}

// How waves are told. Shares are of the highest share that a minute's worth of attempts
// reached.
const (
	// enoughTries in a slot, on average, make its share worth looking at; slots are
	// joined until they have as many.
	enoughTries = 8
	// riseShare of the peak begins a wave, fallShare of what was to be expected ends
	// it, once gapExpected failures would have been.
	riseShare   = 0.5
	fallShare   = 0.2
	gapExpected = 5
	// leastShare of attempts must fail for anything to be said.
	leastShare = 0.05
)

// slots are attempts in equal stretches of time.
type slots struct {
	from  int64 // second of the first
	width int64 // seconds
	list  []tally
}

// widths are what slots may be joined to, in seconds.
var widths = [...]int64{attempts.SlotSeconds, 30, 60, 300}

// drawLine adds up the attempts that count from one minute up to another.
func (x *extract) drawLine(from, to outage.Minute) {
	s := slots{from: int64(from) * 60, width: attempts.SlotSeconds, list: make([]tally, max(0, int(to-from+1))*attempts.Slots)}
	x.each(from, to, func(m outage.Minute, _ *attempts.Spot, b *attempts.Bin, ok bool) {
		if !ok {
			return
		}
		part := s.list[int(m-from)*attempts.Slots:]
		b.EachSlot(func(slot, tried, failed int) { part[slot].add(tally{tried, failed}) })
	})
	x.line = s
}

// timeline is a part of that line.
func (x *extract) timeline(from, to outage.Minute) slots {
	first := outage.Minute(x.line.from / 60)
	begin := min(int(max(from-first, 0))*attempts.Slots, len(x.line.list))
	end := min(max(int(to-first+1)*attempts.Slots, begin), len(x.line.list))
	return slots{from: x.line.from + int64(begin)*x.line.width, width: x.line.width, list: x.line.list[begin:end]}
}

// join makes slots wide enough that their shares mean something.
func (s *slots) join() slots {
	tried, full := 0, 0
	for _, t := range s.list {
		if tried += t.tried; t.tried > 0 {
			full++
		}
	}
	span := int64(len(s.list)) * s.width
	for _, width := range widths {
		if int64(tried)*width >= enoughTries*span || width == widths[len(widths)-1] {
			out := slots{from: s.from, width: width}
			per := int(width / s.width)
			for i := 0; i < len(s.list); i += per {
				var t tally
				for _, o := range s.list[i:min(i+per, len(s.list))] {
					t.add(o)
				}
				out.list = append(out.list, t)
			}
			return out
		}
	}
	return *s
}

// peak is the highest share over a minute's worth of slots.
func (s *slots) peak() float64 {
	n := max(1, int(60/s.width))
	best := 0.0
	var run tally
	for i, t := range s.list {
		run.add(t)
		if i >= n {
			old := s.list[i-n]
			run.tried, run.failed = run.tried-old.tried, run.failed-old.failed
		}
		if run.tried >= enoughTries/2 {
			best = math.Max(best, run.share())
		}
	}
	return best
}

// findWaves dates what attempts show: where it began, and its waves. What came before
// the incident's onset counts where it leads up to it without a break.
func (x *extract) findWaves() {
	inc := x.Incident
	first := inc.Onset - lookBack
	if len(x.past.Minutes) > 0 {
		first = max(first, x.past.Minutes[0].At)
	}
	from, to := max(first, inc.Onset-lookEarlier), min(x.until, inc.Onset+maxLook)
	x.drawLine(first, to)
	before := x.share0(first, inc.Onset-1)
	if to >= from {
		fine := x.timeline(from, to)
		wide := fine.join()
		for _, w := range wide.waves(before) {
			if w.to == 0 || w.to > int64(inc.Onset)*60 {
				x.waves = append(x.waves, fine.refine(w, wide.width))
			}
		}
	}
	if len(x.waves) > 0 {
		x.onset = outage.Minute(x.waves[0].from / 60)
	}
	x.chooseMinutes(first, to)
}

// share0 is the share of attempts that fails while all is as usual: that of the better
// half of the time before, for the other may lead up to the incident.
func (x *extract) share0(from, to outage.Minute) float64 {
	if to < from {
		return 0
	}
	var halves [2]tally
	s := x.timeline(from, to)
	for i, t := range s.list {
		halves[2*i/len(s.list)].add(t)
	}
	if halves[0].tried == 0 || halves[1].tried == 0 {
		halves[0].add(halves[1])
		return halves[0].share()
	}
	return math.Min(halves[0].share(), halves[1].share())
}

// waves finds the stretches of failing.
func (s *slots) waves(before float64) []wave {
	peak := s.peak()
	if peak < leastShare+2*before {
		return nil
	}
	rise := math.Max(leastShare, before+riseShare*(peak-before))
	var out []wave
	var run, gap tally // of the wave so far, and since it may have ended
	begin, pause := -1, -1
	for i, t := range s.list {
		if t.tried == 0 {
			continue
		}
		high := t.failed > 0 && t.share() >= rise
		if begin < 0 {
			if high {
				begin, pause, run, gap = s.leadUp(i, before, peak), -1, t, tally{}
			}
			continue
		}
		if high {
			run.add(gap)
			run.add(t)
			pause, gap = -1, tally{}
			continue
		}
		if pause < 0 {
			pause = i
		}
		gap.add(t)
		expected := float64(gap.tried) * run.share()
		if expected >= gapExpected && float64(gap.failed) <= fallShare*expected {
			out = append(out, wave{s.second(begin), s.second(pause)})
			begin = -1
		}
	}
	if begin >= 0 {
		out = append(out, wave{from: s.second(begin)})
	}
	return out
}

// leadUp walks back from where a wave is high to where it began to rise.
func (s *slots) leadUp(i int, before, peak float64) int {
	for i > 0 && s.list[i-1].failed > 0 && s.list[i-1].share() >= math.Max(leastShare, before+fallShare*(peak-before)) {
		i--
	}
	return i
}

func (s *slots) second(i int) int64 { return s.from + int64(i)*s.width }

// refine dates the beginning of a wave by the finest slots: its first one that failed.
func (s *slots) refine(w wave, width int64) wave {
	for at := w.from; at < w.from+width; at += s.width {
		if i := int((at - s.from) / s.width); i < len(s.list) && s.list[i].failed > 0 {
			w.from = at
			break
		}
	}
	return w
}

// chooseMinutes picks the minutes that the incident's features are of - whole ones
// within waves, for a minute in which a failure began says half of each - and the quiet
// ones before, without those of an earlier outage.
func (x *extract) chooseMinutes(first, to outage.Minute) {
	stretches := x.waves
	if len(stretches) == 0 {
		for _, w := range x.Incident.Waves {
			stretches = append(stretches, wave{int64(w.Onset) * 60, int64(w.End) * 60})
		}
	}
	for _, seconds := range [...]int64{60, 45, 30, 1} {
		if x.pick(x.in, stretches, to, seconds); len(x.in) == 0 {
			continue
		}
		if seconds < 60 {
			x.failing = x.afterFirst(stretches)
		}
		break
	}
	earlier := map[outage.Minute]bool{}
	if end := x.onset - 1; end > first {
		line := x.timeline(first, end)
		wide := line.join()
		x.pick(earlier, wide.waves(x.share0(first, end)), end, 1)
	}
	for m := first; m < x.onset; m++ {
		if !earlier[m] {
			x.base[m] = true
		}
	}
}

// afterFirst is the share of the attempts of the chosen minutes that lie in stretches of
// failing.
func (x *extract) afterFirst(stretches []wave) float64 {
	all, in := 0, 0
	for i, t := range x.line.list {
		at := x.line.second(i)
		if !x.in[outage.Minute(at/60)] {
			continue
		}
		all += t.tried
		for _, w := range stretches {
			if at >= w.from && (w.to == 0 || at < w.to) {
				in += t.tried
				break
			}
		}
	}
	if all == 0 || in == 0 {
		return 1
	}
	return float64(in) / float64(all)
}

// pick takes the minutes of which at least so many seconds lie in a stretch.
func (x *extract) pick(set map[outage.Minute]bool, stretches []wave, to outage.Minute, seconds int64) {
	end := int64(to+1) * 60
	for _, w := range stretches {
		until := w.to
		if until == 0 || until > end {
			until = end
		}
		for m := outage.Minute(w.from / 60); int64(m)*60 < until; m++ {
			if min(int64(m+1)*60, until)-max(int64(m)*60, w.from) >= seconds {
				set[m] = true
			}
		}
	}
}
