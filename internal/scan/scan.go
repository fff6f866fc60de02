// Package scan holds the statistics of the detector: one series in, what was
// expected and how surprising it was out, bucket by bucket.
//
// It reads the observations it is given and writes nothing; it has no clock, no
// I/O and no randomness, so equal input gives equal output on every machine.
//
// Method: a seasonal baseline that is learned online with a delay (level, time
// of day, hour of week; hierarchical gamma-Poisson with exponential forgetting),
// a predictive distribution that is wide where little is known (negative
// binomial), a scan over eight window lengths that end now, and a threshold that
// is derived from a budget of false episodes. docs/methodology.md has the
// formulas with their sources.
//
// Values are judged by package level; this package adds their episodes.
//
// Limits: state is of fixed size (about 4 KB a series, 5 KB of values); windows reach back 60
// buckets at most; changes that are slower than a day are learned, not reported.
package scan

import (
	"fmt"
	"math"
	"time"

	"faultline/internal/level"
)

// Kind says what a series counts.
type Kind uint8

// Kinds of series.
const (
	Count Kind = iota // events per bucket; a skipped bucket is zero
	Value             // a level such as a latency; a skipped bucket is missing
	Rate              // errors of attempts; a skipped bucket is missing
)

// String is the word used on the command line.
func (k Kind) String() string { return [...]string{"count", "value", "rate"}[k] }

// Method names the rule and its version; it goes into every baseline.
const Method = "scan/2"

// Month is the time that budgets are stated for.
const Month = 30 * 24 * time.Hour

// ConfirmScore is the Episode.Confirm that a second look needs before an incident
// may be called confirmed. With the first alarm's budget and at least five
// reporters in two networks it keeps false confirmations under one in 30
// service-years; docs/methodology.md has the simulation.
const ConfirmScore = 4.0

// Config fixes a series' rule. The zero value of a field means its default.
type Config struct {
	Kind Kind
	Step time.Duration // length of a bucket, default a minute, at most a day
	// Budget is the number of false episodes per month that the threshold allows,
	// default 1.
	Budget float64
	// MinHistory is how much must have been seen before anything can alarm,
	// default an hour.
	MinHistory time.Duration
	// EveryScore asks for the score of each bucket, not only of those that might
	// alarm; it costs some microseconds a bucket.
	EveryScore bool
	// GapsMissing makes the skipped buckets of a count missing instead of zero.
	GapsMissing bool
	// Parent lends its shape of the day to a series of counts or rates that has not
	// learned its own; nil: none.
	Parent Parent
	// Season is what a series of values may learn of time, default all that helps.
	Season Season
	// Log judges the ratios of values instead of their differences, for latencies.
	Log bool
	// EffectFloor is added to values before the logarithm is taken, in their own
	// unit: what is small against it does not count. Log only.
	EffectFloor float64
}

// Season is what a series of values may learn of time.
type Season = level.Season

// Seasons of values.
const (
	SeasonAuto = level.Auto // all of them, each as far as it does well
	SeasonNone = level.None // the recent level only
	SeasonDay  = level.Day  // the time of day too
	SeasonWeek = level.Week // and the hour of the week
)

// Parent is what a series borrows its shape from until it has learned its own.
type Parent interface {
	// Shape is the mean of a bucket over the mean of a whole day, by what the parents
	// have learned, with the relative variance of that factor; ok is false while the
	// parents know nothing themselves. It is called a few times for each unit of
	// learning and must be a pure function of facts already taken.
	Shape(idx int64) (factor, variance float64, ok bool)
}

// Limits of a step: below, sixty buckets are too short to mean anything; above,
// no time of day is left to learn.
const (
	minStep = time.Second
	maxStep = 24 * time.Hour
)

// withDefaults fills in zero fields.
func (c Config) withDefaults() Config {
	if c.Step == 0 {
		c.Step = time.Minute
	}
	if c.Budget == 0 {
		c.Budget = 1
	}
	if c.MinHistory == 0 {
		c.MinHistory = time.Hour
	}
	return c
}

