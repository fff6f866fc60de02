package places

import (
	"encoding/binary"
	"math"

	"faultline/outage"
)

// coder writes or reads a state, so that both directions are one list of fields.
type coder struct {
	buf     []byte
	reading bool
	bad     bool
}

// num carries a whole number.
func (c *coder) num(v *int64) {
	if !c.reading {
		c.buf = binary.AppendVarint(c.buf, *v)
		return
	}
	x, n := binary.Varint(c.buf)
	if n <= 0 {
		c.bad, c.buf, x, n = true, nil, 0, 0
	}
	*v, c.buf = x, c.buf[n:]
}

// word carries 64 bits as they are.
func (c *coder) word(v *uint64) {
	if !c.reading {
		c.buf = binary.LittleEndian.AppendUint64(c.buf, *v)
		return
	}
	if len(c.buf) < 8 {
		c.bad, c.buf, *v = true, nil, 0
		return
	}
	*v = binary.LittleEndian.Uint64(c.buf)
	c.buf = c.buf[8:]
}

// real carries floating point numbers bit for bit.
func (c *coder) real(vs ...*float64) {
	for _, v := range vs {
		u := math.Float64bits(*v)
		c.word(&u)
		*v = math.Float64frombits(u)
		c.bad = c.bad || math.IsNaN(*v) || math.IsInf(*v, 0)
	}
}

// short carries short ones.
func (c *coder) short(vs ...*float32) {
	for _, v := range vs {
		if !c.reading {
			c.buf = binary.LittleEndian.AppendUint32(c.buf, math.Float32bits(*v))
			continue
		}
		if len(c.buf) < 4 {
			c.bad, c.buf, *v = true, nil, 0
			return
		}
		*v = math.Float32frombits(binary.LittleEndian.Uint32(c.buf))
		c.buf = c.buf[4:]
		c.bad = c.bad || !(*v >= 0) || *v > math.MaxFloat32
	}
}

func (c *coder) minutes(vs ...*outage.Minute) {
	for _, v := range vs {
		n := int64(*v)
		c.num(&n)
		*v = outage.Minute(n)
		c.bad = c.bad || n > farthest || n < -farthest
	}
}

// farthest bounds what a state may say of time, so that no arithmetic overflows.
const farthest = int64(1) << 50

func (c *coder) whole(vs ...*int) {
	for _, v := range vs {
		n := int64(*v)
		c.num(&n)
		*v = int(n)
		c.bad = c.bad || n < -1 || n > math.MaxInt32
	}
}

func (c *coder) flag(v *bool) {
	n := 0
	if *v {
		n = 1
	}
	c.whole(&n)
	*v = n == 1
}

// length carries how many things follow, each at least a byte.
func (c *coder) length(n, limit int) int {
	c.whole(&n)
	if n < 0 || n > limit || c.reading && n > len(c.buf) {
		c.bad, c.buf = true, nil
		return 0
	}
	return n
}

func (c *coder) text(s *string) {
	n := c.length(len(*s), math.MaxInt32)
	if !c.reading {
		c.buf = append(c.buf, *s...)
		return
	}
	*s, c.buf = string(c.buf[:n]), c.buf[n:]
}

// AppendState appends a service's beat.
func (b *Beat) AppendState(buf []byte) []byte {
	c := coder{buf: buf}
	c.beat(b)
	return c.buf
}

// ReadState takes what AppendState wrote from the front of buf.
func (b *Beat) ReadState(buf []byte) ([]byte, error) {
	c := coder{buf: buf, reading: true}
	var fresh Beat
	c.beat(&fresh)
	if c.bad {
		return nil, errState
	}
	*b = fresh
	return c.buf, nil
}

func (c *coder) beat(b *Beat) {
	c.minutes(&b.Begin, &b.Now)
	c.num(&b.looked)
	c.real(&b.common)
	for i := 0; i < ringLen && !c.bad; {
		run := 1
		for !c.reading && i+run < ringLen && b.expected[i+run] == b.expected[i] && b.mark[i+run] == b.mark[i] {
			run++
		}
		mark, expected := int(b.mark[i]), b.expected[i]
		c.whole(&run, &mark)
		c.real(&expected)
		if run < 1 || i+run > ringLen || mark > int(seen|held) {
			c.bad = true
			return
		}
		for ; run > 0; run-- {
			b.expected[i], b.mark[i] = expected, uint8(mark)
			i++
		}
	}
}

