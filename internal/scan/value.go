package scan

import "math"

// What is believed of values, and how long it is remembered.
const (
	valueDayPrior  = 0.5 // visits of a quarter hour that the recent level counts for
	valueDayLife   = 7   // visits, one a day, after which a quarter hour weighs half
	valueShort     = 4.0 // quarters that the recent level remembers
	valueLong      = daySlots
	valueNoiseLife = 7 * daySlots
	valueClip      = 4.0  // standard deviations that one bucket may teach at most
	valueFloor     = 1e-3 // of the level: the least standard deviation, so that a constant may flicker
	tailFrom       = 2.0  // standard deviations from which the tail is learned
	tailShare      = 0.05 // belief: share of buckets beyond it
	tailExcess     = 0.5  // belief: mean excess beyond it, a little above the normal law's 0.37
	tailWeight     = 50.0 // buckets beyond it that the belief is worth
	valueWindow    = 3    // buckets of the easing window
	valueInside    = 2.0  // standard deviations
)

// levels is the detector of values: latencies, sizes, levels. It looks both ways.
type levels struct {
	cfg       Config
	plan      plan
	threshold float64

	begun   bool
	begin   int64
	now     int64
	looked  int64
	unit    int64
	learned int64
	ep      episode

	units              int64 // learned so far
	recentS, recentN   float64
	offsetS, offsetN   float64 // of units around the day's shape
	noiseS, noiseN     float64 // squares of buckets around their unit
	slowS, slowN       float64 // squares of units around their forecast
	tailN, tailS, seen float64 // buckets beyond tailFrom, their excess, all
	dayS, dayN         [daySlots]float32
	dayHeld            [daySlots]uint8 // visits in a row that an episode kept from being learned

	mean, noise, slow float64 // of the current unit: expectation and variances
	value             [ringLen]float64
	rest              [ringLen]float64 // value less what was expected
	mark              [ringLen]uint8
}

// newLevels makes a detector without history.
func newLevels(c Config) *levels {
	return &levels{cfg: c, plan: planFor(c), threshold: threshold(c)}
}

// Observe implements [Series].
func (s *levels) Observe(idx int64, o Observation) Result {
	if s.begun && idx <= s.now {
		return Result{}
	}
	if math.IsNaN(o.Value) || math.IsInf(o.Value, 0) {
		s.Missing(idx, idx)
		return Result{}
	}
	if !s.begun {
		s.start(idx)
	}
	s.Missing(s.now+1, idx-1)
	s.push(idx, o.Value, seen)
	r := s.look(idx)
	for i := int64(0); i < int64(min(o.Hold, reach)); i++ {
		s.mark[at(idx-i)] |= held
	}
	return r
}

// start begins the history.
func (s *levels) start(idx int64) {
	s.begun, s.begin, s.now = true, idx, idx-1
	s.unit = s.plan.unitOf(idx)
	s.learned = s.unit
}

// Missing implements [Series].
func (s *levels) Missing(from, to int64) {
	if to < from {
		return
	}
	if !s.begun {
		s.start(from)
	}
	if to-s.now > 2*ringLen {
		s.ep.interrupt()
		for i, end := s.now+1, s.now+ringLen; i <= end; i++ {
			s.push(i, 0, 0)
		}
		s.now = to - ringLen
		s.unit = s.plan.unitOf(s.now)
		s.learned = s.unit
	}
	for i := s.now + 1; i <= to; i++ {
		s.push(i, 0, 0)
		s.ep.gap(&s.plan)
	}
}

// push puts a bucket into the ring and learns what has become old enough.
func (s *levels) push(idx int64, v float64, mark uint8) {
	if u := s.plan.unitOf(idx); u != s.unit {
		s.enter(u)
	}
	if mark&seen != 0 {
		s.looked++
		if idx <= s.ep.grace {
			mark |= held
		}
	}
	i := at(idx)
	s.value[i], s.rest[i], s.mark[i] = v, v-s.mean, mark
	s.now = idx
}

// enter begins a unit, as a counter does.
func (s *levels) enter(unit int64) {
	due := unit - s.plan.delay
	first := s.units == 0
	if first {
		due = s.learned
		if s.looked >= s.plan.minimum {
			due = unit
		}
	}
	oldest := s.plan.unitOf(s.now-ringLen) + 1
	for ; s.learned < due; s.learned++ {
		if s.learned >= oldest {
			s.learn(s.learned)
		}
	}
	s.unit = unit
	s.mean, s.noise, s.slow = s.believe(unit)
	if first && s.units > 0 {
		for i := range s.rest {
			s.rest[i] = s.value[i] - s.mean
		}
	}
}

