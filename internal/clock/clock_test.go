package clock_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"faultline/internal/clock"
)

var nine = time.Date(2025, 3, 10, 9, 0, 0, 0, time.UTC)

func TestScaled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := nine.Add(time.Hour)
		c := clock.NewScaled(nine, end, 60)
		if got := c.Now(); !got.Equal(nine) {
			t.Fatalf("it opens at %s", got)
		}
		if err := c.WaitUntil(t.Context(), nine.Add(30*time.Minute)); err != nil {
			t.Fatal(err)
		}
		if d := c.Now().Sub(nine.Add(30 * time.Minute)); d < 0 || d > time.Second {
			t.Errorf("after half an hour of the world it is %s off", d)
		}
		if err := c.WaitUntil(t.Context(), end); err != nil {
			t.Fatal(err)
		}
		if c.Speed() != 1 {
			t.Errorf("after the end it runs at %g", c.Speed())
		}
		before := c.Now()
		time.Sleep(10 * time.Second)
		if d := c.Now().Sub(before); d != 10*time.Second {
			t.Errorf("ten seconds of ours are %s after the end", d)
		}
	})
}

func TestReal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c clock.Real
		begin := c.Now()
		if err := c.WaitUntil(t.Context(), begin.Add(90*time.Second)); err != nil {
			t.Fatal(err)
		}
		if d := c.Now().Sub(begin); d != 90*time.Second {
			t.Errorf("waited %s", d)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if err := c.WaitUntil(ctx, begin.Add(time.Hour)); !errors.Is(err, context.Canceled) {
			t.Errorf("an ended context: %v", err)
		}
	})
}

func TestDriven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewDriven(nine)
		done := make(chan error, 1)
		go func() { done <- c.WaitUntil(t.Context(), nine.Add(time.Hour)) }()
		for _, at := range []time.Duration{10 * time.Minute, 59 * time.Minute} {
			if !c.MoveTo(nine.Add(at)) {
				t.Errorf("it does not move to %s", at)
			}
			synctest.Wait()
			select {
			case <-done:
				t.Fatalf("the wait ended at %s", at)
			default:
			}
		}
		if c.MoveTo(nine) {
			t.Error("it went back")
		}
		if !c.MoveTo(nine.Add(time.Hour)) {
			t.Error("it does not move to the hour")
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
