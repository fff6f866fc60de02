package sqlite

import (
	"context"
	"database/sql"
	"slices"

	"faultline/internal/store"
	"faultline/outage"
)

// Dimensions as they are stored.
const (
	dimCountry  = 1
	dimCategory = 2
)

// hourKey is one hour of one service.
type hourKey struct {
	service int64
	hour    int64
}

// hourRow is an hour on its way into the file. The sum of an hour whose minutes
// have aged out is kept apart from them.
type hourRow struct {
	aged               bool
	sumCount, sumAside int // only when aged
	counts, asides     minutes
	cells              map[cellKey]*cellRow
}

type cellKey struct {
	dim  int
	name string
}

type cellRow struct {
	sum    int // only when aged
	counts minutes
}

// minutes saves closed minutes: each is set in the row of its hour, so saving it
// twice changes nothing, and the hour's sum is always that of its minutes.
func (c *change) minutes(ctx context.Context) error {
	if len(c.b.Minutes) == 0 {
		return nil
	}
	hours := map[hourKey]*hourRow{}
	last := map[int64]*store.Minute{} // by service: whose Waiting counts
	for i := range c.b.Minutes {
		m := &c.b.Minutes[i]
		num, err := c.num(ctx, m.Service)
		if err != nil {
			return err
		}
		key := hourKey{num, int64(m.Minute / outage.Hour)}
		h := hours[key]
		if h == nil {
			if h, err = c.readHour(ctx, key); err != nil {
				return err
			}
			hours[key] = h
		}
		h.enter(m)
		if m.WaitingCountries != nil || m.WaitingCategories != nil {
			last[num] = m
		}
	}
	if err := c.writeHours(ctx, hours); err != nil {
		return err
	}
	return c.writeWaiting(ctx, last)
}

// readHour gets the hour as it is saved; zero when it is not there.
func (c *change) readHour(ctx context.Context, k hourKey) (*hourRow, error) {
	h := &hourRow{cells: map[cellKey]*cellRow{}, aged: outage.Minute(k.hour)*outage.Hour < c.board.aged}
	err := each(ctx, c.tx, `SELECT count, aside, counts, asides FROM hour WHERE service = ? AND hour = ?`,
		[]any{k.service, k.hour}, func(scan scanner) error {
			var counts, asides sql.RawBytes
			if err := scan(&h.sumCount, &h.sumAside, &counts, &asides); err != nil {
				return err
			}
			if err := h.counts.unpack(counts); err != nil {
				return err
			}
			return h.asides.unpack(asides)
		})
	if err != nil {
		return nil, err
	}
	err = each(ctx, c.tx, `SELECT dim, name, count, counts FROM cell WHERE service = ? AND dim IN (?, ?) AND hour = ?`,
		[]any{k.service, dimCountry, dimCategory, k.hour}, func(scan scanner) error {
			var key cellKey
			var row cellRow
			var counts sql.RawBytes
			if err := scan(&key.dim, &key.name, &row.sum, &counts); err != nil {
				return err
			}
			h.cells[key] = &row
			return row.counts.unpack(counts)
		})
	return h, err
}

// enter sets one minute.
func (h *hourRow) enter(m *store.Minute) {
	at := m.Minute % outage.Hour
	if h.aged {
		h.sumCount += m.Count
		h.sumAside += m.Aside
	} else {
		h.counts[at], h.asides[at] = m.Count, m.Aside
	}
	for dim, cells := range map[int]map[string]int{dimCountry: m.Countries, dimCategory: m.Categories} {
		for name, n := range cells {
			key := cellKey{dim, name}
			row := h.cells[key]
			if row == nil {
				if n == 0 {
					continue
				}
				row = &cellRow{}
				h.cells[key] = row
			}
			if h.aged {
				row.sum += n
			} else {
				row.counts[at] = n
			}
		}
	}
}

