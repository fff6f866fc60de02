//go:build linux

package fault

import (
	"context"
	"maps"

	"faultline/lab/feed"
	"faultline/lab/people"
	"faultline/lab/scenario"
	"faultline/lab/stand"
	"faultline/lab/world"
)

func zone(ctx context.Context, w *world.World, e *scenario.Event) (world.Undo, error) {
	return w.Zone(ctx, nameServers(e), e.State)
}

func deploy(ctx context.Context, w *world.World, e *scenario.Event) (world.Undo, error) {
	return w.Service(ctx, feed.Fault{Status: e.Status, Paths: e.Paths, Mobile: e.Mobile, Percent: e.Percent})
}

// crashAfter is how long a broken build lives, in milliseconds: long enough to answer
// somebody, as they do.
const crashAfter = 1500

func crashLoop(ctx context.Context, w *world.World, _ *scenario.Event) (world.Undo, error) {
	return w.Service(ctx, feed.Fault{CrashAfter: crashAfter})
}

func leak(ctx context.Context, w *world.World, e *scenario.Event) (world.Undo, error) {
	return w.Service(ctx, feed.Fault{LeakKB: e.KB})
}

func database(ctx context.Context, w *world.World, e *scenario.Event) (world.Undo, error) {
	return w.Database(ctx, e.State)
}

// referrer is where a flash crowd comes from.
const referrer = "https://www.news.example/"

// crowd makes more people come; several events make it ramp.
func crowd(ctx context.Context, w *world.World, e *scenario.Event) (world.Undo, error) {
	return w.People(ctx, e.Clients, func(o *people.Orders) {
		o.Count = min(o.Count+e.Count, people.Crowd)
		o.Referrer = referrer
	})
}

func retries(ctx context.Context, w *world.World, e *scenario.Event) (world.Undo, error) {
	return w.People(ctx, e.Clients, func(o *people.Orders) { o.Retry = true })
}

func appBug(ctx context.Context, w *world.World, e *scenario.Event) (world.Undo, error) {
	return w.People(ctx, nil, func(o *people.Orders) { o.BrokenApp = e.Percent })
}

func rumour(ctx context.Context, w *world.World, e *scenario.Event) (world.Undo, error) {
	service := e.Service
	if service == "" {
		service = stand.ServiceFeed
	}
	return w.People(ctx, e.Clients, func(o *people.Orders) {
		o.Rumour = maps.Clone(o.Rumour)
		o.Rumour[service] = float64(e.Count)
	})
}

func confusion(ctx context.Context, w *world.World, e *scenario.Event) (world.Undo, error) {
	return w.People(ctx, nil, func(o *people.Orders) { o.Confused = e.Percent })
}

func bankDown(ctx context.Context, w *world.World, _ *scenario.Event) (world.Undo, error) {
	return w.StopElsewhere(ctx)
}