// AppendState appends the shape of a day.
func (s *Shape) AppendState(buf []byte) []byte {
	c := coder{buf: buf}
	c.shape(s)
	return c.buf
}

// ReadState takes what AppendState wrote from the front of buf.
func (s *Shape) ReadState(buf []byte) ([]byte, error) {
	c := coder{buf: buf, reading: true}
	var fresh Shape
	c.shape(&fresh)
	fresh.average()
	if c.bad {
		return nil, errState
	}
	*s = fresh
	return c.buf, nil
}

func (c *coder) shape(s *Shape) {
	c.flag(&s.begun)
	c.flag(&s.spoiled)
	c.real(&s.days, &s.knownOffset)
	for h := range hours {
		c.real(&s.local[h], &s.utc[h], &s.todayLocal[h], &s.todayUTC[h])
	}
}

// AppendState appends a tracker's state between two minutes.
func (t *Tracker) AppendState(buf []byte) []byte {
	c := coder{buf: buf}
	c.tracker(t)
	return c.buf
}

// ReadState takes what AppendState wrote from the front of buf. The configuration is
// the tracker's own.
func (t *Tracker) ReadState(buf []byte) ([]byte, error) {
	c := coder{buf: buf, reading: true}
	fresh := Tracker{cfg: t.cfg, index: map[string]int{}}
	c.tracker(&fresh)
	if c.bad {
		return nil, errState
	}
	*t = fresh
	return c.buf, nil
}

func (c *coder) tracker(t *Tracker) {
	c.real(&t.exposure, &t.excessN, &t.excessD, &t.rest.count, &t.rest.exposure)
	c.minutes(&t.learned)
	c.whole(&t.rest.now)
	n := c.length(len(t.places), maxPlaces)
	if c.reading {
		t.places = make([]place, n)
	}
	for i := range t.places {
		p := &t.places[i]
		c.text(&p.name)
		c.whole(&p.now)
		clock := int64(p.zone)
		c.num(&clock)
		c.bad = c.bad || clock != int64(noZone) && (clock < -int64(outage.Day) || clock > int64(outage.Day))
		p.zone = zone(clock)
		c.real(&p.count, &p.exposure)
		for h := range hours {
			c.short(&p.hourN[h], &p.hourE[h])
		}
		c.short(&p.fineN, &p.fineD)
		if c.reading {
			if p.now > 0 {
				t.touched = append(t.touched, i)
			}
			t.index[p.name] = i
		}
	}
	c.bad = c.bad || len(t.index) != len(t.places)
	n = c.length(len(t.events), math.MaxInt32)
	if c.reading {
		t.events = make([]event, n)
	}
	var last outage.Minute
	for i := range t.events {
		e := &t.events[i]
		place, count := int(e.place), int(e.count)
		step := e.minute - last
		c.minutes(&step)
		c.whole(&place, &count)
		last += step
		e.minute, e.place, e.count = last, int32(place), int32(count)
		c.bad = c.bad || place >= len(t.places) || count < 0 || i > 0 && step < 0
	}
	c.episode(t)
}

func (c *coder) episode(t *Tracker) {
	e := &t.ep
	phase := string(e.phase)
	c.text(&phase)
	e.phase = outage.Phase(phase)
	c.bad = c.bad || phase != "" && !e.open() && e.phase != outage.PhaseOver
	c.minutes(&e.first, &e.onset, &e.clear)
	c.whole(&e.fixed, &e.ease, &e.quiet, &e.window, &e.windowCount)
	c.real(&e.score, &e.confirm, &e.windowExpected)
	for i := range e.networks {
		c.word(&e.networks[i])
	}
	n := c.length(len(e.hot), maxPlaces)
	if c.reading {
		e.hot = make([]hot, n)
	}
	for i := range e.hot {
		h := &e.hot[i]
		c.whole(&h.place, &h.count, &h.last)
		c.real(&h.expected)
		c.bad = c.bad || h.place < 0 || h.place >= len(t.places)
	}
	c.bad = c.bad || e.fixed < 0 || e.fixed > len(e.hot)
}
