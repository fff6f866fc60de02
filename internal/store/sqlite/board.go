package sqlite

import (
	"fmt"
	"maps"
	"slices"

	"faultline/internal/store"
	"faultline/outage"
)

// board is what lists show, in memory. It is rebuilt from the file at open.
type board struct {
	pulse    store.Pulse
	aged     outage.Minute       // the hours before it have lost their minutes; a whole hour
	swept    outage.Minute       // up to there that has been done
	services map[string]*service // by id; also those that only have reports so far
}

// service is one service on the board.
type service struct {
	num       int64
	fact      *outage.Service // nil until the catalog has named it
	since     outage.Minute   // first minute in which we would have counted its reports
	bulletin  *outage.Bulletin
	day       *day
	open      map[outage.Minute]store.Open // minutes after the closed ones
	baselines []outage.ServiceBaseline     // the last ones, oldest first
}

const (
	// baselinesKept is the number of hours of baselines on the board: the current
	// hour, the one before and the one that begins.
	baselinesKept = 3
	// openKept is the number of minutes of a service that may be open at once; when
	// rollup lags further, the oldest of them are not shown until it has caught up.
	openKept = 30
)

func newBoard() *board { return &board{services: map[string]*service{}} }

// settle works out the oldest minute that can be asked for.
func (b *board) settle() { b.pulse.Oldest = max(b.aged, b.pulse.Since) }

func newService() *service { return &service{open: map[outage.Minute]store.Open{}} }

// day is a ring of the counts of the last 24 hours.
type day struct {
	last   outage.Minute // newest minute in the ring
	counts [outage.Day]uint32
}

// set enters a count; minutes between the last one and this were zero.
func (d *day) set(m outage.Minute, count int) {
	if m <= d.last-outage.Day {
		return
	}
	if m > d.last {
		if m-d.last >= outage.Day {
			d.counts = [outage.Day]uint32{}
		} else {
			for z := d.last + 1; z < m; z++ {
				d.counts[z%outage.Day] = 0
			}
		}
		d.last = m
	}
	d.counts[m%outage.Day] = uint32(max(count, 0))
}

// count enters a closed minute.
func (s *service) count(m outage.Minute, n int) {
	if s.day == nil {
		s.day = &day{}
	}
	s.day.set(m, n)
}

// enterOpen takes provisional counts of services that the store has.
func (b *board) enterOpen(all []store.Open) {
	for _, o := range all {
		s := b.services[o.Service]
		if s == nil || o.Minute <= b.pulse.Closed {
			continue
		}
		s.open[o.Minute] = o
		if len(s.open) > openKept {
			delete(s.open, slices.Min(slices.Collect(maps.Keys(s.open))))
		}
	}
	if len(all) > 0 {
		b.pulse.Version++
	}
}

// sum adds up the minutes from one to another, both inside.
func (d *day) sum(from, to outage.Minute) int {
	if d == nil {
		return 0
	}
	from, to = max(from, d.last-outage.Day+1), min(to, d.last)
	if from > to {
		return 0
	}
	i, j := from%outage.Day, to%outage.Day
	if i > j {
		return add(d.counts[i:]) + add(d.counts[:j+1])
	}
	return add(d.counts[i : j+1])
}

func add(counts []uint32) int {
	n := 0
	for _, c := range counts {
		n += int(c)
	}
	return n
}

// baselineAt finds what was expected of a minute.
func baselineAt(all []outage.ServiceBaseline, m outage.Minute) (outage.Baseline, bool) {
	for i := range all {
		if b := &all[i]; m >= b.Minute && m < b.Minute+outage.Hour {
			return b.Quarters[(m-b.Minute)/(outage.Hour/outage.BaselineQuarters)], true
		}
	}
	return outage.Baseline{}, false
}

// keepBaseline enters an hour, replacing the same hour.
func (s *service) keepBaseline(b outage.ServiceBaseline) {
	kept := s.baselines[:0]
	for _, have := range s.baselines {
		if have.Minute != b.Minute {
			kept = append(kept, have)
		}
	}
	kept = append(kept, b)
	for i := len(kept) - 1; i > 0 && kept[i].Minute < kept[i-1].Minute; i-- {
		kept[i], kept[i-1] = kept[i-1], kept[i]
	}
	if n := len(kept); n > baselinesKept {
		kept = append(kept[:0], kept[n-baselinesKept:]...)
	}
	s.baselines = kept
}

// quarterHour is the span of Row.Quarter.
const quarterHour outage.Minute = 15

// row makes the line of a list from what the board knows.
func (b *board) row(s *service) store.Row {
	closed := b.pulse.Closed
	r := store.Row{
		Service: *s.fact, Since: b.since(s),
		Quarter: s.day.sum(closed-quarterHour+1, closed),
		Open:    store.Open{Service: s.fact.ID},
	}
	for h := range r.Spark {
		start := closed - outage.Day + 1 + outage.Minute(h)*outage.Hour
		r.Spark[h] = s.day.sum(start, start+outage.Hour-1)
		r.Day += r.Spark[h]
	}
	for m, o := range s.open {
		if m > closed {
			r.Open.Minute = max(r.Open.Minute, m)
			r.Open.Count += o.Count
			r.Open.Aside += o.Aside
		}
	}
	for m := closed - quarterHour + 1; m <= closed; m++ {
		at, _ := baselineAt(s.baselines, m)
		r.Expected += at.Expected
	}
	var ok bool
	if r.Baseline, ok = baselineAt(s.baselines, closed); !ok {
		r.Baseline.Confidence = outage.ConfidenceNone
	}
	r.Bulletin = b.bulletin(s, r.Since, r.Quarter)
	return r
}

// since is when reports of a service began to be counted.
func (b *board) since(s *service) outage.Minute {
	if b.pulse.Since == 0 {
		return 0
	}
	return max(s.since, b.pulse.Since)
}

// bulletin is what was said last or, when nothing was, whether it is too early to
// say anything.
func (b *board) bulletin(s *service, since outage.Minute, quarter int) outage.Bulletin {
	if s.bulletin != nil {
		return *s.bulletin
	}
	heard := b.pulse.Closed - since + 1
	if since == 0 {
		heard = 0
	}
	if heard < store.UnknownAfter {
		return outage.Bulletin{
			Service: s.fact.ID, Status: outage.StatusUnknown,
			Headline: "Too early to say",
			Reason: fmt.Sprintf("Faultline has listened for reports of %s for %s; it takes %d minutes to say what is unusual.",
				s.fact.Name, count(int(max(heard, 0)), "minute"), store.UnknownAfter),
		}
	}
	return outage.Bulletin{
		Service: s.fact.ID, Status: outage.StatusQuiet,
		Headline: "No unusual reports",
		Reason:   fmt.Sprintf("%s in the last 15 minutes, all countries, is nothing unusual.", count(quarter, "report")),
	}
}

// count says a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
