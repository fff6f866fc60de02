package detect

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"

	"faultline/internal/places"
	"faultline/internal/scan"
	"faultline/outage"
)

// service is what is known of one service.
type service struct {
	id      string
	begun   bool    // a minute has been closed since it was first seen
	cells   []*cell // of reports: that of all of them first
	index   map[cellKey]*cell
	waiting map[cellKey]*waiting
	held    bool // the series of all reports is in an episode
	beat    places.Beat
	shape   places.Shape
	wide    [len(dimensions)]*places.Tracker
	lines   []*line // signals other than reports, in the order they were heard of
	joint   joint
	limit   float64 // score that begins a combined episode; of the configuration
}

// newService makes a service that has been heard of in minute m.
func (f *Fold) newService(id string, m outage.Minute) (*service, error) {
	s := &service{id: id, index: map[cellKey]*cell{}, waiting: map[cellKey]*waiting{}, limit: f.cfg.jointThreshold()}
	total, err := f.newCell(s, cellKey{}, 0, m)
	if err != nil {
		return nil, err
	}
	s.cells = []*cell{total}
	return s, s.watchPlaces(f.cfg)
}

// take adds a point to the cells that it belongs to.
func (s *service) take(f *Fold, p *outage.Point, m outage.Minute) error {
	if p.Signal != outage.SignalReports {
		return s.takeSignal(f, p, m)
	}
	if p.Count <= 0 {
		return nil
	}
	var hash uint64
	if p.Network != "" {
		h := fnv.New64a()
		h.Write([]byte(p.Network))
		hash = h.Sum64() | 1
	}
	s.cells[0].add(p.Count, hash, m)
	s.shape.Add(p.Country, m, p.Count)
	for i, place := range [...]places.Reports{{Place: p.Country, Country: p.Country}, {Place: p.Category}, {Place: p.Network, Country: p.Country}} {
		place.Count, place.Network = p.Count, hash
		s.wide[i].Add(place)
	}
	if p.Country != "" {
		if err := s.addTo(f, cellKey{country: p.Country}, p.Count, hash, m); err != nil {
			return err
		}
	}
	if p.Category != "" {
		return s.addTo(f, cellKey{category: p.Category}, p.Count, hash, m)
	}
	return nil
}

// addTo adds reports to a country or category, which gets its series when there
// were enough within an hour.
func (s *service) addTo(f *Fold, key cellKey, n int, hash uint64, m outage.Minute) error {
	if c := s.index[key]; c != nil {
		c.add(n, hash, m)
		return nil
	}
	w := s.waiting[key]
	if w == nil {
		if len(s.waiting) >= waitingLimit && n < seriesFloor {
			return nil
		}
		w = &waiting{}
		s.waiting[key] = w
	}
	if !w.add(n, m) {
		return nil
	}
	delete(s.waiting, key)
	order, limit := s.ordinal(f.cfg, key)
	if order >= limit {
		return nil
	}
	c, err := f.newCell(s, key, order, m)
	if err != nil {
		return fmt.Errorf("begin a series of service %s: %w", s.id, err)
	}
	for i, at := range w.minutes {
		if at != 0 && at < m {
			c.series.Observe(int64(at), scan.Observation{Count: w.counts[i]})
		} else if at == m {
			n += w.counts[i]
		}
	}
	c.add(n, hash, m)
	s.index[key] = c
	s.cells = append(s.cells, c)
	return nil
}

// ordinal is how many cells of a key's sort there are, and how many there may be.
func (s *service) ordinal(cfg Config, key cellKey) (n, limit int) {
	for _, c := range s.cells[1:] {
		if (c.key.country != "") == (key.country != "") {
			n++
		}
	}
	if key.country != "" {
		return n, cfg.Countries
	}
	return n, cfg.Categories
}

// forget drops what came in a minute that counts as missing.
func (s *service) forget() {
	for _, c := range s.cells {
		c.count = 0
	}
	for _, t := range &s.wide {
		t.Forget()
	}
	for _, l := range s.lines {
		l.forget()
	}
}

// miss notes that nobody listened from..to.
func (s *service) miss(from, to outage.Minute) {
	s.shape.Spoil()
	for _, c := range s.cells {
		c.series.Missing(int64(from), int64(to))
	}
	for _, l := range s.lines {
		l.miss(from, to)
	}
}

// close ends a minute in which somebody listened. The series of all reports goes
// first: while it is in an episode, no other learns. Every says that it must be
// brought up to date even without reports.
func (s *service) close(m outage.Minute, every bool) []outage.Detection {
	s.begun = true
	total := s.cells[0]
	reports := total.count
	hold := 0
	var out []outage.Detection
	if every || total.count > 0 || total.open {
		if d, e := total.close(m, 0); e.Phase != scan.None {
			out = append(out, d)
			hold = 1
			if e.First == int64(m) {
				hold = int(e.First-e.Onset) + 1
			}
		}
	}
	s.held = total.open
	out = append(out, s.closeCells(m, hold)...)
	out = append(out, s.closePlaces(m)...)
	for _, l := range s.lines {
		out = append(out, l.close(m)...)
	}
	if d, ok := s.combine(m, reports); ok {
		out = append(out, d)
	}
	return out
}

// closeCells ends the minute of countries and categories. One that was named as part
// of a wide rise does not learn from it.
func (s *service) closeCells(m outage.Minute, hold int) []outage.Detection {
	var out []outage.Detection
	for _, c := range s.cells[1:] {
		keep := hold
		if keep == 0 && s.named(c.key) {
			keep = 1
		}
		if c.count > 0 || c.open || keep > 0 {
			if d, e := c.close(m, keep); e.Phase != scan.None {
				out = append(out, d)
			}
		}
	}
	slices.SortFunc(out, func(a, b outage.Detection) int {
		return cmp.Or(cmp.Compare(a.Category, b.Category), cmp.Compare(a.Country, b.Country))
	})
	return out
}
