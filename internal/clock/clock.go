// Package clock says what time it is in a Faultline world: the real one, the
// demonstration's, or one that is driven by whoever feeds recorded reports.
//
// It reads the system's time in Real and Scaled and nowhere else. Folds never
// see a clock; only ingest, web and the parts that wait for a minute do.
package clock

import (
	"context"
	"time"
)

// Clock tells and waits for the time of its world.
type Clock interface {
	// Now is the world's time, UTC.
	Now() time.Time
	// WaitUntil blocks until the world's time is at least t or the context ends.
	WaitUntil(ctx context.Context, t time.Time) error
}
