package stream

import (
	"context"
	"errors"
	"faultline/internal/clock"
	"fmt"
	"log/slog"
	"time"
)

// append tries again for as long as a live part runs and the disk refuses: what
// it has to say follows from what is in the log, so nothing is lost by waiting.
func (r *run) append(ctx context.Context, entries []Entry, cp *Checkpoint) error {
	for try := 0; ; try++ {
		err := r.log.Append(ctx, entries, cp)
		if err == nil || !r.wait || !errors.Is(err, ErrRefused) {
			return err
		}
		if try%retrySays == 0 {
			slog.Error("the log refused what a part has to say; it is tried again", "part", r.Name, "error", err)
		}
		if err := clock.Pause(ctx, retryPause); err != nil {
			return err
		}
	}
}

// flush appends what is pending together with the checkpoint.
func (r *run) flush(ctx context.Context) error {
	if r.held == 0 {
		return nil
	}
	cp := r.checkpoint()
	if err := r.append(ctx, r.pending, &cp); err != nil {
		return fmt.Errorf("append the output of %s up to %s: %w", r.Name, r.minute, err)
	}
	clear(r.pending)
	r.pending, r.held, r.committed = r.pending[:0], 0, r.minute
	if r.Snapshots == nil {
		r.setSafe()
	}
	return nil
}

// checkpoint is the end of the last minute: facts that have been read since will
// be read again.
func (r *run) checkpoint() Checkpoint {
	pos := make(map[string]uint64, len(r.cursors))
	for _, c := range r.cursors {
		pos[c.topic] = c.bound
	}
	return Checkpoint{Follower: r.Name, Minute: r.minute, Positions: pos}
}

// snapshot saves the state at the end of a minute, after its outputs. That a live
// part cannot is no reason to stop it: the log is kept for as long as the last
// snapshot needs it.
func (r *run) snapshot(ctx context.Context) error {
	if err := r.flush(ctx); err != nil {
		return err
	}
	r.saved = time.Now()
	err := r.Snapshots.save(r.checkpoint(), r.Fold)
	if err != nil && r.wait {
		slog.Error("snapshot not saved, trying again in a few minutes", "part", r.Name, "error", err)
		return nil
	}
	if err != nil {
		return err
	}
	r.setSafe()
	return nil
}

// stop saves a last snapshot where that is sound: the fold must not hold facts
// of a minute that has not ended, for they will be read again. It is tried once:
// who stops a part does not wait for a disk.
func (r *run) stop(cause error) error {
	if r.Snapshots == nil || r.dirty || r.minute == 0 {
		return cause
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	live := r.wait
	r.wait = false
	err := r.snapshot(ctx)
	if err != nil && live {
		slog.Warn("no last snapshot: the next start folds some minutes again", "part", r.Name, "error", err)
		return cause
	}
	return errors.Join(cause, err)
}

// stopTimeout bounds the last append of a stopping part; beyond it the next
// start folds a few minutes again.
const stopTimeout = 10 * time.Second

func (r *run) setSafe() {
	cp := r.checkpoint()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.safe = cp.Positions
}
