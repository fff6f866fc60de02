package trial

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Sparse is the trial of sparse counts: every method is given the same quiet
// months to set its threshold by and the same outbreaks to find.
type Sparse struct {
	Outbreaks int     // of each row
	Months    int     // of quiet, to set the thresholds by, at each base
	Budget    float64 // false episodes a series-month that every method may have
	Seed      uint64
}

// SparseRow is one sort of outbreak, in reports a minute.
type SparseRow struct{ Base, Extra float64 }

// SparseRows are the rows of the table, bases rising.
func SparseRows() []SparseRow {
	return []SparseRow{{0.02, 0.5}, {0.02, 2}, {0.2, 3}, {2, 3}, {2, 8}, {20, 40}}
}

// The world of the trial.
const (
	sparseK        = 5.0  // size of the negative binomial of a minute
	sparseShape    = 0.8  // amplitude of the day
	sparseDrift    = 0.15 // standard deviation of the log mean over days
	sparseMemory   = 0.9  // correlation of one day's log mean with the next
	sparseDays     = 28   // to learn
	sparseSurge    = 30   // minutes
	sparseTogether = 60   // minutes between alarms of one episode
	sparsePerWorld = 25   // outbreaks after the same four weeks
	sparseQuiet    = 4    // months judged after the same four weeks
)

// Method is one rule's result on a row.
type Method struct {
	Name         string
	Threshold    float64
	Quiet        float64 // false episodes a month with it, on the data it was set by
	Within2      float64 // share of outbreaks found by the second minute after the first
	Within5      float64
	OwnQuiet     float64 // of our detector: the same at the threshold that it ships with
	Own2, Own5   float64
	hits2, hits5 int
	own2, own5   int
}

// SparseTable is one row's result.
type SparseTable struct {
	Row       SparseRow
	Outbreaks int
	Months    int
	Methods   []Method
}

// Error is the standard error of a share of the row's outbreaks.
func (t *SparseTable) Error(share float64) float64 {
	return math.Sqrt(share * (1 - share) / float64(t.Outbreaks))
}

// rule is one method at work on one series.
type rule interface {
	// score of a bucket; mean is the true one, for the oracle alone.
	score(idx int64, n int, mean float64) float64
	// fork is a copy that goes its own way.
	fork() rule
}

// Names of the two methods that ours is judged by.
const (
	OracleScan = "oracle scan" // knows the true parameters
	PlainScan  = "plain scan"
)

// sparseRules are the methods beside each other, ours first.
func sparseRules(budget float64) ([]string, []rule, error) {
	own, err := newOwn(budget)
	if err != nil {
		return nil, nil, err
	}
	return []string{"detector", OracleScan, PlainScan, "one-minute test", "EARS-C3"},
		[]rule{own, &oracle{}, &plain{windows: scanWindows[:]}, &plain{windows: scanWindows[:1]}, &ears{}}, nil
}

// sparseWorld draws one series.
type sparseWorld struct {
	r     *rand.Rand
	base  float64
	drift float64
	phase float64
}

func newSparseWorld(base float64, seed, series uint64) *sparseWorld {
	r := rand.New(rand.NewPCG(seed^math.Float64bits(base), series))
	return &sparseWorld{r: r, base: base, drift: sparseDrift * r.NormFloat64(), phase: 2 * math.Pi * r.Float64()}
}

// mean of a minute; minutes are asked for in order.
func (w *sparseWorld) mean(i int64) float64 {
	if i%1440 == 0 {
		w.drift = sparseMemory*w.drift + sparseDrift*math.Sqrt(1-sparseMemory*sparseMemory)*w.r.NormFloat64()
	}
	return w.base * (1 + sparseShape*math.Sin(2*math.Pi*float64(i%1440)/1440+w.phase)) * math.Exp(w.drift)
}

// draw is a count by inversion: a negative binomial of size sparseK, and the
// reports of an outbreak on top.
func (w *sparseWorld) draw(mean, extra float64) int {
	q := mean / (mean + sparseK)
	p := math.Pow(1-q, sparseK)
	n, u := 0, w.r.Float64()-p
	for ; u > 0 && n < 100000; n++ {
		p *= (float64(n) + sparseK) / float64(n+1) * q
		u -= p
	}
	return n + poisson(w.r, extra)
}

// learn lets the methods live through four quiet weeks.
func (w *sparseWorld) learn(rules []rule) {
	for i := range int64(sparseDays * 1440) {
		m := w.mean(i)
		n := w.draw(m, 0)
		for _, r := range rules {
			r.score(i, n, m)
		}
	}
}

// Run measures the rows, which share the quiet months of their base.
func (t Sparse) Run(rows []SparseRow) ([]SparseTable, error) {
	if t.Outbreaks < 1 || t.Months < sparseQuiet || t.Budget <= 0 {
		return nil, fmt.Errorf("%d outbreaks, %d quiet months, budget %g: use at least 1, %d and more than 0", t.Outbreaks, t.Months, t.Budget, sparseQuiet)
	}
	var out []SparseTable
	var set []Method
	for i, row := range rows {
		if i == 0 || rows[i-1].Base != row.Base {
			var err error
			if set, err = t.calibrate(row.Base); err != nil {
				return nil, err
			}
		}
		table := SparseTable{Row: row, Methods: slices.Clone(set)}
		if err := t.attack(&table); err != nil {
			return nil, err
		}
		out = append(out, table)
	}
	return out, nil
}

