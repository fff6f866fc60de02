package detect

import (
	"math"

	"faultline/internal/combine"
	"faultline/internal/pool"
	"faultline/internal/scan"
	"faultline/outage"
)

// How signals count together. A crowd or a probe may bring what a series needs to alarm
// by itself; an operator's word less than a combined alarm needs, so that it never makes
// one alone.
const (
	strongCap = 6.0
	wordCap   = 3.0
	// wordScores are what levels of an operator's word bring: the chance that a random
	// minute has one, from a few such hours in a year up to a few in a decade, a
	// convention until the ledger can tell how often each operator says so.
	wordMinor, wordMajor, wordCritical = 1.5, 2.5, 3.0
	// speaking is the score from which a family counts as saying something.
	speaking = 1.0
	// lookCost is what choosing the best of overlapping windows may win, in score: four of
	// them are one test four times (Bonferroni), and TestLookCost holds it against counts.
	lookCost = 0.6
	// Minutes until a signal counts as not heard.
	reportsStale, probesStale, wordStale = 1, 10, 60
	jointQuiet                           = 10
	jointHistory                         = 24 * 60 // minutes before anything is combined
	jointInside                          = 1.3
)

// joint is the episode of all signals of a service together.
type joint struct {
	phase        outage.Phase // empty: none
	first, onset outage.Minute
	quiet        int
}

// scored is what one family's signal says now, and how far back it looked.
type scored struct {
	combine.Score
	window int
}

// combine ends the minute of all signals together. With reports alone there is nothing
// to combine, and nothing is said; nor in the first day.
func (s *service) combine(m outage.Minute, reports int) (outage.Detection, bool) {
	if s.joint.phase == outage.PhaseOver {
		s.joint = joint{}
	}
	if len(s.lines) == 0 || !s.beat.Known(jointHistory) {
		return outage.Detection{}, false
	}
	heard := s.heard(m)
	all := make([]combine.Score, len(heard))
	for i := range heard {
		all[i] = heard[i].Score
	}
	r := combine.Scores(all)
	if s.joint.phase == "" {
		if r.Score < s.limit || r.Speaking(speaking) < 2 {
			return outage.Detection{}, false
		}
		s.joint = joint{phase: outage.PhaseAlarm, first: m, onset: s.earliest(heard, m)}
	} else {
		s.joint.step(r.Score >= jointInside && r.Speaking(speaking) >= 1)
	}
	return s.jointDetection(m, reports, &r, s.second(heard, m)), true
}

// step moves an open episode on by a minute.
func (j *joint) step(outside bool) {
	j.phase, j.quiet = outage.PhaseAlarm, j.quiet+1
	if outside {
		j.quiet = 0
	} else {
		j.phase = outage.PhaseEasing
	}
	if j.quiet >= jointQuiet {
		j.phase = outage.PhaseOver
	}
}

// heard gathers what every signal of the service says now.
func (s *service) heard(m outage.Minute) []scored {
	out := []scored{s.crowd(m)}
	for _, l := range s.lines {
		rule := combine.Rule{Signal: l.signal.Name, Family: l.signal.Family, Cap: strongCap, StaleAfter: probesStale}
		switch {
		case l.signal.Kind == outage.KindWord && l.heard != 0:
			rule.Cap, rule.StaleAfter = wordCap, wordStale
			score := [...]float64{0, wordMinor, wordMajor, wordCritical}[l.level]
			out = append(out, scored{combine.Score{Rule: rule, Value: score, Age: int64(m - l.heard)}, 1})
		case len(l.cells) > 0 && l.cells[0].lastSeen != 0:
			c := l.cells[0]
			out = append(out, scored{combine.Score{Rule: rule, Value: c.score - lookCost, Age: int64(m - c.lastSeen)}, c.window})
		}
	}
	return out
}

// crowd is what the reports of the service say: the best of the windows that end now,
// by the same law of the whole that its places are held against.
func (s *service) crowd(m outage.Minute) scored {
	rule := combine.Rule{Signal: outage.SignalReports, Family: "crowd", Cap: strongCap, StaleAfter: reportsStale}
	best := scored{combine.Score{Rule: rule}, 1}
	for _, n := range pool.Windows() {
		if score := s.wholeScore(n) - lookCost; score > best.Value {
			best.Value, best.window = score, n
		}
	}
	return best
}

// wholeScore is the score of all reports in a window that ends now.
func (s *service) wholeScore(minutes int) float64 {
	count, mean, variance := s.wide[0].Whole(&s.beat, minutes)
	return pool.Tail(count, mean, variance)
}

// earliest is where the signals that speak place the beginning.
func (s *service) earliest(heard []scored, m outage.Minute) outage.Minute {
	onset := m
	for _, h := range heard {
		if h.Value >= speaking && h.Rule.Family != "operator" {
			onset = min(onset, m-outage.Minute(h.window)+1)
		}
	}
	return onset
}

// second is the combined score of what lies wholly after the first alarm, less the
// logarithm of the looks since. A word that stood before says nothing new.
func (s *service) second(heard []scored, m outage.Minute) float64 {
	after := int(m - s.joint.first)
	if after <= 0 {
		return 0
	}
	var fresh []combine.Score
	for _, h := range heard {
		switch {
		case h.Rule.Family == "crowd":
			h.Value = 0
			for _, n := range pool.Windows() {
				if n <= after {
					h.Value = math.Max(h.Value, s.wholeScore(n)-lookCost)
				}
			}
		case h.window > after || h.Rule.Family == "operator":
			h.Value = 0
		}
		fresh = append(fresh, h.Score)
	}
	r := combine.Scores(fresh)
	return math.Max(0, r.Score-math.Log10(float64(after)))
}

// jointDetection puts the minute into words that explain themselves.
func (s *service) jointDetection(m outage.Minute, reports int, r *combine.Result, confirm float64) outage.Detection {
	total := s.cells[0]
	j := &s.joint
	since := int(m-j.onset) + 1
	count, mean, _ := s.wide[0].Whole(&s.beat, min(since, int(outage.Hour)))
	d := outage.Detection{
		Signal: outage.SignalCombined, Phase: j.phase, Count: reports, Baseline: baseline(total.series.Forecast(int64(m))),
		Score: r.Score, Window: min(since, int(outage.Hour)), WindowCount: count, WindowExpected: mean,
		First: j.first, Onset: j.onset, OnsetCount: count, Confirm: confirm, Networks: total.since(j.onset),
	}
	if mean > 0 {
		d.Effect = float64(count) / mean
	}
	d.NetworksUnknown = d.Networks == 0 && total.since(0) == 0
	for _, p := range r.Parts {
		d.Parts = append(d.Parts, outage.Part{Family: p.Family, Signal: p.Signal, Score: p.Score})
	}
	return d
}

// jointThreshold is the score that keeps the combined detection within its budget.
func (c Config) jointThreshold() float64 {
	return math.Log10(scan.Month.Minutes() / c.CombinedBudget)
}
