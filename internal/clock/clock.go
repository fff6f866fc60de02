// Package clock says what time it is in a Faultline world: the real one, the
// demonstration's, or one that is driven by whoever feeds recorded reports.
//
// It reads the system's time in Real, Scaled and Pause and nowhere else; it writes
// nothing. Folds never see a clock: only ingest, web and the parts that wait for
// a minute do. The limit: waiting is as exact as the system's timers, and a
// minute of a scaled world is correspondingly shorter.
package clock

import (
	"context"
	"sync"
	"time"
)

// Clock tells and waits for the time of its world.
type Clock interface {
	// Now is the world's time, UTC.
	Now() time.Time
	// WaitUntil blocks until the world's time is at least t or the context ends.
	WaitUntil(ctx context.Context, t time.Time) error
}

// Real is the system's time.
type Real struct{}

// Now is the system's time in UTC.
func (Real) Now() time.Time { return time.Now().UTC() }

// maxNap bounds one sleep of a waiting clock, so that a step of the system's
// clock (NTP, a suspended laptop) delays a minute by no more than this.
const maxNap = time.Second

// WaitUntil sleeps until t in naps.
func (c Real) WaitUntil(ctx context.Context, t time.Time) error {
	for {
		left := t.Sub(c.Now())
		if left <= 0 {
			return ctx.Err()
		}
		if err := Pause(ctx, min(left, maxNap)); err != nil {
			return err
		}
	}
}

// Pause waits for a span of the system's time, or until the context ends.
func Pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Scaled runs from a start at a multiple of real time and falls to real speed
// when it reaches an end. The demonstration lives in it.
type Scaled struct {
	begun time.Time // system time at the start
	start time.Time
	end   time.Time
	speed float64
}

// NewScaled starts a world at start that runs speed times as fast as ours until
// it reaches end.
func NewScaled(start, end time.Time, speed float64) *Scaled {
	return &Scaled{begun: time.Now(), start: start.UTC(), end: end.UTC(), speed: speed}
}

// Now is the world's time in UTC.
func (c *Scaled) Now() time.Time {
	real := time.Since(c.begun)
	fast := time.Duration(float64(c.end.Sub(c.start)) / c.speed)
	if real < fast {
		return c.start.Add(time.Duration(float64(real) * c.speed))
	}
	return c.end.Add(real - fast)
}

// Speed is how fast the world runs now.
func (c *Scaled) Speed() float64 {
	if c.Now().Before(c.end) {
		return c.speed
	}
	return 1
}

// WaitUntil sleeps until the world reaches t.
func (c *Scaled) WaitUntil(ctx context.Context, t time.Time) error {
	for {
		left := t.Sub(c.Now())
		if left <= 0 {
			return ctx.Err()
		}
		if err := Pause(ctx, min(max(time.Duration(float64(left)/c.Speed()), time.Microsecond), maxNap)); err != nil {
			return err
		}
	}
}

// Driven stands still until somebody moves it: the world of recorded reports
// that are played into a running instance.
type Driven struct {
	mu    sync.Mutex
	now   time.Time
	moved chan struct{} // closed and replaced at every move
}

// NewDriven starts a world that stands at now.
func NewDriven(now time.Time) *Driven {
	return &Driven{now: now.UTC(), moved: make(chan struct{})}
}

// Now is where the world stands.
func (c *Driven) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// MoveTo advances the world; time never goes back, so an earlier t is ignored
// and false returned.
func (c *Driven) MoveTo(t time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.Before(c.now) {
		return false
	}
	c.now = t.UTC()
	close(c.moved)
	c.moved = make(chan struct{})
	return true
}

// WaitUntil blocks until the world has been moved to t or beyond.
func (c *Driven) WaitUntil(ctx context.Context, t time.Time) error {
	for {
		c.mu.Lock()
		now, moved := c.now, c.moved
		c.mu.Unlock()
		if !now.Before(t) {
			return ctx.Err()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-moved:
		}
	}
}
