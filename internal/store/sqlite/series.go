package sqlite

import (
	"context"
	"fmt"
	"math"

	"faultline/internal/store"
	"faultline/outage"
)

// Series implements store.Histories.
func (s *Store) Series(ctx context.Context, q store.SeriesQuery) ([]store.Bucket, error) {
	l, err := s.line(q)
	if err != nil || len(l.buckets) == 0 {
		return nil, err
	}
	for _, step := range []func(context.Context) error{l.totals, l.cells, l.missing, l.baselines} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("read a series of %s: %w", q.Service, explain(s.path, err))
		}
	}
	l.finish()
	return l.buckets, nil
}

// line is one answer in the making.
type line struct {
	q       store.SeriesQuery
	db      querier
	num     int64
	pulse   store.Pulse
	aged    outage.Minute
	since   outage.Minute
	open    map[outage.Minute]store.Open
	buckets []store.Bucket
	sums    []int // of the service, by bucket
}

// line checks the question and makes empty buckets.
func (s *Store) line(q store.SeriesQuery) (*line, error) {
	if q.Step < 1 || q.To < q.From || (q.Country != "" && q.Category != "") {
		return nil, fmt.Errorf("read a series of %s: step %d from %s to %s, country %q, category %q: want a step of at least 1, from before to, and at most one of country and category",
			q.Service, q.Step, q.From, q.To, q.Country, q.Category)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	one := s.board.services[q.Service]
	if one == nil {
		return nil, fmt.Errorf("read a series of %q: %w", q.Service, store.ErrNotFound)
	}
	l := &line{q: q, db: s.read, num: one.num, pulse: s.board.pulse, aged: s.board.aged,
		since: s.board.since(one), open: map[outage.Minute]store.Open{}}
	if err := l.checkAged(); err != nil {
		return nil, err
	}
	for m, o := range one.open {
		l.open[m] = o
	}
	for start := q.From; start < q.To; start += q.Step {
		l.buckets = append(l.buckets, store.Bucket{Start: start, Provisional: min(start+q.Step, q.To) > l.pulse.Closed+1})
	}
	l.sums = make([]int, len(l.buckets))
	return l, nil
}

// checkAged refuses to cut hours that have no minutes any more.
func (l *line) checkAged() error {
	oldest := l.aged
	whole := l.q.From%outage.Hour == 0 && l.q.Step%outage.Hour == 0 && (l.q.To%outage.Hour == 0 || l.q.To > oldest)
	if l.q.From >= oldest || whole {
		return nil
	}
	return fmt.Errorf("read a series of %s from %s: %w before %s: ask for whole hours, or for a later start",
		l.q.Service, l.q.From, store.ErrAgedOut, oldest)
}

// add puts the minutes of an hour into a column of the buckets. Of an aged hour
// only the sum is left, which goes where the hour begins.
func (l *line) add(hour int64, sum int, packed []byte, into func(i, n int)) error {
	start := outage.Minute(hour) * outage.Hour
	if packed == nil {
		if start >= l.q.From && start < l.q.To {
			into(int((start-l.q.From)/l.q.Step), sum)
		}
		return nil
	}
	var counts minutes
	if err := counts.unpack(packed); err != nil {
		return err
	}
	for i, n := range counts {
		m := start + outage.Minute(i)
		if n != 0 && m >= l.q.From && m < l.q.To && m <= l.pulse.Closed {
			into(int((m-l.q.From)/l.q.Step), n)
		}
	}
	return nil
}

// span is the first and the last hour of the question.
func (l *line) span() (first, last int64) {
	return int64(l.q.From / outage.Hour), int64((l.q.To - 1) / outage.Hour)
}

// totals reads the exact counts of the service; a country or category needs them
// too, to say where some may be kept back.
func (l *line) totals(ctx context.Context) error {
	first, last := l.span()
	err := each(ctx, l.db, `SELECT hour, count, aside, counts, asides FROM hour WHERE service = ? AND hour BETWEEN ? AND ?`,
		[]any{l.num, first, last}, func(scan scanner) error {
			var hour int64
			var count, aside int
			var counts, asides []byte
			if err := scan(&hour, &count, &aside, &counts, &asides); err != nil {
				return err
			}
			if err := l.add(hour, count, counts, func(i, n int) { l.sums[i] += n }); err != nil {
				return err
			}
			return l.add(hour, aside, asides, func(i, n int) { l.buckets[i].Aside += n })
		})
	if err != nil {
		return err
	}
	for m, o := range l.open {
		if m >= l.q.From && m < l.q.To && m > l.pulse.Closed {
			i := (m - l.q.From) / l.q.Step
			l.sums[i] += o.Count
			l.buckets[i].Aside += o.Aside
		}
	}
	return nil
}

// cells reads the released counts of the country or category asked for.
func (l *line) cells(ctx context.Context) error {
	dim, name := dimCountry, l.q.Country
	if l.q.Category != "" {
		dim, name = dimCategory, l.q.Category
	}
	if name == "" {
		return nil
	}
	first, last := l.span()
	return each(ctx, l.db, `SELECT hour, count, counts FROM cell WHERE service = ? AND dim = ? AND hour BETWEEN ? AND ? AND name = ?`,
		[]any{l.num, dim, first, last, name}, func(scan scanner) error {
			var hour int64
			var count int
			var counts []byte
			if err := scan(&hour, &count, &counts); err != nil {
				return err
			}
			return l.add(hour, count, counts, func(i, n int) { l.buckets[i].Count += n })
		})
}

// missing counts the minutes in which nobody listened, those before the first
// among them.
func (l *line) missing(ctx context.Context) error {
	if l.since == 0 {
		return nil
	}
	l.miss(l.q.From, l.since-1)
	return each(ctx, l.db, `SELECT first, last FROM missing WHERE first < ? AND last >= ?`,
		[]any{int64(l.q.To), int64(max(l.q.From, l.since))}, func(scan scanner) error {
			var first, last outage.Minute
			if err := scan(&first, &last); err != nil {
				return err
			}
			l.miss(max(first, l.since), last)
			return nil
		})
}

// miss marks a range of minutes, both ends inside.
func (l *line) miss(first, last outage.Minute) {
	first, last = max(first, l.q.From), min(last, l.q.To-1, l.pulse.Closed)
	for m := first; m <= last; {
		i := (m - l.q.From) / l.q.Step
		end := min(last, l.q.From+(i+1)*l.q.Step-1)
		l.buckets[i].Missing += int(end - m + 1)
		m = end + 1
	}
}

// baselines joins what was expected.
func (l *line) baselines(ctx context.Context) error {
	if l.q.Country != "" || l.q.Category != "" {
		return nil
	}
	first, _ := l.span()
	all, err := readBaselines(ctx, l.db, hourKey{l.num, first}, l.q.To)
	if err != nil {
		return err
	}
	at := 0
	for i := range l.buckets {
		b := &l.buckets[i]
		var sum expectation
		end := min(b.Start+l.q.Step, l.q.To)
		for m := b.Start; m < end; m++ {
			for at < len(all) && all[at].Minute+outage.Hour <= m {
				at++
			}
			if at < len(all) {
				if base, ok := baselineAt(all[at:at+1], m); ok {
					sum.add(base)
				}
			}
		}
		sum.into(b, int(end-b.Start))
	}
	return nil
}

// expectation adds up the baselines of a bucket's minutes.
type expectation struct {
	minutes        int
	mean, variance float64
	one            outage.Baseline // the last one, for buckets of a minute
}

func (e *expectation) add(b outage.Baseline) {
	e.minutes++
	e.mean += b.Expected
	e.variance += b.Expected * max(b.Dispersion, 1)
	e.one = b
}

// into fills in a bucket of some width. A minute has the band that detect gave
// it. Wider buckets have the one of a count with the same mean and variance: the
// 5 % and 95 % points of the normal law, corrected for skewness (Cornish-Fisher,
// negative binomial), for adding up the bands of minutes would be far too wide.
func (e *expectation) into(b *store.Bucket, width int) {
	if e.minutes == 0 {
		return
	}
	b.HasBaseline = true
	if width == 1 {
		b.Expected, b.Low, b.High = e.one.Expected, e.one.Low, e.one.High
		return
	}
	scale := float64(width) / float64(e.minutes) // an hour without baseline is like those with one
	mean, variance := e.mean*scale, e.variance*scale
	b.Expected = mean
	if mean <= 0 {
		return
	}
	const z = 1.6449
	skew := (z*z - 1) / 6 * (2*variance/mean - 1)
	// The correction is too much for means near zero: there the 5 % point is zero.
	b.Low = math.Floor(max(0, min(mean, mean-z*math.Sqrt(variance)+skew)))
	b.High = math.Ceil(mean + z*math.Sqrt(variance) + skew)
}

// finish puts the service's own counts in place, or says where a country or
// category may hold some that are kept back.
func (l *line) finish() {
	for i := range l.buckets {
		b := &l.buckets[i]
		if l.q.Country == "" && l.q.Category == "" {
			b.Count = l.sums[i]
			continue
		}
		b.Aside = 0
		b.Waiting = b.Count == 0 && l.sums[i] > 0
	}
}
