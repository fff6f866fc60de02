//go:build linux

// Package fault is the vocabulary of what can go wrong in the lab: one function for
// each fault, which breaks a world and gives back what mends it.
//
// It reads events of scenarios and writes changes of the world. Method: the table
// below has every fault of package scenario; a timetable switches each on and off
// beside the others, so faults combine as they do outside.
//
// Limits: magnitudes are bounded by the scenario and once more by the world.
package fault

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"faultline/lab/scenario"
	"faultline/lab/stand"
	"faultline/lab/topology"
	"faultline/lab/world"
)

// begin breaks something.
type begin func(ctx context.Context, w *world.World, e *scenario.Event) (world.Undo, error)

// table of all faults, by name.
func table() map[string]begin {
	return map[string]begin{
		"udp-flood": udpFlood, "syn-flood": synFlood, "http-flood": httpFlood, "slow-http": slowHTTP, "dns-flood": dnsFlood,
		"zone": zone, "edge": edge, "edge-stop": edgeStop, "edge-hang": edgeHang, "certificate": certificate,
		"deploy": deploy, "crash-loop": crashLoop, "leak": leak, "database": database,
		"route-withdrawn": routeWithdrawn, "null-route": nullRoute, "hijack": hijack, "firewall": firewall,
		"link-down": linkDown, "transit-loss": transitLoss, "region-cut": regionCut, "agent-cut": agentCut, "censor": censor,
		"crowd": crowd, "retries": retries, "app-bug": appBug, "rumour": rumour, "confusion": confusion, "bank-down": bankDown,
	}
}

// pops are where an event is: named, or both.
func pops(e *scenario.Event) []string {
	if len(e.Where) > 0 {
		return e.Where
	}
	return []string{topology.PoP1, topology.PoP2}
}

// tenants of an edge that an event is about: ours, unless it says otherwise.
func tenants(e *scenario.Event) []string {
	switch e.Tenant {
	case scenario.TenantAll:
		return []string{topology.TenantFeed, topology.TenantSiblings}
	case "":
		return []string{topology.TenantFeed}
	}
	return []string{e.Tenant}
}

// Timetable runs the events of a variant, from its onset on.
type Timetable struct {
	World *world.World
	Onset time.Time
	Say   func(format string, args ...any)
	all   sync.WaitGroup

	mu   sync.Mutex
	errs []error
}

// Start begins to follow the events; they end with the context.
func (t *Timetable) Start(ctx context.Context, v *scenario.Variant) {
	for i := range v.Steps {
		e := &v.Steps[i]
		t.all.Go(func() {
			if err := t.follow(ctx, e); err != nil {
				t.mu.Lock()
				t.errs = append(t.errs, fmt.Errorf("event %d, %s: %w", i+1, e.Fault, err))
				t.mu.Unlock()
			}
		})
	}
}

// Wait waits for all events to be over, and says what could not be done. It is called
// after the context's end.
func (t *Timetable) Wait() error {
	t.all.Wait()
	return errors.Join(t.errs...)
}

// follow switches one event on and off.
func (t *Timetable) follow(ctx context.Context, e *scenario.Event) error {
	end := t.Onset.Add(scenario.Fault + time.Minute) // beyond the run's own end
	if e.For > 0 {
		end = t.Onset.Add(e.At + e.For)
	}
	for from := t.Onset.Add(e.At); from.Before(end); from = from.Add(e.Every) {
		to := end
		if e.Every > 0 && from.Add(e.Down).Before(end) {
			to = from.Add(e.Down)
		}
		if !sleepUntil(ctx, from) {
			return nil
		}
		undo, err := table()[e.Fault](ctx, t.World, e)
		if err != nil {
			return err
		}
		t.Say("on: %s", describe(e))
		if !sleepUntil(ctx, to) {
			return nil // the world ends with everything in it
		}
		if undo != nil {
			if err := undo(context.WithoutCancel(ctx)); err != nil {
				return fmt.Errorf("take it back: %w", err)
			}
		}
		t.Say("off: %s", e.Fault)
		if e.Every == 0 {
			return nil
		}
	}
	return nil
}

// describe is an event on one line.
func describe(e *scenario.Event) string {
	text := e.Fault
	for _, x := range []struct {
		word string
		v    any
		used bool
	}{
		{"", e.State, e.State != ""}, {"where", e.Where, len(e.Where) > 0}, {"clients", e.Clients, len(e.Clients) > 0}, {"tenant", e.Tenant, e.Tenant != ""},
		{"share", e.Share, e.Share != 0}, {"connections", e.Connections, e.Connections != 0}, {"status", e.Status, e.Status != 0}, {"percent", e.Percent, e.Percent != 0}, {"count", e.Count, e.Count != 0},
	} {
		if x.used {
			text += fmt.Sprintf(" %s %v", x.word, x.v)
		}
	}
	return text
}

// sleepUntil waits; false: the context has ended before.
func sleepUntil(ctx context.Context, at time.Time) bool {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// bottlenecks of an event: the links before its places.
func bottlenecks(places []string) []topology.Bottleneck {
	var out []topology.Bottleneck
	for _, b := range topology.Bottlenecks() {
		for _, p := range places {
			if b.To == p {
				out = append(out, b)
			}
		}
	}
	return out
}

// together makes several changes; when one cannot be made, none is left.
func together(ctx context.Context, list ...func() (world.Undo, error)) (world.Undo, error) {
	var done []world.Undo
	for _, f := range list {
		u, err := f()
		if err != nil {
			return nil, errors.Join(err, world.All(done...)(ctx))
		}
		done = append(done, u)
	}
	return world.All(done...), nil
}

func edge(ctx context.Context, w *world.World, e *scenario.Event) (world.Undo, error) {
	a := stand.Answer{Kind: e.State, Status: e.Status, Paths: e.Paths, Mobile: e.Mobile, Percent: e.Percent, PerSecond: e.PerSecond}
	for _, name := range e.Clients {
		if c, ok := topology.ClientNamed(name); ok {
			a.From = append(a.From, c.Prefix())
			if c.V6 {
				a.From = append(a.From, c.Prefix6())
			}
		}
	}
	return w.Answer(ctx, pops(e), tenants(e), a)
}

func edgeStop(ctx context.Context, w *world.World, e *scenario.Event) (world.Undo, error) {
	return w.StopEdge(ctx, pops(e), tenants(e))
}

func edgeHang(ctx context.Context, w *world.World, e *scenario.Event) (world.Undo, error) {
	return w.Hang(ctx, pops(e), tenants(e))
}

func certificate(ctx context.Context, w *world.World, e *scenario.Event) (world.Undo, error) {
	return w.Certificate(ctx, pops(e), map[string]string{"expired": stand.CertExpired, "name": stand.CertName, "alone": stand.CertAlone}[e.State])
}
