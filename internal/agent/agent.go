// Package agent is the process at a vantage point: it asks a hub what to probe,
// probes it, and sends what it has measured.
//
// It reads the hub's plan, the network (through a Prober) and its own directory; it
// writes that directory (its key, the last plan, the spool) and sends signed
// batches to the hub. Method: a schedule gives every target a moment in each period
// that follows from the agent's and the target's names; due targets are probed by a
// bounded number of goroutines, never one target twice at once; what was measured is
// sealed into the agent's chain and spooled before it is sent, in order.
//
// Limits: named beside the code. Without a contact in the plan nothing is probed;
// caps on attempts at a service hold whatever happens; a plan that could not be
// renewed for a day is given up.
package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"faultline/internal/agentapi"
	"faultline/internal/clock"
	"faultline/internal/datadir"
	"faultline/internal/probe"
	"faultline/internal/spool"
	"faultline/outage"
)

// Prober looks, and looks deeper; [probe.Prober] is the one.
type Prober interface {
	Looker
	Deeper
	Walker
}

// Looker makes attempts at addresses.
type Looker interface {
	Resolve(ctx context.Context, begin time.Time, host, resolver string) (*outage.DNS, []netip.Addr)
	Attempt(ctx context.Context, t outage.Target, dns *outage.DNS) outage.Measurement
	// Follow goes where an answer sends.
	Follow(ctx context.Context, from *outage.Measurement, may func(next outage.Target) probe.Permit) []outage.Measurement
}

// Deeper looks at what is beside the usual way.
type Deeper interface {
	Authoritative(ctx context.Context, begin time.Time, host, resolver string) []*outage.DNS
	AttemptQUIC(ctx context.Context, t outage.Target, dns *outage.DNS) outage.Measurement
	Echo(ctx context.Context, t outage.Target) outage.Measurement
	Trace(ctx context.Context, t outage.Target) outage.Measurement
}

// Walker takes journeys.
type Walker interface {
	Walk(ctx context.Context, j *probe.Journey, base outage.Target, variant string, may func(next outage.Target) probe.Permit) []outage.Measurement
	FetchRobots(ctx context.Context, t outage.Target, address string) (*probe.Robots, error)
}

// Deps is what an agent stands on.
type Deps struct {
	// NewProber makes a prober that names a contact; nil: the real one.
	NewProber func(contact string) Prober
	// Dial reaches the hub; nil: the network.
	Dial    func(ctx context.Context, network, address string) (net.Conn, error)
	Metrics *Metrics // nil: none
}

// Agent is the part.
type Agent struct {
	cfg     Config
	deps    Deps
	dir     *datadir.Dir
	me      identity
	hub     *hub
	spool   *spool.Spool
	caps    *caps
	robots  *robots
	plans   chan *agentapi.Plan // of the puller, for the schedule
	results chan []outage.Measurement
	prober  atomic.Pointer[Prober]
}

// resultsWaiting is how many probes' results wait for the disk; when it does not
// keep up, probing waits for it.
const resultsWaiting = 256

// Open opens the agent's directory: its key is made at the first start.
func Open(cfg Config, deps Deps) (*Agent, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configure the agent: %w", err)
	}
	dir, err := datadir.Open(cfg.Data)
	if err != nil {
		return nil, err
	}
	a := &Agent{cfg: cfg, deps: deps, dir: dir, caps: newCaps(), robots: newRobots(), plans: make(chan *agentapi.Plan, 1), results: make(chan []outage.Measurement, resultsWaiting)}
	if err := a.open(); err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	return a, nil
}

func (a *Agent) open() error {
	var err error
	if a.me, err = openIdentity(a.dir.Private(), a.cfg.Vantage); err != nil {
		return err
	}
	if a.hub, err = newHub(a.cfg.Hub, a.me.key, a.deps.Dial); err != nil {
		return err
	}
	if a.deps.NewProber == nil {
		options := a.cfg.probing()
		if r := a.me.Vantage.Resolver; r != "" && r != probe.SystemResolver {
			options = append(options, probe.WithResolver(r)) // also for the names that redirects lead to
		}
		a.deps.NewProber = func(contact string) Prober { return probe.New(contact, options...) }
	}
	files, err := spool.Directory(filepath.Join(a.dir.Path(), "spool"))
	if err != nil {
		return err
	}
	a.spool, err = spool.Open(files, spool.Options{Key: a.me.key, Limit: a.cfg.SpoolLimit, Segment: a.cfg.SpoolSegment, Blank: a.blank})
	return err
}

// blank is the beginning of every record that is no attempt.
func (a *Agent) blank() outage.Measurement {
	return outage.Measurement{Attempt: 1, Time: time.Now().UTC(), Vantage: a.me.Vantage, Clock: a.hub.clock(), Outcome: outage.OutcomeSkipped}
}

