package detect

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"faultline/internal/scan"
	"faultline/outage"
)

// line is a signal of a service other than its reports: errors of attempts, a level, or
// a word. Each has a series for the whole service and one for each country, layer and
// address family; a minute without a point is missing, not zero. Networks have none:
// one vantage point proves nothing, and what it sees is told where probes are judged.
type line struct {
	signal outage.Signal
	cells  []*sample // that of the whole service first; of a word nothing
	index  map[part]*sample
	heard  outage.Minute // last minute with a point; 0: never
	level  int           // of a word
}

// part says which attempts a series takes: of a country, at a layer, or to a family of
// addresses. At most one is set; none: all whole attempts.
type part struct {
	country string
	layer   outage.Layer
	family  int
}

// compare orders parts: the whole first, then countries, layers and families.
func (p part) compare(o part) int {
	return cmp.Or(cmp.Compare(p.family, o.family), cmp.Compare(p.layer, o.layer), cmp.Compare(p.country, o.country))
}

// valid says whether there can be a series of a part, besides that of the whole.
func (p part) valid() bool {
	switch {
	case p.country != "":
		return p.layer == "" && p.family == 0
	case p.layer != "":
		return p.family == 0 && slices.Contains(layers[:], p.layer)
	}
	return p.family == 4 || p.family == 6
}

// layers that have a series.
var layers = [...]outage.Layer{
	outage.LayerDNS, outage.LayerRoute, outage.LayerTCP, outage.LayerTLS, outage.LayerQUIC, outage.LayerHTTP, outage.LayerApp,
}

// families of addresses that have one.
var families = [...]int{4, 6}

// sample is one series of a line, with what came in the running minute.
type sample struct {
	part
	series               scan.Series
	open                 bool
	count, trials        int
	sum                  float64
	score                float64 // of the last minute with a point
	window               int     // minutes that it looked back
	lastSeen, lastOnset  outage.Minute
	lastWorse, available bool
}

// takeSignal adds a point of a signal other than reports. What the table does not know
// is passed over: it is for a later version.
func (s *service) takeSignal(f *Fold, p *outage.Point, m outage.Minute) error {
	l, err := s.line(f, p.Signal)
	if l == nil || err != nil || p.Missing {
		return err
	}
	if l.signal.Kind == outage.KindWord {
		l.level, l.heard = min(max(p.Count, outage.StatusFine), outage.StatusCritical), m
		return nil
	}
	if p.Count < 0 || math.IsNaN(p.Sum) || math.IsInf(p.Sum, 0) ||
		l.signal.Kind == outage.KindRate && p.Trials < max(1, p.Count) || l.signal.Kind == outage.KindValue && p.Count == 0 {
		return nil // nothing was attempted, or the numbers cannot be
	}
	l.heard = m
	if p.Layer != "" {
		return l.addTo(f, part{layer: p.Layer}, p)
	}
	l.cells[0].add(p)
	if p.Family != 0 {
		if err := l.addTo(f, part{family: p.Family}, p); err != nil {
			return err
		}
	}
	if p.Country != "" {
		return l.addTo(f, part{country: p.Country}, p)
	}
	return nil
}

// addTo adds a point to the series of a part, made when it is first heard of.
func (l *line) addTo(f *Fold, key part, p *outage.Point) error {
	c := l.index[key]
	if c == nil {
		if !key.valid() || key.country != "" && l.countries() >= f.cfg.Countries {
			return nil
		}
		fresh, err := f.newSample(l.signal, key, l.countries())
		if err != nil {
			return fmt.Errorf("begin a series of %s: %w", l.signal.Name, err)
		}
		c = fresh
		l.cells = append(l.cells, c)
		l.index[key] = c
	}
	c.add(p)
	return nil
}

// countries is how many have a series.
func (l *line) countries() int {
	n := 0
	for key := range l.index {
		if key.country != "" {
			n++
		}
	}
	return n
}

// line is the service's line of a signal, made when it is first heard of; nil when the
// table has no such signal.
func (s *service) line(f *Fold, signal string) (*line, error) {
	for _, l := range s.lines {
		if l.signal.Name == signal {
			return l, nil
		}
	}
	for _, row := range outage.Signals() {
		if row.Name != signal || row.Kind == outage.KindCount {
			continue
		}
		l := &line{signal: row, index: map[part]*sample{}}
		if row.Kind != outage.KindWord {
			c, err := f.newSample(row, part{}, 0)
			if err != nil {
				return nil, fmt.Errorf("begin the %s of service %s: %w", signal, s.id, err)
			}
			l.cells = []*sample{c}
		}
		s.lines = append(s.lines, l)
		slices.SortFunc(s.lines, func(a, b *line) int { return cmp.Compare(rank(a.signal.Name), rank(b.signal.Name)) })
		return l, nil
	}
	return nil, nil
}

