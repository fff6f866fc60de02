package detect

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"math"
	"slices"

	"faultline/outage"
)

// snapshotVersion is the first number of a snapshot. A snapshot of another
// version is refused, and the part folds its topic anew.
const snapshotVersion = 3

// errSnapshot is what a snapshot that does not fit is refused with.
var errSnapshot = errors.New("snapshot of the detector does not fit: remove it so that it is made anew from the log")

// Snapshot implements [stream.Fold]. Equal states give equal bytes.
func (f *Fold) Snapshot() ([]byte, error) {
	w := &writer{}
	w.num(snapshotVersion)
	w.num(f.cfg.sum())
	w.num(uint64(f.begin))
	w.num(uint64(f.minute))
	w.num(uint64(len(f.gaps)))
	for _, g := range f.gaps {
		w.num(uint64(g.from))
		w.num(uint64(g.to))
	}
	w.num(uint64(len(f.names)))
	for _, name := range f.names {
		if err := w.service(f.services[name]); err != nil {
			return nil, fmt.Errorf("save the detector's state of service %s: %w", name, err)
		}
	}
	return w.buf, nil
}

// Restore implements [stream.Fold].
func (f *Fold) Restore(state []byte) error {
	r := &reader{buf: state}
	fresh, err := New(f.cfg)
	if err != nil {
		return err
	}
	if r.num() != snapshotVersion || r.num() != f.cfg.sum() {
		return fmt.Errorf("restore the detector: %w", errSnapshot)
	}
	fresh.begin, fresh.minute = outage.Minute(r.num()), outage.Minute(r.num())
	for range r.length(maxGaps) {
		fresh.gaps = append(fresh.gaps, gap{outage.Minute(r.num()), outage.Minute(r.num())})
	}
	for range r.length(math.MaxInt32) {
		s, err := r.service(fresh)
		if err != nil {
			return fmt.Errorf("restore the detector: %w", err)
		}
		fresh.services[s.id] = s
	}
	if r.bad || len(r.buf) != 0 {
		return fmt.Errorf("restore the detector: %w", errSnapshot)
	}
	fresh.names = slices.Sorted(maps.Keys(fresh.services))
	*f = *fresh
	return nil
}

// sum tells configurations apart: another budget is another detector.
func (c Config) sum() uint64 {
	return uint64(crc32.ChecksumIEEE(fmt.Appendf(nil, "%v", c)))
}

// writer appends numbers and strings.
type writer struct{ buf []byte }

func (w *writer) num(v uint64) { w.buf = binary.AppendUvarint(w.buf, v) }

func (w *writer) text(s string) {
	w.num(uint64(len(s)))
	w.buf = append(w.buf, s...)
}

func (w *writer) flag(v bool) {
	if v {
		w.num(1)
	} else {
		w.num(0)
	}
}

func (w *writer) service(s *service) error {
	w.text(s.id)
	w.flag(s.begun)
	w.flag(s.held)
	w.buf = s.beat.AppendState(w.buf)
	w.buf = s.shape.AppendState(w.buf)
	for _, t := range &s.wide {
		w.buf = t.AppendState(w.buf)
	}
	if err := w.lines(s); err != nil {
		return err
	}
	w.num(uint64(len(s.cells)))
	for _, c := range s.cells {
		w.key(c.key)
		w.num(uint64(c.order))
		w.flag(c.open)
		w.num(uint64(c.count))
		for _, n := range c.nets {
			w.num(n.hash)
			w.num(uint64(n.last))
		}
		state, err := c.series.MarshalBinary()
		if err != nil {
			return err
		}
		w.text(string(state))
	}
	keys := slices.SortedFunc(maps.Keys(s.waiting), cellKey.compare)
	w.num(uint64(len(keys)))
	for _, k := range keys {
		w.key(k)
		for i, m := range s.waiting[k].minutes {
			w.num(uint64(m))
			w.num(uint64(s.waiting[k].counts[i]))
		}
	}
	return nil
}

func (w *writer) key(k cellKey) {
	w.text(k.country)
	w.text(k.category)
}

// reader takes apart what writer made; bad stays set after the first mistake.
type reader struct {
	buf []byte
	bad bool
}

func (r *reader) num() uint64 {
	v, n := binary.Uvarint(r.buf)
	if n <= 0 {
		r.bad, r.buf = true, nil
		return 0
	}
	r.buf = r.buf[n:]
	return v
}

// length is a number of things that follow, each at least a byte long.
func (r *reader) length(limit int) int {
	n := r.num()
	if n > uint64(limit) || n > uint64(len(r.buf)) {
		r.bad, r.buf = true, nil
		return 0
	}
	return int(n)
}

func (r *reader) text() string {
	n := r.length(math.MaxInt32)
	s := string(r.buf[:n])
	r.buf = r.buf[n:]
	return s
}

func (r *reader) key() cellKey { return cellKey{r.text(), r.text()} }

func (r *reader) service(f *Fold) (*service, error) {
	s, err := f.newService(r.text(), 0)
	if err != nil {
		return nil, err
	}
	s.cells = nil
	s.begun, s.held = r.num() == 1, r.num() == 1
	r.part(s.beat.ReadState)
	r.part(s.shape.ReadState)
	for _, t := range &s.wide {
		r.part(t.ReadState)
	}
	if err := r.lines(f, s); err != nil {
		return nil, err
	}
	for i := range r.length(math.MaxInt32) {
		c, err := r.cell(f, s)
		if err != nil {
			return nil, err
		}
		s.cells = append(s.cells, c)
		if i > 0 {
			s.index[c.key] = c
		}
	}
	if len(s.cells) == 0 {
		return nil, errSnapshot
	}
	for range r.length(waitingLimit) {
		w := &waiting{}
		s.waiting[r.key()] = w
		for i := range w.minutes {
			w.minutes[i], w.counts[i] = outage.Minute(r.num()), int(r.num())
		}
	}
	return s, nil
}

// part reads a state that takes itself apart.
func (r *reader) part(read func([]byte) ([]byte, error)) {
	rest, err := read(r.buf)
	if err != nil {
		r.bad, rest = true, nil
	}
	r.buf = rest
}

func (r *reader) cell(f *Fold, s *service) (*cell, error) {
	key, order := r.key(), int(r.num()&math.MaxInt32)
	c, err := f.emptyCell(s, key, order)
	if err != nil {
		return nil, err
	}
	c.open, c.count = r.num() == 1, int(r.num()&math.MaxInt32)
	for i := range c.nets {
		c.nets[i] = network{r.num(), outage.Minute(r.num())}
	}
	state := r.text()
	if r.bad {
		return nil, errSnapshot
	}
	return c, c.series.UnmarshalBinary([]byte(state))
}
