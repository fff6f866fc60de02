package demo

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"faultline/internal/clock"
	"faultline/outage"
)

// Sink takes reports into the log; ingest implements it.
type Sink interface {
	Feed(ctx context.Context, reports []outage.Report) error
}

// Config is the part's.
type Config struct {
	Options
	// From is the first minute that is fed.
	From outage.Minute
}

// DefaultConfig opens the demonstration at 09:00.
func DefaultConfig() Config { return Config{Options: DefaultOptions(), From: Open} }

// slices of a minute in which reports are handed over, so that a live page moves
// several times a minute; more would cost a commit each.
const portions = 12

// Feeder is the part: it hands the world's reports to a sink as its clock passes.
// It is for one goroutine.
type Feeder struct {
	world   *World
	clock   clock.Clock
	sink    Sink
	from    outage.Minute
	metrics *Metrics
}

// NewFeeder ties a world to a clock and a sink; metrics may be nil.
func NewFeeder(w *World, from outage.Minute, c clock.Clock, s Sink, m *Metrics) *Feeder {
	return &Feeder{world: w, clock: c, sink: s, from: from, metrics: m}
}

// Run feeds minute after minute until the context ends; that is no error. Where
// the sink is slower than the world, portions go out together, and none is lost.
func (f *Feeder) Run(ctx context.Context) error {
	for ; ; f.from++ {
		if err := f.feed(ctx, f.from); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("feed the reports of minute %s: %w", f.from, err)
		}
	}
}

// feed hands over one minute in portions spread over its seconds.
func (f *Feeder) feed(ctx context.Context, m outage.Minute) error {
	if err := f.clock.WaitUntil(ctx, m.Time()); err != nil {
		return err
	}
	reports := f.world.Reports(m)
	rng := source(f.world.opts.Seed, "order", int64(m))
	rng.Shuffle(len(reports), func(i, j int) { reports[i], reports[j] = reports[j], reports[i] })
	for k := range portions {
		if err := f.clock.WaitUntil(ctx, m.Time().Add(time.Duration(k)*time.Minute/portions)); err != nil {
			return err
		}
		from, to := k*len(reports)/portions, (k+1)*len(reports)/portions
		if from == to {
			continue
		}
		if err := f.sink.Feed(ctx, reports[from:to]); err != nil {
			return err
		}
		f.metrics.fed(m, reports[from:to])
	}
	return nil
}

// Pour hands over whole minutes up to the last, as fast as the sink takes them.
// After each, next is called with the minute that has ended, to move whatever
// clock the sink goes by. Run goes on from there.
func (f *Feeder) Pour(ctx context.Context, to outage.Minute, next func(ended outage.Minute) error) error {
	for ; f.from < to; f.from++ {
		reports := f.world.Reports(f.from)
		if err := f.sink.Feed(ctx, reports); err != nil {
			return fmt.Errorf("pour the reports of minute %s: %w", f.from, err)
		}
		f.metrics.fed(f.from, reports)
		if err := next(f.from); err != nil {
			return fmt.Errorf("end minute %s: %w", f.from, err)
		}
	}
	return nil
}

// History draws the minute points of all services in a stretch that lies before
// the world opens, in the order in which rollup would have written them.
func (w *World) History(from, to outage.Minute, take func(m outage.Minute, points []*outage.MinutePoints) error) error {
	order := byName()
	for m := from; m < to; m++ {
		var points []*outage.MinutePoints
		for _, s := range order {
			if p := w.Points(s, m); p != nil {
				points = append(points, p)
			}
		}
		if err := take(m, points); err != nil {
			return fmt.Errorf("take the history of minute %s: %w", m, err)
		}
	}
	return nil
}

// byName orders indexes into Services by id.
func byName() []int {
	order := make([]int, len(services))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		if services[a].id < services[b].id {
			return -1
		}
		return 1
	})
	return order
}

// Folder is what six weeks are folded into: the detector's fold without the
// encoding.
type Folder interface {
	// Take takes in a service's minute.
	Take(p *outage.MinutePoints) error
	// Close ends a minute; what it returns of the past is of no interest here.
	Close(m outage.Minute, missing bool) ([]outage.MinuteDetections, []outage.ServiceBaseline)
}

// Warm folds the background of all services from one minute up to another: a
// fold for each service, side by side on all processors, then merged into the
// first in the order of Services. begin makes an empty fold.
func Warm[F Folder](ctx context.Context, w *World, from, to outage.Minute, begin func() (F, error), merge func(into, other F) error) (F, error) {
	folds := make([]F, len(services))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for s := range services {
		g.Go(func() error {
			f, err := begin()
			if err != nil {
				return fmt.Errorf("begin the fold of service %s: %w", services[s].id, err)
			}
			folds[s] = f
			return w.foldInto(ctx, f, s, from, to)
		})
	}
	if err := g.Wait(); err != nil {
		return folds[0], fmt.Errorf("fold the weeks before the day: %w", err)
	}
	for _, f := range folds[1:] {
		if err := merge(folds[0], f); err != nil {
			return folds[0], fmt.Errorf("put the services' weeks together: %w", err)
		}
	}
	return folds[0], nil
}

// foldInto folds one service's minutes.
func (w *World) foldInto(ctx context.Context, f Folder, s int, from, to outage.Minute) error {
	var mem scratch
	for m := from; m < to; m++ {
		if p := w.points(s, m, &mem); p != nil {
			if err := f.Take(p); err != nil {
				return err
			}
		}
		f.Close(m, false)
		if m%outage.Day == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}
