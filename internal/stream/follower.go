package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"faultline/internal/clock"
	"faultline/outage"
)

// Fold is the inside of a part: a pure function of what it is given. It has no
// context, clock or I/O, so that a replay gives the same facts byte for byte.
type Fold interface {
	// Apply takes in one fact of the minute that is being read. A *DecodeError
	// sends the record to the dead-letter topic; any other error stops the part.
	Apply(topic string, r Record) error
	// Tick ends a minute: every input has been read up to it. It returns what the
	// part has to say, in a fixed order. Missing means that nobody was listening.
	Tick(m outage.Minute, missing bool) ([]Entry, error)
	// Snapshot and Restore carry the whole state over a restart.
	Snapshot() ([]byte, error)
	Restore(state []byte) error
}

// Follower runs a fold: it reads the inputs minute by minute and appends the
// outputs, a tick on every output topic, and its checkpoint in one step.
type Follower struct {
	Name string
	In   []string // topics, in the fixed order in which a minute is read
	Out  []string // topics that this part is the writer of
	Fold Fold

	// Snapshots keeps the fold's state over restarts; nil: a restart folds the
	// whole log again.
	Snapshots *Snapshots
	Metrics   *Metrics // nil: none
	// Strict stops at a record that cannot be decoded, as tests and replay do,
	// instead of setting it aside in the dead-letter topic.
	Strict bool

	mu   sync.Mutex
	safe map[string]uint64 // positions that a restart would begin from
	live *run              // of a drained follower, which goes on where it stood
}

// Limits of one step. Whoever raises them trades memory and the time that a
// commit holds the log for fewer commits while catching up.
const (
	readBatch     = 2048 // records read at once
	flushEntries  = 2048 // outputs held back while catching up
	flushMinutes  = 512  // minutes held back while catching up
	snapshotEvery = 5 * time.Minute
	// gather is how long a part lets records come together before it reads them:
	// a crowd would otherwise wake it for every commit. Each part adds as much to
	// the way from the end of a minute to the page.
	gather = 25 * time.Millisecond
	// retryPause is the time between two tries to append to a disk that refuses,
	// retrySays how many there are between two words of it.
	retryPause = time.Second
	retrySays  = 60
)

// errCaughtUp ends a Drain.
var errCaughtUp = errors.New("no further complete minute")

