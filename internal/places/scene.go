package places

import (
	"faultline/internal/pool"
	"faultline/outage"
)

// scene gathers the last hour for the scan. A place takes part when something was
// learned of it and it is not muted: a place in an episode of its own speaks for
// itself. The second result is the place of each cell.
func (t *Tracker) scene(b *Beat, s *Shape, muted func(string) bool) (*pool.Scene, []int) {
	out := &pool.Scene{Apart: apart, Excess: t.excess(), Least: t.cfg.Threshold}
	cellOf := make([]int, len(t.places))
	var places []int
	silent := map[int]bool{}
	for i := range t.places {
		p := &t.places[i]
		cellOf[i] = -1
		if muted != nil && muted(p.name) {
			silent[i] = true
			continue
		}
		if p.count > 0 && p.exposure > 0 {
			cellOf[i] = len(places)
			places = append(places, i)
		}
	}
	out.Cells = make([]pool.Cell, len(places))
	shares := make([]float64, len(places))
	for c, i := range places {
		p := &t.places[i]
		shares[c], out.Cells[c].Spread = t.share(p, s, b.Now)
		out.Cells[c].Excess = t.excessOf(p)
	}
	for k, length := range pool.Windows() {
		whole := b.sum(b.Now-outage.Minute(length)+1, b.Now)
		out.Common[k] = b.common / float64(length)
		if whole <= 0 || b.Now-outage.Minute(length) < t.ep.clear {
			continue
		}
		if t.rest.exposure > 0 {
			out.RestExpected[k] = whole * (t.rest.count + priorSeen) / t.rest.exposure
		}
		for c := range places {
			out.Cells[c].Expected[k] = whole * shares[c]
		}
	}
	t.countInto(out, b, cellOf, silent)
	return out, places
}

// countInto fills in the counts of the windows that are judged.
func (t *Tracker) countInto(out *pool.Scene, b *Beat, cellOf []int, silent map[int]bool) {
	windows := pool.Windows()
	for _, e := range t.events[t.from(b.Now-outage.Minute(windows[pool.Looks-1])+1):] {
		back := int(b.Now-e.minute) + 1
		for k, length := range windows {
			switch {
			case back > length || b.Now-outage.Minute(length) < t.ep.clear:
			case e.place >= 0 && cellOf[e.place] >= 0:
				out.Cells[cellOf[e.place]].Count[k] += int(e.count)
			case e.place < 0 || !silent[int(e.place)]:
				out.RestCount[k] += int(e.count)
			}
		}
	}
}
