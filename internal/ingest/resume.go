package ingest

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"

	"faultline/internal/cap"
	"faultline/internal/stream"
	"faultline/outage"
)

// resume continues after a stop or a crash: the window is filled from the last
// half hour of the topic, and the minutes in which nobody listened are ticked as
// missing, so that no part takes them for quiet.
func (in *Ingest) resume(ctx context.Context) error {
	cp, err := in.Log.Checkpoint(ctx, follower)
	if err != nil {
		return err
	}
	now := outage.MinuteOf(in.Clock.Now())
	// What was heard after the last tick counts however long ago that is.
	last, err := in.refill(ctx, cp.Minute+1-outage.ReportWindow)
	if err != nil {
		return err
	}
	if cp.Minute == 0 && last == 0 {
		in.minute = now // the first start; 0 in a driven world that nobody has moved yet
		return nil
	}
	ticked := cp.Minute
	if ticked == 0 {
		ticked = last - 1 // the first life ended in its first minute
	}
	if ticked > now && !in.Driven {
		slog.Warn("the clock is behind the log: no minute ends before it has caught up", "clock", now, "log", ticked)
	}
	return in.tickGap(ctx, ticked, max(ticked, last), now)
}

// refill reads the reports since a minute into the window and returns the last
// minute that has one.
func (in *Ingest) refill(ctx context.Context, since outage.Minute) (last outage.Minute, err error) {
	pos, err := in.Log.Seek(ctx, stream.Reports.Name, since)
	if err != nil {
		return 0, err
	}
	for {
		recs, err := in.Log.Read(ctx, stream.Reports.Name, pos, batchSize)
		if err != nil {
			return 0, err
		}
		if len(recs) == 0 {
			return last, nil
		}
		for _, rec := range recs {
			pos = rec.Seq
			if rec.Kind != stream.KindFact {
				continue
			}
			last = rec.Minute
			if err := in.remember(rec); err != nil {
				slog.Error("a report of the last half hour is not readable; who sent it may count twice", "seq", rec.Seq, "error", err)
			}
		}
	}
}

func (in *Ingest) remember(rec stream.Record) error {
	r, err := stream.Reports.Decode(rec)
	if err != nil {
		return err
	}
	if r.Reporter == "" {
		return nil
	}
	b, err := hex.DecodeString(r.Reporter)
	if err != nil || len(b) != keySize {
		return fmt.Errorf("report %s has a reporter key that is not %d bytes of hex", r.ID, keySize)
	}
	in.window.begin(reporterKey(b), r.Minute)
	if r.Weight > 0 && r.Source == outage.SourcePress {
		in.caps.Count(cap.Press{Service: r.Service, Minute: r.Minute, Network: r.Network})
	}
	return nil
}

// tickGap ends the minutes from the last tick to now: those up to the last heard
// report were listened to, the others are missing. The present minute stays open,
// and it is never one that has been ticked, whatever the clock says.
func (in *Ingest) tickGap(ctx context.Context, ticked, heard, now outage.Minute) error {
	in.minute = max(now, heard, ticked+1)
	if in.minute == ticked+1 {
		return nil
	}
	entries := in.gap(ticked+1, heard, in.minute)
	return in.Log.Append(ctx, entries, &stream.Checkpoint{Follower: follower, Minute: in.minute - 1})
}
