package places

import (
	"math"

	"faultline/internal/pool"
	"faultline/outage"
)

// sums is what a set of places held, and what was expected of them.
type sums struct {
	count    int
	mean     float64
	own      float64 // variance beyond Poisson of the places by themselves
	elseN    float64 // reports elsewhere
	elseMean float64
}

// sums sums the minutes from..now.
func (t *Tracker) sums(set []hot, from outage.Minute, b *Beat, s *Shape) sums {
	var out sums
	whole := b.sum(from, b.Now)
	in := map[int32]bool{}
	for _, h := range set {
		share, variance := t.share(&t.places[h.place], s, b.Now)
		m := whole * share
		out.mean += m
		out.own += variance*m*m + t.excessOf(&t.places[h.place])*m
		in[int32(h.place)] = true
	}
	for _, e := range t.events[t.from(from):] {
		if in[e.place] {
			out.count += int(e.count)
		} else {
			out.elseN += float64(e.count)
		}
	}
	out.elseMean = math.Max(0, whole-out.mean)
	return out
}

// judge is the score of a set of places over the last minutes, given what the rest of
// the service shows of the factor that all share.
func (t *Tracker) judge(set []hot, minutes int, b *Beat, s *Shape) (w sums, score float64) {
	w = t.sums(set, b.Now-outage.Minute(minutes)+1, b, s)
	mean, variance := t.law(w, minutes, b)
	return w, pool.Tail(w.count, mean, variance)
}

// law is the mean and variance of a sum over places.
func (t *Tracker) law(w sums, minutes int, b *Beat) (mean, variance float64) {
	k := 1 / math.Max(1e-9, b.common/float64(minutes))
	mean = w.mean * (k + w.elseN) / (k + w.elseMean)
	return mean, mean + w.own + mean*mean*(1/(k+w.elseN)+apart)
}

// Whole is the law of all reports of the service, of known place or not, in the minutes
// that end now: what they were, what was expected and the variance of that.
func (t *Tracker) Whole(b *Beat, minutes int) (count int, mean, variance float64) {
	from := b.Now - outage.Minute(minutes) + 1
	for _, e := range t.events[t.from(from):] {
		count += int(e.count)
	}
	mean = b.sum(from, b.Now)
	return count, mean, mean + mean*mean*(b.common/float64(minutes)+apart)
}
