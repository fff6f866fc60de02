package attempts

import (
	"math"
	"slices"
)

// Count is one counter of a bin.
type Count struct {
	Code Code
	N    uint16
}

// Bin is what was tried at one spot in one minute.
type Bin struct {
	Spot    int32
	Doubted bool // the agent could not be believed then
	// FirstFail and LastFine are seconds of the minute; None: there was none.
	FirstFail, LastFine uint8
	Counts              []Count // by code
}

// None stands for a second that there is not.
const None = 255

// add counts; a counter that is full stays so.
func (b *Bin) add(c Code, n int) {
	if n <= 0 {
		return
	}
	i, found := slices.BinarySearchFunc(b.Counts, c, func(x Count, c Code) int { return int(x.Code) - int(c) })
	if !found {
		b.Counts = slices.Insert(b.Counts, i, Count{Code: c})
	}
	b.Counts[i].N = uint16(min(int(b.Counts[i].N)+n, math.MaxUint16))
}

// N is one counter.
func (b *Bin) N(c Code) int {
	i, found := slices.BinarySearchFunc(b.Counts, c, func(x Count, c Code) int { return int(x.Code) - int(c) })
	if !found {
		return 0
	}
	return int(b.Counts[i].N)
}

// Sum adds up bins.
type Sum struct{ n [Codes]uint32 }

// Add takes a bin in.
func (s *Sum) Add(b *Bin) {
	for _, c := range b.Counts {
		s.n[c.Code] += uint32(c.N)
	}
}

// N is one counter.
func (s *Sum) N(c Code) int { return int(s.n[c]) }

// Share of one counter in another; ok is false where the other is 0.
func (s *Sum) Share(part, whole Code) (share float64, ok bool) {
	if s.n[whole] == 0 {
		return 0, false
	}
	return float64(s.n[part]) / float64(s.n[whole]), true
}

// Times of one kind.
func (s *Sum) Times(t Time) Histogram {
	var h Histogram
	from := int(codeTime) + int(t)*buckets
	for b, n := range s.n[from : from+buckets] {
		if n > 0 {
			h.add(b, int(n))
		}
	}
	return h
}
