// Package pool scans the places of one service - its countries, its categories or
// its networks - for a rise that is too weak in each of them to be seen and too
// widespread to be chance.
//
// It reads counts and expectations of cells and writes a score with the hot cells;
// it has no clock, no I/O, no state and no randomness.
//
// Method: the evidence is an e-value, a mixture of likelihood ratios. A cell is hot
// with probability q and its mean is then multiplied by a; the ratio of "some cells
// are hot" to "none is" is a product over cells, and is averaged with fixed weights
// over q, over a and over the windows that end now. The mean of such a ratio in a
// quiet world is at most one whatever the cells are, so that the chance of E or more
// is at most 1/E (Ville): no table of simulated quantiles, no search over subsets to
// pay for, the same rule for five cells and for a thousand, sparse or dense. What
// raises all cells together - a common factor of the minute - is integrated out, by
// its posterior law in the quiet world given the counts of all cells. No cell may bring more than
// cellCap, so that a place alone cannot fire it; that is what single series are for.
//
// Limits: cells are independent given the common factor; a rise by one factor in all
// cells alike is the total's business and is nearly invisible here.
package pool

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Looks is the number of windows that end now.
const Looks = 4

// Windows are their lengths in minutes: from a jump to an hour's slow burn, spaced by
// three, for many places take a few minutes to speak and each further window costs.
func Windows() [Looks]int { return [Looks]int{2, 6, 18, 54} }

// Cell is one place.
type Cell struct {
	Count    [Looks]int     // what each window held
	Expected [Looks]float64 // and what was expected of it, above 0
	// Spread is the relative variance of the expectation: how little is known of
	// this place, and how it wanders by itself.
	Spread float64
	// Excess is variance over mean less one of this place's counts in a minute; the
	// scene's own counts where that is larger.
	Excess float64
}

// Scene is one minute of one dimension.
type Scene struct {
	Cells []Cell
	// Rest is what is in no cell: reports of unknown place. It takes part in
	// judging the common factor only.
	RestCount    [Looks]int
	RestExpected [Looks]float64
	// Common is the relative variance, in each window, of the factor that all cells
	// share, before anything is seen.
	Common [Looks]float64
	// Apart is the relative variance of what is expected of the rest.
	Apart float64
	// Excess is variance over mean less one of a cell's counts in a minute: people
	// who come in clusters within one place. At least 0.
	Excess float64
	// Least is the score below which nobody needs to know it: a lower one may be
	// returned as 0, which saves most of the work.
	Least float64
}

// Place is one hot cell of a finding.
type Place struct {
	Cell     int // index into Scene.Cells
	Count    int
	Expected float64 // by the cell's own past, times the common factor
	Chance   float64 // that the cell is hot, given that some are
}

// Finding is what a scene shows.
type Finding struct {
	// Score is log10 of the e-value, so -log10 of a bound on the chance that a quiet
	// scene shows as much in this minute; 0 when below Scene.Least.
	Score    float64
	Window   int // minutes, of the look with the most evidence
	Count    int // in the hot cells
	Expected float64
	Effect   float64 // count over expected; high by selection
	Places   []Place // hottest first
}

// What the mixture is made of. The grids are even on a logarithmic scale and were not
// tuned on anything.
const (
	// cellCap is the most that one cell's factor may bring, as a power of ten. With
	// thresholds above 5 three places at least must speak.
	cellCap = 2.0
	// hotChance makes a place one that is named.
	hotChance = 0.65
	// Nodes of the integral over the common factor, in standard deviations of its law
	// (Wilson and Hilferty's cube): more of them below, where hot cells push it.
	nodeFirst, nodeStep = -4.5, 0.75
	nodeCount           = 12
	// tiny is the expectation from which on an empty cell is reckoned by itself.
	tiny = 0.3
)

var (
	shares  = [...]float64{0.03, 0.1, 0.3, 0.8} // q
	factors = [...]float64{1.6, 2.5, 4, 8, 20}  // a
)

// logFactors are their logarithms.
var logFactors = func() (logs [len(factors)]float64) {
	for i, a := range factors {
		logs[i] = math.Log(a)
	}
	return logs
}()

// capFactor is 10^cellCap.
var capFactor = math.Pow(10, cellCap)

// Scan judges a scene.
func Scan(s *Scene) Finding {
	looks := make([]look, 0, Looks)
	promise := math.Inf(-1)
	for w := range Looks {
		l := look{scene: s, window: w}
		// No cell may bring more than its cap, so too few of them reach nothing.
		if l.split(); len(l.active) < 2 || float64(len(l.active))*cellCap < s.Least-nearly {
			continue
		}
		if p := math.Log10(l.freeRatio(l.node(promiseNode))); p >= s.Least-nearly {
			promise = math.Max(promise, p)
			looks = append(looks, l)
		}
	}
	if promise < s.Least || !within(looks, s.Least) {
		return Finding{}
	}
	var total, top float64
	best := -1
	for i := range looks {
		looks[i].weighNodes()
		e := looks[i].evidence()
		total += e / Looks
		if e > top {
			top, best = e, i
		}
	}
	score := math.Log10(total)
	if !(score > 0) || score < s.Least {
		return Finding{}
	}
	f := looks[best].finding()
	f.Score = math.Min(maxScore, score)
	return f
}

// within says whether some window's best hypothesis could reach least with the common
// factor very low: a closer and dearer look than the first promise.
func within(looks []look, least float64) bool {
	for i := range looks {
		if math.Log10(looks[i].sharedRatio(looks[i].node(withinNode))) >= least {
			return true
		}
	}
	return false
}

// A window is looked at closely when its best hypothesis, with a factor for each cell
// and the common factor low, would reach Scene.Least; others within nearly of that are
// added up. What is left out can only lower the score, and hardly does (TestLeast).
const (
	nearly      = 1.0
	promiseNode = -1.5
	withinNode  = -2.5
)

// maxScore bounds a score, as in package scan.
const maxScore = 300

// Tail is -log10 of the chance of count or more for a negative binomial of this mean
// and variance: the judgement of places that were chosen before, by other minutes.
func Tail(count int, mean, variance float64) float64 {
	if count <= 0 || !(mean > 0) {
		return 0
	}
	n := float64(count)
	p := 0.0
	if variance <= mean*1.0001 {
		p = mathext.GammaIncReg(n, mean)
	} else {
		p = mathext.RegIncBeta(n, mean*mean/(variance-mean), 1-mean/variance)
	}
	if !(p > 0) {
		return maxScore
	}
	return math.Min(maxScore, math.Max(0, -math.Log10(p)))
}
