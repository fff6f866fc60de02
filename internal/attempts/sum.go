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

// Tally is how many attempts were tried and how many of them failed: the first two
// counters, where there are any.
func (b *Bin) Tally() (tried, failed int) {
	for _, c := range b.Counts[:min(len(b.Counts), 2)] {
		switch c.Code {
		case Tried:
			tried = int(c.N)
		case Failed:
			failed = int(c.N)
		}
	}
	return tried, failed
}

// EachSlot hands over the attempts of the parts of the minute.
func (b *Bin) EachSlot(take func(slot, tried, failed int)) {
	i, _ := slices.BinarySearchFunc(b.Counts, codeTried, func(x Count, c Code) int { return int(x.Code) - int(c) })
	for ; i < len(b.Counts) && b.Counts[i].Code < codeTime; i++ {
		if c := b.Counts[i]; c.Code < codeFailed {
			take(int(c.Code-codeTried), int(c.N), 0)
		} else {
			take(int(c.Code-codeFailed), 0, int(c.N))
		}
	}
}

// Small is a sum of the counters that every spot needs, and of its times.
type Small struct {
	n     [codeWord]uint32
	times [timeCount]Histogram
	// Lengths and Ends are of traces, by hops; nil: there was none.
	Lengths, Ends []int
}

// Add takes a bin in.
func (s *Small) Add(b *Bin) {
	for _, c := range b.Counts {
		switch {
		case c.Code < codeWord:
			s.n[c.Code] += uint32(c.N)
		case c.Code >= codeTime:
			i := int(c.Code - codeTime)
			s.times[i/buckets].add(i%buckets, int(c.N))
		}
	}
	if len(b.Counts) > 0 && b.N(Traces) > 0 {
		s.Lengths, s.Ends = paths(b, s.Lengths, s.Ends)
	}
}

// Merge takes another sum in, but for its traces.
func (s *Small) Merge(o *Small) {
	for i := range o.n {
		s.n[i] += o.n[i]
	}
	for i := range o.times {
		h := &o.times[i]
		for b, n := range h.list {
			if n > 0 {
				s.times[i].add(h.low+b, int(n))
			}
		}
	}
}

// N is one of the counters before those of words.
func (s *Small) N(c Code) int { return int(s.n[c]) }

// Times of a kind.
func (s *Small) Times(t Time) *Histogram { return &s.times[t] }

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
