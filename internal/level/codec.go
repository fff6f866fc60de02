package level

import (
	"encoding/binary"
	"errors"
	"math"
)

// errState is what a state that this program did not write is refused with.
var errState = errors.New("saved state of a model does not fit")

// coder writes or reads a state, so that both directions are one list of fields.
type coder struct {
	buf     []byte
	reading bool
	bad     bool
}

// word carries so many low bytes of v.
func (c *coder) word(v *uint64, bytes int) {
	var b [8]byte
	if !c.reading {
		binary.LittleEndian.PutUint64(b[:], *v)
		c.buf = append(c.buf, b[:bytes]...)
		return
	}
	if len(c.buf) < bytes {
		c.bad = true
		return
	}
	copy(b[:], c.buf[:bytes])
	c.buf = c.buf[bytes:]
	*v = binary.LittleEndian.Uint64(b[:])
}

// f64 carries numbers bit for bit; what is not a number was never written.
func (c *coder) f64(vs ...*float64) {
	for _, v := range vs {
		u := math.Float64bits(*v)
		c.word(&u, 8)
		*v = math.Float64frombits(u)
		c.bad = c.bad || math.IsNaN(*v)
	}
}

// f32 carries short numbers bit for bit.
func (c *coder) f32(vs []float32) {
	for i := range vs {
		u := uint64(math.Float32bits(vs[i]))
		c.word(&u, 4)
		vs[i] = math.Float32frombits(uint32(u))
		c.bad = c.bad || vs[i] != vs[i]
	}
}

// i64 carries whole numbers.
func (c *coder) i64(vs ...*int64) {
	for _, v := range vs {
		u := uint64(*v)
		c.word(&u, 8)
		*v = int64(u)
	}
}

// i32 carries a whole number between 0 and most.
func (c *coder) i32(v *int32, most int32) {
	u := uint64(uint32(*v))
	c.word(&u, 4)
	*v = int32(u)
	c.bad = c.bad || *v < 0 || *v > most
}

// slots carries means by time.
func (c *coder) slots(s []slot) {
	for i := range s {
		u := uint64(math.Float32bits(s[i].mean)) | uint64(s[i].n)<<32
		c.word(&u, 5)
		s[i] = slot{math.Float32frombits(uint32(u)), uint8(u >> 32)}
		c.bad = c.bad || s[i].n > maxVisits || s[i].mean != s[i].mean
	}
}

// model carries all of a model but what its configuration gives.
func (c *coder) model(m *Model) {
	c.i64(&m.rows, &m.last, &m.calm)
	c.f64(&m.told, &m.reach.low, &m.reach.high, &m.reach.mid, &m.reach.n, &m.spread.sum, &m.spread.dev, &m.spread.n)
	c.baseline(&m.base)
	s := &m.shape
	c.f64(&s.sum, &s.radius)
	c.i32(&s.n, math.MaxInt32)
	c.i32(&s.points, shapePoints)
	c.i32(&s.count, shapeMost)
	c.f32(s.now[:])
	for i := range s.memory[:max(0, min(s.count, shapeMost))] {
		c.f32(s.memory[i][:])
	}
	for i := range m.tails {
		t := &m.tails[i]
		c.i64(&t.seen)
		c.i32(&t.start, tailBins)
		c.i32(&t.run, tailBins-1)
		c.i32(&t.quiet, math.MaxInt32)
		c.f64(&t.sum, &t.weight, &t.share, &t.slope, &t.runWeight)
		c.f32(t.bin[:])
	}
}

// baseline carries what was learned of time and level.
func (c *coder) baseline(b *baseline) {
	c.i64(&b.n, &b.open)
	c.i32(&b.ringN, Window-1)
	c.i32(&b.openN, math.MaxInt32)
	c.i32(&b.openHeld, math.MaxInt32)
	c.f64(&b.recent.sum, &b.recent.n, &b.offset.sum, &b.offset.n, &b.openS)
	for i := range b.expert {
		e := &b.expert[i]
		c.i64(&e.n)
		c.bad = c.bad || e.n < 0
		c.f64(&e.err, &e.cut, &e.all)
		c.f32(e.ring[:])
	}
	c.shift(&b.shift)
	c.slots(b.day[:])
	c.slots(b.week[:])
}

// shift carries what is known of the noise of means.
func (c *coder) shift(s *shift) {
	c.i64(&s.n)
	c.f64(&s.rows, &s.fading, &s.sum)
	c.i32(&s.count, math.MaxInt32)
	for i := range s.look {
		l := &s.look[i]
		c.f64(&l.variance, &l.runs, &l.excess, &l.told)
		c.i32(&l.calm, math.MaxInt32-1)
	}
	for i := range s.slot {
		u := uint64(math.Float32bits(s.slot[i])) | uint64(s.visits[i])<<32
		c.word(&u, 5)
		s.slot[i], s.visits[i] = math.Float32frombits(uint32(u)), uint8(u>>32)
		c.bad = c.bad || s.visits[i] > maxVisits || s.slot[i] != s.slot[i]
	}
}

// Append adds the state to a buffer.
func (m *Model) Append(buf []byte) []byte {
	c := coder{buf: buf}
	c.model(m)
	return c.buf
}

// Restore takes the state from the head of a buffer into a new model of the same
// configuration. It returns what follows.
func (m *Model) Restore(buf []byte) ([]byte, error) {
	fresh := New(m.cfg)
	c := coder{buf: buf, reading: true}
	c.model(fresh)
	if c.bad || fresh.rows < 0 || fresh.base.n < 0 || fresh.shape.radius < 0 {
		return nil, errState
	}
	*m = *fresh
	return c.buf, nil
}
