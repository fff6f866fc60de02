package sqlite

import (
	"context"
	"encoding/json"
	"fmt"

	"faultline/internal/store"
	"faultline/outage"
)

// cellOf is one cell of a service's signal in an hour.
type cellOf struct {
	service, signal string
	hour            int64
	layer           outage.Layer
	family          int
	country         string
	network         string
}

// tally is what a minute or an hour of a cell holds: count, trials and sum.
type tally struct {
	N int     `json:"n,omitempty"`
	T int     `json:"t,omitempty"`
	S float64 `json:"s,omitempty"`
}

func (t *tally) add(o tally) { t.N, t.T, t.S = t.N+o.N, t.T+o.T, t.S+o.S }

// points saves what was measured: each minute is set in the row of its hour, so
// saving it twice changes nothing while it has not aged.
func (c *change) points(ctx context.Context) error {
	cells := map[cellOf]map[outage.Minute]tally{}
	for i := range c.b.Points {
		p := &c.b.Points[i]
		for j := range p.Points {
			one := &p.Points[j]
			key := cellOf{p.Service, one.Signal, int64(p.Minute / outage.Hour), one.Layer, one.Family, one.Country, one.Network}
			if cells[key] == nil {
				cells[key] = map[outage.Minute]tally{}
			}
			sum := cells[key][p.Minute%outage.Hour]
			if one.Missing {
				continue
			}
			sum.add(tally{one.Count, one.Trials, one.Sum})
			cells[key][p.Minute%outage.Hour] = sum
		}
	}
	for key, minutes := range cells {
		if err := c.cell(ctx, key, minutes); err != nil {
			return err
		}
	}
	return nil
}

const whereCell = ` WHERE service = ? AND signal = ? AND hour = ? AND layer = ? AND family = ? AND country = ? AND network = ?`

// cell writes the minutes of one cell into its row.
func (c *change) cell(ctx context.Context, k cellOf, minutes map[outage.Minute]tally) error {
	args := []any{k.service, k.signal, k.hour, string(k.layer), k.family, k.country, k.network}
	saved, sum := map[outage.Minute]tally{}, tally{}
	err := each(ctx, c.tx, `SELECT count, trials, total, coalesce(minutes, '{}') FROM probed`+whereCell, args, func(scan scanner) error {
		var data []byte
		if err := scan(&sum.N, &sum.T, &sum.S, &data); err != nil {
			return err
		}
		return json.Unmarshal(data, &saved)
	})
	if err != nil {
		return err
	}
	aged := outage.Minute(k.hour)*outage.Hour < c.board.aged
	if !aged {
		sum = tally{}
	}
	for m, t := range minutes {
		saved[m] = t
		if aged {
			sum.add(t)
		}
	}
	var data any
	if !aged {
		for _, t := range saved {
			sum.add(t)
		}
		text, err := json.Marshal(saved)
		if err != nil {
			return err
		}
		data = string(text)
	}
	_, err = c.tx.ExecContext(ctx, `INSERT OR REPLACE INTO probed
		(service, signal, hour, layer, family, country, network, count, trials, total, minutes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		append(args, sum.N, sum.T, sum.S, data)...)
	return err
}

// Probed implements store.Measures.
func (s *Store) Probed(ctx context.Context, q store.ProbedQuery) ([]store.Probed, error) {
	l, err := s.line(store.SeriesQuery{Service: q.Service, From: q.From, To: q.To, Step: q.Step})
	if err != nil || len(l.buckets) == 0 {
		return nil, err
	}
	if err := l.missing(ctx); err != nil {
		return nil, fmt.Errorf("read the gaps of %s: %w", q.Service, explain(s.path, err))
	}
	out := make([]store.Probed, len(l.buckets))
	for i := range out {
		out[i].Start, out[i].Missing = l.buckets[i].Start, l.buckets[i].Missing
	}
	first, last := l.span()
	query, args := `SELECT hour, count, trials, total, minutes FROM probed WHERE service = ? AND signal = ? AND hour BETWEEN ? AND ?`,
		[]any{q.Service, q.Signal, first, last}
	where := func(column string, value any, asked bool) {
		if asked {
			query += " AND " + column + " = ?"
			args = append(args, value)
		}
	}
	where("layer", string(q.Layer), true)
	where("country", q.Country, q.Country != "")
	where("network", q.Network, q.Network != "")
	where("family", q.Family, q.Family != 0)
	err = each(ctx, s.read, query, args, func(scan scanner) error {
		var hour int64
		var sum tally
		var data []byte
		if err := scan(&hour, &sum.N, &sum.T, &sum.S, &data); err != nil {
			return err
		}
		return enterProbed(out, &q, outage.Minute(hour)*outage.Hour, sum, data)
	})
	if err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", q.Signal, q.Service, explain(s.path, err))
	}
	return out, nil
}

// enterProbed adds an hour to the buckets. Of an aged one only the sum is left,
// which goes where the hour begins.
func enterProbed(out []store.Probed, q *store.ProbedQuery, start outage.Minute, sum tally, data []byte) error {
	minutes := map[outage.Minute]tally{}
	if data == nil {
		minutes[0] = sum
	} else if err := json.Unmarshal(data, &minutes); err != nil {
		return fmt.Errorf("decode an hour: %w: %w", store.ErrDamaged, err)
	}
	for m, t := range minutes {
		if at := start + m; at >= q.From && at < q.To {
			b := &out[(at-q.From)/q.Step]
			b.Count, b.Trials, b.Sum = b.Count+t.N, b.Trials+t.T, b.Sum+t.S
		}
	}
	return nil
}
