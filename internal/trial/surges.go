package trial

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"faultline/internal/scan"
)

// Surge describes outages of one series: so many reports a minute are added to a
// service that has had weeks of quiet.
type Surge struct {
	Base       float64 // reports a minute before, on a day with a shape of +-80 %
	Extra      float64 // reports a minute that are added
	Dispersion float64 // variance over mean of a minute
	K          float64 // multiplicative noise instead: variance is mean + mean^2/K
	Ramp       int     // minutes until all of Extra is there
}

// Surges are the outages that the methodology's table is made of.
func Surges() []Surge {
	return []Surge{
		{Base: 0.02, Extra: 0.5, Dispersion: 1.1}, {Base: 0.02, Extra: 2, Dispersion: 1.1},
		{Base: 0.2, Extra: 3, Dispersion: 1.1}, {Base: 2, Extra: 8, Dispersion: 1.2}, {Base: 2, Extra: 8, Dispersion: 3},
		{Base: 20, Extra: 40, Dispersion: 1.5}, {Base: 20, Extra: 40, Dispersion: 3}, {Base: 20, Extra: 40, K: 5},
		{Base: 200, Extra: 400, Dispersion: 3}, {Base: 2000, Extra: 4000, Dispersion: 3},
		{Base: 30, Extra: 200, Dispersion: 1, Ramp: 2}, {Base: 30, Extra: 200, Dispersion: 3, Ramp: 2},
		{Base: 30, Extra: 200, Dispersion: 1, Ramp: 15}, {Base: 30, Extra: 200, Dispersion: 3, Ramp: 15},
		{Base: 10, Extra: 30, Dispersion: 3, Ramp: 15}, {Base: 2, Extra: 20, Dispersion: 3, Ramp: 15},
	}
}

// Times are what a number of surges brought, in minutes after the surge began;
// never is counted as Never.
type Times struct {
	First   []int // first alarm
	Onset   []int // the onset that the first alarm was dated back to
	Confirm []int // the second look reached scan.ConfirmScore
}

// Never stands for what did not come within surgeWatch minutes.
const Never = 999

// Weeks of quiet before, and minutes that a surge is watched.
const (
	surgeDays  = 28
	surgeWatch = 90
)

// Measure lets a series live through a number of surges of one sort, at random
// times of the day, each after the same four weeks.
func (g Surge) Measure(trials int, budget float64, seed uint64) (Times, error) {
	var out Times
	r := rand.New(rand.NewPCG(seed, math.Float64bits(g.Base)))
	q := Quiet{Dispersion: g.Dispersion, K: g.K}
	config := scan.Config{Budget: budget}
	base, err := scan.New(config)
	if err != nil {
		return out, err
	}
	const past = int64(surgeDays * 1440)
	for i := range past {
		base.Observe(i, scan.Observation{Count: g.draw(r, &q, i, 0)})
	}
	state, err := base.MarshalBinary()
	if err != nil {
		return out, fmt.Errorf("keep the quiet weeks: %w", err)
	}
	for range trials {
		s, err := scan.New(config)
		if err != nil {
			return out, err
		}
		if err := s.UnmarshalBinary(state); err != nil {
			return out, fmt.Errorf("go on after the quiet weeks: %w", err)
		}
		out.one(s, r, &q, g, past+60+r.Int64N(1200))
	}
	slices.Sort(out.First)
	slices.Sort(out.Onset)
	slices.Sort(out.Confirm)
	return out, nil
}

// one lets a series live through one surge that begins at a bucket.
func (t *Times) one(s scan.Series, r *rand.Rand, q *Quiet, g Surge, at int64) {
	first, onset, confirm := Never, Never, Never
	for i := int64(surgeDays * 1440); i < at+surgeWatch && confirm == Never; i++ {
		extra := 0.0
		if i >= at {
			extra = g.Extra
			if g.Ramp > 0 {
				extra *= math.Min(1, (float64(i-at)+0.5)/float64(g.Ramp))
			}
		}
		e := s.Observe(i, scan.Observation{Count: g.draw(r, q, i, extra)}).Episode
		if i < at || e.Phase == scan.None {
			continue
		}
		if first == Never {
			first, onset = int(e.First-at), int(e.Onset-at)
		}
		if e.Confirm >= scan.ConfirmScore {
			confirm = int(i - at)
		}
	}
	t.First, t.Onset, t.Confirm = append(t.First, first), append(t.Onset, onset), append(t.Confirm, confirm)
}

// draw is the count of a minute.
func (g Surge) draw(r *rand.Rand, q *Quiet, i int64, extra float64) int {
	const shape = 0.8
	return poisson(r, q.level(r, g.Base*(1+shape*math.Sin(2*math.Pi*float64(i)/1440))+extra))
}

// Quantile of sorted minutes.
func Quantile(sorted []int, p float64) int { return sorted[int(p*float64(len(sorted)-1))] }

// Within is the share of sorted minutes up to a limit.
func Within(sorted []int, limit int) float64 {
	n, _ := slices.BinarySearch(sorted, limit+1)
	return float64(n) / float64(len(sorted))
}
