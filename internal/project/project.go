// Package project keeps the query store up with the log: it is its only writer.
//
// It reads every topic that a page may ask for and writes the store; what cannot
// be decoded goes to the dead-letter topic. Method: each topic is followed on its
// own, and what was read is saved in one transaction with the position it was
// read up to, so a crash saves nothing twice. Closed minutes come from the points,
// where a tick without a record means zero and a missing tick means that nobody
// listened; the provisional count of the open minute comes from the reports.
// Counts by country and category pass the small-cell rule here, once: the store
// never sees others.
//
// Retention runs beside it: it ages the minutes of the store and trims the log,
// never beyond what every follower has taken. The world's time is the last closed
// minute; no clock is read.
//
// Limits: a late revision of a minute corrects the totals of the service and not
// the breakdowns, whose reports may have been released already. A rebuilt store
// begins where the retained points begin.
package project

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"faultline/internal/store"
	"faultline/internal/stream"
	"faultline/outage"
)

// Limits of following.
const (
	// readRecords is how many records are read at once.
	readRecords = 2048
	// saveMinutes is how many minutes of services are saved at once when catching
	// up; more of them hold memory and keep readers of the file waiting.
	saveMinutes = 8192
	// retryPause is the time between two tries to save into a store that refuses.
	retryPause = time.Second
	// retrySays is how many tries there are between two words in the log.
	retrySays = 60
)

// Target is what project needs of the store.
type Target interface {
	store.Saver
	Pulse(ctx context.Context) (store.Pulse, error)
}

// Project is the part.
type Project struct {
	cfg     Config
	log     stream.Log
	store   Target
	metrics *metrics
	closed  atomic.Int64 // last minute closed in the store

	mu   sync.Mutex
	safe map[string]uint64
}

// New checks the configuration and registers the metrics.
func New(cfg Config, log stream.Log, target Target, reg prometheus.Registerer) (*Project, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configure project: %w", err)
	}
	return &Project{cfg: cfg, log: log, store: target, metrics: newMetrics(reg), safe: map[string]uint64{}}, nil
}

// taker is what becomes of the records of one topic.
type taker interface {
	// topic is the one it takes from.
	topic() string
	// take decodes a record and keeps what follows from it.
	take(r stream.Record) error
	// ready hands over what may be saved now, with the position it goes up to;
	// nil when there is nothing. The records are not kept any longer.
	ready() *store.Batch
	// full says that it is time to save although there is more to read.
	full() bool
	// skipped says that the records before this one have aged out of the log.
	skipped(next stream.Record)
}

// Run follows until the context ends; that is no error.
func (p *Project) Run(ctx context.Context) error {
	err := p.follow(ctx, true)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

// Drain saves everything that is in the log now.
func (p *Project) Drain(ctx context.Context) error { return p.follow(ctx, false) }

func (p *Project) follow(ctx context.Context, wait bool) error {
	saved, err := p.store.Positions(ctx)
	if err != nil {
		return fmt.Errorf("start project: %w", err)
	}
	takers, err := p.takers(ctx)
	if err != nil {
		return fmt.Errorf("start project: %w", err)
	}
	starts := map[string]uint64{}
	for _, t := range takers {
		from := saved[t.topic()]
		if t.topic() == stream.Reports.Name {
			from, err = p.log.Seek(ctx, t.topic(), outage.Minute(p.closed.Load())+1)
			if err != nil {
				return fmt.Errorf("find the open minute in the reports: %w", err)
			}
		}
		starts[t.topic()] = from
		p.setSafe(t.topic(), from)
	}
	// Services first: counts of one that the store does not know are not shown.
	services := &follow{Project: p, taker: takers[0], from: starts[takers[0].topic()]}
	if err := services.run(ctx); err != nil {
		return err
	}
	services.wait = wait
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return services.run(ctx) })
	for _, t := range takers[1:] {
		f := &follow{Project: p, taker: t, from: starts[t.topic()], wait: wait}
		group.Go(func() error { return f.run(ctx) })
	}
	return group.Wait()
}

// takers makes the takers of all topics, services first.
func (p *Project) takers(ctx context.Context) ([]taker, error) {
	pulse, err := p.store.Pulse(ctx)
	if err != nil {
		return nil, err
	}
	p.closed.Store(int64(pulse.Closed))
	if err := p.skipOld(ctx); err != nil {
		return nil, err
	}
	points, err := p.newPoints(ctx)
	if err != nil {
		return nil, err
	}
	return []taker{
		newFacts(stream.Services, func(b *store.Batch, f *outage.Service) { b.Services = append(b.Services, *f) }),
		newFacts(stream.Baselines, func(b *store.Batch, f *outage.ServiceBaseline) { b.Baselines = append(b.Baselines, *f) }),
		newFacts(stream.Incidents, func(b *store.Batch, f *outage.Incident) { b.Incidents = append(b.Incidents, *f) }),
		newFacts(stream.Bulletins, func(b *store.Batch, f *outage.Bulletin) { b.Bulletins = append(b.Bulletins, *f) }),
		points,
		&reports{closed: &p.closed, open: map[openKey]*store.Open{}, changed: map[openKey]bool{}},
	}, nil
}

// Safe returns the position in a topic that a restart would read on from.
func (p *Project) Safe(topic string) (pos uint64, follows bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	pos, follows = p.safe[topic]
	return pos, follows
}

func (p *Project) setSafe(topic string, pos uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.safe[topic] = pos
}

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
		if err := pause(ctx, retryPause); err != nil {
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
	return pause(ctx, f.cfg.SavePause-time.Since(f.saved))
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
