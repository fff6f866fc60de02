package detect

import (
	"math"

	"faultline/outage"
)

// lines saves a service's signals other than reports, and its combined episode.
func (w *writer) lines(s *service) error {
	w.text(string(s.joint.phase))
	w.num(uint64(s.joint.first))
	w.num(uint64(s.joint.onset))
	w.num(uint64(s.joint.quiet))
	w.num(uint64(len(s.lines)))
	for _, l := range s.lines {
		w.text(l.signal.Name)
		w.num(uint64(l.heard))
		w.num(uint64(l.level))
		w.num(uint64(len(l.cells)))
		for _, c := range l.cells {
			w.text(c.country)
			w.text(string(c.layer))
			w.num(uint64(c.family))
			w.flag(c.open)
			w.flag(c.lastWorse)
			w.flag(c.available)
			w.num(uint64(c.count))
			w.num(uint64(c.trials))
			w.num(math.Float64bits(c.sum))
			w.num(math.Float64bits(c.score))
			w.num(uint64(c.window))
			w.num(uint64(c.lastSeen))
			w.num(uint64(c.lastOnset))
			state, err := c.series.MarshalBinary()
			if err != nil {
				return err
			}
			w.text(string(state))
		}
	}
	return nil
}

// lines reads them back.
func (r *reader) lines(f *Fold, s *service) error {
	s.joint.phase = outage.Phase(r.text())
	s.joint.first, s.joint.onset = outage.Minute(r.num()), outage.Minute(r.num())
	s.joint.quiet = int(r.num() & math.MaxInt32)
	for range r.length(len(outage.Signals())) {
		name := r.text()
		l, err := s.line(f, name)
		if err != nil {
			return err
		}
		if l == nil {
			return errSnapshot
		}
		l.heard, l.level = outage.Minute(r.num()), int(r.num())
		cells := r.length(math.MaxInt32)
		if l.level < outage.StatusFine || l.level > outage.StatusCritical || (cells > 0) != (l.signal.Kind != outage.KindWord) {
			return errSnapshot
		}
		for i := range cells {
			if err := r.sample(f, l, i); err != nil {
				return err
			}
		}
	}
	return nil
}

// sample reads the i-th series of a line.
func (r *reader) sample(f *Fold, l *line, i int) error {
	key := part{country: r.text(), layer: outage.Layer(r.text()), family: int(r.num() & math.MaxInt32)}
	c := l.cells[0]
	if i > 0 {
		if l.index[key] != nil || !key.valid() {
			return errSnapshot
		}
		fresh, err := f.newSample(l.signal, key, l.countries())
		if err != nil {
			return err
		}
		c = fresh
		l.cells = append(l.cells, c)
		l.index[key] = c
	}
	c.open, c.lastWorse, c.available = r.num() == 1, r.num() == 1, r.num() == 1
	c.count, c.trials, c.sum = int(r.num()&math.MaxInt32), int(r.num()&math.MaxInt32), math.Float64frombits(r.num())
	c.score, c.window = math.Float64frombits(r.num()), int(r.num()&math.MaxInt32)
	c.lastSeen, c.lastOnset = outage.Minute(r.num()), outage.Minute(r.num())
	state := r.text()
	if r.bad {
		return errSnapshot
	}
	return c.series.UnmarshalBinary([]byte(state))
}
