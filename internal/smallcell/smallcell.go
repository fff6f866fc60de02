// Package smallcell decides how much of a breakdown may be published, so that
// nobody reads one to four people out of it.
//
// It reads and writes nothing: it is a pure function on counts. Method: the exact
// counts of a minute go into a pool for each cell (a country, a category). A pool
// is released when it holds K or more; the rest of it waits. Totals over all cells
// are published exactly, so the rest (all pools together) can be worked out by
// subtraction: when a release would leave a rest of one to K-1, part of a pool or
// a whole one is held back, so that the rest is none or at least K. Nothing is
// lost: what was released and what waits always add up to what came.
//
// Therefore every published count of a cell, over any span of time, is a sum of
// releases and so zero or at least K, and after every release the difference
// between the total so far and all cells so far is zero or at least K.
//
// Limits, said honestly. A released count shows up in the minute of its release,
// which may be later than the reports. Before anything is released the rest is
// the total itself, which may be one to four, and says nothing of any cell. Exact
// totals also grow between releases; that growth is of unknown cells. A minute
// with twenty reports of which all are from one country tells that of all twenty.
// Someone who adds reports of their own can learn how many more were missing
// until a release. Two breakdowns (by country and by category) are each safe, and
// their joint is never published.
package smallcell

import (
	"cmp"
	"maps"
	"slices"
)

// K is the smallest number of people that is published for a cell.
const K = 5

// Pools holds back the counts of the cells of one breakdown of one service, by
// name. It has no zeros.
type Pools map[string]int

// Total is what is held back altogether.
func (p Pools) Total() int {
	n := 0
	for _, c := range p {
		n += c
	}
	return n
}

// Take puts the exact counts of a minute into the pools and returns what is
// released with it, without zeros. Counts below one are left out.
func (p Pools) Take(counts map[string]int) map[string]int {
	for name, n := range counts {
		if n > 0 {
			p[name] += n
		}
	}
	out := map[string]int{}
	for name, n := range p {
		if n >= K {
			out[name] = n
			delete(p, name)
		}
	}
	p.holdBack(out)
	return out
}

// holdBack keeps the rest from being one to K-1 after a release. It takes what is
// missing to K from the largest release, if that leaves at least K of it, and
// else keeps the smallest release whole: each is at least K, so one is enough.
func (p Pools) holdBack(out map[string]int) {
	rest := p.Total()
	if rest == 0 || rest >= K || len(out) == 0 {
		return
	}
	order := make([]string, 0, len(out))
	for name := range out {
		order = append(order, name)
	}
	slices.SortFunc(order, func(a, b string) int { return cmp.Or(out[a]-out[b], cmp.Compare(a, b)) })
	largest, smallest := order[len(order)-1], order[0]
	if short := K - rest; out[largest]-short >= K {
		out[largest] -= short
		p[largest] = short
		return
	}
	p[smallest] = out[smallest]
	delete(out, smallest)
}

// Clone returns a copy that later counts do not change.
func (p Pools) Clone() map[string]int { return maps.Clone(p) }
