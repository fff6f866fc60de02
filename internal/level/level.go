// Package level holds the statistics of values: how strange one more value of a
// latency, a load or a request rate is, given all that came before it.
//
// It reads one value for each bucket and writes nothing; it has no clock, no I/O and
// no randomness, so equal input gives equal output on every machine. Nothing of it
// looks ahead, and it never knows the range of what is to come.
//
// Method: the score of a bucket joins three channels. One compares the mean of the
// last six buckets with what the time of day, the hour of the week or the last day
// lead to expect, whichever has erred least of late. One asks how far a value lies
// outside all that was seen, in parts of that range. One compares the shape of the
// last two hours (or eight times three buckets) with a small memory of shapes. Each
// channel learns the tail of its own past, so that a series that is always spiky is
// not always surprising. In a run of strange buckets only the first, or one far
// stranger, is news. Beside the score stands the chance of a shift of the level,
// whose noise learns no outage: it finds the tenth outage like the first.
// docs/methodology.md has the formulas, their sources and what was tried.
//
// Limits: state is of fixed size (about 5 KB in memory); 20 buckets of history are
// the least for a score; a change slower than a day is learned, not found.
package level

import "math"

// Season is what may be learned of time.
type Season uint8

// Seasons. Auto weighs all of them by how well they did of late.
const (
	Auto Season = iota
	None        // the recent level only
	Day         // the time of day too
	Week        // and the hour of the week
)

// Config fixes a model's rule.
type Config struct {
	Seconds int64 // in a bucket
	Season  Season
	// Log judges ratios instead of differences, for latencies and whatever else is
	// above 0 and skewed; Floor is added first, so that what is small against it
	// does not count, in the values' own unit.
	Log   bool
	Floor float64
}

// Memory and belief. They were chosen on the tuning half of the Numenta Anomaly
// Benchmark (internal/nab says which half that is); the neighbours of each of them
// score within two or three points.
const (
	spreadDays  = 14.0 // half-life of the spread of a series
	reachDays   = 30.0 // days in which the known range shrinks halfway to its middle
	reachFloor  = 0.05 // of the range: what lies nearer outside is not told apart
	levelFloor  = 2.0  // scales: deviations below it are not told apart
	shapeFloor  = 1.0  // spreads: likewise of shapes
	blockSecs   = 900  // in a point of a shape, at least
	blockLeast  = 3    // and at least so many buckets
	warm        = 20   // observations before a tail is believed
	reachWarm   = 5    // buckets before there is a range
	closeEnough = 1e-3 // of a value: what differs by less is equal
	tiny        = 1e-9 // keeps divisors from 0
)

// What is news, and what a joint score is worth.
const (
	newsLeast  = 2.5 // joint score from which a bucket belongs to a run
	newsMargin = 1.5 // of what was said last, that a bucket of the run must reach to say more
	newsDays   = 0.5 // half-life of what was said
	newsGap    = 60  // buckets below newsLeast that end a run
	oldNews    = 1.0 // the highest score of a bucket that says nothing new
	believed   = 3.5 // joint score up to which it is the chance that simulation finds
	beyond     = 0.4 // what of the rest is
)

// Window is how many buckets the level channel averages.
const Window = 6

// Verdict is what one bucket says.
type Verdict struct {
	Ready    bool    // enough was known for a score
	Expected float64 // of this bucket, in the values' unit
	Score    float64 // -log10 of the chance of something as strange and as new
	Strange  float64 // the same without asking whether it is new
	Shift    float64 // -log10 of the chance of such a shift of the level
	Mean     float64 // of the window, in the values' unit
	Effect   float64 // of the window: deviation in scales, with its sign
	Residual float64 // of this bucket alone, in scales
}

// Tails that a model learns. The level has one against the recent level and one
// against the season: errors made before the season was known say nothing of it.
const (
	tailRecent = iota
	tailSeason
	tailReach
	tailShape
	channels
)

// Model is one series' state.
type Model struct {
	cfg  Config
	plan plan

	rows   int64
	last   int64 // bucket
	base   baseline
	reach  reach
	spread spread
	shape  shapes
	tails  [channels]tail
	calm   int64   // buckets since the last of a run
	told   float64 // what was said of late
}

// plan is what follows from the configuration alone.
type plan struct {
	day        int64 // buckets in a day
	block      int   // buckets in a point of a shape
	fadeTold   float64
	fadeReach  float64
	fadeSpread float64
}

