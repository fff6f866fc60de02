package scan

import "math"

// onsetSlack is how much log-likelihood, in nats, an earlier onset may cost: the
// onset is the earliest one that the data cannot tell from the best.
const onsetSlack = 0.5

// onset is where the surge that is in alarm at idx began: the start of maximum
// likelihood, over surges that stand at once and over surges that grow evenly,
// moved back to the edge of its confidence set. The likelihood is quasi-Poisson.
func (s *counter) onset(idx int64) int64 {
	var ratios [reach + 1]float64
	top := 0.0
	for n := int64(1); n <= s.ep.clear(idx) && idx-n >= s.begin-1; n++ {
		ratios[n] = math.Max(s.stepRatio(idx, n), s.rampRatio(idx, n)) / s.belief.disp
		top = math.Max(top, ratios[n])
	}
	start := int64(1)
	for n := int64(1); n <= reach; n++ {
		if ratios[n] > 0 && ratios[n] >= top-onsetSlack && s.count[at(idx-n+1)] > 0 {
			start = n
		}
	}
	return idx - start + 1
}

// stepRatio is the log-likelihood ratio of a mean that is raised evenly over the
// last n buckets.
func (s *counter) stepRatio(idx, n int64) float64 {
	w := s.back(idx, int(n))
	if w.mean <= 0 || w.n <= w.mean {
		return 0
	}
	return rate(w.n, w.mean, w.mean)
}

// rampRatio is the same for a mean that grows by an equal amount in each of the
// last n buckets; the amount is fitted.
func (s *counter) rampRatio(idx, n int64) float64 {
	w := s.back(idx, int(n))
	if n < 3 || w.mean <= 0 || w.n <= w.mean {
		return 0
	}
	steps := float64(n*(n+1)) / 2
	slope := (w.n - w.mean) / steps
	const rounds = 6 // of Newton's method, which nearly doubles the digits each time
	for range rounds {
		gradient, curve := -steps, 0.0
		for i := int64(1); i <= n; i++ {
			j := at(idx - n + i)
			m := float64(s.fixed[j])/fixedPoint + slope*float64(i)
			x := float64(i) / m
			gradient += float64(s.count[j]) * x
			curve += float64(s.count[j]) * x * x
		}
		if curve <= 0 {
			return 0
		}
		slope = math.Max(slope/4, slope+gradient/curve)
	}
	ratio := -slope * steps
	for i := int64(1); i <= n; i++ {
		j := at(idx - n + i)
		if m := float64(s.fixed[j]) / fixedPoint; m > 0 {
			ratio += float64(s.count[j]) * math.Log1p(slope*float64(i)/m)
		}
	}
	return ratio
}
