package pool

import "math"

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
	return min(math.MaxFloat64/Looks, sum/float64(len(shares)*len(factors)))
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
		a := min(last, max(first, float64(c.Count[l.window])/(c.Expected[l.window]*level)))
		ratio := l.hot(i, a, math.Log(a), level)
		for k, q := range shares {
			products[k] *= min(capFactor, 1-q+q*ratio)
		}
		if n%batch == batch-1 {
			fold(&logs, &products)
		}
	}
	fold(&logs, &products)
	top := 0.0
	for _, x := range logs {
		top = max(top, math.Exp(min(x, maxScore*math.Ln10)))
	}
	return top
}

// sharedRatio is the ratio of the best hypothesis when all hot cells share a factor.
func (l *look) sharedRatio(level float64) float64 {
	top := 0.0
	for j, a := range factors {
		for _, ratio := range l.ratios(a, logFactors[j], level) {
			top = max(top, ratio)
		}
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
	info := 1 / max(1e-9, s.Common[w])
	sum := info
	weigh := func(c *Cell) {
		if m := c.Expected[w]; m > 0 {
			i := 1 / ((1+max(s.Excess, c.Excess))/m + c.Spread)
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
	root := max(0.05+0.001*(z-nodeFirst), 1-l.spread/9+z*math.Sqrt(l.spread)/3)
	return l.mean * root * root * root
}

// weighNodes gives each node its posterior weight in the quiet world: the gamma law of
// the common factor, times the likelihood of every cell.
func (l *look) weighNodes() {
	s, w := l.scene, l.window
	k := 1 / max(1e-9, s.Common[w])
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
		top = max(top, ln)
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
	return 1 / max(1e-9, max(l.scene.Excess, c.Excess)/c.Expected[l.window]+c.Spread)
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
				products[k] *= min(capFactor, 1-q+q*ratio)
			}
			if n%batch == batch-1 {
				fold(&logs, &products)
			}
		}
		fold(&logs, &products)
	}
	for k := range logs {
		logs[k] = math.Exp(min(logs[k], maxScore*math.Ln10))
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
	return math.Exp(min(700, n*logA-(k+n)*math.Log1p((a-1)*m/(k+m))))
}
