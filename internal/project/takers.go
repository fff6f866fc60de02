package project

import (
	"context"
	"math"
	"sync/atomic"

	"faultline/internal/smallcell"
	"faultline/internal/store"
	"faultline/internal/stream"
	"faultline/outage"
)

// facts takes a topic whose facts go into the store as they are.
type facts[T any] struct {
	from stream.Topic[T]
	put  func(*store.Batch, *T)
	b    *store.Batch
	n    int
	pos  uint64
}

func newFacts[T any](from stream.Topic[T], put func(*store.Batch, *T)) *facts[T] {
	return &facts[T]{from: from, put: put, b: &store.Batch{}}
}

func (f *facts[T]) topic() string { return f.from.Name }

func (f *facts[T]) full() bool { return f.n >= saveMinutes }

func (f *facts[T]) skipped(stream.Record) {}

func (f *facts[T]) take(r stream.Record) error {
	f.pos = r.Seq
	if r.Kind != stream.KindFact {
		return nil
	}
	fact, err := f.from.Decode(r)
	if err != nil {
		return err
	}
	f.put(f.b, fact)
	f.n++
	return nil
}

// ready leaves ticks alone until there is a fact: reading them again costs little
// and a save of nothing would tell every page that something is new.
func (f *facts[T]) ready() *store.Batch {
	if f.n == 0 {
		return nil
	}
	b := f.b
	b.Positions = map[string]uint64{f.from.Name: f.pos}
	f.b, f.n = &store.Batch{}, 0
	return b
}

// points takes closed minutes. It saves whole minutes only: up to a tick.
type points struct {
	pools   map[string]*pools // by service
	kept    outage.Minute     // retention of minutes
	closed  outage.Minute
	pending []store.Minute        // since the last tick
	probed  []outage.MinutePoints // the same, of signals other than reports
	batch   *store.Batch          // up to the last tick
}

// pools holds back the small cells of one service.
type pools struct{ countries, categories smallcell.Pools }

func (p *Project) newPoints(ctx context.Context) (*points, error) {
	saved, err := p.store.Waiting(ctx)
	if err != nil {
		return nil, err
	}
	t := &points{
		pools: map[string]*pools{}, batch: &store.Batch{}, closed: outage.Minute(p.closed.Load()),
		kept: outage.Minute(p.cfg.Retention.Minutes.Minutes()),
	}
	for _, w := range saved {
		t.pools[w.Service] = &pools{countries: w.Countries, categories: w.Categories}
	}
	return t, nil
}

// skipOld spares a store that is rebuilt the minutes that would age at once.
func (p *Project) skipOld(ctx context.Context) error {
	end, err := p.log.Seek(ctx, stream.Points.Name, math.MaxInt64)
	if err != nil || end == 0 {
		return err
	}
	last, err := p.log.Read(ctx, stream.Points.Name, end-1, 1)
	if err != nil || len(last) == 0 {
		return err
	}
	_, err = p.store.Age(ctx, last[0].Minute-outage.Minute(p.cfg.Retention.Minutes.Minutes()))
	return err
}

func (t *points) topic() string { return stream.Points.Name }

func (t *points) full() bool {
	return len(t.batch.Minutes)+len(t.batch.Missing)+len(t.batch.Points) >= saveMinutes
}

func (t *points) take(r stream.Record) error {
	switch r.Kind {
	case stream.KindFact:
		fact, err := stream.Points.Decode(r)
		if err != nil {
			return err
		}
		t.count(fact)
		return nil
	case stream.KindMissing:
		t.batch.Missing = append(t.batch.Missing, r.Minute)
	case stream.KindTick:
		if t.batch.Since == 0 {
			t.batch.Since = r.Minute
		}
	}
	t.batch.Minutes = append(t.batch.Minutes, t.pending...)
	t.batch.Points = append(t.batch.Points, t.probed...)
	t.pending, t.probed = nil, nil
	t.closed = max(t.closed, r.Minute)
	t.batch.Closed = t.closed
	t.batch.Positions = map[string]uint64{stream.Points.Name: r.Seq}
	return nil
}

