package smallcell

import "math"

// shareSteps are how finely the share of a cell may be told of so many reports: a
// step is never fewer than K people.
var shareSteps = []struct {
	total int
	steps float64
}{{100 * K, 100}, {20 * K, 20}, {10 * K, 10}}

// steps is the number of steps for a total; 0 where nothing may be told.
func steps(total int) float64 {
	for _, s := range shareSteps {
		if total >= s.total {
			return s.steps
		}
	}
	return 0
}

// Share is the part of a total that one cell has, as finely as it may be told: in
// steps of K people or more, and not at all while a tenth would be fewer. Whoever
// looks from minute to minute cannot count along with it.
func Share(count, total int) (share float64, ok bool) {
	n := steps(total)
	if n == 0 || count < 0 || count > total {
		return 0, false
	}
	return math.Round(n*float64(count)/float64(total)) / n, true
}

// Tellable says whether a share is no finer than Share makes it.
func Tellable(share float64, total int) bool {
	n := steps(total)
	return n != 0 && math.Abs(n*share-math.Round(n*share)) < 1e-9
}
