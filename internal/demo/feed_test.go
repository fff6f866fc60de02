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

// sink counts what it is fed, by the minute in which the world's clock stands.
type sink struct {
	clock    *clock.Driven
	people   map[outage.Minute]int
	portions int
	slow     func()
	fail     error
}

func (s *sink) Feed(_ context.Context, reports []outage.Report) error {
	if s.fail != nil {
		return s.fail
	}
	if s.slow != nil {
		s.slow()
	}
	for _, r := range reports {
		s.people[outage.MinuteOf(s.clock.Now())] += r.Weight
	}
	s.portions++
	return nil
}

func people(w *World, m outage.Minute) int {
	n := 0
	for _, r := range w.Reports(m) {
		n += r.Weight
	}
	return n
}

// feedFor feeds a fresh sink for a while of real time.
func feedFor(t *testing.T, w *World, speed float64, d time.Duration, slow func()) *sink {
	t.Helper()
	s := &sink{clock: clock.NewDriven(Open.Time()), people: map[outage.Minute]int{}, slow: slow}
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	pace := clock.NewScaled(Open.Time(), Close.Time(), speed)
	if err := NewFeeder(w, Open, Crowd{Pace: pace, Mover: s.clock, Sink: s}).Run(ctx); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFeederSpreadsTheMinute(t *testing.T) {
	w := world(t, DefaultOptions())
	synctest.Test(t, func(t *testing.T) {
		s := feedFor(t, w, 60, 3*time.Second-10*time.Millisecond, nil)
		for m := Open; m < Open+3; m++ {
			if s.people[m] != people(w, m) {
				t.Errorf("minute %s: fed %d, want %d", m, s.people[m], people(w, m))
			}
		}
		if s.people[Open+3] != 0 || s.portions < 30 {
			t.Errorf("fed %d too early, in %d portions", s.people[Open+3], s.portions)
		}
	})
}

// TestWorldWaitsForItsCrowd checks that a slow machine moves no report to another
// minute.
func TestWorldWaitsForItsCrowd(t *testing.T) {
	w := world(t, DefaultOptions())
	synctest.Test(t, func(t *testing.T) {
		s := feedFor(t, w, 600, 2*time.Second, func() { time.Sleep(300 * time.Millisecond) })
		for m := Open; m < Open+5; m++ {
			if s.people[m] != people(w, m) {
				t.Errorf("minute %s: fed %d, want %d", m, s.people[m], people(w, m))
			}
		}
		if got := outage.MinuteOf(s.clock.Now()); got > Open+8 {
			t.Errorf("the world is at %s although the machine is slow", got)
		}
	})
}

// TestFallsToOurSpeed plays the day at once and looks what happens then.
func TestFallsToOurSpeed(t *testing.T) {
	w := world(t, DefaultOptions())
	synctest.Test(t, func(t *testing.T) {
		s := feedFor(t, w, 1e7, 90*time.Second, nil)
		if s.people[Close-1] != people(w, Close-1) {
			t.Errorf("the last minute has %d, want %d", s.people[Close-1], people(w, Close-1))
		}
		if got := outage.MinuteOf(s.clock.Now()); got != Close+1 {
			t.Errorf("after a minute and a half the world is at %s, want %s", got, Close+1)
		}
	})
}

func TestFeederNamesTheMinute(t *testing.T) {
	w := world(t, DefaultOptions())
	full := errors.New("disk full")
	c := clock.NewDriven(Close.Time())
	if err := NewFeeder(w, Open, Crowd{Pace: c, Mover: c, Sink: &sink{fail: full}}).Run(t.Context()); !errors.Is(err, full) {
		t.Errorf("error %v, want %v", err, full)
	}
}

func TestHistory(t *testing.T) {
	w := world(t, DefaultOptions())
	err := w.History(Open, Open+10, func(m outage.Minute, points []*outage.MinutePoints) error {
		n := 0
		for i, p := range points {
			n += p.Total()
			if i > 0 && points[i-1].Service >= p.Service {
				t.Errorf("minute %s: %s before %s", m, points[i-1].Service, p.Service)
			}
		}
		if n != people(w, m) {
			t.Errorf("minute %s: %d in history, %d in reports", m, n, people(w, m))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	if err := w.History(Open, Open+1, func(outage.Minute, []*outage.MinutePoints) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
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
	f, err := Warm(t.Context(), w, Span{Begin, Begin + 30}, Maker[*tally]{
		func() (*tally, error) { return &tally{}, nil },
		func(into, other *tally) error {
			merged++
			into.n += other.n
			return nil
		},
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
	if _, err := Warm(t.Context(), w, Span{Begin, Begin + 1}, Maker[*tally]{Begin: func() (*tally, error) { return nil, broken }}); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}
