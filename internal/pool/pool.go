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
// raises all cells together - a common factor of the minute - is integrated out:
// given the counts of all cells it has a gamma law. No cell may bring more than
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
const Looks = 8

// Windows are their lengths in minutes: those of the scan of a single series.
func Windows() [Looks]int { return [Looks]int{1, 2, 3, 5, 8, 15, 30, 60} }

// Cell is one place.
type Cell struct {
	Count    [Looks]int     // what each window held
	Expected [Looks]float64 // and what was expected of it, above 0
	// Spread is the relative variance of the expectation: how little is known of
	// this place, and how it wanders by itself.
	Spread float64
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
	// Apart is the relative variance by which the cells together may stray from
	// what Rest and the large ones say of the common factor.
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
	hotChance = 0.5
	// nodes of the integral over the common factor, in standard deviations of its law
	// (Wilson and Hilferty's cube): more of them below, where hot cells push it.
	nodeFirst, nodeStep = -4.5, 0.75
	nodeCount           = 9
	// tiny is the expectation from which on an empty cell is reckoned by itself.
	tiny = 0.3
)

var (
	shares  = [...]float64{0.03, 0.1, 0.3, 0.8} // q
	factors = [...]float64{1.6, 2.5, 4, 8, 20}  // a
)

// capFactor is 10^cellCap.
var capFactor = math.Pow(10, cellCap)

// Scan judges a scene.
func Scan(s *Scene) Finding {
	var total, top float64
	best := look{}
	for w := range Looks {
		l := look{scene: s, window: w}
		e := l.evidence(s.Least)
		total += e / Looks
		if e > top {
			top, best = e, l
		}
	}
	score := math.Log10(total)
	if !(score > 0) || score < s.Least {
		return Finding{}
	}
	f := best.finding()
	f.Score = math.Min(maxScore, score)
	return f
}

// maxScore bounds a score, as in package scan.
const maxScore = 300

// look is one window of a scene.
type look struct {
	scene  *Scene
	window int
	active []int // cells with a count
	empty  float64
	large  []int   // empty cells whose expectation is not tiny
	mean   float64 // of the common factor, given all counts
	spread float64 // its relative variance
	// The best hypothesis, and the common factor under it.
	bestShare, bestFactor, bestLevel float64
}

// evidence is the e-value of the window, or 0 when it cannot reach least.
func (l *look) evidence(least float64) float64 {
	l.split()
	if len(l.active) < 2 {
		return 0
	}
	// The ratio falls with the common factor: where it stands lowest, the evidence
	// is an upper bound of the whole integral.
	if math.Log10(l.bound(l.node(nodeFirst))) < least-1 {
		return 0
	}
	var sum, weights, top float64
	for i := range nodeCount {
		z := nodeFirst + float64(i)*nodeStep
		weight := math.Exp(-z * z / 2)
		weights += weight
		level := l.node(z)
		for _, a := range factors {
			for k, ratio := range l.ratios(a, level) {
				sum += weight * ratio
				if weight*ratio > top {
					top = weight * ratio
					l.bestShare, l.bestFactor, l.bestLevel = shares[k], a, level
				}
			}
		}
	}
	return math.Min(math.MaxFloat64/Looks, sum/weights/float64(len(shares)*len(factors)))
}

// bound is the largest ratio of any hypothesis at a level of the common factor.
func (l *look) bound(level float64) float64 {
	top := 0.0
	for _, a := range factors {
		for _, ratio := range l.ratios(a, level) {
			top = math.Max(top, ratio)
		}
	}
	return top
}

// split sorts the cells and judges the common factor from all of them.
func (l *look) split() {
	s, w := l.scene, l.window
	count, expected := float64(s.RestCount[w]), s.RestExpected[w]
	for i := range s.Cells {
		c := &s.Cells[i]
		count += float64(c.Count[w])
		expected += c.Expected[w]
		switch {
		case c.Count[w] > 0:
			l.active = append(l.active, i)
		case c.Expected[w] > tiny:
			l.large = append(l.large, i)
		default:
			l.empty += c.Expected[w]
		}
	}
	k := 1 / math.Max(1e-9, s.Common[w])
	l.mean = (k + count) / (k + expected)
	l.spread = 1/(k+count) + s.Apart
}

// node is the common factor z standard deviations from its mean.
func (l *look) node(z float64) float64 {
	root := math.Max(0.05, 1-l.spread/9+z*math.Sqrt(l.spread)/3)
	return l.mean * root * root * root
}

// size is the shape of the gamma law of a cell's own mean in the window.
func (l *look) size(c *Cell) float64 {
	return 1 / math.Max(1e-9, l.scene.Excess/c.Expected[l.window]+c.Spread)
}

// ratios are the likelihood ratios of "each cell is hot with chance q, and then has a
// times its mean" against none, for every q, at a level of the common factor.
func (l *look) ratios(a, level float64) [len(shares)]float64 {
	// Empty cells of tiny expectation: ln of the ratio of a hot one is proportional to
	// the expectation, and by Jensen's inequality q times it bounds from below.
	idle := l.empty * level * (a - 1)
	if x := l.scene.Excess * level; x > 1e-6 {
		idle = l.empty * level / x * math.Log((1+a*x)/(1+x))
	}
	var logs, products [len(shares)]float64
	for k, q := range shares {
		logs[k], products[k] = -q*idle, 1
	}
	step := func(i int) {
		ratio := l.hot(i, a, level)
		for k, q := range shares {
			products[k] *= math.Min(capFactor, 1-q+q*ratio)
		}
	}
	const batch = 64 // factors whose product cannot overflow
	for n, i := range l.active {
		if step(i); n%batch == batch-1 {
			fold(&logs, &products)
		}
	}
	for n, i := range l.large {
		if step(i); n%batch == batch-1 {
			fold(&logs, &products)
		}
	}
	fold(&logs, &products)
	for k := range logs {
		logs[k] = math.Exp(math.Min(logs[k], maxScore*math.Ln10))
	}
	return logs
}

// fold moves products into their logarithms.
func fold(logs, products *[len(shares)]float64) {
	for k := range logs {
		logs[k] += math.Log(products[k])
		products[k] = 1
	}
}

// hot is the likelihood ratio of one cell: negative binomial of a times its mean
// against its mean, with the same size.
func (l *look) hot(i int, a, level float64) float64 {
	c := &l.scene.Cells[i]
	n, m, k := float64(c.Count[l.window]), c.Expected[l.window]*level, l.size(c)
	return math.Exp(math.Min(700, n*math.Log(a)-(k+n)*math.Log1p((a-1)*m/(k+m))))
}

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
