package feature

import (
	"faultline/internal/attempts"
	"faultline/outage"
)

// When defences hide what they were switched on against.
const (
	// shieldShare of a minute's answers must be challenges, blocks or limits, and
	// shieldLeast of them.
	shieldShare = 0.1
	shieldLeast = 3
	// hidingShare is the share from which on they hide what failed earlier in that minute.
	hidingShare = 0.2
	// shieldWithin is how long after the onset they are looked for.
	shieldWithin = 2 * outage.Hour
	// hiddenFails of other kinds before them, or most answers hiddenTimes as slow as
	// before, are something that they may hide.
	hiddenFails = 5
	hiddenTimes = 2
	hiddenLooks = 20
)

// refused counts the answers that keep people out on purpose.
func refused(n func(attempts.Code) int) int {
	return sent(n, outage.BodyChallenge, outage.FailureChallenge) + sent(n, outage.BodyBlockPage, outage.FailureBlockPage) + n(attempts.Status(429))
}

// findShield finds the minute from which on defences answer in the service's place: it
// was out before, and then much of what agents get is a challenge, a block or a limit.
// What attempts say from then on is said of the defences, so the outage is judged by
// the minutes before.
func (x *extract) findShield() {
	x.until = x.At
	first, share := x.firstRefused()
	if share == 0 || first <= x.Incident.Onset || !x.outBefore(first) {
		return
	}
	x.shield, x.until = first, first-1
	if first == x.Incident.Onset+1 && share < hidingShare { // a part of a minute alone shows too little
		x.until = first
	}
}

// firstRefused is the first minute with many refusals, where there were few before, and
// their share of its answers; 0: there is none.
func (x *extract) firstRefused() (outage.Minute, float64) {
	begin := x.Incident.Onset
	minutes := make([]tally, max(0, min(x.At-begin, shieldWithin)+1)) // answers, and refusals
	var before tally
	x.each(begin-lookBack, begin+outage.Minute(len(minutes))-1, func(m outage.Minute, _ *attempts.Spot, b *attempts.Bin, ok bool) {
		t := tally{b.N(attempts.Answers), 0}
		if !ok || t.tried == 0 {
			return
		}
		t.failed = refused(b.N)
		if m < begin {
			before.add(t)
			return
		}
		minutes[m-begin].add(t)
	})
	if before.share() > usualRefusals {
		return 0, 0
	}
	for i, t := range minutes {
		if t.failed >= shieldLeast && t.share() >= shieldShare {
			return begin + outage.Minute(i), t.share()
		}
	}
	return 0, 0
}

// outBefore says whether the service was out in the minutes from the onset up to one.
func (x *extract) outBefore(end outage.Minute) bool {
	base := make([]attempts.Histogram, len(x.past.Spots))
	var fell tally
	answers, slow := 0, 0
	x.each(x.Incident.Onset-lookBack, end-1, func(m outage.Minute, s *attempts.Spot, b *attempts.Bin, ok bool) {
		switch {
		case !ok:
		case m < x.Incident.Onset:
			base[b.Spot].Add(b, attempts.TimeFirstByte)
		default:
			tried, failed := b.Tally()
			fell.add(tally{tried, failed - min(failed, refused(b.N))})
			before, n := base[b.Spot].Median()
			if n < fewTimes {
				return
			}
			var h attempts.Histogram
			h.Add(b, attempts.TimeFirstByte)
			answers += h.N()
			slow += h.Above(hiddenTimes * before)
		}
	})
	return fell.failed >= hiddenFails && fell.share() >= leastShare || answers >= hiddenLooks && 2*slow >= answers
}
