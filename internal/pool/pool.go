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
		if l.split(); len(l.active) < 2 {
			continue
		}
		if p := math.Log10(l.freeRatio(l.node(promiseNode))); p >= s.Least-nearly {
			promise = math.Max(promise, p)
			looks = append(looks, l)
		}
	}
	if promise < s.Least {
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

// A window is looked at closely when its best hypothesis, with a factor for each cell
// and the common factor low, would reach Scene.Least; others within nearly of that are
// added up. What is left out can only lower the score, and hardly does (TestLeast).
const (
	nearly      = 1.0
	promiseNode = -1.5
)

// maxScore bounds a score, as in package scan.
const maxScore = 300

// look is one window of a scene.
type look struct {
	scene  *Scene
	window int
	active []int // cells with a count
	empty  float64
	large  []int // empty cells whose expectation is not tiny
	rest   Cell
	mean   float64            // of the common factor, given all counts
	spread float64            // its relative variance
	level  [nodeCount]float64 // nodes of the common factor, rising
	weight [nodeCount]float64 // by its law given all counts; they sum to one
	// The best hypothesis, and the common factor under it.
	bestShare, bestFactor, bestLevel float64
}

// evidence is the e-value of the window.
func (l *look) evidence() float64 {
	var sum, top float64
	for i, level := range l.level {
		weight := l.weight[i]
		if weight < negligible {
			continue
		}
		for j, a := range factors {
			for k, ratio := range l.ratios(a, logFactors[j], level) {
				sum += weight * ratio
				if weight*ratio > top {
					top = weight * ratio
					l.bestShare, l.bestFactor, l.bestLevel = shares[k], a, level
				}
			}
		}
	}
	return math.Min(math.MaxFloat64/Looks, sum/float64(len(shares)*len(factors)))
}

// freeRatio is the ratio of the best share when every cell has its own best factor.
func (l *look) freeRatio(level float64) float64 {
	first, last := factors[0], factors[len(factors)-1]
	idle := l.idle(first, level)
	var logs, products [len(shares)]float64
	for k, q := range shares {
		logs[k], products[k] = -q*idle, 1
	}
	for n, i := range l.active {
		c := &l.scene.Cells[i]
		a := math.Min(last, math.Max(first, float64(c.Count[l.window])/(c.Expected[l.window]*level)))
		ratio := l.hot(i, a, math.Log(a), level)
		for k, q := range shares {
			products[k] *= math.Min(capFactor, 1-q+q*ratio)
		}
		if n%batch == batch-1 {
			fold(&logs, &products)
		}
	}
	fold(&logs, &products)
	top := 0.0
	for _, x := range logs {
		top = math.Max(top, math.Exp(math.Min(x, maxScore*math.Ln10)))
	}
	return top
}

// negligible is the weight below which a node is left out, which can only lower the
// evidence.
const negligible = 1e-12

// split sorts the cells and judges the common factor from all of them.
func (l *look) split() {
	s, w := l.scene, l.window
	l.rest = Cell{Spread: s.Apart}
	l.rest.Count[w], l.rest.Expected[w] = s.RestCount[w], s.RestExpected[w]
	info := 1 / math.Max(1e-9, s.Common[w])
	sum := info
	weigh := func(c *Cell) {
		if m := c.Expected[w]; m > 0 {
			i := 1 / ((1+s.Excess)/m + c.Spread)
			info, sum = info+i, sum+i*float64(c.Count[w])/m
		}
	}
	weigh(&l.rest)
	for i := range s.Cells {
		c := &s.Cells[i]
		weigh(c)
		switch {
		case c.Count[w] > 0:
			l.active = append(l.active, i)
		case c.Expected[w] > tiny:
			l.large = append(l.large, i)
		default:
			l.empty += c.Expected[w]
		}
	}
	l.mean, l.spread = sum/info, 1/sum
}

// node is the common factor z standard deviations from its mean.
func (l *look) node(z float64) float64 {
	root := math.Max(0.05+0.001*(z-nodeFirst), 1-l.spread/9+z*math.Sqrt(l.spread)/3)
	return l.mean * root * root * root
}

// weighNodes gives each node its posterior weight in the quiet world: the gamma law of
// the common factor, times the likelihood of every cell.
func (l *look) weighNodes() {
	s, w := l.scene, l.window
	k := 1 / math.Max(1e-9, s.Common[w])
	top := math.Inf(-1)
	for i := range l.level {
		g := l.node(nodeFirst + float64(i)*nodeStep)
		l.level[i] = g
		ln := k * (math.Log(g) - g) // density of ln g
		for _, list := range [...][]int{l.active, l.large} {
			for _, c := range list {
				ln += l.quiet(&s.Cells[c], g)
			}
		}
		if l.rest.Expected[w] > 0 {
			ln += l.quiet(&l.rest, g)
		}
		if s.Excess > 1e-6 {
			ln -= l.empty / s.Excess * math.Log1p(s.Excess*g)
		} else {
			ln -= l.empty * g
		}
		l.weight[i] = ln
		top = math.Max(top, ln)
	}
	sum := 0.0
	for i, ln := range l.weight {
		// The nodes are spaced unevenly; each stands for what lies around it.
		below, above := l.level[max(0, i-1)], l.level[min(nodeCount-1, i+1)]
		l.weight[i] = math.Exp(ln-top) * math.Log(above/below)
		sum += l.weight[i]
	}
	for i := range l.weight {
		l.weight[i] /= sum
	}
}

// quiet is the logarithm of a cell's likelihood at a level of the common factor, less
// what does not depend on the level.
func (l *look) quiet(c *Cell, level float64) float64 {
	n, m, k := float64(c.Count[l.window]), c.Expected[l.window], l.size(c)
	return n*math.Log(level) - (k+n)*math.Log1p(level*m/k)
}

// size is the shape of the gamma law of a cell's own mean in the window.
func (l *look) size(c *Cell) float64 {
	return 1 / math.Max(1e-9, l.scene.Excess/c.Expected[l.window]+c.Spread)
}

// batch is the number of factors whose product cannot overflow.
const batch = 64

// idle is minus the logarithm of the ratio of all empty cells of tiny expectation, were
// they all hot: it is proportional to the expectation, and by Jensen's inequality q
// times it bounds what they take from the mixture.
func (l *look) idle(a, level float64) float64 {
	if x := l.scene.Excess * level; x > 1e-6 {
		return l.empty * level / x * math.Log((1+a*x)/(1+x))
	}
	return l.empty * level * (a - 1)
}

// ratios are the likelihood ratios of "each cell is hot with chance q, and then has a
// times its mean" against none, for every q, at a level of the common factor.
func (l *look) ratios(a, logA, level float64) [len(shares)]float64 {
	idle := l.idle(a, level)
	var logs, products [len(shares)]float64
	for k, q := range shares {
		logs[k], products[k] = -q*idle, 1
	}
	for _, list := range [...][]int{l.active, l.large} {
		for n, i := range list {
			ratio := l.hot(i, a, logA, level)
			for k, q := range shares {
				products[k] *= math.Min(capFactor, 1-q+q*ratio)
			}
			if n%batch == batch-1 {
				fold(&logs, &products)
			}
		}
		fold(&logs, &products)
	}
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
func (l *look) hot(i int, a, logA, level float64) float64 {
	c := &l.scene.Cells[i]
	n, m, k := float64(c.Count[l.window]), c.Expected[l.window]*level, l.size(c)
	return math.Exp(math.Min(700, n*logA-(k+n)*math.Log1p((a-1)*m/(k+m))))
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
