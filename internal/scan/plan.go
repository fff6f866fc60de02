package scan

import (
	"math"
	"time"
)

// windowMinutes are the lengths that are tried: from a spike to an hour's slow
// burn, spaced so that no length in between loses more than a little.
var windowMinutes = [...]int{1, 2, 3, 5, 8, 15, 30, 60}

// Sizes of what is looked at and of what is learned from.
const (
	reach      = 60 // buckets that the longest window may have
	unitMin    = 15 // minutes in a unit of learning: a quarter hour
	unitMax    = 15 // buckets in a unit at most
	groupUnits = 4  // units over which dispersion is compared: an hour
)

// plan is what follows from the step alone.
type plan struct {
	windows [len(windowMinutes)]uint8 // in buckets, rising
	tried   int8                      // how many of them there are
	unit    int64                     // buckets in a unit of learning
	delay   int64                     // units between seeing and learning
	day     int64                     // units in a day
	seconds int64                     // in a bucket
	perUnit float64                   // quarter hours in a unit: how fast forgetting goes
	minimum int64                     // buckets of history before anything may alarm
	normal  int64                     // buckets of history for normal confidence
	parent  Parent                    // nil: none
	rate    bool                      // exposure differs from bucket to bucket
}

// planFor derives the plan of a configuration.
func planFor(c Config) plan {
	minutes := c.Step.Minutes()
	p := plan{seconds: int64(c.Step / time.Second), parent: c.Parent, rate: c.Kind == Rate}
	for _, w := range windowMinutes {
		n := w
		if minutes > 1 {
			n = int(math.Round(float64(w) / minutes))
		}
		if n >= 1 && (p.tried == 0 || n > p.longest()) {
			p.windows[p.tried] = uint8(n)
			p.tried++
		}
	}
	if p.tried == 0 {
		p.windows[0], p.tried = 1, 1
	}
	p.unit = int64(math.Max(1, math.Min(unitMax, math.Round(unitMin/minutes))))
	p.delay = groupUnits
	p.day = max(1, 86400/(p.unit*p.seconds))
	p.perUnit = float64(p.unit) * minutes / unitMin
	p.minimum = int64(math.Ceil(c.MinHistory.Minutes() / minutes))
	p.normal = int64(14 * 24 * 60 / minutes)
	return p
}

// lengths are the windows that are tried, in buckets, rising.
func (p *plan) lengths() []uint8 { return p.windows[:p.tried] }

// longest is the longest of them.
func (p *plan) longest() int { return int(p.windows[p.tried-1]) }

// What a window's chance and the chance of an episode differ by, in powers of ten.
// Found by simulation (see the methodology): 56 quiet worlds with means of 0.002 to
// 2000 a minute.
const (
	// manyWindows: eight lengths are tried, and they overlap.
	manyWindows = 0.42
	// heavyTail: where noise multiplies the mean, an error of the mean multiplies it
	// again, and that tail is heavier than any negative binomial of the same variance.
	heavyTail = 0.35
	heavyFull = 0.005 // relative variance of the mean at which that is so
	// lattice: small sums jump over the threshold instead of reaching it. At the given
	// mean of the longest window this much of the budget is lost, and more below.
	lattice      = 0.6
	latticeMean  = 1.2
	latticePower = 0.38
	latticeMost  = 1.1
	latticeKnown = 60 // degrees of freedom of the dispersion that half of it needs
)

// offset is what the score of the best window must lose so that 10^-score is the
// chance per bucket that a false episode begins.
func (p *plan) offset(perBucket float64, b belief, d *dispersion) float64 {
	clump, slope := d.law()
	slope *= perBucket
	many := manyWindows * math.Log2(float64(p.tried)) / 3
	heavy := heavyTail * slope / (1 + slope) * math.Min(1, b.spread/heavyFull)
	longest := perBucket * float64(p.longest())
	lost := lattice * math.Pow(latticeMean/math.Max(longest, 1e-9), latticePower) / math.Pow(b.disp, 0.8)
	known := d.freedom(clump)
	return many + heavy - math.Min(latticeMost, lost)*known/(known+latticeKnown)
}

// threshold is the score that keeps false episodes within the budget.
func threshold(c Config) float64 {
	return math.Log10(Month.Minutes() / c.Step.Minutes() / c.Budget)
}

// quarter is the quarter of the day that a unit begins in.
func (p *plan) quarter(unit int64) int {
	return int(mod(unit*p.unit*p.seconds, 86400) / 900)
}

// hour is the hour of the week that a unit begins in. Weeks start on Thursday, as
// unix time does.
func (p *plan) hour(unit int64) int {
	return int(mod(unit*p.unit*p.seconds, 7*86400) / 3600)
}

// buckets is how many buckets a number of minutes has, at least the given one;
// steps below a minute count as a minute each, as windows do.
func (p *plan) buckets(minutes, least int64) int64 {
	return max(least, minutes*60/max(60, p.seconds))
}

// mod is the remainder that is never negative.
func mod(a, b int64) int64 {
	if r := a % b; r < 0 {
		return r + b
	} else {
		return r
	}
}

// unitOf is the unit that a bucket lies in.
func (p *plan) unitOf(idx int64) int64 { return (idx - mod(idx, p.unit)) / p.unit }

// confidence says how much history there is: buckets in which somebody looked,
// and units that have been learned.
func (p *plan) confidence(looked, units int64) Confidence {
	switch {
	case looked < p.minimum || units == 0:
		return ConfidenceNone
	case looked < p.normal:
		return ConfidenceLow
	}
	return ConfidenceNormal
}

// clampCount keeps a count in the range that the ring stores; a minute with more
// than 67 million events loses the rest.
func clampCount(n int) uint32 {
	const most = math.MaxUint32 / 64 // so that sixty of them can be told apart
	return uint32(max(0, min(int64(n), most)))
}

// Bounds of a parent's factor: beyond them the parents know a day that no series
// has, and a division by almost nothing would be next.
const (
	leastShape = 0.01
	mostShape  = 100
)

// shape is what the parents make of a unit.
func (p *plan) shape(unit int64) (factor, variance float64, ok bool) {
	if p.parent == nil {
		return 1, 0, false
	}
	factor, variance, ok = p.parent.Shape(unit * p.unit)
	if !ok || !(factor > 0) || !(variance >= 0) {
		return 1, 0, false
	}
	return math.Min(mostShape, math.Max(leastShape, factor)), variance, true
}
