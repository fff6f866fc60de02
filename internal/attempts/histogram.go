package attempts

import (
	"math"
	"slices"
)

// Histogram is one of times alone, for comparing many spots in little room.
type Histogram struct {
	n    int
	low  int // first bucket of list
	list []uint32
}

// Add takes in the times of a bin.
func (h *Histogram) Add(b *Bin, t Time) {
	from, to := codeTime+Code(int(t)*buckets), codeTime+Code((int(t)+1)*buckets)
	i, _ := slices.BinarySearchFunc(b.Counts, from, func(x Count, c Code) int { return int(x.Code) - int(c) })
	for ; i < len(b.Counts) && b.Counts[i].Code < to; i++ {
		h.add(int(b.Counts[i].Code-from), int(b.Counts[i].N))
	}
}

func (h *Histogram) add(bucket, n int) {
	switch {
	case h.n == 0:
		h.low, h.list = bucket, make([]uint32, 1)
	case bucket < h.low:
		h.list = append(make([]uint32, h.low-bucket), h.list...)
		h.low = bucket
	case bucket >= h.low+len(h.list):
		h.list = append(h.list, make([]uint32, bucket-h.low-len(h.list)+1)...)
	}
	h.list[bucket-h.low] += uint32(n)
	h.n += n
}

// N is the number of times.
func (h *Histogram) N() int { return h.n }

// Quantile in milliseconds, exact to 9 percent; 0 where there is none.
func (h *Histogram) Quantile(q float64) float64 {
	rank, below := q*float64(h.n), 0.0
	for i, c := range h.list {
		if c == 0 {
			continue
		}
		if below+float64(c) >= rank {
			// Within a bucket times are taken as evenly spread, so that a median moves
			// smoothly.
			in := min(max((rank-below)/float64(c), 0), 1)
			return leastMS * math.Exp2((float64(h.low+i)+in)/perOctave)
		}
		below += float64(c)
	}
	return 0
}

// Median in milliseconds, and the number of times that it is of.
func (h *Histogram) Median() (ms float64, n int) { return h.Quantile(0.5), h.n }

// Range between the quartiles in milliseconds, at least a tenth of one.
func (h *Histogram) Range() float64 {
	return max(h.Quantile(0.75)-h.Quantile(0.25), leastJitter)
}

// Each hands over the times as so many near one, in milliseconds, rising.
func (h *Histogram) Each(take func(ms float64, n int)) {
	const middle = 0.5
	for i, c := range h.list {
		if c > 0 {
			take(leastMS*math.Exp2((float64(h.low+i)+middle)/perOctave), int(c))
		}
	}
}

// Above counts times over a bound, by whole buckets.
func (h *Histogram) Above(ms float64) int {
	n, over := 0, bucket(ms)
	for i, c := range h.list {
		if h.low+i > over {
			n += int(c)
		}
	}
	return n
}

// paths adds the lengths and ends of a bin's traces, by hops.
func paths(b *Bin, lengths, ends []int) (newLengths, newEnds []int) {
	if lengths == nil {
		lengths, ends = make([]int, maxHops), make([]int, maxHops)
	}
	for _, c := range b.Counts {
		switch {
		case c.Code >= codeLength && c.Code < codeEnd:
			lengths[c.Code-codeLength] += int(c.N)
		case c.Code >= codeEnd && c.Code < codeTried:
			ends[c.Code-codeEnd] += int(c.N)
		}
	}
	return lengths, ends
}