// ID of the agent.
func (a *Agent) ID() string { return a.me.id() }

// Close gives the directory up; call it after Run.
func (a *Agent) Close() error { return errors.Join(a.spool.Close(), a.dir.Close()) }

// Waiting is how many records the hub does not have yet.
func (a *Agent) Waiting() uint64 { return a.spool.Stats().Waiting }

// Run registers, probes and sends until the context ends; what was measured by then
// is in the spool. It ends earlier with an error that only a person can mend.
func (a *Agent) Run(ctx context.Context) error {
	if err := a.register(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	collecting, stopCollecting := context.WithCancel(context.WithoutCancel(ctx))
	defer stopCollecting()
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error { return a.pull(running) })
	group.Go(func() error { return a.send(running) })
	group.Go(func() error {
		defer stopCollecting() // after the last probe has handed over what it saw
		return a.probeAll(running)
	})
	group.Go(func() error { return a.collect(collecting) })
	err := group.Wait()
	if ctx.Err() != nil && (err == nil || errors.Is(err, ctx.Err())) {
		return nil
	}
	return err
}

// register makes the agent known to the hub, and waits for a hub that is away, if the
// agent was never registered. The hub may know it already.
func (a *Agent) register(ctx context.Context) error {
	if a.me.Registered && a.cfg.Token == "" {
		return nil
	}
	if a.cfg.Token == "" && a.cfg.NewToken != nil {
		var err error
		if a.cfg.Token, err = a.cfg.NewToken(); err != nil {
			return err
		}
	}
	if a.cfg.Token == "" {
		return errors.New("this agent is not registered: make a token on the hub with 'faultline agent token create' and give it with --token")
	}
	for try := 0; ; try++ {
		registered, err := a.hub.register(ctx, agentapi.Registration{
			Token: a.cfg.Token, PublicKey: a.me.publicText(), Version: a.cfg.Version, Vantage: a.me.Vantage,
		})
		switch {
		case err == nil:
			a.me.Registered, a.me.Vantage = true, registered.Vantage
			return a.me.save(a.dir.Private())
		case refusedFor(err) != 0 && a.me.Registered && !isRevoked(err):
			return nil // the token is used up, as it was before this restart
		case refusedFor(err) != 0:
			return fmt.Errorf("register with the hub: %w", err)
		case a.me.Registered:
			slog.Warn("the hub does not answer; the agent goes on as it was registered before", "hub", a.cfg.Hub, "error", err)
			return nil
		}
		if try%saysEvery == 0 {
			slog.Warn("the hub does not answer; the registration is tried again", "hub", a.cfg.Hub, "error", err)
		}
		if err := clock.Pause(ctx, backoff(try)); err != nil {
			return err
		}
	}
}

// saysEvery is how many failures there are between two words in the log.
const saysEvery = 20

// Pauses between tries to reach a hub.
const (
	firstPause = time.Second
	maxPause   = time.Minute
)

// backoff doubles from try to try.
func backoff(try int) time.Duration { return min(firstPause<<min(try, 6), maxPause) }

// collect seals what was measured and puts it on the disk, a batch at a time. A disk
// that refuses is tried again; meanwhile probing waits.
func (a *Agent) collect(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			// Nobody probes any more: what is here is all that there will be.
			for {
				select {
				case list := <-a.results:
					if err := a.keep(ctx, a.gather(list)); err != nil {
						return err
					}
				default:
					return nil
				}
			}
		case list := <-a.results:
			if err := a.keep(ctx, a.gather(list)); err != nil {
				return err
			}
		}
	}
}

// gatherTime lets results come together: one write for all of them. What a crash takes
// with it is what was measured within it.
const gatherTime = 250 * time.Millisecond

// gather takes what else is there.
func (a *Agent) gather(list []outage.Measurement) []outage.Measurement {
	timer := time.NewTimer(gatherTime)
	defer timer.Stop()
	for len(list) < agentapi.MaxRecords {
		select {
		case more := <-a.results:
			list = append(list, more...)
		case <-timer.C:
			return list
		}
	}
	return list
}

// keep saves a batch. Who stops an agent does not wait for a disk: then it is tried
// once more.
func (a *Agent) keep(ctx context.Context, list []outage.Measurement) error {
	for i := range list {
		list[i].Clock = a.hub.clock()
	}
	for try := 0; ; try++ {
		err := a.spool.Append(list)
		if err == nil {
			a.deps.Metrics.spooled(len(list), a.spool.Stats())
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%d measurements could not be saved at the end: %w", len(list), err)
		}
		if try%saysEvery == 0 {
			slog.Error("measurements cannot be saved; it is tried again, and nothing is probed meanwhile", "error", err)
		}
		_ = clock.Pause(ctx, backoff(try)) // an end is seen above, after another try
	}
}
