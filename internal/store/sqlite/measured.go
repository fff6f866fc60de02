package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"faultline/internal/store"
	"faultline/outage"
)

const (
	// keptMeasurements is the number of measurements that are kept, at some 1.5 kB each:
	// with more of them in a week, lists reach less far back. Strips and points do not.
	keptMeasurements = 1_000_000
	// forgetRows is the number of rows that go in one transaction: saves wait for it.
	forgetRows = 5000
)

// measurements saves records, adds up what was looked at, and lets the oldest go.
func (c *change) measurements(ctx context.Context) error {
	if len(c.b.Measurements) == 0 {
		return nil
	}
	rows, heard, last := []any{}, map[string]*outage.Measurement{}, uint64(0)
	looks := slots{}
	for i := range c.b.Measurements {
		m := &c.b.Measurements[i]
		made := store.MadeAt(&m.Fact)
		rows = append(rows, int64(m.Seq), m.Fact.Target.Service, m.Fact.Agent, int64(made), int64(m.Fact.Received), string(m.Data))
		heard[m.Fact.Agent] = &m.Fact // they come in the order of its sequence
		last = max(last, m.Seq)
		looks.add(&m.Fact, made)
	}
	err := c.insert(ctx, `INSERT OR REPLACE INTO measurement (seq, service, agent, minute, came, data)`, "", 6, rows)
	if err != nil {
		return err
	}
	for id, m := range heard {
		clock, err := json.Marshal(m.Clock)
		if err != nil {
			return err
		}
		_, err = c.tx.ExecContext(ctx, `INSERT INTO agent (id, revision, measured, made, sequence, clock) VALUES (?, 0, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET measured = excluded.measured, made = excluded.made, sequence = excluded.sequence, clock = excluded.clock
			WHERE excluded.sequence >= agent.sequence`, id, int64(m.Received), int64(store.MadeAt(m)), int64(m.Sequence), string(clock))
		if err != nil {
			return err
		}
	}
	if err := c.looks(ctx, looks); err != nil {
		return err
	}
	// Imports stand behind importBase, so they stay.
	_, err = c.tx.ExecContext(ctx, `DELETE FROM measurement WHERE seq <= ?`, int64(last)-keptMeasurements)
	return err
}

// slotKey is one slot of one agent's looks at a service.
type slotKey struct {
	service string
	slot    outage.Minute
	agent   string
}

// seen is what was seen of one layer.
type seen struct {
	Tried   int            `json:"t"`
	Failed  int            `json:"f,omitempty"`
	Failure outage.Failure `json:"w,omitempty"`
}

// slots are looks by layer.
type slots map[slotKey]map[outage.Layer]seen

func (s slots) add(m *outage.Measurement, made outage.Minute) {
	tried, failed := store.Reached(m)
	if len(tried) == 0 {
		return
	}
	key := slotKey{m.Target.Service, made - made%store.SlotWidth, m.Agent}
	layers := s[key]
	if layers == nil {
		layers = map[outage.Layer]seen{}
		s[key] = layers
	}
	for i, l := range tried {
		one := layers[l]
		one.Tried++
		if failed && i == len(tried)-1 {
			one.Failed++
			one.Failure = m.Failure
		}
		layers[l] = one
	}
}

// looks adds to what was saved of the slots.
func (c *change) looks(ctx context.Context, all slots) error {
	for key, layers := range all {
		saved := map[outage.Layer]seen{}
		err := each(ctx, c.tx, `SELECT layers FROM look WHERE service = ? AND slot = ? AND agent = ?`,
			[]any{key.service, int64(key.slot), key.agent}, func(scan scanner) error { return scanJSON(scan, &saved) })
		if err != nil {
			return err
		}
		for l, one := range layers {
			sum := saved[l]
			sum.Tried += one.Tried
			sum.Failed += one.Failed
			if one.Failure != "" {
				sum.Failure = one.Failure
			}
			saved[l] = sum
		}
		data, err := json.Marshal(saved)
		if err != nil {
			return err
		}
		_, err = c.tx.ExecContext(ctx, `INSERT OR REPLACE INTO look (service, slot, agent, layers) VALUES (?, ?, ?, ?)`,
			key.service, int64(key.slot), key.agent, string(data))
		if err != nil {
			return err
		}
	}
	return nil
}

// scanJSON reads the one column of a row.
func scanJSON(scan scanner, into any) error {
	var data []byte
	if err := scan(&data); err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("decode a row: %w: %w", store.ErrDamaged, err)
	}
	return nil
}

