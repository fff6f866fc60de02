package smallcell

import "math"

// shareSteps is how finely the share of a cell may be told: a tenth is never fewer
// than K people where shareLeast of them are counted.
const (
	shareSteps = 10
	shareLeast = shareSteps * K
)

// Share is the part of a total that one cell has, as finely as it may be told: in
// tenths, and not at all while a tenth would be fewer than K people. Whoever looks
// from minute to minute cannot count along with it.
func Share(count, total int) (share float64, ok bool) {
	if total < shareLeast || count < 0 || count > total {
		return 0, false
	}
	return math.Round(shareSteps*float64(count)/float64(total)) / shareSteps, true
}

// Tellable says whether a share is no finer than Share makes it.
func Tellable(share float64, total int) bool {
	return total >= shareLeast && math.Abs(shareSteps*share-math.Round(shareSteps*share)) < 1e-9
}
