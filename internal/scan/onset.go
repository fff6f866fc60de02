package scan

import (
	"math"

	"faultline/internal/onset"
)

// dated is how many buckets an onset is reckoned from: as many before the earliest
// one that is tried as there may be after it.
const dated = 2*reach - 1

// onset is where the surge that is in alarm at idx began: the median of the
// posterior over starts in the last hour (package onset).
func (s *counter) onset(idx int64) int64 {
	var counts, means [dated]float64
	n := int64(0)
	for ; n < dated && idx-n >= s.begin && n < s.clearTo(idx); n++ {
		counts[dated-1-n] = float64(s.count(idx - n))
		means[dated-1-n] = s.expect(idx - n)
	}
	o := onset.Series{
		Count: counts[dated-n:], Mean: means[dated-n:],
		Dispersion: s.belief.disp, Spread: math.Max(s.belief.spread, onsetSpread),
	}
	start := idx - n + 1 + int64(o.Median(int(min(n, s.ep.clear(idx)))))
	for start < idx && s.count(start) == 0 {
		start++
	}
	return start
}

// onsetSpread is the least relative variance of what was expected of an hour: a
// level that is off by a fifth must not date a surge to an hour ago.
const onsetSpread = 0.04

// clearTo is how many buckets before idx belong to no earlier episode.
func (s *counter) clearTo(idx int64) int64 {
	if s.ep.ended != 0 {
		return idx - s.ep.ended
	}
	return dated
}