// New makes a model that has seen nothing.
func New(c Config) *Model {
	day := float64(86400) / float64(c.Seconds)
	m := &Model{cfg: c, plan: plan{
		day:        max(1, 86400/c.Seconds),
		block:      int(max(blockLeast, blockSecs/c.Seconds)),
		fadeTold:   math.Exp2(-1 / (newsDays * day)),
		fadeReach:  1 - math.Exp2(-1/(reachDays*day)),
		fadeSpread: math.Exp2(-1 / (spreadDays * day)),
	}}
	m.base.init(c)
	return m
}

// Observe judges the value of a bucket, which must come after the last one, and
// learns it. What is held is judged, and becomes part of what was seen, but not of
// what is expected.
func (m *Model) Observe(idx int64, v float64, held bool) Verdict {
	x := m.to(v)
	m.skip(idx)
	r := Verdict{Ready: m.Known()}
	least := m.base.least(x)
	e := m.base.expect(idx, x)
	r.Expected, r.Effect, r.Residual = m.from(e.mean), e.window, e.residual
	r.Mean = m.from(e.mean + e.window*e.scale)
	var s [3]float64
	switch {
	case e.known && e.seasonal:
		s[0] = m.tails[tailSeason].take(math.Abs(e.window), levelFloor)
	case e.known:
		s[0] = m.tails[tailRecent].take(math.Abs(e.window), levelFloor)
	}
	if m.rows > reachWarm {
		s[1] = m.tails[tailReach].take(m.reach.outside(x, least), reachFloor)
	}
	if m.shape.add(x, m.plan.block) {
		s[2] = m.tails[tailShape].take(max(0, m.shape.novelty()-least)/m.spread.scale(least), shapeFloor)
	}
	m.reach.learn(x, m.plan.fadeReach)
	m.spread.learn(x, m.plan.fadeSpread)
	if e.known {
		r.Shift = m.base.shifted(idx, x, !held)
	}
	m.base.learn(idx, x, held)
	m.rows++
	m.last = idx
	if r.Ready {
		strange := join(s)
		r.Strange, r.Score = chance(strange), chance(m.news(strange))
	}
	return r
}

// join makes one score of three: more than the highest where several agree.
func join(s [3]float64) float64 {
	sum := 0.0
	for _, v := range s {
		sum += v * v * v
	}
	if sum == 0 {
		return 0
	}
	return math.Cbrt(sum)
}

// chance turns a joint score into -log10 of the chance per bucket that a quiet series
// brings as much: simulation over laws from constant to bursty says that the joint
// score may be believed up to a point, and what goes beyond it only in part, for the
// tails are learned from few.
func chance(joint float64) float64 {
	return min(joint, believed+(joint-believed)*beyond)
}

// news is the score of a strangeness, given what was said before: strange buckets
// come in flocks, and only the first of a flock, or one far stranger, is a surprise.
func (m *Model) news(strange float64) float64 {
	m.told *= m.plan.fadeTold
	if m.calm++; m.calm > newsGap {
		m.told = 0
	}
	if strange >= newsLeast {
		m.calm = 0
	}
	if strange > m.told*newsMargin {
		if strange >= newsLeast {
			m.told = strange
		}
		return strange
	}
	return min(strange, oldNews)
}

// skip takes note of buckets that nobody saw.
func (m *Model) skip(idx int64) {
	gap := idx - m.last - 1
	if m.rows == 0 || gap <= 0 {
		return
	}
	m.told *= math.Exp2(-float64(gap) / (newsDays * float64(m.plan.day)))
	if gap >= int64(m.plan.block) {
		m.shape.interrupt()
	}
	if gap >= Window {
		m.base.interrupt()
	}
}

// Forecast is what a bucket at or after the last one leads to expect: its mean, and
// the 5 % and 95 % quantiles of the normal law with the learned scale.
func (m *Model) Forecast(idx int64) (mean, low, high float64) {
	const quantile = 2.0617 // of the normal law, in mean absolute deviations
	e, scale := m.base.forecast(idx)
	return m.from(e), m.from(e - quantile*scale), m.from(e + quantile*scale)
}

// Settle says that an outage is over: the mean that reaches back into it is forgotten.
func (m *Model) Settle() { m.base.shift.fading = 0 }

// Adopt takes the level of the last window as the new normal.
func (m *Model) Adopt(idx int64) { m.base.adopt(idx) }

// Known says whether there is history enough for a score.
func (m *Model) Known() bool { return m.rows > warm }

// to brings a value to the scale that is judged.
func (m *Model) to(v float64) float64 {
	if !m.cfg.Log {
		return v
	}
	return math.Log(max(v, 0) + max(m.cfg.Floor, tiny))
}

// from brings it back.
func (m *Model) from(x float64) float64 {
	if !m.cfg.Log {
		return x
	}
	return math.Exp(x) - max(m.cfg.Floor, tiny)
}
