package project

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"faultline/internal/clock"
	"faultline/internal/store"
	"faultline/internal/stream"
)

// follow is one topic being followed.
type follow struct {
	*Project
	taker taker
	from  uint64 // position of the last record taken
	wait  bool
	saved time.Time // of the last save
}

// run reads, takes and saves; when there is no more it waits or ends.
func (f *follow) run(ctx context.Context) error {
	for {
		recs, err := f.read(ctx)
		if err != nil {
			return fmt.Errorf("project topic %s after %d: %w", f.taker.topic(), f.from, err)
		}
		for _, r := range recs {
			if err := f.take(ctx, r); err != nil {
				return fmt.Errorf("project record %d of topic %s: %w", r.Seq, f.taker.topic(), err)
			}
		}
		behind := len(recs) == readRecords
		f.metrics.behind(f.taker.topic(), behind)
		if behind && !f.taker.full() {
			continue
		}
		if err := f.save(ctx); err != nil {
			return err
		}
		if f.taker.topic() == stream.Reports.Name {
			f.setSafe(stream.Reports.Name, f.from) // a restart begins at a minute, not at a position
		}
		if behind {
			continue
		}
		if !f.wait {
			return nil
		}
		if err := f.rest(ctx); err != nil {
			return err
		}
	}
}

// read gets the next records. Where retention has overtaken it, it goes on with
// the oldest that are left and says so.
func (f *follow) read(ctx context.Context) ([]stream.Record, error) {
	recs, err := f.log.Read(ctx, f.taker.topic(), f.from, readRecords)
	if !errors.Is(err, stream.ErrTrimmed) {
		return recs, err
	}
	recs, err = f.log.Read(ctx, f.taker.topic(), 0, readRecords)
	if err != nil || len(recs) == 0 {
		return nil, err
	}
	f.metrics.gap(f.taker.topic())
	slog.Warn("records have aged out of the log before they were in the query store",
		"topic", f.taker.topic(), "after", f.from, "next", recs[0].Seq)
	f.taker.skipped(recs[0])
	return recs, nil
}

// take hands a record over; what cannot be decoded is set aside.
func (f *follow) take(ctx context.Context, r stream.Record) error {
	f.from = r.Seq
	f.metrics.took(f.taker.topic(), r)
	err := f.taker.take(r)
	var bad *stream.DecodeError
	if !errors.As(err, &bad) {
		return err
	}
	f.metrics.dead(f.taker.topic())
	slog.Error("record set aside in the dead-letter topic", "part", "project", "topic", f.taker.topic(), "seq", r.Seq, "error", err)
	return f.log.Append(ctx, []stream.Entry{{Topic: stream.Dead, Record: stream.Record{
		Minute: r.Minute, Data: r.Data, Key: fmt.Sprintf("project/%s/%d", f.taker.topic(), r.Seq),
	}}}, nil)
}

// save saves what is ready. A store that refuses (a full disk, say) is tried
// again for as long as the part runs: nothing is lost, it is in the log.
func (f *follow) save(ctx context.Context) error {
	b := f.taker.ready()
	if b == nil {
		return nil
	}
	for try := 0; ; try++ {
		begin := time.Now()
		err := f.store.Save(ctx, b)
		if err == nil {
			f.metrics.save(f.taker.topic(), time.Since(begin))
			break
		}
		if !f.wait || ctx.Err() != nil || errors.Is(err, store.ErrDamaged) {
			return fmt.Errorf("project topic %s: %w", f.taker.topic(), err)
		}
		f.metrics.saveFailed(f.taker.topic())
		if try%retrySays == 0 {
			slog.Error("query store refused a save; it is tried again", "topic", f.taker.topic(), "error", err)
		}
		if err := clock.Pause(ctx, retryPause); err != nil {
			return err
		}
	}
	f.saved = time.Now()
	if b.Closed != 0 {
		f.closed.Store(int64(b.Closed))
	}
	for topic, pos := range b.Positions {
		f.setSafe(topic, pos)
	}
	return nil
}

// rest waits for the next record and for the pause between two saves.
func (f *follow) rest(ctx context.Context) error {
	if err := f.log.Wait(ctx, f.taker.topic(), f.from); err != nil {
		return err
	}
	return clock.Pause(ctx, f.cfg.SavePause-time.Since(f.saved))
}
