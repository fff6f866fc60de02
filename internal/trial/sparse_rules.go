package trial

import (
	"math"

	"faultline/internal/scan"
)

// own is our detector, as it ships.
type own struct {
	series scan.Series
	config scan.Config
	alarm  bool // in the last bucket, by its own threshold
}

func newOwn(budget float64) (*own, error) {
	c := scan.Config{Budget: budget, EveryScore: true}
	s, err := scan.New(c)
	if err != nil {
		return nil, err
	}
	return &own{series: s, config: c}, nil
}

func (o *own) score(idx int64, n int, _ float64) float64 {
	r := o.series.Observe(idx, scan.Observation{Count: n})
	o.alarm = r.Alarm
	return r.Score
}

// fork goes the way of a restart, which changes no output.
func (o *own) fork() rule {
	state, err := o.series.MarshalBinary()
	if err == nil {
		var s scan.Series
		if s, err = scan.New(o.config); err == nil {
			if err = s.UnmarshalBinary(state); err == nil {
				return &own{series: s, config: o.config}
			}
		}
	}
	panic("a detector does not take its own state: " + err.Error())
}

// scanWindows are the lengths that all scans look back, in minutes.
var scanWindows = [...]int{1, 2, 3, 5, 8, 15, 30, 60}

// lookBack remembers the last hour of counts, means and variances as running sums.
type lookBack struct {
	n, mean, variance [64]float64
	sumN, sumM, sumV  float64
}

// push takes a bucket, whose variance is mean + mean^2/k.
func (l *lookBack) push(idx int64, n, mean, k float64) {
	l.sumN, l.sumM, l.sumV = l.sumN+n, l.sumM+mean, l.sumV+mean+mean*mean/k
	i := idx & 63
	l.n[i], l.mean[i], l.variance[i] = l.sumN, l.sumM, l.sumV
}

// best is the score of the most surprising window. Windows without excess have
// none: no threshold lies there.
func (l *lookBack) best(idx int64, windows []int) float64 {
	top := 0.0
	i := idx & 63
	for _, w := range windows {
		j := (idx - int64(w)) & 63
		n, m := l.n[i]-l.n[j], l.mean[i]-l.mean[j]
		if n > m && m > 0 {
			top = math.Max(top, scan.Tail(n, m, l.variance[i]-l.variance[j]))
		}
	}
	return top
}

// oracle is the scan that knows the true mean and the true size of the noise.
type oracle struct{ lookBack }

func (o *oracle) score(idx int64, n int, mean float64) float64 {
	o.push(idx, float64(n), mean, sparseK)
	if n == 0 {
		return 0 // a minute without reports begins no outbreak
	}
	return o.best(idx, scanWindows[:])
}

func (o *oracle) fork() rule { c := *o; return &c }

// plain is a negative binomial scan with a learned baseline: the mean of each
// quarter of the day and its two neighbours on both sides over all days, times
// the level of the last day, and one size of noise by moments.
type plain struct {
	lookBack
	windows      []int
	sum, minutes [96]float64
	// The last day, discounted, against what its quarters expect.
	seen, expected  float64
	excess, squares float64 // sums of (n-m)^2-m and of m^2
	quarter         float64 // mean of the running one
}

// quarterMean is the learned mean of a quarter of the day.
func (p *plain) quarterMean(q int) float64 {
	var n, e float64
	for d := -2; d <= 2; d++ {
		n += p.sum[(q+d+96)%96]
		e += p.minutes[(q+d+96)%96]
	}
	return (n + 0.5) / (e + 25)
}

func (p *plain) score(idx int64, count int, _ float64) float64 {
	n := float64(count)
	q := int(idx / 15 % 96)
	if idx%15 == 0 || p.quarter == 0 {
		p.quarter = p.quarterMean(q)
	}
	m := p.quarter * (p.seen + 5) / (p.expected + 5)
	k := math.Max(0.5, math.Min(1000, (p.squares+5)/math.Max(p.excess+1, 1e-9)))
	p.push(idx, n, m, k)
	keep := 1 - 1.0/1440
	p.seen, p.expected = p.seen*keep+n, p.expected*keep+p.quarter
	p.sum[q] += n
	p.minutes[q]++
	if idx > 7*1440 {
		p.excess += (n-m)*(n-m) - m
		p.squares += m * m
	}
	if count == 0 {
		return 0
	}
	return p.best(idx, p.windows)
}

func (p *plain) fork() rule { c := *p; return &c }

// Span of the baseline of EARS and the gap between it and today, in minutes: the
// published seven days and two days, moved to minutes of a series that has
// reports in few of them.
const (
	earsSpan = 420
	earsGap  = 2
)

// ears is EARS-C3 (Hutwagner and others 2003): the excess of the last three values
// over mean plus one standard deviation of the span before.
type ears struct {
	n, squares [512]float64 // running sums
	sumN, sumS float64
	last       [3]float64
}

func (e *ears) score(idx int64, count int, _ float64) float64 {
	n := float64(count)
	e.sumN += n
	e.sumS += n * n
	i := idx & 511
	e.n[i], e.squares[i] = e.sumN, e.sumS
	a, b := (idx-earsGap)&511, (idx-earsGap-earsSpan)&511
	mean := (e.n[a] - e.n[b]) / earsSpan
	variance := (e.squares[a]-e.squares[b])/earsSpan - mean*mean
	// Where nothing came there is no deviation: a Poisson series' stands in.
	sd := math.Sqrt(math.Max(variance, mean+1.0/earsSpan))
	e.last[2], e.last[1], e.last[0] = e.last[1], e.last[0], (n-mean)/sd
	c := 0.0
	for _, z := range e.last {
		c += math.Max(0, z-1)
	}
	return c
}

func (e *ears) fork() rule { c := *e; return &c }
