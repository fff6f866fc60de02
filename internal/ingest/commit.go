package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"

	"faultline/internal/cap"
	"faultline/internal/stream"
	"faultline/outage"
)

// follower is the name under which the last ticked minute is kept.
const follower = "ingest"

// Run commits until the context ends. Requests that still wait then are told to
// come again: nothing of theirs is saved.
func (in *Ingest) Run(ctx context.Context) error {
	defer close(in.ended)
	if err := in.resume(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("start ingest: %w", err)
	}
	minutes := make(chan struct{})
	stop, cancel := context.WithCancel(ctx)
	defer cancel()
	go in.watchMinutes(stop, minutes, in.minute)
	for {
		select {
		case <-ctx.Done():
			in.saveCaps()
			return nil
		case j := <-in.queue:
			in.commit(in.gather(j))
		case <-minutes:
			in.commit(nil)
			// A new day drops an old salt, presses or none. The salts go by the clock as
			// presses do: the open minute may be of another day when it was set back.
			if _, _, err := in.salts.pair(outage.MinuteOf(in.Clock.Now())); err != nil {
				slog.Error("the salt of the day could not be turned, trying again with the next minute", "error", err)
			}
			if in.minute >= in.learnt+saveEvery {
				in.saveCaps()
			}
		}
	}
}

// watchMinutes asks for a commit whenever a minute of the world is over. It begins
// with the open minute: the clock may have moved on while ingest resumed.
func (in *Ingest) watchMinutes(ctx context.Context, minutes chan<- struct{}, open outage.Minute) {
	at := min(open, outage.MinuteOf(in.Clock.Now()))
	for {
		if err := in.Clock.WaitUntil(ctx, (at + 1).Time()); err != nil {
			return
		}
		// Read before the commit is asked for: a clock that moves on meanwhile ends
		// the next wait at once, and no minute stays open for ever.
		at = outage.MinuteOf(in.Clock.Now())
		select {
		case minutes <- struct{}{}:
		case <-ctx.Done():
			return
		}
	}
}

// gather takes what waits behind the first job, up to a batch. It steps aside as
// long as that brings more: a commit costs the same for one report as for many,
// and with nobody else about it costs no time.
func (in *Ingest) gather(first *job) []*job {
	for waiting := -1; len(in.queue) > waiting && len(in.queue) < batchSize; {
		waiting = len(in.queue)
		runtime.Gosched()
	}
	jobs := append(make([]*job, 0, len(in.queue)+1), first)
	for len(jobs) < batchSize {
		select {
		case j := <-in.queue:
			jobs = append(jobs, j)
		default:
			return jobs
		}
	}
	return jobs
}

// commit stamps, decides and appends a batch, and answers it.
func (in *Ingest) commit(jobs []*job) {
	m := max(outage.MinuteOf(in.Clock.Now()), in.minute) // time never goes back in a topic
	entries, cp := in.ticks(m)
	results := make([]result, len(jobs))
	for i, j := range jobs {
		if j.mark {
			continue
		}
		if j.batch != nil {
			more, err := j.batch.Entries(m)
			entries, results[i].err = append(entries, more...), err
			continue
		}
		r := in.decide(j, m)
		if r.err == nil && !r.duplicate {
			e, err := stream.Reports.Entry(m, &r.report)
			if err != nil {
				r.err = err
			} else {
				entries = append(entries, e)
			}
		}
		results[i] = r
	}
	err := in.append(entries, cp)
	if err != nil {
		in.takeBack(jobs, results, err)
	} else {
		in.minute = m
	}
	for i, j := range jobs {
		if j.batch != nil && err == nil && results[i].err == nil {
			j.batch.Settle(nil)
		}
		if err != nil {
			results[i].err = err
		}
		if !j.mark && j.batch == nil {
			in.Metrics.report(&results[i])
		}
		j.done <- results[i]
	}
}

// takeBack undoes what was decided on presses that could not be saved, the last
// first, so that who presses again counts as if for the first time.
func (in *Ingest) takeBack(jobs []*job, results []result, err error) {
	for i, r := range slices.Backward(results) {
		if b := jobs[i].batch; b != nil {
			if r.err == nil {
				b.Settle(err)
			}
			continue
		}
		if jobs[i].mark || jobs[i].imported || r.duplicate {
			continue
		}
		in.window.forget(jobs[i].key)
		if r.report.Weight > 0 && !jobs[i].recorded {
			in.caps.Forget(r.report.Service)
		}
	}
}

