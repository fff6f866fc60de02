package sqlite

import (
	"context"
	"fmt"
	"slices"

	"faultline/outage"
)

// ageServices is the number of services that lose their minutes in one
// transaction: saves wait for it.
const ageServices = 100

// Age implements store.Saver. It first says from where on there are minutes, and
// then empties what is older, so a crash in between loses nothing: the next call
// goes on.
func (s *Store) Age(ctx context.Context, before outage.Minute) (int, error) {
	before -= before % outage.Hour
	nums, from, err := s.setAged(ctx, before)
	if err != nil || nums == nil {
		return 0, err
	}
	gone := 0
	for part := range slices.Chunk(nums, ageServices) {
		n, err := s.ageServices(ctx, part, span{from, before})
		if err != nil {
			return gone, fmt.Errorf("age minutes before %s: %w", before, explain(s.path, err))
		}
		gone += n
	}
	if err := s.ageProbed(ctx, before); err != nil {
		return gone, fmt.Errorf("age what was measured before %s: %w", before, explain(s.path, err))
	}
	return gone, s.setSwept(ctx, before)
}

// ageProbed empties the hours of what was measured, some rows at a time.
func (s *Store) ageProbed(ctx context.Context, before outage.Minute) error {
	for {
		s.saving.Lock()
		res, err := s.write.ExecContext(ctx, `UPDATE probed SET minutes = NULL WHERE (service, signal, hour, layer, family, country, network) IN
			(SELECT service, signal, hour, layer, family, country, network FROM probed WHERE hour < ? AND minutes IS NOT NULL LIMIT ?)`,
			int64(before/outage.Hour), forgetRows)
		s.saving.Unlock()
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
	}
}

// span is from one minute to another, without that.
type span struct{ from, to outage.Minute }

// setAged moves the boundary, and returns the services to empty and from where;
// none when that has been done.
func (s *Store) setAged(ctx context.Context, before outage.Minute) ([]int64, outage.Minute, error) {
	s.saving.Lock()
	defer s.saving.Unlock()
	if before <= s.board.swept || before < s.board.aged {
		return nil, 0, nil
	}
	if err := s.setPulse(ctx, "aged", before); err != nil {
		return nil, 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.board.aged = before
	s.board.pulse.Version++
	s.board.settle()
	nums := []int64{}
	for _, one := range s.board.services {
		nums = append(nums, one.num)
	}
	slices.Sort(nums)
	return nums, s.board.swept, nil
}

// setSwept remembers that what is older is empty.
func (s *Store) setSwept(ctx context.Context, before outage.Minute) error {
	s.saving.Lock()
	defer s.saving.Unlock()
	s.board.swept = before
	return s.setPulse(ctx, "swept", before)
}

func (s *Store) setPulse(ctx context.Context, name string, m outage.Minute) error {
	_, err := s.write.ExecContext(ctx, `INSERT OR REPLACE INTO pulse (name, value) VALUES (?, ?)`, name, int64(m))
	if err != nil {
		return fmt.Errorf("age minutes before %s: %w", m, explain(s.path, err))
	}
	return nil
}

// ageServices empties the hours of some services. What was emptied before is not
// looked at again.
func (s *Store) ageServices(ctx context.Context, nums []int64, of span) (int, error) {
	s.saving.Lock()
	defer s.saving.Unlock()
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it says so and nothing else
	from, hour := int64(of.from/outage.Hour), int64(of.to/outage.Hour)
	gone := 0
	for _, num := range nums {
		res, err := tx.ExecContext(ctx, `UPDATE hour SET counts = NULL, asides = NULL
			WHERE service = ? AND hour >= ? AND hour < ? AND counts IS NOT NULL`, num, from, hour)
		if err != nil {
			return 0, err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return 0, err
		}
		gone += int(n)
		for _, dim := range []int{dimCountry, dimCategory} {
			_, err := tx.ExecContext(ctx, `UPDATE cell SET counts = NULL
				WHERE service = ? AND dim = ? AND hour >= ? AND hour < ? AND counts IS NOT NULL`, num, dim, from, hour)
			if err != nil {
				return 0, err
			}
		}
	}
	return gone, tx.Commit()
}
