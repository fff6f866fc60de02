package scan

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// stateVersion is the first byte of a saved state.
const stateVersion = 7

// errState is what a state that this program did not write is refused with.
var errState = errors.New("saved detector state does not fit: remove the snapshot so that it is made anew from the log")

// coder writes or reads a state, so that both directions are one list of fields.
type coder struct {
	buf     []byte
	reading bool
	bad     bool
}

// u64 carries one word.
func (c *coder) u64(v *uint64) {
	if !c.reading {
		c.buf = binary.LittleEndian.AppendUint64(c.buf, *v)
		return
	}
	if len(c.buf) < 8 {
		c.bad = true
		return
	}
	*v = binary.LittleEndian.Uint64(c.buf)
	c.buf = c.buf[8:]
}

// u32 carries half a word.
func (c *coder) u32(v *uint32) {
	if !c.reading {
		c.buf = binary.LittleEndian.AppendUint32(c.buf, *v)
		return
	}
	if len(c.buf) < 4 {
		c.bad = true
		return
	}
	*v = binary.LittleEndian.Uint32(c.buf)
	c.buf = c.buf[4:]
}

// uvarint carries a number that is mostly small.
func (c *coder) uvarint(v *uint32) {
	if !c.reading {
		c.buf = binary.AppendUvarint(c.buf, uint64(*v))
		return
	}
	x, n := binary.Uvarint(c.buf)
	if n <= 0 || x > math.MaxUint32 {
		c.bad = true
		return
	}
	*v, c.buf = uint32(x), c.buf[n:]
}

// byte8 carries a byte.
func (c *coder) byte8(v *uint8) {
	if !c.reading {
		c.buf = append(c.buf, *v)
		return
	}
	if len(c.buf) < 1 {
		c.bad = true
		return
	}
	*v, c.buf = c.buf[0], c.buf[1:]
}

// i64 carries whole numbers.
func (c *coder) i64(vs ...*int64) {
	for _, v := range vs {
		u := uint64(*v)
		c.u64(&u)
		*v = int64(u)
	}
}

// f64 carries floating point numbers bit for bit.
func (c *coder) f64(vs ...*float64) {
	for _, v := range vs {
		u := math.Float64bits(*v)
		c.u64(&u)
		*v = math.Float64frombits(u)
	}
}

// f32 carries short floating point numbers bit for bit.
func (c *coder) f32(vs []float32) {
	for i := range vs {
		u := math.Float32bits(vs[i])
		c.u32(&u)
		vs[i] = math.Float32frombits(u)
	}
}

// flag carries a yes or no.
func (c *coder) flag(v *bool) {
	var b uint8
	if *v {
		b = 1
	}
	c.byte8(&b)
	*v = b == 1
}

// season carries what was learned.
func (c *coder) season(s *season) {
	c.f64(&s.recentC, &s.recentN, &s.recentE, &s.pace, &s.levelC, &s.levelE, &s.levelU, &s.errorN, &s.errorW, &s.weekS, &s.weekW)
	c.i64(&s.units)
	c.f32(s.dayC[:])
	c.f32(s.dayN[:])
	for i := range s.dayHeld {
		c.byte8(&s.dayHeld[i])
	}
	c.f32(s.weekC[:])
	c.f32(s.weekE[:])
	d := &s.disp
	v := [...]float32{d.s11, d.s12, d.s22, d.t1, d.t2, d.wideN, d.wideD}
	c.f32(v[:])
	*d = dispersion{v[0], v[1], v[2], v[3], v[4], v[5], v[6]}
	c.f32(s.groupS[:])
	c.f32(s.groupM[:])
}

// episode carries an open episode.
func (c *coder) episode(e *episode) {
	phase := uint8(e.phase)
	c.byte8(&phase)
	e.phase = Phase(phase)
	c.bad = c.bad || e.phase > Over
	c.flag(&e.lost)
	c.i64(&e.first, &e.onset, &e.peak, &e.last, &e.window, &e.quiet, &e.blind, &e.ended, &e.grace)
	c.f64(&e.peakValue, &e.peakMean, &e.sum, &e.score, &e.confirm, &e.top)
}

// header carries the version and the kind, which must be the configured one.
func (c *coder) header(kind Kind) {
	version, k := uint8(stateVersion), uint8(kind)
	c.byte8(&version)
	c.byte8(&k)
	c.bad = c.bad || version != stateVersion || k != uint8(kind)
}

// done says whether all of a state was read and was what it should be.
func (c *coder) done(size int) error {
	if c.bad || len(c.buf) != 0 {
		return fmt.Errorf("restore a series from %d bytes: %w", size, errState)
	}
	return nil
}

// Bounds of what a state may say of time: beyond them no series can be, and the
// arithmetic of buckets would overflow.
const (
	farthest  = int64(1) << 50 // bucket, either way
	unlearned = int64(1) << 20 // units between the last learned and the newest
)

// times carries where a series is in time.
func (c *coder) times(begin, now, looked, unit, learned *int64) {
	c.i64(begin, now, looked, unit, learned)
	for _, v := range []int64{*begin, *now, *looked, *unit, *learned} {
		c.bad = c.bad || v > farthest || v < -farthest
	}
	c.bad = c.bad || *unit-*learned > unlearned || *learned-*unit > unlearned
}

// counter carries a whole counter.
func (c *coder) counter(s *counter) {
	c.header(s.cfg.Kind)
	c.flag(&s.begun)
	c.times(&s.begin, &s.now, &s.looked, &s.unit, &s.learned)
	c.season(&s.season)
	b := &s.belief
	c.f64(&b.mean, &b.spread, &b.disp, &b.wide, &b.base, &b.week, &b.fresh, &b.strange, &b.dayVar, &b.offset, &b.claim)
	c.episode(&s.ep)
	c.ring(&s.ring)
}

// ring carries the buckets from the oldest on: marks and counts one by one,
// expectations as runs of equal numbers, for within a unit all buckets of a count
// have the same.
func (c *coder) ring(r *ring) {
	c.f64(&r.scale)
	c.bad = c.bad || !(r.scale > 0) || math.IsInf(r.scale, 0)
	first := r.now - kept + 1
	for i := first; i <= r.now; i++ {
		n, attempts := r.count(i), uint32(r.exposure(i))
		c.byte8(&r.mark[at(i)])
		c.uvarint(&n)
		r.counts[at(i)] = r.counts[at(i-1)] + n
		if r.attempts != nil {
			c.uvarint(&attempts)
			r.attempts[at(i)] = r.attempts[at(i-1)] + uint64(attempts)
		}
	}
	for i := first; i <= r.now && !c.bad; {
		v, run := r.units(i), int64(1)
		for !c.reading && i+run <= r.now && r.units(i+run) == v {
			run++
		}
		n := uint8(run)
		c.byte8(&n)
		c.uvarint(&v)
		if n == 0 || i+int64(n) > r.now+1 || v > 1<<coarsest {
			c.bad = true
			return
		}
		for range n {
			r.means[at(i)] = r.means[at(i-1)] + v
			i++
		}
	}
}

// MarshalBinary implements [Series].
func (s *counter) MarshalBinary() ([]byte, error) {
	c := coder{buf: make([]byte, 0, 4096)}
	c.counter(s)
	return c.buf, nil
}

// UnmarshalBinary implements [Series].
func (s *counter) UnmarshalBinary(state []byte) error {
	fresh := newCounter(s.cfg)
	c := coder{buf: state, reading: true}
	c.counter(fresh)
	if err := c.done(len(state)); err != nil {
		return err
	}
	*s = *fresh
	return nil
}