// believe is the expectation of a unit, the variance of a bucket within its unit
// and the variance of a unit around its expectation.
func (s *levels) believe(unit int64) (mean, noise, slow float64) {
	quarter, _, _ := s.plan.slots(unit)
	recent := s.recentS / math.Max(s.recentN, 1e-9)
	n := float64(s.dayN[quarter])
	mean = (float64(s.dayS[quarter]) + valueDayPrior*recent) / (n + valueDayPrior)
	mean += s.offsetS / (s.offsetN + 4) * n / (n + valueDayPrior)
	floor := valueFloor * math.Abs(mean)
	noise = math.Max(s.noiseS/math.Max(s.noiseN, 1), floor*floor+1e-18)
	slow = math.Max(s.slowS/math.Max(s.slowN, 1)-noise/float64(s.plan.unit), 0)
	return mean, noise, slow
}

// learn takes one unit in.
func (s *levels) learn(unit int64) {
	var sum, used, heldSum, heldUsed float64
	mean, noise, slow := s.believe(unit)
	reach := valueClip * math.Sqrt(noise+slow)
	first := unit * s.plan.unit
	for i := first; i < first+s.plan.unit; i++ {
		v, ok := s.usable(i)
		switch {
		case ok && s.units >= groupUnits:
			sum, used = sum+mean+math.Max(-reach, math.Min(reach, v-mean)), used+1
		case ok:
			sum, used = sum+v, used+1
		case i >= s.begin && i <= s.now && s.mark[at(i)] == seen|held:
			heldSum, heldUsed = heldSum+s.value[at(i)], heldUsed+1
		}
	}
	if heldUsed > used {
		s.learnHeld(unit, heldSum/heldUsed, mean, reach)
		return
	}
	if used == 0 {
		return
	}
	center := sum / used
	for i := first; i < first+s.plan.unit; i++ {
		if v, ok := s.usable(i); ok {
			s.learnNoise(v, center, mean, math.Sqrt(noise+slow), used)
		}
	}
	keep := math.Exp2(-s.plan.perUnit / valueNoiseLife)
	if s.units > 0 {
		d := center - mean
		s.slowS, s.slowN = s.slowS*keep+d*d, s.slowN*keep+1
	}
	s.learnShape(unit, center)
	s.units++
}

// learnHeld takes in what an episode holds back: as spread, cut to what one unit
// may teach, so that a level whose spread was taken too small cannot stay in alarm
// for ever; and as shape, when it comes at this quarter of the day again and again.
func (s *levels) learnHeld(unit int64, center, mean, reach float64) {
	d := math.Min(reach, math.Abs(center-mean))
	keep := math.Exp2(-s.plan.perUnit / valueNoiseLife)
	s.slowS, s.slowN = s.slowS*keep+d*d, s.slowN*keep+1
	quarter, _, _ := s.plan.slots(unit)
	if s.dayHeld[quarter]++; s.dayHeld[quarter] > habitVisits {
		s.dayHeld[quarter] = 0
		s.dayS[quarter], s.dayN[quarter] = float32(center), 1
	}
}

// usable is the value of a bucket, if it may be learned.
func (s *levels) usable(idx int64) (float64, bool) {
	if idx < s.begin || idx > s.now || s.mark[at(idx)] != seen {
		return 0, false
	}
	return s.value[at(idx)], true
}

// learnNoise takes one bucket into the spread and into the tail.
func (s *levels) learnNoise(v, center, mean, sd, used float64) {
	keep := math.Exp2(-s.plan.perUnit / valueNoiseLife / float64(s.plan.unit))
	d := v - center
	if s.units >= groupUnits && sd > 0 {
		d = math.Max(-valueClip*sd, math.Min(valueClip*sd, d))
		z := math.Abs(v-mean) / sd
		s.seen, s.tailN, s.tailS = s.seen*keep+1, s.tailN*keep, s.tailS*keep
		if z > tailFrom {
			s.tailN++
			s.tailS += math.Min(z, 4*valueClip) - tailFrom
		}
	}
	if used > 1 {
		s.noiseS = s.noiseS*keep + d*d*used/(used-1)
		s.noiseN = s.noiseN*keep + 1
	}
}

