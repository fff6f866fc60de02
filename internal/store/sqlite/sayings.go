package sqlite

import (
	"context"
	"encoding/json"
	"fmt"

	"faultline/outage"
)

func (c *change) agents(ctx context.Context) error {
	for i := range c.b.Agents {
		a := &c.b.Agents[i]
		data, err := json.Marshal(a)
		if err != nil {
			return err
		}
		_, err = c.tx.ExecContext(ctx, `INSERT INTO agent (id, revision, data) VALUES (?, ?, ?)
			ON CONFLICT DO UPDATE SET revision = excluded.revision, data = excluded.data
			WHERE excluded.revision >= agent.revision`, a.ID, a.Revision, string(data))
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *change) words(ctx context.Context) error {
	var rows []any
	for i := range c.b.Words {
		w := &c.b.Words[i]
		data, err := json.Marshal(w)
		if err != nil {
			return err
		}
		rows = append(rows, w.Service, w.Revision, int64(w.Minute), string(data))
	}
	return c.insert(ctx, `INSERT OR REPLACE INTO word (service, revision, minute, data)`, "", 4, rows)
}

// states saves what probes say; a minute said again is replaced.
func (c *change) states(ctx context.Context) error {
	var rows []any
	for i := range c.b.States {
		st := &c.b.States[i]
		data, err := json.Marshal(st)
		if err != nil {
			return err
		}
		rows = append(rows, st.Service, int64(st.Minute), string(data))
	}
	return c.insert(ctx, `INSERT OR REPLACE INTO probestate (service, minute, data)`, "", 3, rows)
}

// Standing implements store.Sayings.
func (s *Store) Standing(ctx context.Context) ([]outage.ProbeState, error) {
	return said[outage.ProbeState](ctx, s, `SELECT data FROM probestate AS p
		WHERE minute = (SELECT max(minute) FROM probestate WHERE service = p.service) ORDER BY service`)
}

// States implements store.Sayings.
func (s *Store) States(ctx context.Context, service string, from outage.Minute) ([]outage.ProbeState, error) {
	return said[outage.ProbeState](ctx, s, `SELECT data FROM probestate WHERE service = ?1 AND (minute >= ?2 OR minute =
		(SELECT max(minute) FROM probestate WHERE service = ?1 AND minute < ?2)) ORDER BY minute`, service, int64(from))
}

// Words implements store.Sayings.
func (s *Store) Words(ctx context.Context, service string, from outage.Minute) ([]outage.VendorWord, error) {
	return said[outage.VendorWord](ctx, s, `SELECT data FROM word WHERE service = ?1 AND (minute >= ?2 OR revision =
		(SELECT max(revision) FROM word WHERE service = ?1 AND minute < ?2)) ORDER BY revision`, service, int64(from))
}

// said reads facts that were saved as they are.
func said[T any](ctx context.Context, s *Store, query string, args ...any) ([]T, error) {
	var all []T
	err := each(ctx, s.read, query, args, func(scan scanner) error {
		var one T
		if err := scanJSON(scan, &one); err != nil {
			return err
		}
		all = append(all, one)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read what was said of services: %w", explain(s.path, err))
	}
	return all, nil
}
