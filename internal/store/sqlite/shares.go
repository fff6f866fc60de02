package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"faultline/internal/smallcell"
	"faultline/internal/store"
	"faultline/outage"
)

// Countries implements store.Histories.
func (s *Store) Countries(ctx context.Context, service string, from, to outage.Minute) ([]store.Share, error) {
	return s.shares(ctx, dimCountry, store.SeriesQuery{Service: service, From: from, To: to})
}

// Categories implements store.Histories.
func (s *Store) Categories(ctx context.Context, service string, from, to outage.Minute) ([]store.Share, error) {
	return s.shares(ctx, dimCategory, store.SeriesQuery{Service: service, From: from, To: to})
}

// shares breaks the closed minutes of a span down. The whole span is one bucket
// of a line, so what is true of a series is true of its parts.
func (s *Store) shares(ctx context.Context, dim int, q store.SeriesQuery) ([]store.Share, error) {
	q.To = max(q.To, q.From)
	q.Step = max(q.To-q.From, 1)
	l, err := s.line(q)
	if err != nil {
		return nil, err
	}
	if len(l.buckets) == 0 {
		return nil, nil
	}
	clear(l.open)
	if err := l.totals(ctx); err != nil {
		return nil, fmt.Errorf("break down the reports of %s: %w", q.Service, explain(s.path, err))
	}
	counts := s.named(q.Service, dim)
	if err := l.released(ctx, dim, counts); err != nil {
		return nil, fmt.Errorf("break down the reports of %s: %w", q.Service, explain(s.path, err))
	}
	return listShares(counts, l.sums[0]), nil
}

// named are the names that the catalog lists for the service, with nothing yet.
func (s *Store) named(id string, dim int) map[string]int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	counts := map[string]int{}
	if one := s.board.services[id]; one != nil && one.fact != nil {
		names := one.fact.Countries
		if dim == dimCategory {
			names = one.fact.Categories
		}
		for _, n := range names {
			counts[n] = 0
		}
	}
	return counts
}

// released adds the names that were ever released, and what was in the span.
func (l *line) released(ctx context.Context, dim int, counts map[string]int) error {
	err := each(ctx, l.db, `SELECT name FROM known WHERE service = ? AND dim = ?`, []any{l.num, dim}, func(scan scanner) error {
		var name string
		if err := scan(&name); err != nil {
			return err
		}
		counts[name] += 0
		return nil
	})
	if err != nil {
		return err
	}
	first, last := l.span()
	return each(ctx, l.db, `SELECT hour, name, count, counts FROM cell WHERE service = ? AND dim = ? AND hour BETWEEN ? AND ?`,
		[]any{l.num, dim, first, last}, func(scan scanner) error {
			var hour int64
			var name string
			var count int
			var packed []byte
			if err := scan(&hour, &name, &count, &packed); err != nil {
				return err
			}
			return l.add(hour, count, packed, func(_, n int) { counts[name] += n })
		})
}

// listShares orders the names, most first, and puts the rest at the end.
func listShares(counts map[string]int, total int) []store.Share {
	delete(counts, "")
	rest := total
	for _, n := range counts {
		rest -= n
	}
	var all []store.Share
	for name, n := range counts {
		if n > 0 || total > 0 {
			all = append(all, store.Share{Name: name, Count: n, Waiting: n == 0})
		}
	}
	slices.SortFunc(all, func(a, b store.Share) int {
		return cmp.Or(b.Count-a.Count, strings.Compare(a.Name, b.Name))
	})
	switch {
	case rest >= smallcell.K:
		all = append(all, store.Share{Count: rest})
	case rest > 0:
		all = append(all, store.Share{Waiting: true})
	}
	return all
}
