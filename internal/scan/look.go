package scan

import "math"

// What a window must show beside its score, so that a tiny or flat excess of a
// large series is not called an outage.
const (
	effectFloor = 1.5 // window count over expected
	countFloor  = 3   // events in the window
)

// screen is by how much a score may exceed its Chernoff bound: windows whose
// bound is further below the threshold than this are not computed exactly.
const screen = 3.0

// window is one look back from a bucket.
type window struct {
	n, mean  float64
	attempts float64
	length   int
}

// variance of a window's sum under the current belief. Noise that hangs together
// from bucket to bucket tells the more the longer the window is.
func (s *counter) variance(w window) float64 {
	b := &s.belief
	long := math.Min(1, float64(w.length-1)/float64(max(1, s.plan.unit-1)))
	disp := b.disp
	if s.attempts != nil {
		disp = s.season.disp.fine(w.mean / float64(w.length)) // attempts change from bucket to bucket
	}
	noise := disp * (1 + (b.wide/b.disp-1)*long) * w.mean
	if w.attempts > 0 {
		noise *= math.Max(0, 1-w.mean/w.attempts) // of attempts, errors vary less than events do
	}
	return noise + b.spread*w.mean*w.mean
}

// score is -log10 of the chance of as much in this window.
func (s *counter) score(w window) float64 {
	return s.scoreOf(w, s.variance(w))
}

// scoreOf is the same where the variance is known.
func (s *counter) scoreOf(w window, v float64) float64 {
	if w.n <= 0 || w.mean <= 0 {
		return 0
	}
	if s.attempts != nil {
		return rateScore(w.n, w.attempts, w.mean, v)
	}
	return Tail(w.n, w.mean, v)
}

// promising says whether a window might reach the threshold. The exponent of the
// Chernoff bound is never above that of the normal law, which needs no logarithm.
func (s *counter) promising(w window, v float64) bool {
	if w.n < countFloor || w.n < effectFloor*w.mean || w.mean <= 0 {
		return false
	}
	least := (s.threshold + s.belief.offset - screen) * math.Ln10
	excess := w.n - w.mean
	return excess*excess > 2*v*least && rate(w.n, w.mean, v) > least
}

// best is the most surprising of the windows up to a length that end with idx.
// With every, one without any excess has a score as well.
func (s *counter) best(idx int64, limit int64, every bool) (window, float64) {
	var tried [len(windowMinutes)]candidate
	n, first := 0, 0
	for _, length := range s.plan.lengths() {
		if int64(length) > limit {
			break
		}
		c := candidate{window: s.back(idx, int(length))}
		c.v = s.variance(c.window)
		if c.n <= 0 || c.mean <= 0 || !every && !s.promising(c.window, c.v) {
			continue
		}
		c.z = (c.n - c.mean) / math.Sqrt(c.v)
		tried[n] = c
		if c.z > tried[first].z {
			first = n
		}
		n++
	}
	if n == 0 {
		return window{}, 0
	}
	// The one that is farthest out goes first: most others then need no tail.
	top, score := tried[first].window, s.scoreOf(tried[first].window, tried[first].v)
	for i := range tried[:n] {
		if c := &tried[i]; i != first && c.z > nearZ && normalMost(c.z) > score {
			if p := s.scoreOf(c.window, c.v); p > score {
				top, score = c.window, p
			}
		}
	}
	return top, math.Max(0, score)
}

// A second look takes the relative variance of the mean for so many times what is
// believed, and some: where the forecast is wrong it stays wrong, and two windows
// that share its error are not two witnesses.
const (
	secondTimes = 3.0
	secondLeast = 0.005
)

// second is the score of the best window that lies wholly within the last buckets.
func (s *counter) second(idx, buckets int64) (score float64) {
	doubt := (secondTimes-1)*s.belief.spread + secondLeast
	try := func(length int64) {
		w := s.back(idx, int(length))
		if w.n > w.mean {
			score = math.Max(score, s.scoreOf(w, s.variance(w)+doubt*w.mean*w.mean))
		}
	}
	for _, length := range s.plan.lengths() {
		if int64(length) <= buckets {
			try(int64(length))
		}
	}
	if buckets <= reach {
		try(buckets)
	}
	return score
}

// candidate is a window, its variance and how many standard deviations it is out.
type candidate struct {
	window
	v, z float64
}

// nearZ is how far out windows are compared by their tails; nearer, where no budget
// of use has its threshold, by standard deviations.
const nearZ = 2.5

// normalMost is above -log10 of the normal law's chance of z standard deviations
// or more, for z above nearZ, and so above the score of a count, whose tail is
// heavier.
func normalMost(z float64) float64 { return 0.8 + 0.35*z + 0.22*z*z }

// look judges the newest bucket.
func (s *counter) look(idx int64) Result {
	r := Result{Expected: s.expect(idx)}
	every := s.cfg.EveryScore || s.ep.phase != None
	if !every && s.back(idx, reach).n < countFloor {
		return r
	}
	w, score := s.best(idx, s.ep.clear(idx), every)
	if score < maxScore {
		score = math.Min(maxScore, math.Max(0, score-s.belief.offset))
	}
	r.Score, r.Window, r.WindowCount, r.WindowExpected = score, w.length, w.n, w.mean
	if w.mean > 0 {
		r.Effect = w.n / w.mean
	}
	fires := score >= s.threshold && w.n >= countFloor && r.Effect >= effectFloor &&
		s.looked > s.plan.minimum && s.season.units > 0 && float64(s.count(idx)) > r.Expected
	if s.ep.phase == None || s.ep.phase == Over {
		s.ep.phase = None
		if !fires {
			return r
		}
		s.open(idx, w, score)
	} else {
		s.follow(idx, score)
	}
	s.ep.note(idx, float64(s.count(idx)), r.Expected, score)
	s.hold(idx)
	r.Alarm = s.ep.phase == Alarm
	r.Episode = s.ep.episode()
	return r
}

// Forecast implements [Series].
func (s *counter) Forecast(idx int64) Baseline {
	unit := s.plan.unitOf(idx)
	if s.bandOK && s.bandUnit == unit && s.attempts == nil {
		return s.band
	}
	b := s.belief
	if unit != s.unit {
		b = s.season.believe(&s.plan, unit)
	}
	out := s.bandOf(b, idx)
	if s.begun && s.attempts == nil {
		s.band, s.bandUnit, s.bandOK = out, unit, true
	}
	return out
}

// bandOf is the predictive band of one bucket.
func (s *counter) bandOf(b belief, idx int64) Baseline {
	exposure := 1.0
	if s.attempts != nil {
		exposure = math.Max(1, s.exposure(idx))
	}
	m := b.mean * exposure
	v := b.disp*m + b.spread*m*m
	out := Baseline{Expected: m, Dispersion: math.Max(1, v/m), Confidence: s.plan.confidence(s.looked, s.season.units)}
	out.Low, out.High = quantile(0.05, m, v), quantile(0.95, m, v)
	if s.attempts != nil {
		out.High = math.Min(out.High, exposure)
	}
	return out
}