// calibrate finds the threshold with which each method has as many false episodes
// as the budget allows.
func (t Sparse) calibrate(base float64) ([]Method, error) {
	names, rules, err := sparseRules(t.Budget)
	if err != nil {
		return nil, err
	}
	tops := make([]peaks, len(rules))
	var shipped peaks
	months := 0
	for series := uint64(0); months < t.Months; series++ {
		w := newSparseWorld(base, t.Seed, series)
		_, rules, err := sparseRules(t.Budget)
		if err != nil {
			return nil, err
		}
		w.learn(rules)
		const from = int64(sparseDays * 1440)
		offset := int64(series) * (sparseQuiet + 1) * 43200 // so that series do not touch
		for i := from; i < from+sparseQuiet*43200; i++ {
			m := w.mean(i)
			n := w.draw(m, 0)
			for k, r := range rules {
				tops[k].add(offset+i, r.score(i, n, m))
			}
			if rules[0].(*own).alarm {
				shipped.add(offset+i, 1)
			}
		}
		months += sparseQuiet
	}
	out := make([]Method, len(rules))
	for k := range out {
		out[k].Name = names[k]
		out[k].Threshold = tops[k].threshold(int(t.Budget * float64(months)))
		out[k].Quiet = float64(tops[k].episodes(out[k].Threshold)) / float64(months)
	}
	out[0].OwnQuiet = float64(shipped.episodes(1)) / float64(months)
	return out, nil
}

// attack lets each method find the same outbreaks, at random times of the day
// after the four weeks.
func (t Sparse) attack(table *SparseTable) error {
	for series := uint64(0); table.Outbreaks < t.Outbreaks; series++ {
		// Other series than the thresholds were set by.
		w := newSparseWorld(table.Row.Base, t.Seed+1, series)
		_, rules, err := sparseRules(t.Budget)
		if err != nil {
			return err
		}
		w.learn(rules)
		w.mean(sparseDays * 1440)
		for range min(sparsePerWorld, t.Outbreaks-table.Outbreaks) {
			table.outbreak(w, rules)
			table.Outbreaks++
		}
	}
	n := float64(table.Outbreaks)
	for k := range table.Methods {
		m := &table.Methods[k]
		m.Within2, m.Within5 = float64(m.hits2)/n, float64(m.hits5)/n
		m.Own2, m.Own5 = float64(m.own2)/n, float64(m.own5)/n
	}
	return nil
}

// outbreak goes through one day with one outbreak. An alarm in the hour before
// it is part of the same episode and counts as no discovery.
func (t *SparseTable) outbreak(w *sparseWorld, rules []rule) {
	const from = int64(sparseDays*1440) + 1
	at := from + sparseTogether + w.r.Int64N(1440-sparseTogether-sparseSurge)
	day := *w
	found, ownFound := make([]int64, len(rules)), int64(-1)
	forks := make([]rule, len(rules))
	for k, r := range rules {
		forks[k], found[k] = r.fork(), -1
	}
	for i := from; i < at+5; i++ {
		m, extra := day.mean(i), 0.0
		if i >= at {
			extra = t.Row.Extra
		}
		n := day.draw(m, extra)
		for k, r := range forks {
			if r.score(i, n, m) >= t.Methods[k].Threshold {
				found[k] = first(found[k], i, at)
			}
		}
		if forks[0].(*own).alarm {
			ownFound = first(ownFound, i, at)
		}
	}
	for k := range forks {
		m := &t.Methods[k]
		m.hits2 += within(found[k], at, 2)
		m.hits5 += within(found[k], at, 5)
	}
	t.Methods[0].own2 += within(ownFound, at, 2)
	t.Methods[0].own5 += within(ownFound, at, 5)
}

// first is the bucket of the alarm that began the episode at i.
func first(found, i, at int64) int64 {
	if found >= at || found >= 0 && i-found <= sparseTogether {
		if found < at {
			return i // still the false one: keep it alive
		}
		return found
	}
	return i
}

// within says whether an alarm came within so many minutes: with the data of as
// many and no more.
func within(found, at, minutes int64) int {
	if found >= at && found < at+minutes {
		return 1
	}
	return 0
}

// peaks are the highest scores of a quiet time with their buckets.
type peaks struct {
	floor float64
	at    []int64
	value []float64
}

// maxPeaks bounds them; thresholds lie far above what is dropped.
const maxPeaks = 400_000

// add takes a score; buckets rise.
func (p *peaks) add(idx int64, score float64) {
	if score <= p.floor {
		return
	}
	p.at, p.value = append(p.at, idx), append(p.value, score)
	if len(p.at) < maxPeaks {
		return
	}
	sorted := slices.Clone(p.value)
	slices.Sort(sorted)
	p.floor = sorted[len(sorted)/2]
	kept := 0
	for i, v := range p.value {
		if v > p.floor {
			p.at[kept], p.value[kept] = p.at[i], v
			kept++
		}
	}
	p.at, p.value = p.at[:kept], p.value[:kept]
}

// episodes counts the episodes of alarms at a threshold.
func (p *peaks) episodes(threshold float64) int {
	n, last := 0, int64(math.MinInt64/2)
	for i, v := range p.value {
		if v >= threshold {
			if p.at[i]-last > sparseTogether {
				n++
			}
			last = p.at[i]
		}
	}
	return n
}

// threshold is the lowest score with at most so many episodes, coming from above:
// far below, everything is one episode.
func (p *peaks) threshold(allowed int) float64 {
	sorted := slices.Clone(p.value)
	slices.SortFunc(sorted, func(a, b float64) int { return cmp.Compare(b, a) })
	low, high := 0, min(allowed, len(sorted)) // scores from the top: allowed, not known
	for high < len(sorted) && p.episodes(sorted[high]) <= allowed {
		low, high = high, min(2*high+1, len(sorted))
	}
	for high-low > 1 {
		middle := (low + high) / 2
		if p.episodes(sorted[middle]) <= allowed {
			low = middle
		} else {
			high = middle
		}
	}
	if len(sorted) == 0 {
		return math.Inf(1)
	}
	return sorted[low]
}