// Run follows until the context ends; that is no error.
func (f *Follower) Run(ctx context.Context, log Log) error {
	err := f.follow(ctx, log, true)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

// Drain follows until the inputs have no further complete minute.
func (f *Follower) Drain(ctx context.Context, log Log) error {
	err := f.follow(ctx, log, false)
	if errors.Is(err, errCaughtUp) {
		return nil
	}
	return err
}

// Safe returns the position in a topic that a restart would read on from: what
// comes after it must not be trimmed. A topic that is not followed has none.
func (f *Follower) Safe(topic string) (pos uint64, follows bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range f.In {
		if t == topic {
			return f.safe[topic], true
		}
	}
	return 0, false
}

// run is one life of a follower.
type run struct {
	*Follower
	log       Log
	wait      bool
	cursors   []*cursor
	committed outage.Minute // outputs up to here are in the log already
	minute    outage.Minute // last minute taken
	pending   []Entry
	held      int  // minutes in pending
	dirty     bool // facts of an unfinished minute are in the fold
	saved     time.Time
}

// cursor reads one topic.
type cursor struct {
	topic string
	taken uint64  // position of the last record taken
	bound uint64  // position at the end of the last minute
	tick  *Record // read, and waiting for the other topics' ticks
	buf   []Record
}

func (f *Follower) follow(ctx context.Context, log Log, wait bool) error {
	r := f.live
	if r == nil {
		r = &run{Follower: f, log: log, wait: wait, saved: time.Now()}
		if err := r.open(ctx); err != nil {
			return fmt.Errorf("start %s: %w", f.Name, err)
		}
		if !wait {
			f.live = r
		}
	}
	for {
		m, missing, err := r.next(ctx)
		if err != nil {
			return r.stop(err)
		}
		if err := r.close(ctx, m, missing); err != nil {
			return fmt.Errorf("%s at minute %s: %w", f.Name, m, err)
		}
	}
}

// open finds where to begin: the snapshot if there is a sound one, else the
// oldest record. The checkpoint says which outputs exist already.
func (r *run) open(ctx context.Context) error {
	cp, err := r.log.Checkpoint(ctx, r.Name)
	if err != nil {
		return err
	}
	r.committed = cp.Minute
	from := Checkpoint{Follower: r.Name}
	if r.Snapshots != nil {
		if from, err = r.Snapshots.load(r.Name, r.Fold, cp.Minute); err != nil {
			return err
		}
	}
	r.minute = from.Minute
	for _, t := range r.In {
		r.cursors = append(r.cursors, &cursor{topic: t, taken: from.Positions[t], bound: from.Positions[t]})
	}
	r.setSafe()
	return nil
}

// next reads every input up to its next tick, in order. What it has read stays
// with the cursors, so that a drain can go on in the middle of a minute.
func (r *run) next(ctx context.Context) (m outage.Minute, missing bool, err error) {
	for _, c := range r.cursors {
		absent := false
		for c.tick == nil || c.tick.Minute < m { // an input may begin earlier than the first
			if err := r.fill(ctx, c); err != nil {
				return 0, false, err
			}
			rec := c.buf[0]
			// One of which older records have aged out, or that is newer than the others,
			// begins later: up to there it says nothing.
			if absent = m != 0 && c.taken == 0 && rec.Minute > m; absent {
				break
			}
			c.buf, c.taken = c.buf[1:], rec.Seq
			if rec.Kind != KindFact {
				c.tick = &rec
			} else if err := r.apply(ctx, c.topic, rec); err != nil {
				return 0, false, err
			}
		}
		if absent {
			continue
		}
		if m != 0 && c.tick.Minute > m {
			return 0, false, fmt.Errorf("%s: topic %s has no tick for minute %s that %s has", r.Name, c.topic, m, r.In[0])
		}
		m, missing = c.tick.Minute, missing || c.tick.Kind == KindMissing
	}
	return m, missing, nil
}

// fill makes sure that there is a next record of a topic; it flushes before it blocks.
func (r *run) fill(ctx context.Context, c *cursor) error {
	for len(c.buf) == 0 {
		recs, err := r.log.Read(ctx, c.topic, c.taken, readBatch)
		if err != nil {
			return fmt.Errorf("read topic %s after %d: %w", c.topic, c.taken, err)
		}
		if c.buf = recs; len(recs) > 0 {
			break
		}
		if err := r.flush(ctx); err != nil {
			return err
		}
		if !r.wait {
			return errCaughtUp
		}
		if err := r.log.Wait(ctx, c.topic, c.taken); err != nil {
			return err
		}
		if err := clock.Pause(ctx, gather); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) apply(ctx context.Context, topic string, rec Record) error {
	r.dirty = true
	r.Metrics.read(r.Name, topic)
	err := r.Fold.Apply(topic, rec)
	var bad *DecodeError
	if err == nil || r.Strict || !errors.As(err, &bad) {
		return err
	}
	r.Metrics.dead(r.Name, topic)
	slog.Error("record set aside in the dead-letter topic", "part", r.Name, "topic", topic, "seq", rec.Seq, "error", err)
	dead := Entry{Topic: Dead, Record: Record{
		Minute: rec.Minute, Data: rec.Data, Key: fmt.Sprintf("%s/%s/%d", r.Name, topic, rec.Seq),
	}}
	return r.append(ctx, []Entry{dead}, nil)
}

// close ends a minute: the fold speaks, and what it says is appended unless a
// former life has appended it already.
func (r *run) close(ctx context.Context, m outage.Minute, missing bool) error {
	out, err := r.Fold.Tick(m, missing)
	if err != nil {
		return err
	}
	r.minute, r.dirty = m, false
	for _, c := range r.cursors {
		c.bound, c.tick = c.taken, nil
	}
	r.Metrics.minute(r.Name, m, len(out))
	if m > r.committed {
		r.pending = append(r.pending, out...)
		for _, t := range r.Out {
			r.pending = append(r.pending, Tick(t, m, missing))
		}
		r.held++
	}
	if len(r.pending) >= flushEntries || r.held >= flushMinutes {
		if err := r.flush(ctx); err != nil {
			return err
		}
	}
	if r.Snapshots != nil && time.Since(r.saved) >= snapshotEvery {
		return r.snapshot(ctx)
	}
	return nil
}
