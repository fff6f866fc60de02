package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"strings"

	"faultline/internal/store"
	"faultline/outage"
)

// valuesRows is the number of rows of one INSERT. More of them spare little and
// make the statement longer to prepare.
const valuesRows = 50

// change is one save on its way: the transaction, and what the board becomes
// when it commits.
type change struct {
	tx    *sql.Tx
	board *board
	b     *store.Batch
	fresh map[string]*service // services that this save brought
	pulse store.Pulse
}

// Save implements store.Saver.
func (s *Store) Save(ctx context.Context, b *store.Batch) error {
	s.saving.Lock()
	defer s.saving.Unlock()
	if onlyOpen(b) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.board.enterOpen(b.Open)
		return nil
	}
	if err := s.save(ctx, b); err != nil {
		return fmt.Errorf("save into the query store: %w", explain(s.path, err))
	}
	return nil
}

// onlyOpen tells the batches that need no transaction: a press is on the page
// without a write to the disk, for the log has it already.
func onlyOpen(b *store.Batch) bool {
	return len(b.Open) > 0 && b.Closed == 0 && len(b.Services)+len(b.Minutes)+len(b.Missing)+
		len(b.Baselines)+len(b.Incidents)+len(b.Bulletins)+len(b.Positions)+
		len(b.Points)+len(b.Measurements)+len(b.Imports)+len(b.Agents)+len(b.Words)+len(b.States)+len(b.Verdicts) == 0
}

func (s *Store) save(ctx context.Context, b *store.Batch) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it says so and nothing else
	c := &change{tx: tx, board: s.board, b: b, fresh: map[string]*service{}, pulse: s.board.pulse}
	fresh, err := c.positions(ctx)
	if err != nil || !fresh {
		return err
	}
	for _, step := range []func(context.Context) error{
		c.services, c.minutes, c.missing, c.baselines, c.incidents, c.verdicts, c.bulletins,
		c.points, c.measurements, c.imports, c.agents, c.words, c.states, c.finish,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.board.take(c)
	return nil
}

// positions moves the positions on; it says false when the batch was saved before.
func (c *change) positions(ctx context.Context) (bool, error) {
	if len(c.b.Positions) == 0 {
		return true, nil
	}
	saved, err := positions(ctx, c.tx)
	if err != nil {
		return false, err
	}
	fresh := false
	for topic, seq := range c.b.Positions {
		if seq <= saved[topic] {
			continue
		}
		fresh = true
		_, err := c.tx.ExecContext(ctx, `INSERT INTO position (topic, seq) VALUES (?, ?)
			ON CONFLICT DO UPDATE SET seq = excluded.seq`, topic, int64(seq))
		if err != nil {
			return false, err
		}
	}
	return fresh, nil
}

// querier is a connection or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func positions(ctx context.Context, q querier) (map[string]uint64, error) {
	all := map[string]uint64{}
	err := each(ctx, q, `SELECT topic, seq FROM position`, nil, func(scan scanner) error {
		var topic string
		var seq int64
		if err := scan(&topic, &seq); err != nil {
			return err
		}
		all[topic] = uint64(seq)
		return nil
	})
	return all, err
}

// scanner reads the columns of one row.
type scanner func(dest ...any) error

// each runs a query and calls take for every row.
func each(ctx context.Context, q querier, query string, args []any, take func(scanner) error) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := take(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// insert writes rows of width columns, as many as fit in one statement at a time.
// into is the statement up to VALUES, conflict what follows the rows.
func (c *change) insert(ctx context.Context, into, conflict string, width int, args []any) error {
	one := "(?" + strings.Repeat(",?", width-1) + ")"
	full := into + " VALUES " + one + strings.Repeat(","+one, valuesRows-1) + " " + conflict
	var prepared *sql.Stmt
	for len(args) > 0 {
		n := min(valuesRows, len(args)/width)
		var err error
		if n < valuesRows {
			_, err = c.tx.ExecContext(ctx, into+" VALUES "+one+strings.Repeat(","+one, n-1)+" "+conflict, args...)
			return err
		}
		if prepared == nil {
			if prepared, err = c.tx.PrepareContext(ctx, full); err != nil {
				return err
			}
			defer prepared.Close()
		}
		if _, err = prepared.ExecContext(ctx, args[:n*width]...); err != nil {
			return err
		}
		args = args[n*width:]
	}
	return nil
}

// num returns the short key of a service, making one when it is new.
func (c *change) num(ctx context.Context, id string) (int64, error) {
	if s := c.board.services[id]; s != nil {
		return s.num, nil
	}
	if s := c.fresh[id]; s != nil {
		return s.num, nil
	}
	s := newService()
	s.since = c.newSince(id)
	res, err := c.tx.ExecContext(ctx, `INSERT INTO service (id, since) VALUES (?, ?)`, id, int64(s.since))
	if err != nil {
		return 0, err
	}
	s.num, err = res.LastInsertId()
	c.fresh[id] = s
	return s.num, err
}

// newSince is when a service that was not there before begins to be counted: with
// the first of its minutes or with the next one to close, and in a new store from
// the beginning.
func (c *change) newSince(id string) outage.Minute {
	if c.pulse.Closed == 0 {
		return 0
	}
	since := c.pulse.Closed + 1
	for i := range c.b.Minutes {
		if m := &c.b.Minutes[i]; m.Service == id {
			since = min(since, m.Minute)
		}
	}
	return since
}

// finish writes the pulse.
func (c *change) finish(ctx context.Context) error {
	if m := c.b.Closed; m > c.pulse.Closed {
		c.pulse.Closed = m
	}
	if c.pulse.Since == 0 {
		c.pulse.Since = c.firstHeard()
	}
	c.pulse.Version++
	return c.insert(ctx, `INSERT OR REPLACE INTO pulse (name, value)`, "", 2, []any{
		"closed", int64(c.pulse.Closed), "since", int64(c.pulse.Since), "version", int64(c.pulse.Version),
	})
}

// firstHeard is the minute from which on zero means zero.
func (c *change) firstHeard() outage.Minute {
	if c.b.Since != 0 || len(c.b.Missing) > 0 {
		return c.b.Since
	}
	first := c.b.Closed
	for i := range c.b.Minutes {
		first = min(first, c.b.Minutes[i].Minute)
	}
	return first
}

// take enters a committed save into the board.
func (b *board) take(c *change) {
	old := b.pulse.Closed
	b.pulse = c.pulse
	b.settle()
	maps.Copy(b.services, c.fresh)
	for i := range c.b.Services {
		fact := c.b.Services[i]
		b.services[fact.ID].fact = &fact
	}
	for i := range c.b.Minutes {
		m := &c.b.Minutes[i]
		s := b.services[m.Service]
		s.count(m.Minute, m.Count)
	}
	for i := range c.b.Baselines {
		b.services[c.b.Baselines[i].Service].keepBaseline(c.b.Baselines[i])
	}
	for i := range c.b.Bulletins {
		said := c.b.Bulletins[i]
		b.services[said.Service].bulletin = &said
	}
	if b.pulse.Closed > old {
		for _, s := range b.services {
			maps.DeleteFunc(s.open, func(m outage.Minute, _ store.Open) bool { return m <= b.pulse.Closed })
		}
	}
	b.enterOpen(c.b.Open)
}