func (c *change) writeHours(ctx context.Context, hours map[hourKey]*hourRow) error {
	keys := make([]hourKey, 0, len(hours))
	for k := range hours {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b hourKey) int {
		if a.service != b.service {
			return int(a.service - b.service)
		}
		return int(a.hour - b.hour)
	})
	var rows, cells, known []any
	for _, k := range keys {
		h := hours[k]
		if h.aged {
			rows = append(rows, k.service, k.hour, h.sumCount, h.sumAside, nil, nil)
		} else {
			rows = append(rows, k.service, k.hour, h.counts.sum(), h.asides.sum(), h.counts.pack(), h.asides.pack())
		}
		for key, row := range h.cells {
			known = append(known, k.service, key.dim, key.name)
			if h.aged {
				cells = append(cells, k.service, key.dim, k.hour, key.name, row.sum, nil)
			} else {
				cells = append(cells, k.service, key.dim, k.hour, key.name, row.counts.sum(), row.counts.pack())
			}
		}
	}
	err := c.insert(ctx, `INSERT OR REPLACE INTO hour (service, hour, count, aside, counts, asides)`, "", 6, rows)
	if err != nil {
		return err
	}
	err = c.insert(ctx, `INSERT OR REPLACE INTO cell (service, dim, hour, name, count, counts)`, "", 6, cells)
	if err != nil {
		return err
	}
	return c.insert(ctx, `INSERT OR IGNORE INTO known (service, dim, name)`, "", 3, known)
}

// writeWaiting replaces what is kept back of the services that had reports.
func (c *change) writeWaiting(ctx context.Context, last map[int64]*store.Minute) error {
	var args []any
	for num, m := range last {
		if _, err := c.tx.ExecContext(ctx, `DELETE FROM waiting WHERE service = ?`, num); err != nil {
			return err
		}
		for dim, cells := range map[int]map[string]int{dimCountry: m.WaitingCountries, dimCategory: m.WaitingCategories} {
			for name, n := range cells {
				if n != 0 {
					args = append(args, num, dim, name, n)
				}
			}
		}
	}
	return c.insert(ctx, `INSERT INTO waiting (service, dim, name, count)`, "", 4, args)
}

// missing adds minutes to the ranges in which nobody listened.
func (c *change) missing(ctx context.Context) error {
	all := slices.Clone(c.b.Missing)
	slices.Sort(all)
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n] <= all[n-1]+1 {
			n++
		}
		if err := c.missingRange(ctx, all[0], all[n-1]); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

// missingRange joins a range with those that it touches.
func (c *change) missingRange(ctx context.Context, first, last outage.Minute) error {
	err := each(ctx, c.tx, `SELECT first, last FROM missing WHERE last >= ? AND first <= ?`,
		[]any{int64(first) - 1, int64(last) + 1}, func(scan scanner) error {
			var f, l outage.Minute
			if err := scan(&f, &l); err != nil {
				return err
			}
			first, last = min(first, f), max(last, l)
			return nil
		})
	if err != nil {
		return err
	}
	if _, err := c.tx.ExecContext(ctx, `DELETE FROM missing WHERE first >= ? AND last <= ?`, int64(first), int64(last)); err != nil {
		return err
	}
	_, err = c.tx.ExecContext(ctx, `INSERT INTO missing (first, last) VALUES (?, ?)`, int64(first), int64(last))
	return err
}

// Waiting implements store.Saver.
func (s *Store) Waiting(ctx context.Context) ([]store.Waiting, error) {
	var all []store.Waiting
	err := each(ctx, s.read, `SELECT s.id, w.dim, w.name, w.count FROM waiting w JOIN service s ON s.num = w.service
		ORDER BY s.id, w.dim, w.name`, nil, func(scan scanner) error {
		var id, name string
		var dim, n int
		if err := scan(&id, &dim, &name, &n); err != nil {
			return err
		}
		if len(all) == 0 || all[len(all)-1].Service != id {
			all = append(all, store.Waiting{Service: id, Countries: map[string]int{}, Categories: map[string]int{}})
		}
		w := &all[len(all)-1]
		if dim == dimCountry {
			w.Countries[name] = n
		} else {
			w.Categories[name] = n
		}
		return nil
	})
	if err != nil {
		return nil, explain(s.path, err)
	}
	return all, nil
}
