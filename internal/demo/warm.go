package demo

import (
	"context"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"faultline/outage"
)

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
