package sqlite_test

import (
	"sync"
	"testing"

	"faultline/internal/store"
	"faultline/internal/store/sqlite"
	"faultline/outage"
)

// TestCrowd reads from several sides while minutes are saved: every answer is one
// that was true at some moment.
func TestCrowd(t *testing.T) {
	s, err := sqlite.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const from, minutes = outage.Minute(50000), 200
	if err := s.Save(t.Context(), &store.Batch{Services: []outage.Service{{ID: "x", Name: "X"}}, Since: from, Closed: from}); err != nil {
		t.Fatal(err)
	}
	var readers sync.WaitGroup
	done := make(chan struct{})
	for range 6 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					look(t, s, from, minutes)
				}
			}
		})
	}
	for m := from + 1; m < from+minutes; m++ {
		b := &store.Batch{Closed: m, Minutes: []store.Minute{{Service: "x", Minute: m, Count: 1}}}
		if err := s.Save(t.Context(), b); err != nil {
			t.Error(err)
		}
	}
	close(done)
	readers.Wait()
	look(t, s, from, minutes)
}

// look checks that the closed minutes, and only they, have their one report.
func look(t *testing.T, s *sqlite.Store, from, minutes outage.Minute) {
	before, err := s.Pulse(t.Context())
	if err != nil {
		t.Error(err)
	}
	got, err := s.Series(t.Context(), store.SeriesQuery{Service: "x", From: from + 1, To: from + minutes, Step: minutes})
	if err != nil {
		t.Error(err)
		return
	}
	after, err := s.Pulse(t.Context())
	if err != nil {
		t.Error(err)
	}
	if n := outage.Minute(got[0].Count); n < before.Closed-from || n > after.Closed-from {
		t.Errorf("%d reports while the closed minutes went from %d to %d", n, before.Closed-from, after.Closed-from)
	}
	if r, err := s.Row(t.Context(), "x"); err != nil || outage.Minute(r.Day) < after.Closed-from {
		t.Errorf("row with %d reports, %v", r.Day, err)
	}
}