// Agents implements store.Measures.
func (s *Store) Agents(ctx context.Context) ([]store.Heard, error) {
	var all []store.Heard
	err := each(ctx, s.read, `SELECT measured, made, sequence, clock, data FROM agent WHERE data IS NOT NULL ORDER BY id`, nil, func(scan scanner) error {
		var h store.Heard
		var sequence int64
		var clock, data []byte
		if err := scan(&h.Measured, &h.Made, &sequence, &clock, &data); err != nil {
			return err
		}
		err := json.Unmarshal(data, &h.Agent)
		if err == nil && uint64(sequence) > h.Sequence {
			// The head that was said last is of an older measurement, and would be a lie of this one.
			h.Sequence, h.Head = uint64(sequence), ""
			err = json.Unmarshal(clock, &h.Clock)
		}
		if err != nil {
			return fmt.Errorf("decode an agent: %w: %w", store.ErrDamaged, err)
		}
		all = append(all, h)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list agents: %w", explain(s.path, err))
	}
	return all, nil
}

// Measurements implements store.Measures.
func (s *Store) Measurements(ctx context.Context, q store.MeasurementQuery) ([]store.Kept, error) {
	if q.Service == "" && q.Agent == "" || q.Limit < 1 {
		return nil, fmt.Errorf("list measurements of service %q and agent %q, %d at most: want a service or an agent, and 1 or more", q.Service, q.Agent, q.Limit)
	}
	query, args := `SELECT minute, seq, data FROM measurement WHERE minute >= ? AND minute < ? AND (minute, seq) > (?, ?)`,
		[]any{int64(max(q.From, q.After.Minute)), int64(q.To), int64(q.After.Minute), int64(q.After.Seq)}
	for _, cond := range []struct{ column, value string }{{"service", q.Service}, {"agent", q.Agent}} {
		if cond.value != "" {
			query += " AND " + cond.column + " = ?"
			args = append(args, cond.value)
		}
	}
	var all []store.Kept
	err := each(ctx, s.read, query+" ORDER BY minute, seq LIMIT ?", append(args, q.Limit), func(scan scanner) error {
		var k store.Kept
		if err := scan(&k.Minute, &k.Seq, &k.Data); err != nil {
			return err
		}
		all = append(all, k)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list measurements: %w", explain(s.path, err))
	}
	return all, nil
}

// Looks implements store.Measures.
func (s *Store) Looks(ctx context.Context, service string, from, to outage.Minute) ([]store.Look, error) {
	var all []store.Look
	err := each(ctx, s.read, `SELECT slot, agent, layers FROM look WHERE service = ? AND slot > ? AND slot < ? ORDER BY slot, agent`,
		[]any{service, int64(from - store.SlotWidth), int64(to)}, func(scan scanner) error {
			var one store.Look
			var data []byte
			if err := scan(&one.Slot, &one.Agent, &data); err != nil {
				return err
			}
			layers := map[outage.Layer]seen{}
			if err := json.Unmarshal(data, &layers); err != nil {
				return fmt.Errorf("decode a look: %w: %w", store.ErrDamaged, err)
			}
			first := len(all)
			for l, v := range layers {
				one.Layer, one.Tried, one.Failed, one.Failure = l, v.Tried, v.Failed, v.Failure
				all = append(all, one)
			}
			slices.SortFunc(all[first:], func(a, b store.Look) int { return strings.Compare(string(a.Layer), string(b.Layer)) })
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("read looks at %s: %w", service, explain(s.path, err))
	}
	return all, nil
}

// Forget implements store.Saver, some rows at a time. What was imported stays.
func (s *Store) Forget(ctx context.Context, before outage.Minute) (int, error) {
	gone, err := s.forget(ctx, `DELETE FROM measurement WHERE seq IN (SELECT seq FROM measurement ORDER BY seq LIMIT ?) AND came < ? AND seq < `+strconv.Itoa(importBase), before)
	if err != nil {
		return gone, err
	}
	_, err = s.forget(ctx, `DELETE FROM look WHERE (service, slot, agent) IN
		(SELECT service, slot, agent FROM look WHERE agent NOT LIKE 'import:%' ORDER BY slot LIMIT ?) AND slot < ?`, before-store.SlotWidth)
	return gone, err
}

func (s *Store) forget(ctx context.Context, query string, before outage.Minute) (int, error) {
	gone := 0
	for {
		s.saving.Lock()
		res, err := s.write.ExecContext(ctx, query, forgetRows, int64(before))
		s.saving.Unlock()
		if err != nil {
			return gone, fmt.Errorf("forget measurements before %s: %w", before, explain(s.path, err))
		}
		n, err := res.RowsAffected()
		if err != nil || n == 0 {
			return gone, err
		}
		gone += int(n)
	}
}
