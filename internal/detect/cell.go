package detect

import (
	"cmp"
	"math"

	"faultline/internal/places"
	"faultline/internal/scan"
	"faultline/outage"
)

// Limits of what is remembered beside the series.
const (
	// networkLimit is how many distinct networks a cell remembers, the latest ones;
	// a surge from more is reported as from this many.
	networkLimit = 8
	// seriesFloor reports within an hour give a country or category its series: an
	// alarm needs as many, so nobody is noticed later for it.
	seriesFloor = 3
	// waitingLimit is how many countries and categories without a series a service
	// remembers; with more, single reports from the rest are forgotten.
	waitingLimit = 512
)

// cellKey says which reports a series counts; both empty: all.
type cellKey struct{ country, category string }

// compare orders keys: all reports first, then countries, then categories.
func (k cellKey) compare(o cellKey) int {
	return cmp.Or(cmp.Compare(k.category, o.category), cmp.Compare(k.country, o.country))
}

// cell is one series.
type cell struct {
	key    cellKey
	order  int // among the countries or categories of the service, from 0
	series scan.Series
	open   bool // in an episode
	count  int  // of the running minute
	nets   [networkLimit]network
}

// network is a network that reports came from, and when last.
type network struct {
	hash uint64 // 0: none
	last outage.Minute
}

// waiting is a country or category with too few reports for a series.
type waiting struct {
	minutes [seriesFloor - 1]outage.Minute
	counts  [seriesFloor - 1]int
}

// newCell makes the series of the order-th cell of its sort, first heard of in
// minute m. It has had nothing since the fold began to listen, which is history
// too. The budget of a sort is shared harmonically by order of appearance: busy
// cells appear first, and they are the ones that need it.
func (f *Fold) newCell(s *service, key cellKey, order int, m outage.Minute) (*cell, error) {
	c, err := f.emptyCell(s, key, order)
	if err != nil {
		return nil, err
	}
	if f.begin != 0 && f.begin < m {
		c.series.Observe(int64(f.begin), scan.Observation{})
		for _, g := range f.gaps {
			if g.from > f.begin {
				c.series.Missing(int64(g.from), int64(g.to))
			}
		}
	}
	return c, nil
}

// emptyCell makes a cell whose series has no history. A country or category borrows
// the shape of its day from the service until it knows its own.
func (f *Fold) emptyCell(s *service, key cellKey, order int) (*cell, error) {
	config := scan.Config{Budget: f.cfg.share(key, order)}
	if key != (cellKey{}) {
		config.Parent = parent{shape: &s.shape, country: key.country}
	}
	series, err := scan.New(config)
	if err != nil {
		return nil, err
	}
	return &cell{key: key, order: order, series: series}, nil
}

// parent is what a series of a service borrows its shape from.
type parent struct {
	shape   *places.Shape
	country string // empty: the service's own shape
}

// Shape implements [scan.Parent].
func (p parent) Shape(idx int64) (factor, variance float64, ok bool) {
	if p.country != "" {
		return p.shape.Country(p.country, outage.Minute(idx))
	}
	return p.shape.Service(outage.Minute(idx))
}

// share is the part of the budget that a cell may spend.
func (c Config) share(key cellKey, order int) float64 {
	switch {
	case key.country != "":
		return c.CountryBudget / (float64(order+1) * harmonic(c.Countries))
	case key.category != "":
		return c.CategoryBudget / (float64(order+1) * harmonic(c.Categories))
	}
	return c.TotalBudget
}

// harmonic is at least 1 + 1/2 + ... + 1/n.
func harmonic(n int) float64 { return math.Log(float64(max(1, n))) + 1 }

// add says whether n more reports in minute m make enough. If not, they wait.
func (w *waiting) add(n int, m outage.Minute) bool {
	sum, free := n, -1
	for i := range w.minutes {
		if w.minutes[i] <= m-outage.Hour {
			w.minutes[i], w.counts[i] = 0, 0
		}
		sum += w.counts[i]
		if w.counts[i] == 0 || w.minutes[i] == m {
			free = i
		}
	}
	if sum >= seriesFloor {
		return true
	}
	w.minutes[free] = m
	w.counts[free] += n
	return false
}

// add counts reports of the running minute.
func (c *cell) add(n int, hash uint64, m outage.Minute) {
	c.count += n
	if hash == 0 {
		return
	}
	oldest := 0
	for i := range c.nets {
		if c.nets[i].hash == hash {
			c.nets[i].last = m
			return
		}
		if c.nets[i].last < c.nets[oldest].last {
			oldest = i
		}
	}
	c.nets[oldest] = network{hash, m}
}

// since is the number of networks that reports have come from since a minute.
func (c *cell) since(m outage.Minute) int {
	n := 0
	for i := range c.nets {
		if c.nets[i].hash != 0 && c.nets[i].last >= m {
			n++
		}
	}
	return n
}

// close ends the minute of one cell.
func (c *cell) close(m outage.Minute, hold int) (outage.Detection, scan.Episode) {
	count := c.count
	c.count = 0
	r := c.series.Observe(int64(m), scan.Observation{Count: count, Hold: hold})
	e := r.Episode
	c.open = e.Phase == scan.Alarm || e.Phase == scan.Easing
	if e.Phase == scan.None {
		return outage.Detection{}, e
	}
	onset := outage.Minute(e.Onset)
	d := outage.Detection{
		Signal: outage.SignalReports, Country: c.key.country, Category: c.key.category,
		Phase: phase(e.Phase), Count: count, Baseline: baseline(c.series.Forecast(int64(m))),
		Score: r.Score, Window: r.Window, WindowCount: int(r.WindowCount),
		WindowExpected: r.WindowExpected, Effect: r.Effect,
		First: outage.Minute(e.First), Onset: onset, OnsetCount: int(e.Count),
		Confirm: e.Confirm, Networks: c.since(onset),
	}
	d.NetworksUnknown = d.Networks == 0
	return d, e
}
