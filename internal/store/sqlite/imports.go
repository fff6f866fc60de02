package sqlite

import (
	"context"
	"fmt"

	"faultline/internal/store"
	"faultline/outage"
)

// importBase is added to the positions of imports: they have a topic of their own,
// and stand behind everything that agents sent.
const importBase = 1 << 61

// imports saves measurements of others. They are as many as intake takes, and stay.
func (c *change) imports(ctx context.Context) error {
	type from struct{ service, source string }
	rows, sums, looks := []any{}, map[from]*store.Import{}, slots{}
	for i := range c.b.Imports {
		m := &c.b.Imports[i]
		made := store.MadeAt(&m.Fact)
		rows = append(rows, int64(importBase+m.Seq), m.Fact.Target.Service, m.Fact.Agent, int64(made), int64(m.Fact.Received), string(m.Data))
		looks.add(&m.Fact, made)
		key := from{m.Fact.Target.Service, m.Fact.Source}
		if sums[key] == nil {
			sums[key] = &store.Import{Source: key.source, First: made}
		}
		sum := sums[key]
		sum.Count++
		sum.First, sum.Last = min(sum.First, made), max(sum.Last, made)
	}
	if len(rows) == 0 {
		return nil
	}
	if err := c.insert(ctx, `INSERT OR REPLACE INTO measurement (seq, service, agent, minute, came, data)`, "", 6, rows); err != nil {
		return err
	}
	for key, sum := range sums {
		_, err := c.tx.ExecContext(ctx, `INSERT INTO imported (service, source, count, first, last) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET count = count + excluded.count, first = min(first, excluded.first), last = max(last, excluded.last)`,
			key.service, key.source, sum.Count, int64(sum.First), int64(sum.Last))
		if err != nil {
			return err
		}
	}
	return c.looks(ctx, looks)
}

// Imports implements store.Measures.
func (s *Store) Imports(ctx context.Context, service string) ([]store.Import, error) {
	var all []store.Import
	err := each(ctx, s.read, `SELECT source, count, first, last FROM imported WHERE service = ? ORDER BY source`, []any{service}, func(scan scanner) error {
		var i store.Import
		var first, last int64
		if err := scan(&i.Source, &i.Count, &first, &last); err != nil {
			return err
		}
		i.First, i.Last = outage.Minute(first), outage.Minute(last)
		all = append(all, i)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("sum what was imported of %s: %w", service, explain(s.path, err))
	}
	return all, nil
}
