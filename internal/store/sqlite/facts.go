package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"faultline/internal/store"
	"faultline/outage"
)

func (c *change) services(ctx context.Context) error {
	for i := range c.b.Services {
		s := &c.b.Services[i]
		n, err := c.num(ctx, s.ID)
		if err != nil {
			return err
		}
		data, err := json.Marshal(s)
		if err != nil {
			return err
		}
		if _, err := c.tx.ExecContext(ctx, `UPDATE service SET data = ? WHERE num = ?`, string(data), n); err != nil {
			return err
		}
	}
	return nil
}

func (c *change) bulletins(ctx context.Context) error {
	for i := range c.b.Bulletins {
		b := &c.b.Bulletins[i]
		n, err := c.num(ctx, b.Service)
		if err != nil {
			return err
		}
		data, err := json.Marshal(b)
		if err != nil {
			return err
		}
		if _, err := c.tx.ExecContext(ctx, `UPDATE service SET bulletin = ? WHERE num = ?`, string(data), n); err != nil {
			return err
		}
	}
	return nil
}

func (c *change) baselines(ctx context.Context) error {
	args := make([]any, 0, 4*len(c.b.Baselines))
	for i := range c.b.Baselines {
		b := &c.b.Baselines[i]
		n, err := c.num(ctx, b.Service)
		if err != nil {
			return err
		}
		args = append(args, n, int64(b.Minute/outage.Hour), b.Frozen, packQuarters(&b.Quarters))
	}
	return c.insert(ctx, `INSERT OR REPLACE INTO baseline (service, hour, frozen, quarters)`, "", 4, args)
}

// incidents saves revisions; the newest of each incident is what lists show.
func (c *change) incidents(ctx context.Context) error {
	var revisions []any
	for i := range c.b.Incidents {
		in := &c.b.Incidents[i]
		data, err := json.Marshal(in)
		if err != nil {
			return err
		}
		revisions = append(revisions, in.ID, in.Revision, string(data))
		_, err = c.tx.ExecContext(ctx, `INSERT INTO incident
			(id, service, detected, onset, last, open, confirmed, revision, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET onset = excluded.onset, last = excluded.last, open = excluded.open,
			confirmed = excluded.confirmed, revision = excluded.revision, data = excluded.data
			WHERE excluded.revision >= incident.revision`,
			in.ID, in.Service, int64(in.Detected), int64(in.Onset), lastMinute(in), in.State.Open(),
			int64(in.Confirmed), in.Revision, string(data))
		if err != nil {
			return err
		}
	}
	return c.insert(ctx, `INSERT OR REPLACE INTO revision (incident, revision, data)`, "", 3, revisions)
}

// lastMinute is the end of an incident for the question whether it overlaps a span.
func lastMinute(in *outage.Incident) int64 {
	switch {
	case in.State.Open():
		return math.MaxInt64
	case in.End != 0:
		return int64(max(in.End, in.Onset))
	default:
		return int64(max(in.Closed, in.Onset))
	}
}

// incidentsAtMost bounds a list that names no limit: older ones are then not in it.
const incidentsAtMost = 1000

// Incidents implements store.Histories.
func (s *Store) Incidents(ctx context.Context, f store.IncidentFilter) ([]outage.Incident, error) {
	query, args := incidentsOf("data", f)
	all, err := s.readIncidents(ctx, query, args)
	if err != nil {
		return nil, fmt.Errorf("list incidents: %w", err)
	}
	return all, nil
}

// incidentsOf asks for one column of the incidents that a filter selects, newest first.
func incidentsOf(column string, f store.IncidentFilter) (query string, args []any) {
	query = `SELECT ` + column + ` FROM incident WHERE 1`
	where := func(cond string, arg ...any) {
		query += " AND " + cond
		args = append(args, arg...)
	}
	if f.Service != "" {
		where("service = ?", f.Service)
	}
	if f.From != 0 {
		where("last >= ?", int64(f.From))
	}
	if f.To != 0 {
		where("onset < ?", int64(f.To))
	}
	if f.OpenOnly {
		where("open")
	}
	if f.Confirmed {
		where("confirmed != 0")
	}
	if f.Limit <= 0 || f.Limit > incidentsAtMost {
		f.Limit = incidentsAtMost
	}
	return query + " ORDER BY detected DESC, id LIMIT ?", append(args, f.Limit)
}

// Revisions implements store.Histories.
func (s *Store) Revisions(ctx context.Context, incident string) ([]outage.Incident, error) {
	all, err := s.readIncidents(ctx, `SELECT data FROM revision WHERE incident = ? ORDER BY revision`, []any{incident})
	if err != nil {
		return nil, fmt.Errorf("read incident %q: %w", incident, err)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("read incident %q: %w", incident, store.ErrNotFound)
	}
	return all, nil
}

func (s *Store) readIncidents(ctx context.Context, query string, args []any) ([]outage.Incident, error) {
	var all []outage.Incident
	err := each(ctx, s.read, query, args, func(scan scanner) error {
		var data []byte
		if err := scan(&data); err != nil {
			return err
		}
		var in outage.Incident
		if err := json.Unmarshal(data, &in); err != nil {
			return fmt.Errorf("decode an incident: %w: %w", store.ErrDamaged, err)
		}
		all = append(all, in)
		return nil
	})
	if err != nil {
		return nil, explain(s.path, err)
	}
	return all, nil
}
