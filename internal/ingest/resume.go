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
	for _, topic := range topics()[1:] {
		m, err := in.lastMinute(ctx, topic, cp.Minute+1)
		if err != nil {
			return err
		}
		last = max(last, m)
		if err := in.backfill(ctx, topic, cp.Minute); err != nil {
			return err
		}
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

// lastMinute is that of the last record of a topic from a minute on; 0: none.
func (in *Ingest) lastMinute(ctx context.Context, topic string, from outage.Minute) (last outage.Minute, err error) {
	pos, err := in.Log.Seek(ctx, topic, from)
	if err != nil {
		return 0, err
	}
	for {
		recs, err := in.Log.Read(ctx, topic, pos, batchSize)
		if err != nil || len(recs) == 0 {
			return last, err
		}
		pos, last = recs[len(recs)-1].Seq, recs[len(recs)-1].Minute
	}
}

// backfill ends the minutes of a topic that the log has not had before: a log of an
// earlier release has reports of them, and who follows both wants both ended.
func (in *Ingest) backfill(ctx context.Context, topic string, ticked outage.Minute) error {
	have, err := in.Log.Read(ctx, topic, 0, 1)
	if err != nil || len(have) > 0 || ticked == 0 {
		return err
	}
	first, err := in.Log.Read(ctx, stream.Reports.Name, 0, 1)
	if err != nil || len(first) == 0 {
		return err
	}
	var entries []stream.Entry
	for m := max(first[0].Minute, ticked-maxGap); m <= ticked; m++ {
		entries = append(entries, stream.Tick(topic, m, false))
	}
	return in.Log.Append(ctx, entries, nil)
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
