package level

import "math"

// reach is the range of what was seen; it shrinks slowly towards its middle.
type reach struct {
	low, high float64
	mid, n    float64 // sum and weight of what was seen
}

// outside is how far x lies outside, in parts of the range; least is what is nothing.
func (r *reach) outside(x, least float64) float64 {
	d := max(x-r.high, r.low-x) - least
	if d <= 0 {
		return 0
	}
	return d / (r.high - r.low + least)
}

// learn takes a value in.
func (r *reach) learn(x, fade float64) {
	if r.n == 0 {
		r.low, r.high = x, x
	}
	r.mid, r.n = r.mid*(1-fade)+x, r.n*(1-fade)+1
	mid := r.mid / r.n
	r.high = max(r.high-fade*(r.high-mid), x)
	r.low = min(r.low+fade*(mid-r.low), x)
}

// spread is the mean distance of values from their slow mean.
type spread struct{ sum, dev, n float64 }

// scale is the spread and what is nothing, never 0.
func (s *spread) scale(least float64) float64 { return s.dev/max(s.n, 1) + least }

// learn takes a value in.
func (s *spread) learn(x, keep float64) {
	if s.n > 0 {
		s.dev = s.dev*keep + math.Abs(x-s.sum/s.n)
	}
	s.sum, s.n = s.sum*keep+x, s.n*keep+1
}