// Validate says what is wrong with a configuration.
func (c Config) Validate() error {
	c = c.withDefaults()
	switch {
	case c.Kind > Rate:
		return fmt.Errorf("kind %d is not known: use count, value or rate", c.Kind)
	case c.Step < minStep || c.Step > maxStep || c.Step%time.Second != 0:
		return fmt.Errorf("step %s: use whole seconds from %s to %s", c.Step, minStep, maxStep)
	case c.Budget < 1e-9 || c.Budget > 1e4:
		return fmt.Errorf("budget %g: use 0.000000001 to 10000 false episodes a month", c.Budget)
	case c.Season > SeasonWeek:
		return fmt.Errorf("season %d is not known: use auto, none, day or week", c.Season)
	case !(c.EffectFloor >= 0) || math.IsInf(c.EffectFloor, 0):
		return fmt.Errorf("effect floor %g: use 0 or more, in the unit of the values", c.EffectFloor)
	case c.MinHistory < 0:
		return fmt.Errorf("minimum history %s: use a positive duration", c.MinHistory)
	}
	return nil
}

// Observation is what was seen in one bucket.
type Observation struct {
	Count    int     // Count: events; Rate: errors
	Attempts int     // Rate only
	Value    float64 // Value only
	// Hold keeps this bucket and the Hold-1 buckets before it from being learned,
	// because something outside the series says that they are not ordinary. Values are
	// learned at once, a little from each bucket: of them it keeps this bucket alone.
	Hold int
}

// Series is one series' detector. This is the door that a better rule comes
// through: callers know nothing else of this package's methods.
type Series interface {
	// Observe takes the next bucket; idx is unix time over step and must grow. An
	// idx that does not grow is ignored and gives the zero Result.
	Observe(idx int64, o Observation) Result
	// Missing says that nobody looked in the buckets from..to, both included.
	Missing(from, to int64)
	// Forecast is what the series' past says about a bucket at or after the last
	// one taken. It changes no later output.
	Forecast(idx int64) Baseline
	// MarshalBinary and UnmarshalBinary carry the state, not the configuration;
	// what is restored goes on exactly as what was saved.
	MarshalBinary() ([]byte, error)
	UnmarshalBinary(state []byte) error
}

// New makes a series with no history. The configuration must be valid.
func New(c Config) (Series, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("set up a detector: %w", err)
	}
	c = c.withDefaults()
	if c.Kind == Value {
		return newValues(c), nil
	}
	return newCounter(c), nil
}

// Confidence says how much history a baseline rests on.
type Confidence uint8

// Levels of confidence.
const (
	ConfidenceNone   Confidence = iota // less than Config.MinHistory: nothing alarms
	ConfidenceLow                      // under two weeks
	ConfidenceNormal                   // the week's season has been seen twice
)

// Baseline is what was expected of one bucket.
type Baseline struct {
	Expected   float64 // mean
	Low, High  float64 // 5 % and 95 % quantiles
	Dispersion float64 // variance over mean of a count; 0 for values
	Confidence Confidence
}

// Result is what one bucket says.
type Result struct {
	Expected float64 // mean of this bucket
	// Score is -log10 of the tail probability of the window below, the most
	// surprising of those that end with this bucket; 0 when none was worth a look.
	Score          float64
	Window         int // buckets
	WindowCount    float64
	WindowExpected float64
	Effect         float64 // window count over expected; of values: difference in standard deviations
	Alarm          bool    // outside the baseline in this bucket
	Episode        Episode // Phase None when nothing is open
}

// Phase of an episode.
type Phase uint8

// Phases of an episode.
const (
	None   Phase = iota
	Alarm        // outside the baseline
	Easing       // inside again, not yet for long enough
	Over         // last word
)

// Episode is a stretch in which a series is outside its baseline.
type Episode struct {
	Phase     Phase
	First     int64   // bucket of the first alarm
	Onset     int64   // where it began, never after First
	Peak      int64   // bucket with the highest value
	PeakValue float64 // its value
	PeakMean  float64 // what was expected in that bucket
	Last      int64   // last bucket in alarm
	Count     float64 // sum from Onset to now; of values: nothing
	Score     float64 // highest so far
	// Confirm is the score of the best window now that lies wholly after First, less
	// the logarithm of the looks taken since then.
	Confirm float64
}
