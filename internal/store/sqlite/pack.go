package sqlite

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"

	"faultline/internal/store"
	"faultline/outage"
)

// minutes are the counts of one hour.
type minutes [outage.Hour]int

func (m *minutes) sum() int {
	n := 0
	for _, c := range m {
		n += c
	}
	return n
}

// pack writes the minutes that are not zero, as pairs of minute and count. Most
// hours of most services are empty or nearly so.
func (m *minutes) pack() []byte {
	b := []byte{}
	for i, c := range m {
		if c != 0 {
			b = append(b, byte(i))
			b = binary.AppendUvarint(b, uint64(c))
		}
	}
	return b
}

// unpack reads what pack wrote.
func (m *minutes) unpack(b []byte) error {
	*m = minutes{}
	for len(b) > 0 {
		i := int(b[0])
		c, n := binary.Uvarint(b[1:])
		if n <= 0 || i >= len(m) || c > math.MaxInt32 {
			return fmt.Errorf("read the minutes of an hour: %w", store.ErrDamaged)
		}
		m[i] = int(c)
		b = b[1+n:]
	}
	return nil
}

// packed confidences; the first is what a baseline has that never said.
var confidences = [...]outage.Confidence{"", outage.ConfidenceNone, outage.ConfidenceLow, outage.ConfidenceNormal}

// packQuarters writes a baseline in 17 bytes a quarter and its method. Single
// precision is ample for what is drawn and said.
func packQuarters(q *[outage.BaselineQuarters]outage.Baseline) []byte {
	b := make([]byte, 0, 17*len(q)+len(q[0].Method))
	for i := range q {
		for _, v := range [...]float64{q[i].Expected, q[i].Low, q[i].High, q[i].Dispersion} {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(v)))
		}
		code := byte(0)
		for j, c := range confidences {
			if c == q[i].Confidence {
				code = byte(j)
			}
		}
		b = append(b, code)
	}
	return append(b, q[0].Method...)
}

// unpackQuarters reads what packQuarters wrote.
func unpackQuarters(b []byte) (q [outage.BaselineQuarters]outage.Baseline, err error) {
	const size = 17
	if len(b) < size*len(q) {
		return q, fmt.Errorf("read a baseline: %w", store.ErrDamaged)
	}
	method := string(b[size*len(q):])
	for i := range q {
		part := b[size*i:]
		value := func(at int) float64 { return single(binary.LittleEndian.Uint32(part[4*at:])) }
		code := int(part[16])
		if code >= len(confidences) {
			return q, fmt.Errorf("read a baseline: %w", store.ErrDamaged)
		}
		q[i] = outage.Baseline{
			Expected: value(0), Low: value(1), High: value(2), Dispersion: value(3),
			Confidence: confidences[code], Method: method,
		}
	}
	return q, nil
}

// single turns a stored number into the shortest decimal that means it: 0.2
// comes back as 0.2.
func single(bits uint32) float64 {
	f := math.Float32frombits(bits)
	v, err := strconv.ParseFloat(strconv.FormatFloat(float64(f), 'g', -1, 32), 64)
	if err != nil { // not a number or infinite: as it is
		return float64(f)
	}
	return v
}
