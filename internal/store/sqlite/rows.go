package sqlite

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"faultline/internal/store"
	"faultline/outage"
)

// Positions implements store.Saver.
func (s *Store) Positions(ctx context.Context) (map[string]uint64, error) {
	all, err := positions(ctx, s.read)
	if err != nil {
		return nil, fmt.Errorf("read the positions: %w", explain(s.path, err))
	}
	return all, nil
}

// Pulse implements store.Overviews.
func (s *Store) Pulse(context.Context) (store.Pulse, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.board.pulse, nil
}

// Rows implements store.Overviews. It does not touch the file.
func (s *Store) Rows(context.Context) ([]store.Row, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	rows := make([]store.Row, 0, len(s.board.services))
	for _, one := range s.board.services {
		if one.fact != nil {
			rows = append(rows, s.board.row(one))
		}
	}
	slices.SortFunc(rows, func(a, b store.Row) int {
		return cmp.Or(compareFold(a.Service.Name, b.Service.Name), strings.Compare(a.Service.ID, b.Service.ID))
	})
	return rows, nil
}

// compareFold orders names without regard to case.
func compareFold(a, b string) int {
	return strings.Compare(strings.ToLower(a), strings.ToLower(b))
}

// Row implements store.Overviews.
func (s *Store) Row(_ context.Context, id string) (store.Row, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	one := s.board.services[id]
	if one == nil || one.fact == nil {
		return store.Row{}, fmt.Errorf("look for service %q: %w", id, store.ErrNotFound)
	}
	return s.board.row(one), nil
}

// load makes the board from the file.
func load(ctx context.Context, q querier) (*board, error) {
	b := newBoard()
	if err := b.loadPulse(ctx, q); err != nil {
		return nil, err
	}
	b.settle()
	err := each(ctx, q, `SELECT num, id, since, data, bulletin FROM service`, nil, func(scan scanner) error {
		s := newService()
		var id string
		var data, bulletin []byte
		if err := scan(&s.num, &id, &s.since, &data, &bulletin); err != nil {
			return err
		}
		b.services[id] = s
		return s.decode(data, bulletin)
	})
	if err != nil {
		return nil, err
	}
	for id, s := range b.services {
		if err := b.loadDay(ctx, q, s); err != nil {
			return nil, err
		}
		if err := b.loadBaselines(ctx, q, id, s); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// decode reads the facts of a service row.
func (s *service) decode(data, bulletin []byte) error {
	if data != nil {
		s.fact = new(outage.Service)
		if err := json.Unmarshal(data, s.fact); err != nil {
			return fmt.Errorf("decode a service: %w: %w", store.ErrDamaged, err)
		}
	}
	if bulletin != nil {
		s.bulletin = new(outage.Bulletin)
		if err := json.Unmarshal(bulletin, s.bulletin); err != nil {
			return fmt.Errorf("decode a bulletin: %w: %w", store.ErrDamaged, err)
		}
	}
	return nil
}

func (b *board) loadPulse(ctx context.Context, q querier) error {
	return each(ctx, q, `SELECT name, value FROM pulse`, nil, func(scan scanner) error {
		var name string
		var value int64
		if err := scan(&name, &value); err != nil {
			return err
		}
		switch name {
		case "closed":
			b.pulse.Closed = outage.Minute(value)
		case "aged":
			b.aged = outage.Minute(value)
		case "swept":
			b.swept = outage.Minute(value)
		case "since":
			b.pulse.Since = outage.Minute(value)
		case "version":
			b.pulse.Version = uint64(value)
		}
		return nil
	})
}

// loadDay fills the ring with the minutes of the last 24 hours.
func (b *board) loadDay(ctx context.Context, q querier, s *service) error {
	from := int64((b.pulse.Closed - outage.Day) / outage.Hour)
	return each(ctx, q, `SELECT hour, counts FROM hour WHERE service = ? AND hour >= ? ORDER BY hour`,
		[]any{s.num, from}, func(scan scanner) error {
			var hour int64
			var packed []byte
			var counts minutes
			if err := scan(&hour, &packed); err != nil {
				return err
			}
			if err := counts.unpack(packed); err != nil {
				return err
			}
			for i, n := range counts {
				if n != 0 {
					s.count(outage.Minute(hour)*outage.Hour+outage.Minute(i), n)
				}
			}
			return nil
		})
}

func (b *board) loadBaselines(ctx context.Context, q querier, id string, s *service) error {
	all, err := readBaselines(ctx, q, hourKey{s.num, int64(b.pulse.Closed/outage.Hour) - 1}, b.pulse.Closed+outage.Day)
	for _, one := range all {
		one.Service = id
		s.keepBaseline(one)
	}
	return err
}

// readBaselines reads the hours from a first one up to a minute, oldest first.
func readBaselines(ctx context.Context, q querier, from hourKey, to outage.Minute) ([]outage.ServiceBaseline, error) {
	var all []outage.ServiceBaseline
	err := each(ctx, q, `SELECT hour, frozen, quarters FROM baseline WHERE service = ? AND hour >= ? AND hour * 60 < ? ORDER BY hour`,
		[]any{from.service, from.hour, int64(to)}, func(scan scanner) error {
			var hour int64
			var b outage.ServiceBaseline
			var packed []byte
			if err := scan(&hour, &b.Frozen, &packed); err != nil {
				return err
			}
			var err error
			b.Minute = outage.Minute(hour) * outage.Hour
			b.Quarters, err = unpackQuarters(packed)
			all = append(all, b)
			return err
		})
	return all, err
}
