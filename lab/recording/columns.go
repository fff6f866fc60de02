package recording

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"faultline/internal/stream"
	"faultline/outage"
)

// Measurements of a run are the same few hundred, again and again, with other times.
// So a recording keeps each kind once, without its numbers, and the numbers of all of
// that kind in columns: a third of what they take one by one.

// column is one kind of measurement with its numbers. All lists are of one length;
// those named deltas hold differences to the entry before.
type column struct {
	Shape    json.RawMessage `json:"x"` // a measurement without its numbers
	Places   []int           `json:"i"` // deltas: where in the topic
	Sequence []int64         `json:"q"` // deltas
	Times    []int64         `json:"t"` // deltas, milliseconds since 1970
	Received []int64         `json:"r"` // minutes after the minute of its time
	Bytes    []int64         `json:"b,omitempty"`
	Values   [][]int64       `json:"v"` // tenths of milliseconds, a list for each number of the shape
}

// maxEntries bounds the entries of a topic.
const maxEntries = 1 << 20

// floats are the numbers of a measurement that are times, in a fixed order that
// follows from what it has. Each span's ends are chained: a phase begins where the one
// before has ended.
func floats(m *outage.Measurement) (chained, plain []*float64) {
	span := func(s *outage.Span) { chained = append(chained, &s.T0, &s.T) }
	if m.DNS != nil {
		span(&m.DNS.Span)
	}
	if m.TCP != nil {
		span(&m.TCP.Span)
		plain = append(plain, &m.TCP.RTTMS, &m.TCP.RTTVarMS)
	}
	if m.TLS != nil {
		span(&m.TLS.Span)
	}
	if m.QUIC != nil {
		span(&m.QUIC.Span)
	}
	if m.HTTP != nil {
		span(&m.HTTP.Span)
		plain = append(plain, &m.HTTP.FirstByte)
	}
	if m.Echo != nil {
		span(&m.Echo.Span)
		for i := range m.Echo.RTTMS {
			plain = append(plain, &m.Echo.RTTMS[i])
		}
	}
	if m.Path != nil {
		span(&m.Path.Span)
		for i := range m.Path.Hops {
			plain = append(plain, &m.Path.Hops[i].RTTMS)
		}
	}
	return chained, append(plain, &m.Clock.OffsetMS)
}

// tenths is a time as a whole number; those of slim measurements are no others.
func tenths(x float64) int64 { return int64(math.Round(x * 10)) }

// take removes the numbers of a measurement, and returns them.
func take(m *outage.Measurement) []int64 {
	chained, plain := floats(m)
	out := make([]int64, 0, len(chained)+len(plain))
	last := int64(0)
	for _, p := range chained {
		now := tenths(*p)
		out = append(out, now-last)
		last, *p = now, 0
	}
	for _, p := range plain {
		out = append(out, tenths(*p))
		*p = 0
	}
	return out
}

// put gives a measurement its numbers back.
func put(m *outage.Measurement, values func(i int) int64) {
	chained, plain := floats(m)
	last := int64(0)
	for i, p := range chained {
		last += values(i)
		*p = float64(last) / 10
	}
	for i, p := range plain {
		*p = float64(values(len(chained)+i)) / 10
	}
}

// packer sorts measurements into columns.
type packer struct {
	columns []*column
	byShape map[string]*column
	last    map[*column]*ends
}

// ends is the last entry of a column.
type ends struct {
	place    int
	sequence int64
	time     int64
}

func newPacker() *packer {
	return &packer{byShape: map[string]*column{}, last: map[*column]*ends{}}
}

// add takes the entry at a place of its topic.
func (p *packer) add(place int, e *stream.Entry) error {
	m, err := stream.Measurements.Decode(e.Record)
	if err != nil {
		return err
	}
	at, sequence, received := m.Time.UnixMilli(), int64(m.Sequence), int64(m.Received-outage.MinuteOf(m.Time))
	bytes := int64(0)
	if m.HTTP != nil {
		bytes, m.HTTP.BodyBytes = m.HTTP.BodyBytes, 0
	}
	values := take(m)
	m.Time, m.Sequence, m.Received = time.Time{}, 0, 0
	shape, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("pack a measurement: %w", err)
	}
	c := p.byShape[string(shape)]
	if c == nil {
		c = &column{Shape: shape, Values: make([][]int64, len(values))}
		p.byShape[string(shape)], p.last[c] = c, &ends{}
		p.columns = append(p.columns, c)
	}
	l := p.last[c]
	c.Places = append(c.Places, place-l.place)
	c.Sequence = append(c.Sequence, sequence-l.sequence)
	c.Times = append(c.Times, at-l.time)
	c.Received = append(c.Received, received)
	if m.HTTP != nil {
		c.Bytes = append(c.Bytes, bytes)
	}
	for i, v := range values {
		c.Values[i] = append(c.Values[i], v)
	}
	*l = ends{place, sequence, at}
	return nil
}

// errColumn is a column that no recorder has written.
var errColumn = errors.New("a column of measurements is damaged")

// unpack gives the entries of a column to place.
func (c *column) unpack(place func(i int, e stream.Entry) error) error {
	n := len(c.Places)
	sound := len(c.Sequence) == n && len(c.Times) == n && len(c.Received) == n && (c.Bytes == nil || len(c.Bytes) == n)
	for _, v := range c.Values {
		sound = sound && len(v) == n
	}
	if !sound {
		return errColumn
	}
	var last ends
	for i := range n {
		// Each its own: measurements hold pointers and lists.
		m := &outage.Measurement{}
		if err := json.Unmarshal(c.Shape, m); err != nil {
			return fmt.Errorf("%w: %w", errColumn, err)
		}
		chained, plain := floats(m)
		if len(c.Values) != len(chained)+len(plain) || (c.Bytes != nil) != (m.HTTP != nil) {
			return errColumn
		}
		last = ends{last.place + c.Places[i], last.sequence + c.Sequence[i], last.time + c.Times[i]}
		put(m, func(k int) int64 { return c.Values[k][i] })
		m.Time, m.Sequence = time.UnixMilli(last.time).UTC(), uint64(last.sequence)
		m.Received = outage.MinuteOf(m.Time) + outage.Minute(c.Received[i])
		if m.HTTP != nil {
			m.HTTP.BodyBytes = c.Bytes[i]
		}
		e, err := stream.Measurements.Entry(m.Received, m)
		if err != nil {
			return fmt.Errorf("%w: %w", errColumn, err)
		}
		if err := place(last.place, e); err != nil {
			return err
		}
	}
	return nil
}
