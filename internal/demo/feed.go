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

// Parts of a minute: the world's clock moves by the second, and every few seconds
// reports are handed over, so that a live page moves several times a minute; more
// often would cost a commit each.
const (
	secondsOfMinute = 60
	feedEvery       = 5
	portions        = secondsOfMinute / feedEvery
)

// Mover is the clock of the world, which the feeder moves; clock.Driven is one.
type Mover interface {
	MoveTo(t time.Time) bool
}

// Feeder is the part: it hands the world's reports to a sink and moves the world's
// clock, at the pace of another clock. The world never runs ahead of its crowd: a
// machine that is too slow for the pace has a slower world, and not one in which
// the reports of many minutes come at once. It is for one goroutine.
type Feeder struct {
	world   *World
	from    outage.Minute
	pace    clock.Clock
	mover   Mover
	sink    Sink
	metrics *Metrics // nil: none
}

// Crowd is what a feeder works between.
type Crowd struct {
	Pace    clock.Clock // how fast the world may run
	Mover   Mover       // the world's clock
	Sink    Sink
	Metrics *Metrics // nil: none
}

// NewFeeder prepares to feed from a minute on.
func NewFeeder(w *World, from outage.Minute, c Crowd) *Feeder {
	return &Feeder{world: w, from: from, pace: c.Pace, mover: c.Mover, sink: c.Sink, metrics: c.Metrics}
}

// Run feeds minute after minute until the context ends; that is no error.
func (f *Feeder) Run(ctx context.Context) error {
	for m := f.from; ; m++ {
		if err := f.minute(ctx, m); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("feed the reports of minute %s: %w", m, err)
		}
	}
}

// minute hands one minute over, spread over its seconds; all at once where the
// world is behind its pace by more than that.
func (f *Feeder) minute(ctx context.Context, m outage.Minute) error {
	reports := f.world.Reports(m)
	rng := source(f.world.opts.Seed, "order", int64(m))
	rng.Shuffle(len(reports), func(i, j int) { reports[i], reports[j] = reports[j], reports[i] })
	for second := range secondsOfMinute {
		t := m.Time().Add(time.Duration(second) * time.Second)
		if err := f.pace.WaitUntil(ctx, t); err != nil {
			return err
		}
		f.mover.MoveTo(t)
		if !f.pace.Now().Before((m + 1).Time()) {
			return f.feed(ctx, m, reports)
		}
		if second%feedEvery == 0 {
			n := len(reports) / (portions - second/feedEvery)
			if err := f.feed(ctx, m, reports[:n]); err != nil {
				return err
			}
			reports = reports[n:]
		}
	}
	return nil
}

// feed hands a portion over.
func (f *Feeder) feed(ctx context.Context, m outage.Minute, portion []outage.Report) error {
	if len(portion) == 0 {
		return nil
	}
	if err := f.sink.Feed(ctx, portion); err != nil {
		return err
	}
	f.metrics.fed(m, portion)
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

// Span is the minutes from From up to but not including To.
type Span struct{ From, To outage.Minute }

// Maker makes folds of a kind and puts them together.
type Maker[F Folder] struct {
	Begin func() (F, error) // an empty fold
	Merge func(into, other F) error
}

// Warm folds the background of all services in a span: a fold for each service,
// side by side on all processors, then merged into the first in the order of
// Services.
func Warm[F Folder](ctx context.Context, w *World, span Span, maker Maker[F]) (F, error) {
	folds := make([]F, len(services))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for s := range services {
		g.Go(func() error {
			f, err := maker.Begin()
			if err != nil {
				return fmt.Errorf("begin the fold of service %s: %w", services[s].id, err)
			}
			folds[s] = f
			return w.foldInto(ctx, f, s, span)
		})
	}
	if err := g.Wait(); err != nil {
		return folds[0], fmt.Errorf("fold the weeks before the day: %w", err)
	}
	for _, f := range folds[1:] {
		if err := maker.Merge(folds[0], f); err != nil {
			return folds[0], fmt.Errorf("put the services' weeks together: %w", err)
		}
	}
	return folds[0], nil
}

// foldInto folds one service's minutes.
func (w *World) foldInto(ctx context.Context, f Folder, s int, span Span) error {
	var mem scratch
	for m := span.From; m < span.To; m++ {
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
