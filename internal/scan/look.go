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

// back gives the window of a length that ends with a bucket.
func (s *counter) back(idx int64, length int) window {
	i, j := at(idx), at(idx-int64(length))
	w := window{length: length}
	w.n = float64(s.sumCount[i] - s.sumCount[j])
	w.mean = float64(s.sumFixed[i]-s.sumFixed[j]) / fixedPoint
	if s.attempts != nil {
		w.attempts = float64(s.sumAttempts[i] - s.sumAttempts[j])
	}
	return w
}

// variance of a window's sum under the current belief. Noise that hangs together
// from bucket to bucket tells the more the longer the window is.
func (s *counter) variance(w window) float64 {
	b := &s.belief
	long := math.Min(1, float64(w.length-1)/float64(max(1, s.plan.unit-1)))
	return (b.disp+(b.wide-b.disp)*long)*w.mean + b.spread*w.mean*w.mean
}

// score is -log10 of the chance of as much in this window.
func (s *counter) score(w window) float64 {
	if w.n <= 0 || w.mean <= 0 {
		return 0
	}
	if s.attempts != nil {
		return binomialScore(w.n, w.attempts, w.mean, s.variance(w))
	}
	return Tail(w.n, w.mean, s.variance(w))
}

// promising says whether a window might reach the threshold.
func (s *counter) promising(w window) bool {
	if w.n < countFloor || w.n < effectFloor*w.mean || w.mean <= 0 {
		return false
	}
	return rate(w.n, w.mean, s.variance(w))/math.Ln10 > s.threshold+s.belief.offset-screen
}

// best is the most surprising of the windows up to a length that end with idx.
func (s *counter) best(idx int64, limit int64, every bool) (window, float64) {
	var top window
	score := -1.0
	for _, n := range s.plan.windows {
		if int64(n) > limit {
			break
		}
		w := s.back(idx, n)
		if !every && !s.promising(w) {
			continue
		}
		if p := s.score(w); p > score {
			top, score = w, p
		}
	}
	return top, math.Max(0, score)
}

// look judges the newest bucket.
func (s *counter) look(idx int64) Result {
	i := at(idx)
	r := Result{Expected: float64(s.fixed[i]) / fixedPoint}
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
		s.looked > s.plan.minimum && s.season.units > 0 && float64(s.count[i]) > r.Expected
	if s.ep.phase == None || s.ep.phase == Over {
		s.ep.phase = None
		if !fires {
			return r
		}
		s.open(idx, w, score)
	} else {
		s.follow(idx, score)
	}
	s.ep.note(idx, float64(s.count[i]), r.Expected, score)
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
		exposure = float64(max(1, s.attempts[at(idx)]))
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
