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

// Age implements store.Saver.
func (s *Store) Age(ctx context.Context, before outage.Minute) (int, error) {
	s.saving.Lock()
	defer s.saving.Unlock()
	before -= before % outage.Hour
	if before <= s.board.aged {
		return 0, nil
	}
	nums := make([]int64, 0, len(s.board.services))
	for _, one := range s.board.services {
		nums = append(nums, one.num)
	}
	slices.Sort(nums)
	gone := 0
	for part := range slices.Chunk(nums, ageServices) {
		n, err := s.ageServices(ctx, part, int64(before/outage.Hour))
		if err != nil {
			return gone, fmt.Errorf("age minutes before %s: %w", before, explain(s.path, err))
		}
		gone += n
	}
	return gone, s.setAged(ctx, before)
}

// ageServices empties the hours of some services. What was emptied before is not
// looked at again.
func (s *Store) ageServices(ctx context.Context, nums []int64, hour int64) (int, error) {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it says so and nothing else
	from := int64(s.board.aged / outage.Hour)
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

func (s *Store) setAged(ctx context.Context, before outage.Minute) error {
	_, err := s.write.ExecContext(ctx, `INSERT OR REPLACE INTO pulse (name, value) VALUES (?, ?)`,
		"aged", int64(before))
	if err != nil {
		return fmt.Errorf("age minutes before %s: %w", before, explain(s.path, err))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.board.aged = before
	s.board.pulse.Version++
	s.board.settle()
	return nil
}
