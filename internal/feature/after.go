package feature

import (
	"slices"

	"faultline/internal/attempts"
	"faultline/outage"
)

// How answers after the first failing are told from those before the onset.
const (
	// afterShare of the worst minute's failing share, or less, is past the first failing.
	afterShare = 0.5
	// afterSpan is for how many minutes past it answers are looked at: later ones are of
	// the recovery.
	afterSpan = 5
)

// after says what share of answers stayed slow when the first failing was over. Where
// that is most of them, what began it is gone and something else keeps the service down
// (Bronson and others, Metastable Failures in Distributed Systems, HotOS 2021).
func (x *extract) after() {
	if len(x.waves) == 0 {
		return
	}
	from, ok := x.pastFirst()
	if !ok {
		return
	}
	n, slow := 0, 0
	x.each(from, min(x.to(), from+afterSpan-1), func(_ outage.Minute, s *attempts.Spot, b *attempts.Bin, ok bool) {
		before, known := x.cells[b.Spot].base.Times(attempts.TimeFirstByte).Median()
		if !ok || known < fewTimes || !slices.Contains(timedLooks, s.Look) {
			return
		}
		var h attempts.Histogram
		h.Add(b, attempts.TimeFirstByte)
		n += h.N()
		slow += h.Above(slowTimes * before)
	})
	x.of(SlowAfter, slow, n)
}

// pastFirst is the first minute after the beginning in which far less failed than in the
// worst one.
func (x *extract) pastFirst() (outage.Minute, bool) {
	line := x.timeline(x.onset, x.to())
	list := line.minutes()
	worst := worstOf(list)
	begun := false
	for m, t := range list {
		bad := t.tried > 0 && t.share() > afterShare*worst.share()
		if begun && !bad && t.tried > 0 {
			return x.onset + outage.Minute(m), true
		}
		begun = begun || bad
	}
	return 0, false
}
