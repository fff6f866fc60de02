// Package project keeps the query store up with the log: it is its only writer.
//
// It reads every topic that a page may ask for and writes the store; what cannot
// be decoded goes to the dead-letter topic. Method: each topic is followed on its
// own, and what was read is saved in one transaction with the position it was
// read up to, so a crash saves nothing twice. Closed minutes come from the points,
// where a tick without a record means zero and a missing tick means that nobody
// listened; the provisional count of the open minute comes from the reports.
// Counts by country and category pass the small-cell rule here, once: the store
// never sees others. Measurements are saved as they came, but for the addresses of
// the first routers on a path, which stand for the people there, and verdicts but for
// shares of so few reports that one could count people along with them.
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
	"math"
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

	known     chan struct{} // closed when the store has every service
	knownOnce sync.Once

	mu   sync.Mutex
	safe map[string]uint64
}

// New checks the configuration and registers the metrics.
func New(cfg Config, log stream.Log, target Target, reg prometheus.Registerer) (*Project, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configure project: %w", err)
	}
	return &Project{cfg: cfg, log: log, store: target, metrics: newMetrics(reg), known: make(chan struct{}), safe: map[string]uint64{}}, nil
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

// Known is closed when the store has every service of the log: before that a page
// would say of a service that there is none.
func (p *Project) Known() <-chan struct{} { return p.known }

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
		if err := p.notAhead(ctx, t.topic(), from); err != nil {
			return fmt.Errorf("start project: %w", err)
		}
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
	p.knownOnce.Do(func() { close(p.known) })
	services.wait = wait
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return services.run(ctx) })
	for _, t := range takers[1:] {
		f := &follow{Project: p, taker: t, from: starts[t.topic()], wait: wait}
		group.Go(func() error { return f.run(ctx) })
	}
	return group.Wait()
}

// notAhead refuses a store that has seen more than the log holds, which happens
// when the log was put back from a copy: it would wait for records that were other
// ones, and show what never was.
func (p *Project) notAhead(ctx context.Context, topic string, pos uint64) error {
	end, err := p.log.Seek(ctx, topic, math.MaxInt64)
	if err != nil || pos <= end {
		return err
	}
	return fmt.Errorf("the query store has records of topic %s up to %d, and the log ends at %d: "+
		"the log is older than the store; delete query.db, it is rebuilt from the log", topic, pos, end)
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
		newFacts(stream.Verdicts, keepVerdict),
		newFacts(stream.Bulletins, func(b *store.Batch, f *outage.Bulletin) { b.Bulletins = append(b.Bulletins, *f) }),
		newFacts(stream.Agents, func(b *store.Batch, f *outage.Agent) { b.Agents = append(b.Agents, *f) }),
		newFacts(stream.Words, func(b *store.Batch, f *outage.VendorWord) { b.Words = append(b.Words, *f) }),
		newFacts(stream.ProbeStates, func(b *store.Batch, f *outage.ProbeState) { b.States = append(b.States, *f) }),
		newMeasurements(stream.Measurements, func(b *store.Batch, m store.Measurement) { b.Measurements = append(b.Measurements, m) }),
		newMeasurements(stream.Imports, func(b *store.Batch, m store.Measurement) { b.Imports = append(b.Imports, m) }),
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