// rank is a signal's place in the table.
func rank(signal string) int {
	return slices.IndexFunc(outage.Signals(), func(s outage.Signal) bool { return s.Name == signal })
}

// newSample makes the series of a signal, of the order-th country to appear, of another
// part, or of all. Half of a signal's share of the budget is for all, a quarter is
// shared harmonically by countries, an eighth evenly by layers and by families.
func (f *Fold) newSample(signal outage.Signal, key part, order int) (*sample, error) {
	kinds := 0
	for _, row := range outage.Signals() {
		if row.Kind == outage.KindRate || row.Kind == outage.KindValue {
			kinds++
		}
	}
	budget := f.cfg.SignalBudget / float64(kinds) / 2
	switch {
	case key.country != "":
		budget /= 2 * float64(order+1) * harmonic(f.cfg.Countries)
	case key.layer != "":
		budget /= 4 * float64(len(layers))
	case key.family != 0:
		budget /= 4 * float64(len(families))
	}
	kind := scan.Value
	if signal.Kind == outage.KindRate {
		kind = scan.Rate
	}
	series, err := scan.New(scan.Config{Kind: kind, Budget: budget, EveryScore: true})
	if err != nil {
		return nil, err
	}
	return &sample{part: key, series: series}, nil
}

// add counts a point of the running minute.
func (c *sample) add(p *outage.Point) {
	c.count, c.trials, c.sum, c.available = c.count+p.Count, c.trials+p.Trials, c.sum+p.Sum, true
}

func (l *line) forget() {
	for _, c := range l.cells {
		c.count, c.trials, c.sum, c.available = 0, 0, 0, false
	}
}

func (l *line) miss(from, to outage.Minute) {
	for _, c := range l.cells {
		c.series.Missing(int64(from), int64(to))
	}
}

// close ends a minute: detections of the whole service first, then of its parts.
func (l *line) close(m outage.Minute) []outage.Detection {
	var out []outage.Detection
	for _, c := range l.cells {
		if !c.available {
			continue
		}
		if d, ok := c.close(l.signal, m); ok {
			out = append(out, d)
		}
	}
	l.forget()
	slices.SortFunc(out, func(a, b outage.Detection) int {
		return part{a.Country, a.Layer, a.Family}.compare(part{b.Country, b.Layer, b.Family})
	})
	return out
}

// close ends the minute of one series.
func (c *sample) close(signal outage.Signal, m outage.Minute) (outage.Detection, bool) {
	o := scan.Observation{Count: c.count, Attempts: c.trials}
	if signal.Kind == outage.KindValue {
		o = scan.Observation{Value: c.sum / float64(c.count)}
	}
	r := c.series.Observe(int64(m), o)
	e := r.Episode
	c.open = e.Phase == scan.Alarm || e.Phase == scan.Easing
	worse := signal.Worse == 0 || (r.WindowCount-r.WindowExpected)*float64(signal.Worse) > 0
	c.score, c.window, c.lastSeen = 0, r.Window, m
	if worse {
		c.score = r.Score
	}
	if c.lastOnset != outage.Minute(e.Onset) || e.Phase == scan.None {
		c.lastOnset, c.lastWorse = outage.Minute(e.Onset), worse
	}
	if e.Phase == scan.None || !c.lastWorse {
		return outage.Detection{}, false
	}
	d := outage.Detection{
		Signal: signal.Name, Country: c.country, Layer: c.layer, Family: c.family, Phase: phase(e.Phase), Count: c.count, Trials: c.trials,
		Baseline: baseline(c.series.Forecast(int64(m))), Score: r.Score, Window: r.Window,
		WindowCount: int(r.WindowCount), WindowExpected: r.WindowExpected, Effect: r.Effect,
		First: outage.Minute(e.First), Onset: outage.Minute(e.Onset), OnsetCount: int(e.Count), Confirm: e.Confirm,
		NetworksUnknown: true,
	}
	if signal.Kind == outage.KindValue {
		unit := func(x float64) float64 { return x }
		if signal.Log {
			unit = math.Exp
		}
		d.Value, d.WindowValue, d.WindowCount, d.WindowExpected = unit(o.Value), unit(r.WindowCount), 0, unit(r.WindowExpected)
		d.Baseline.Expected, d.Baseline.Low, d.Baseline.High = unit(d.Baseline.Expected), unit(d.Baseline.Low), unit(d.Baseline.High)
		d.Effect, d.OnsetCount = d.WindowValue/d.WindowExpected, 0
	}
	return d, true
}
