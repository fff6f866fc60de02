package siblings

import (
	"cmp"
	"math"
	"slices"

	"faultline/outage"
)

// look is a service in trouble, as its neighbours are set against it.
type look struct {
	own     *condition
	minutes []span            // of trouble
	failing map[string][]span // by agent that sees it: its minutes
}

// lookAt finds the minutes in which a service was in trouble, and the vantage points
// that saw it: of the service, else of those vantage points, else all minutes.
func lookAt(own *condition, from, to outage.Minute) *look {
	l := &look{own: own, minutes: clip(own.trouble(), from-within, to), failing: map[string][]span{}}
	var seen []span
	for _, agent := range own.troubled() {
		if clipped := clip(own.seenBy(agent), from-within, to); len(clipped) > 0 {
			l.failing[agent] = clipped
			seen = append(seen, clipped...)
		}
	}
	if len(l.minutes) == 0 {
		l.minutes = merge(seen)
	}
	if len(l.minutes) == 0 {
		l.minutes = []span{{From: from, To: to + 1}}
	}
	return l
}

// togetherShare is the share of minutes, and of vantage points, that two services must
// have in common to fail together.
const togetherShare = 0.5

// with says whether a neighbour fails in the same minutes: as a whole, or as seen by
// the vantage points that see the service fail.
func (l *look) with(c *condition) bool {
	if overlap(c.trouble(), l.minutes) {
		return true
	}
	both, bad := 0, 0
	for agent, minutes := range l.failing {
		if _, looks := slices.BinarySearch(c.Looking, agent); !looks {
			continue
		}
		both++
		if overlap(c.seenBy(agent), minutes) {
			bad++
		}
	}
	return both > 0 && float64(bad) >= togetherShare*float64(both)
}

// alike says whether a neighbour fails in the same manner and began at the same time.
func (l *look) alike(c *condition) bool {
	mine, other := l.began(l.own), l.began(c)
	apart := mine.From - other.From
	return other.Manner.Alike(mine.Manner) && apart <= within && -apart <= within
}

// began is the first trouble of a service in these minutes: its own, else the first of
// the vantage points that see the service fail which is looked at.
func (l *look) began(c *condition) span {
	out := first(c.trouble(), l.minutes)
	if out.From != 0 {
		return out
	}
	for _, agent := range sortedKeys(l.failing) {
		if s := first(c.seenBy(agent), l.minutes); s.From > 0 && (out.From == 0 || s.From < out.From) {
			out = s
		}
	}
	return out
}

// clip keeps what lies from one minute to another, both included.
func clip(spans []span, from, to outage.Minute) []span {
	var out []span
	for _, s := range spans {
		if s.To == 0 || s.To > to+1 {
			s.To = to + 1
		}
		if s.From = max(s.From, from); s.From < s.To {
			out = append(out, s)
		}
	}
	return out
}

// merge joins spans that overlap, in the order of time.
func merge(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	var out []span
	for _, s := range spans {
		if n := len(out); n > 0 && s.From <= out[n-1].To {
			out[n-1].To = max(out[n-1].To, s.To)
			continue
		}
		out = append(out, s)
	}
	return out
}

// overlap says whether spans cover enough of the minutes.
func overlap(spans, minutes []span) bool {
	all, common := outage.Minute(0), outage.Minute(0)
	for _, m := range minutes {
		all += m.To - m.From
		for _, s := range clip(spans, m.From, m.To-1) {
			common += s.To - s.From
		}
	}
	return float64(common) >= togetherShare*float64(all) && common > 0
}

// first is the first stretch of trouble that touches the minutes, as it began.
func first(spans, minutes []span) span {
	for _, s := range spans {
		end := s.To
		if end == 0 {
			end = math.MaxInt64
		}
		if s.From < minutes[len(minutes)-1].To && end > minutes[0].From {
			return s
		}
	}
	return span{}
}
