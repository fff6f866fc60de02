// Package score holds what was said of runs of the lab against what was true.
//
// It reads labels and verdicts and writes tables. Method: of each run the last verdict
// on the service of its label counts, and the first from which on all were right says
// how long it took. A verdict that abstains is not wrong; one that names both of a pair
// that cannot be told apart is right when the truth is one of them.
//
// Limits: a run is one throw: the machine, the moment and the seed differ, so shares of
// few runs move by several points from sweep to sweep.
package score

import (
	"math"
	"slices"
	"time"

	"faultline/lab/scenario"
	"faultline/outage"
)

// Run is what was said in one run.
type Run struct {
	Scenario  string
	Seed      uint64
	Magnitude float64
	Label     scenario.Label
	Onset     time.Time
	Incidents []outage.Incident // every revision, in order
	Verdicts  []outage.Verdict
}

// Service that the label is about.
func (r *Run) Service() string {
	if r.Label.Service != "" {
		return r.Label.Service
	}
	return "feed"
}

// Said is what comes out of a run.
type Said struct {
	*Run
	// Opened is when an incident of the service was, and First when the first right
	// verdict from which on none was wrong; negative: never. Both are times after the
	// onset at which the minute that it rests on was closed.
	Opened, First time.Duration
	Last          *outage.Verdict // nil: nothing was said
	Gave          bool            // it does not abstain
	Right         bool
	Exact         bool     // the leading hypothesis is the truth
	Broken        []string // what the label says that it must never be
	Brier         float64  // over classes; of runs with a verdict that gives supports
}

// closing is how long after its end a minute of measurements is closed.
const closing = 30 * time.Second

// never is a time that did not come.
const never = time.Duration(-1)

// Judge holds a run against its label.
func Judge(r *Run) Said {
	s := Said{Run: r, Opened: never, First: never}
	for i := range r.Incidents {
		if inc := &r.Incidents[i]; inc.Service == r.Service() && inc.Minute >= outage.MinuteOf(r.Onset) {
			s.Opened = r.after(inc.Minute)
			break
		}
	}
	for i := range r.Verdicts {
		v := &r.Verdicts[i]
		if v.Service != r.Service() || v.Minute < outage.MinuteOf(r.Onset) {
			continue
		}
		s.Last = v
		switch right := Right(&r.Label, v); {
		case !right:
			s.First = never
		case s.First == never:
			s.First = r.after(v.Minute)
		}
	}
	if s.Last == nil {
		return s
	}
	s.Gave = Gives(s.Last)
	s.Right = Right(&r.Label, s.Last)
	s.Exact = s.Gave && s.Last.Leading[0] == r.Label.Hypothesis
	s.Broken = Forbidden(&r.Label, s.Last)
	s.Brier = Brier(r.Label.Class, s.Last)
	return s
}

// after is when a minute was closed, since the onset.
func (r *Run) after(m outage.Minute) time.Duration {
	return (m + 1).Time().Add(closing).Sub(r.Onset)
}

// Gives says whether a verdict names anything.
func Gives(v *outage.Verdict) bool {
	return v.State != outage.VerdictInsufficient && len(v.Leading) > 0
}

// Right says whether a verdict names the right class, or a pair that cannot be told
// apart of which the truth is one.
func Right(l *scenario.Label, v *outage.Verdict) bool {
	if !Gives(v) {
		return false
	}
	if len(v.Leading) == 1 || v.Class != outage.CauseUndecided {
		return v.Class == l.Class
	}
	return slices.Contains(v.Leading, l.Hypothesis) && !slices.ContainsFunc(v.Leading, func(h string) bool { return !allowed(l, h) })
}

// allowed says whether a hypothesis may stand beside the truth: it is of its class, or
// makes a pair with it.
func allowed(l *scenario.Label, h string) bool {
	return scenario.ClassOf(h) == l.Class || slices.ContainsFunc(l.Pairs, func(p []string) bool { return slices.Contains(p, h) })
}

// Forbidden lists what a verdict leads with and must not.
func Forbidden(l *scenario.Label, v *outage.Verdict) []string {
	if !Gives(v) {
		return nil
	}
	var out []string
	for _, n := range l.Never {
		if slices.Contains(v.Leading, n) || v.Class != outage.CauseUndecided && string(v.Class) == n {
			out = append(out, n)
		}
	}
	return out
}

// Brier is the sum of squares by which the supports of the classes miss the truth: 0
// for certainty in the right one, 2 for certainty in a wrong one.
func Brier(truth outage.CauseClass, v *outage.Verdict) float64 {
	sum := 0.0
	for _, c := range v.Classes {
		want := 0.0
		if c.Class == truth {
			want = 1
		}
		sum += (c.Support - want) * (c.Support - want)
	}
	return sum
}

// Table sums up what was said of all runs.
type Table struct {
	Said []Said
	// Expected are runs whose label expects an incident; Given those with a verdict
	// that does not abstain, of all those Asked: that expect an incident or have a
	// verdict. To say nothing of an outage is to abstain.
	Expected, Opened, WithVerdict, Asked, Given, Right, Exact int
	// FalseAttacks are attack verdicts on what failed from within or was overrun by
	// honest people; there may be none.
	FalseAttacks []string
	Broken       int
	Brier        float64       // mean
	First        time.Duration // median of the first right verdict, over those that had one
}

// Sum sums up.
func Sum(runs []Run) Table {
	t := Table{}
	var firsts []time.Duration
	for i := range runs {
		s := Judge(&runs[i])
		t.Said = append(t.Said, s)
		if !s.Label.Quiet {
			t.Expected++
		}
		if s.Opened != never {
			t.Opened++
		}
		if !s.Label.Quiet || s.Last != nil {
			t.Asked++
		}
		if s.Last == nil {
			continue
		}
		t.WithVerdict++
		t.Brier += s.Brier
		if s.Gave {
			t.Given++
		}
		if s.Right {
			t.Right++
		}
		if s.Exact {
			t.Exact++
		}
		if len(s.Broken) > 0 {
			t.Broken++
		}
		if falseAttack(&s) {
			t.FalseAttacks = append(t.FalseAttacks, s.Scenario)
		}
		if s.First != never {
			firsts = append(firsts, s.First)
		}
	}
	t.Brier /= math.Max(1, float64(t.WithVerdict))
	slices.Sort(firsts)
	t.First = never
	if n := len(firsts); n > 0 {
		t.First = firsts[n/2]
	}
	return t
}

// falseAttack says whether any verdict of a run, not only the last, was an attack alone
// on what was none.
func falseAttack(s *Said) bool {
	if s.Label.Class != outage.CauseInternal && s.Label.Class != outage.CauseOverload {
		return false
	}
	return slices.ContainsFunc(s.Verdicts, func(v outage.Verdict) bool {
		return v.Service == s.Service() && v.Minute >= outage.MinuteOf(s.Onset) && Gives(&v) && v.Class == outage.CauseAttack
	})
}