// learnShape moves the recent level, the time of day and the offset.
func (s *levels) learnShape(unit int64, center float64) {
	quarter, _, _ := s.plan.slots(unit)
	known := float64(s.dayN[quarter]) > 0
	life := valueShort
	if known {
		life = valueLong
		base := float64(s.dayS[quarter]) / float64(s.dayN[quarter])
		keep := math.Exp2(-s.plan.perUnit / levelLife)
		s.offsetS, s.offsetN = s.offsetS*keep+center-base, s.offsetN*keep+1
	}
	keep := math.Exp2(-s.plan.perUnit / life)
	s.recentS, s.recentN = s.recentS*keep+center, s.recentN*keep+1
	s.dayHeld[quarter] = 0
	keep32 := float32(math.Exp2(-s.plan.perUnit / valueDayLife))
	s.dayS[quarter] = s.dayS[quarter]*keep32 + float32(center)
	s.dayN[quarter] = s.dayN[quarter]*keep32 + 1
}

// look judges the newest bucket.
func (s *levels) look(idx int64) Result {
	r := Result{Expected: s.mean}
	if s.units == 0 {
		return r
	}
	first, outside := s.scan(idx, &r)
	if s.ep.phase == None || s.ep.phase == Over {
		s.ep.phase = None
		if r.Score < s.threshold || s.looked <= s.plan.minimum {
			return r
		}
		s.ep = episode{phase: Alarm, first: idx, onset: first, last: idx, peak: idx, window: valueWindow}
		for i := first; i < idx; i++ {
			s.mark[at(i)] |= held
		}
	} else if s.ep.advance(idx, outside, &s.plan) {
		s.recentS, s.recentN, s.offsetS, s.offsetN = s.value[at(idx)], 1, 0, 0
		s.dayS, s.dayN = [daySlots]float32{}, [daySlots]float32{}
	}
	s.mark[at(idx)] |= held
	s.ep.score = math.Max(s.ep.score, r.Score)
	if d := math.Abs(s.rest[at(idx)]); s.ep.peakMean == 0 && s.ep.peakValue == 0 || d > math.Abs(s.ep.peakValue-s.ep.peakMean) {
		s.ep.peak, s.ep.peakValue, s.ep.peakMean = idx, s.value[at(idx)], s.mean
	}
	r.Alarm = s.ep.phase == Alarm
	r.Episode = s.ep.episode()
	return r
}

// scan fills in the most surprising window that ends with idx. It returns where
// that window starts and whether the newest buckets are outside.
func (s *levels) scan(idx int64, r *Result) (first int64, outside bool) {
	var sum, n float64
	next := 0
	for i := int64(0); next < len(s.plan.windows) && idx-i >= s.begin; i++ {
		if j := at(idx - i); s.mark[j]&seen != 0 {
			sum += s.rest[j]
			n++
		}
		if int(i)+1 == valueWindow {
			outside = outside || math.Abs(sum) > valueInside*math.Sqrt(n*s.noise+n*n*s.slow)
		}
		if int(i)+1 != s.plan.windows[next] {
			continue
		}
		next++
		z := sum / math.Sqrt(n*s.noise+n*n*s.slow)
		if i == 0 {
			outside = math.Abs(z) > valueInside
		}
		if p := s.valueScore(z); i == 0 || p > r.Score {
			r.Score, r.Window, first = p, int(i)+1, idx-i
			r.WindowCount, r.WindowExpected = sum/n+s.mean, s.mean
			r.Effect = sum / n / math.Sqrt(s.noise+s.slow)
		}
	}
	return first, outside
}

// Forecast implements [Series].
func (s *levels) Forecast(idx int64) Baseline {
	mean, noise, slow := s.mean, s.noise, s.slow
	if u := s.plan.unitOf(idx); u != s.unit {
		mean, noise, slow = s.believe(u)
	}
	const z = 1.6449 // 95 % of the normal law
	sd := math.Sqrt(noise + slow)
	return Baseline{
		Expected: mean, Low: mean - z*sd, High: mean + z*sd,
		Confidence: s.plan.confidence(s.looked, s.units),
	}
}
