package incident

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// jitter is the part of a surge's own unsteadiness that no count model knows: a
// crowd's rate wobbles by about this share from minute to minute.
const jitter = 0.05

// overdispersion is variance over mean of a minute's count at a rate, from the
// dispersion of the quiet baseline and the jitter of a surge.
func overdispersion(dispersion, rate float64) float64 {
	return math.Max(1, dispersion) + jitter*jitter*math.Max(0, rate)
}

// belowChance is the chance to see at most n reports where mean are expected,
// with counts scaled down to whole independent ones by the overdispersion phi.
func belowChance(n, mean, phi float64) float64 {
	if mean <= 0 {
		return 1
	}
	return mathext.GammaIncRegComp(math.Max(0, n)/phi+1, mean/phi)
}

// span is a number of reports in a number of minutes.
type span struct {
	n       float64
	minutes float64
}

func (s span) rate() float64 {
	if s.minutes == 0 {
		return 0
	}
	return s.n / s.minutes
}

// riseChance is the chance that two spans of one rate split their reports at
// least as unevenly as this: the conditional binomial test of two Poisson rates
// (Przyborowski and Wilenski 1940), with counts scaled by the overdispersion.
// It asks nothing about the rate itself, so an empty trough is no problem.
func riseChance(before, after span, phi float64) float64 {
	k := after.n / phi
	if k <= 0 || before.minutes <= 0 {
		return 1
	}
	share := after.minutes / (before.minutes + after.minutes)
	return mathext.RegIncBeta(k, before.n/phi+1, share)
}

// changePoint returns the index from which on the values have been above the
// level for good: the start of the suffix with the largest sum of x - level
// (the maximum of a CUSUM that runs backwards). len(xs) when the last value lies
// below. Ties go to the later start.
func changePoint(xs []float64, level float64) int {
	best, sum, at := 0.0, 0.0, len(xs)
	for i := len(xs) - 1; i >= 0; i-- {
		sum += xs[i] - level
		if sum > best {
			best, at = sum, i
		}
	}
	return at
}