// count adds up a minute's cells and lets through what may be published.
func (t *points) count(fact *outage.MinutePoints) {
	m := store.Minute{Service: fact.Service, Minute: fact.Minute}
	heard := t.keepProbed(fact)
	countries, categories := map[string]int{}, map[string]int{}
	for i := range fact.Points {
		c := &fact.Points[i]
		if c.Signal != outage.SignalReports {
			continue
		}
		m.Count += c.Count
		m.Aside += c.Aside
		countries[c.Country] += c.Count
		categories[c.Category] += c.Count
	}
	if fact.Revision > 0 {
		if heard && fact.Minute > t.closed-t.kept {
			t.pending = append(t.pending, m)
		}
		return
	}
	if !heard {
		return
	}
	p := t.pools[fact.Service]
	if p == nil {
		p = &pools{countries: smallcell.Pools{}, categories: smallcell.Pools{}}
		t.pools[fact.Service] = p
	}
	m.Countries, m.Categories = p.countries.Take(countries), p.categories.Take(categories)
	m.WaitingCountries, m.WaitingCategories = p.countries.Clone(), p.categories.Clone()
	t.pending = append(t.pending, m)
}

// keepProbed keeps the points of other signals, and says whether there are reports:
// a minute that was only probed has none to be counted.
func (t *points) keepProbed(fact *outage.MinutePoints) (heard bool) {
	other := *fact
	other.Points = nil
	for i := range fact.Points {
		if fact.Points[i].Signal == outage.SignalReports {
			heard = true
		} else {
			other.Points = append(other.Points, fact.Points[i])
		}
	}
	if len(other.Points) > 0 && (fact.Revision == 0 || fact.Minute > t.closed-t.kept) {
		t.probed = append(t.probed, other)
	}
	return heard
}

func (t *points) ready() *store.Batch {
	if t.batch.Positions == nil {
		return nil
	}
	b := t.batch
	t.batch = &store.Batch{}
	return b
}

// skipped marks the minutes that are gone as missing: what they held is unknown.
func (t *points) skipped(next stream.Record) {
	if t.closed == 0 {
		return
	}
	for m := t.closed + 1; m < next.Minute; m++ {
		t.batch.Missing = append(t.batch.Missing, m)
	}
}

// openMinutes is how many minutes behind the newest report are counted as open.
// While rollup lags further behind, older ones are not on the page.
const openMinutes = 30

// reports counts the minutes that are not closed yet. It keeps no position: after
// a restart it begins after the last closed minute.
type reports struct {
	closed  *atomic.Int64
	newest  outage.Minute
	open    map[openKey]*store.Open
	changed map[openKey]bool
}

type openKey struct {
	service string
	minute  outage.Minute
}

func (t *reports) topic() string { return stream.Reports.Name }

func (t *reports) full() bool { return false }

func (t *reports) skipped(stream.Record) {}

func (t *reports) take(r stream.Record) error {
	t.newest = max(t.newest, r.Minute)
	if r.Kind != stream.KindFact || !t.isOpen(r.Minute) {
		return nil
	}
	fact, err := stream.Reports.Decode(r)
	if err != nil {
		return err
	}
	k := openKey{fact.Service, fact.Minute}
	o := t.open[k]
	if o == nil {
		o = &store.Open{Service: fact.Service, Minute: fact.Minute}
		t.open[k] = o
	}
	o.Count += fact.Weight
	o.Aside += fact.Aside
	t.changed[k] = true
	return nil
}

func (t *reports) isOpen(m outage.Minute) bool {
	return m > outage.Minute(t.closed.Load()) && m > t.newest-openMinutes
}

func (t *reports) ready() *store.Batch {
	b := &store.Batch{}
	for k := range t.changed {
		if o := t.open[k]; o != nil && t.isOpen(k.minute) {
			b.Open = append(b.Open, *o)
		}
	}
	clear(t.changed)
	for k := range t.open {
		if !t.isOpen(k.minute) {
			delete(t.open, k)
		}
	}
	if len(b.Open) == 0 {
		return nil
	}
	return b
}
