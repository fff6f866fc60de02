package scan

import (
	"math"
	"time"
)

// windowMinutes are the lengths that are tried: from a spike to an hour's slow
// burn, spaced so that no length in between loses more than a little.
var windowMinutes = [...]int{1, 2, 3, 5, 8, 15, 30, 60}

// Sizes of the ring and of what is learned from.
const (
	ringLen    = 128 // buckets that are remembered; a power of two above delay + two units
	reach      = 60  // buckets that the longest window may have
	unitMin    = 15  // minutes in a unit of learning: a quarter hour
	unitMax    = 15  // buckets in a unit at most
	groupUnits = 4   // units over which dispersion is compared: an hour
)

// plan is what follows from the step alone.
type plan struct {
	windows []int   // in buckets, rising
	unit    int64   // buckets in a unit of learning
	delay   int64   // units between seeing and learning
	day     int64   // units in a day
	seconds int64   // in a bucket
	perUnit float64 // quarter hours in a unit: how fast forgetting goes
	minimum int64   // buckets of history before anything may alarm
	normal  int64   // buckets of history for normal confidence
	parent  Parent  // nil: none
}

// planFor derives the plan of a configuration.
func planFor(c Config) plan {
	minutes := c.Step.Minutes()
	p := plan{seconds: int64(c.Step / time.Second), parent: c.Parent}
	for _, w := range windowMinutes {
		n := w
		if minutes > 1 {
			n = int(math.Round(float64(w) / minutes))
		}
		if n >= 1 && (len(p.windows) == 0 || n > p.windows[len(p.windows)-1]) {
			p.windows = append(p.windows, n)
		}
	}
	if len(p.windows) == 0 {
		p.windows = []int{1}
	}
	p.unit = int64(math.Max(1, math.Min(unitMax, math.Round(unitMin/minutes))))
	p.delay = groupUnits
	p.day = max(1, 86400/(p.unit*p.seconds))
	p.perUnit = float64(p.unit) * minutes / unitMin
	p.minimum = int64(math.Ceil(c.MinHistory.Minutes() / minutes))
	p.normal = int64(14 * 24 * 60 / minutes)
	return p
}

// scanFactor is what the threshold asks for beyond one window at its nominal
// chance. Eight windows would ask for about 4 in episodes, the discreteness of
// counts, the effect floor and the doubt in the variance for less than 1;
// in simulation over means 0.02..2000 and dispersions 1..5 they cancel, and
// episodes stay below the budget (see the tests and the methodology).
const scanFactor = 1

// threshold is the score that keeps false episodes within the budget.
func threshold(c Config) float64 {
	return math.Log10(Month.Minutes() / c.Step.Minutes() * scanFactor / c.Budget)
}

// slots of a unit: quarter of the day, hour of the week and block of the day.
// Weeks start on Thursday, as unix time does.
func (p *plan) slots(unit int64) (quarter, hour, block int) {
	s := unit * p.unit * p.seconds
	day, week := mod(s, 86400), mod(s, 7*86400)
	return int(day / 900), int(week / 3600), int(day / (86400 / blocks))
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
// than four thousand million events loses the rest.
func clampCount(n int) uint32 {
	return uint32(max(0, min(int64(n), math.MaxUint32)))
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
