package scan

import (
	"math"

	"faultline/internal/level"
)

// How an episode of values is followed.
const (
	valueWindow   = 3    // buckets of the easing window
	valueInside   = 1.5  // scales: a mean of the easing window below it is inside
	valueLeast    = 0.6  // scales, likewise: of an episode that began with less
	valueStandard = 1.13 // standard deviations of a normal law in a scale
	valueOnset    = 1.0  // scales that the first bucket of an episode must be off
	valueSlack    = 0.5  // log-likelihood that an earlier onset may cost
	valueRing     = 64   // residuals that are remembered, above reach
)

// values is the detector of values: latencies, sizes, levels. It looks both ways.
// The statistics are those of [level.Model]; this type adds episodes.
type values struct {
	cfg       Config
	plan      plan
	threshold float64

	begun  bool
	now    int64
	looked int64
	ep     episode
	model  *level.Model
	inside float64            // scales that end the open episode
	rest   [valueRing]float32 // residuals in scales; not a number where nobody looked
}

// newValues makes a detector without history.
func newValues(c Config) *values {
	s := &values{cfg: c, plan: planFor(c), threshold: threshold(c), model: level.New(level.Config{
		Seconds: int64(c.Step.Seconds()), Season: level.Season(c.Season), Log: c.Log, Floor: c.EffectFloor,
	})}
	s.blank()
	return s
}

// blank forgets the residuals.
func (s *values) blank() {
	for i := range s.rest {
		s.rest[i] = float32(math.NaN())
	}
}

// Observe implements [Series].
func (s *values) Observe(idx int64, o Observation) Result {
	if s.begun && idx <= s.now {
		return Result{}
	}
	if math.IsNaN(o.Value) || math.IsInf(o.Value, 0) {
		s.Missing(idx, idx)
		return Result{}
	}
	if s.begun {
		s.Missing(s.now+1, idx-1)
	}
	s.begun, s.now = true, idx
	s.looked++
	open := s.ep.phase == Alarm || s.ep.phase == Easing
	v := s.model.Observe(idx, o.Value, open || o.Hold > 0 || idx <= s.ep.grace)
	s.rest[idx&(valueRing-1)] = float32(v.Residual)
	r := Result{
		Expected: v.Expected, Score: v.Score, Window: level.Window,
		WindowCount: v.Mean, WindowExpected: v.Expected, Effect: v.Effect * valueStandard,
	}
	if open {
		s.follow(idx, v)
	} else if !s.opens(idx, v) {
		s.ep.phase = None
		return r
	}
	s.ep.score = math.Max(s.ep.score, math.Max(v.Strange, v.Shift))
	if d := math.Abs(o.Value - v.Expected); s.ep.first == idx || d > math.Abs(s.ep.peakValue-s.ep.peakMean) {
		s.ep.peak, s.ep.peakValue, s.ep.peakMean = idx, o.Value, v.Expected
	}
	r.Alarm = s.ep.phase == Alarm
	r.Episode = s.ep.episode()
	return r
}

// opens begins an episode if the bucket is an alarm.
func (s *values) opens(idx int64, v level.Verdict) bool {
	if !v.Ready || s.looked <= s.plan.minimum || math.Max(v.Score, v.Shift) < s.threshold {
		return false
	}
	s.ep = episode{
		phase: Alarm, first: idx, onset: s.onset(idx, v.Effect), last: idx, peak: idx, window: valueWindow,
		ended: s.ep.ended,
	}
	off := math.Max(math.Abs(v.Effect), math.Abs(v.Residual))
	s.inside = math.Max(valueLeast, math.Min(valueInside, off/2))
	return true
}

// follow moves an open episode on by one bucket.
func (s *values) follow(idx int64, v level.Verdict) {
	sum, n := 0.0, 0.0
	for i := idx - valueWindow + 1; i <= idx; i++ {
		if z := float64(s.rest[i&(valueRing-1)]); z == z {
			sum, n = sum+z, n+1
		}
	}
	// The means and shapes that raised the alarm look back too far to say when it is over.
	if s.ep.advance(idx, math.Abs(sum) > s.inside*n, &s.plan) {
		s.model.Adopt(idx)
	}
	if s.ep.phase == Over {
		s.model.Settle()
	}
}

// onset is where a deviation of the given sign that is in alarm at idx began: the
// start of maximum likelihood of a step, moved back to the edge of what the data
// cannot tell from it.
func (s *values) onset(idx int64, sign float64) int64 {
	var ratios [reach + 1]float64
	top, sum, seen := 0.0, 0.0, 0.0
	for n := int64(1); n <= s.ep.clear(idx); n++ {
		z := float64(s.rest[(idx-n+1)&(valueRing-1)])
		if z != z {
			continue
		}
		sum, seen = sum+math.Copysign(z, z*sign), seen+1
		if sum > 0 && math.Copysign(z, z*sign) >= valueOnset {
			ratios[n] = sum * sum / (2 * seen)
			top = math.Max(top, ratios[n])
		}
	}
	start := int64(1)
	for n := int64(1); n <= reach; n++ {
		if ratios[n] > 0 && ratios[n] >= top-valueSlack {
			start = n
		}
	}
	return idx - start + 1
}

// Missing implements [Series].
func (s *values) Missing(from, to int64) {
	if to < from || s.begun && to <= s.now {
		return
	}
	if !s.begun {
		s.begun, s.now = true, from-1
	}
	if to-s.now > valueRing {
		s.ep.interrupt()
		s.blank()
		s.now = to
	}
	for i := s.now + 1; i <= to; i++ {
		s.rest[i&(valueRing-1)] = float32(math.NaN())
		s.ep.gap(&s.plan)
	}
	s.now = to
}

// Forecast implements [Series].
func (s *values) Forecast(idx int64) Baseline {
	units := int64(0)
	if s.model.Known() {
		units = 1
	}
	mean, low, high := s.model.Forecast(idx)
	return Baseline{Expected: mean, Low: low, High: high, Confidence: s.plan.confidence(s.looked, units)}
}

// values carries a whole detector of values.
func (c *coder) values(s *values) {
	c.header(Value)
	c.flag(&s.begun)
	c.i64(&s.now, &s.looked)
	c.bad = c.bad || s.now > farthest || s.now < -farthest
	c.episode(&s.ep)
	c.f64(&s.inside)
	c.f32(s.rest[:])
}

// MarshalBinary implements [Series].
func (s *values) MarshalBinary() ([]byte, error) {
	c := coder{buf: make([]byte, 0, 5120)}
	c.values(s)
	return s.model.Append(c.buf), nil
}

// UnmarshalBinary implements [Series].
func (s *values) UnmarshalBinary(state []byte) error {
	fresh := newValues(s.cfg)
	c := coder{buf: state, reading: true}
	c.values(fresh)
	if rest, err := fresh.model.Restore(c.buf); err != nil {
		c.bad = true
	} else {
		c.buf = rest
	}
	if err := c.done(len(state)); err != nil {
		return err
	}
	*s = *fresh
	return nil
}
