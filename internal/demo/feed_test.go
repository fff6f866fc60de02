package demo

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"faultline/internal/clock"
	"faultline/outage"
)

// sink counts what it is fed, with the world's time of each portion.
type sink struct {
	clock   clock.Clock
	people  map[outage.Minute]int
	seconds map[int]bool
	fail    error
}

func (s *sink) Feed(_ context.Context, reports []outage.Report) error {
	if s.fail != nil {
		return s.fail
	}
	for _, r := range reports {
		s.people[r.Minute] += r.Weight
	}
	if s.clock != nil {
		s.seconds[s.clock.Now().Second()] = true
	}
	return nil
}

func people(w *World, m outage.Minute) int {
	n := 0
	for _, r := range w.Reports(m) {
		n += r.Weight
	}
	return n
}

func TestFeederSpreadsTheMinute(t *testing.T) {
	w := world(t, DefaultOptions())
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewScaled(Open.Time(), Close.Time(), 60)
		s := &sink{clock: c, people: map[outage.Minute]int{}, seconds: map[int]bool{}}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second-10*time.Millisecond)
		defer cancel()
		if err := NewFeeder(w, Open, c, s, nil).Run(ctx); err != nil {
			t.Fatal(err)
		}
		for m := Open; m < Open+3; m++ {
			if s.people[m] != people(w, m) {
				t.Errorf("minute %s: fed %d, want %d", m, s.people[m], people(w, m))
			}
		}
		if s.people[Open+3] != 0 || len(s.seconds) < 10 {
			t.Errorf("fed %d too early; the minute was spread over %d seconds", s.people[Open+3], len(s.seconds))
		}
	})
}

func TestFeederNamesTheMinute(t *testing.T) {
	w := world(t, DefaultOptions())
	full := errors.New("disk full")
	c := clock.NewDriven(Close.Time())
	s := &sink{fail: full}
	if err := NewFeeder(w, Open, c, s, nil).Run(t.Context()); !errors.Is(err, full) {
		t.Errorf("error %v, want %v", err, full)
	}
	if err := NewFeeder(w, Open, c, s, nil).Pour(t.Context(), Open+1, nil); !errors.Is(err, full) {
		t.Errorf("error %v, want %v", err, full)
	}
}

func TestPourAndHistory(t *testing.T) {
	w := world(t, DefaultOptions())
	s := &sink{people: map[outage.Minute]int{}}
	var ended []outage.Minute
	err := NewFeeder(w, Open, nil, s, nil).Pour(t.Context(), Open+10, func(m outage.Minute) error { ended = append(ended, m); return nil })
	if err != nil || len(ended) != 10 || ended[9] != Open+9 {
		t.Fatalf("ended %v, error %v", ended, err)
	}
	err = w.History(Open, Open+10, func(m outage.Minute, points []*outage.MinutePoints) error {
		n := 0
		for i, p := range points {
			n += p.Total()
			if i > 0 && points[i-1].Service >= p.Service {
				t.Errorf("minute %s: %s before %s", m, points[i-1].Service, p.Service)
			}
		}
		if n != s.people[m] {
			t.Errorf("minute %s: %d in history, %d poured", m, n, s.people[m])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// tally is a fold that only counts.
type tally struct {
	n      int
	closed outage.Minute
}

func (c *tally) Take(p *outage.MinutePoints) error { c.n += p.Total(); return nil }

func (c *tally) Close(m outage.Minute, _ bool) ([]outage.MinuteDetections, []outage.ServiceBaseline) {
	c.closed = m
	return nil, nil
}

func TestWarm(t *testing.T) {
	w := world(t, DefaultOptions())
	merged := 0
	f, err := Warm(t.Context(), w, Begin, Begin+30, func() (*tally, error) { return &tally{}, nil }, func(into, other *tally) error {
		merged++
		into.n += other.n
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for m := Begin; m < Begin+30; m++ {
		want += people(w, m)
	}
	if f.n != want || f.closed != Begin+29 || merged != len(services)-1 {
		t.Errorf("folded %d people up to %s in %d merges, want %d", f.n, f.closed, merged, want)
	}
	broken := errors.New("broken")
	if _, err := Warm(t.Context(), w, Begin, Begin+1, func() (*tally, error) { return nil, broken }, nil); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}