// append is not bound to a request: a commit that has begun is finished. It says
// once that nothing can be saved and once that it can again: a crowd that meets a
// full disk must not fill it with complaints.
func (in *Ingest) append(entries []stream.Entry, cp *stream.Checkpoint) error {
	if len(entries) == 0 && cp == nil {
		return nil
	}
	err := in.room()
	if err == nil {
		err = in.Log.Append(context.Background(), entries, cp)
	}
	if failed := err != nil; failed != in.failing {
		in.failing = failed
		if failed {
			slog.Error("reports and the ends of minutes cannot be saved", "error", err)
		} else {
			slog.Info("reports and the ends of minutes are saved again")
		}
	}
	if err != nil {
		return fmt.Errorf("save reports: %w", err)
	}
	return nil
}

// room refuses while the disk is nearly full, before the engine would fail.
func (in *Ingest) room() error {
	if in.Space == nil {
		return nil
	}
	free, err := in.Space.Free()
	if err != nil {
		return err
	}
	if free < in.MinFree {
		return fmt.Errorf("the disk has %d MiB left and faultline keeps %d MiB free: nothing that was acknowledged is lost; free some space", free>>20, in.MinFree>>20)
	}
	return nil
}

// ticks ends every minute before m that is still open. Minutes that were jumped
// over were spent asleep or unable to save, so they are missing and not zero;
// only in a driven world is a jump somebody's word that nothing happened.
func (in *Ingest) ticks(m outage.Minute) ([]stream.Entry, *stream.Checkpoint) {
	if in.minute == 0 || m == in.minute {
		return nil, nil
	}
	return in.gap(in.minute, in.minute, m), &stream.Checkpoint{Follower: follower, Minute: m - 1}
}

// maxGap bounds the minutes that are ticked as missing at once: four times as long
// as counts by the minute are kept by default. Of a longer silence, or of a clock
// that was years wrong, only the last of it is ticked; the rest has no minutes.
const maxGap = 60 * outage.Day

// topics are those that ingest writes, and whose minutes it ends.
func topics() []string {
	return []string{stream.Reports.Name, stream.Agents.Name, stream.Measurements.Name, stream.Observations.Name}
}

// gap ends the minutes from one up to another that stays open. Somebody listened
// up to the minute heard.
func (in *Ingest) gap(from, heard, open outage.Minute) []stream.Entry {
	var entries []stream.Entry
	for _, topic := range topics() {
		for t := from; t < open; t++ {
			if t > heard {
				t = max(t, open-maxGap)
			}
			entries = append(entries, stream.Tick(topic, t, t > heard && !in.Driven))
		}
	}
	return entries
}

// decide says whether a reporter counts, and completes the report.
func (in *Ingest) decide(j *job, m outage.Minute) result {
	r := j.report
	r.Minute = m
	if j.imported {
		in.serial++
		r.Window = m
		r.ID = reportID(fmt.Sprint(r.Service, r.Category, r.Country, r.Network, in.serial), m)
		return result{report: r}
	}
	first, again := in.window.begun(j.key, m)
	key := j.key
	if !again && j.before != nil {
		first, again = in.window.begun(*j.before, m)
		key = *j.before
	}
	if again {
		r.ID, r.Window = reportID(hex.EncodeToString(key[:]), first), first
		return result{report: r, duplicate: true}
	}
	in.window.begin(j.key, m)
	r.Reporter, r.Window = hex.EncodeToString(j.key[:]), m
	r.ID = reportID(r.Reporter, m)
	if j.recorded || in.caps.Admit(cap.Press{Service: r.Service, Minute: m, Network: r.Network, Prefix: j.site, Exempt: j.exempt}).Counted {
		r.Weight = 1
	} else {
		r.Weight, r.Aside, r.Reason = 0, 1, outage.ReasonCap
	}
	return result{report: r}
}

// reportID is derived from who and when, so a repeat finds the first id without
// a look-up; it is a hash, so it tells neither.
func reportID(reporter string, window outage.Minute) string {
	sum := sha256.Sum256([]byte(reporter + "/" + window.String()))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:10]))
}
