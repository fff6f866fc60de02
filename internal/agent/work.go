package agent

import (
	"context"
	"log/slog"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"faultline/internal/agentapi"
	"faultline/internal/clock"
	"faultline/internal/probe"
	"faultline/outage"
)

// Bounds of one look at a target.
const (
	// maxAddresses are tried; a service with more is seen in part.
	maxAddresses = 16
	// addressesAtOnce are tried at the same time: more would measure the crowd that
	// they make.
	addressesAtOnce = 4
	// retryAfter is the pause before another attempt.
	retryAfter = time.Second
	// handTimeout is how long a stopping agent waits for a disk that does not keep up.
	handTimeout = 5 * time.Second
	// maxNap bounds one sleep, so that a clock that is set is seen soon.
	maxNap = time.Second
)

// probeAll probes what is due until the context ends, and returns when the last
// probe has.
func (a *Agent) probeAll(ctx context.Context) error {
	s := newSchedule(a.me.id())
	plan := &agentapi.Plan{}
	slots := make(chan struct{}, a.cfg.Concurrent)
	var probes sync.WaitGroup
	defer probes.Wait()
	for {
		now := time.Now()
		it := s.first(now)
		nap := maxNap
		if it != nil {
			nap = min(nap, it.due.Sub(now))
		}
		if nap > 0 {
			timer := time.NewTimer(nap)
			select {
			case <-ctx.Done():
				timer.Stop()
				return nil
			case plan = <-a.plans:
				a.adopt(s, plan)
			case <-timer.C:
			}
			timer.Stop()
			continue
		}
		late := -nap
		s.advance(it, now)
		if !it.busy.CompareAndSwap(false, true) {
			a.deps.Metrics.overrun()
			continue
		}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		a.deps.Metrics.begun(late)
		job := look{Agent: a, prober: *a.prober.Load(), plan: plan, target: it.target, base: it.base}
		probes.Go(func() {
			defer func() { it.busy.Store(false); <-slots }()
			growStack()
			a.hand(ctx, job.do(ctx))
		})
	}
}

// growStack gives a new goroutine at once the stack that a handshake needs: else it
// would be copied four times on the way down.
//
//go:noinline
func growStack() {
	var room [stackNeeded]byte
	room[0] = 1
	runtime.KeepAlive(&room)
}

// stackNeeded is what a handshake with its certificates takes.
const stackNeeded = 12 << 10

// adopt takes over a plan.
func (a *Agent) adopt(s *schedule, p *agentapi.Plan) {
	prober := a.deps.NewProber(p.Contact)
	a.prober.Store(&prober)
	targets := p.Targets
	if agentapi.ValidateContact(p.Contact) != nil {
		targets = nil // without a contact nothing is probed
	}
	var allowed []agentapi.Target
	for _, t := range targets {
		parsed, err := t.Parse()
		if err == nil && !a.optedOut(p, parsed.Host) {
			allowed = append(allowed, t)
		}
	}
	s.set(allowed, time.Now())
	a.deps.Metrics.targets(len(allowed))
	slog.Info("the agent has a plan", "targets", len(allowed), "left out", len(p.Targets)-len(allowed))
}

func (a *Agent) optedOut(p *agentapi.Plan, host string) bool {
	return agentapi.OptedOut(p.OptOut, host) || agentapi.OptedOut(a.cfg.OptOut, host)
}

// hand gives results to the collector. A probe that was cut short by the agent's own
// end says nothing about the service.
func (a *Agent) hand(ctx context.Context, list []outage.Measurement) {
	kept := list[:0]
	for i := range list {
		if ctx.Err() == nil || list[i].Failure == "" {
			kept = append(kept, list[i])
		}
	}
	if len(kept) == 0 {
		return
	}
	select {
	case a.results <- kept:
		return
	case <-ctx.Done():
	}
	timer := time.NewTimer(handTimeout)
	defer timer.Stop()
	select {
	case a.results <- kept:
	case <-timer.C:
		slog.Error("measurements are lost: the agent stops, and the disk does not take them", "measurements", len(kept))
	}
}

// look is one look at a target.
type look struct {
	*Agent
	prober Prober
	plan   *agentapi.Plan
	target agentapi.Target
	base   outage.Target // the same, as measurements name it
}

// found is an address and the look-up that named it first.
type found struct {
	addr     netip.Addr
	dns      *outage.DNS
	resolver string
}

// do resolves the target's name, tries every address, and follows a redirect from
// the first that gave one. Every attempt is a record.
func (l *look) do(ctx context.Context) []outage.Measurement {
	base := l.base
	addrs, out := l.resolve(ctx, base)
	if l.target.Journey != nil {
		return l.walk(ctx, base, addrs)
	}
	followed := false
	for _, list := range l.tryAll(ctx, base, addrs) {
		out = append(out, list...)
		if followed || len(list) == 0 || list[len(list)-1].HTTP == nil {
			continue
		}
		next := l.prober.Follow(ctx, &list[len(list)-1], l.may)
		followed = len(next) > 0
		for i := range next {
			next[i].Vantage = l.vantage("")
		}
		out = append(out, next...)
	}
	return append(out, l.deeper(ctx, base, addrs)...)
}

// tryAll tries every address, some at the same time.
func (l *look) tryAll(ctx context.Context, base outage.Target, addrs []found) [][]outage.Measurement {
	lists := make([][]outage.Measurement, len(addrs))
	if len(addrs) == 1 {
		lists[0] = l.try(ctx, base, addrs[0])
		return lists
	}
	var tries sync.WaitGroup
	slots := make(chan struct{}, addressesAtOnce)
	for i, f := range addrs {
		tries.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			lists[i] = l.try(ctx, base, f)
		})
	}
	tries.Wait()
	return lists
}

// vantage is what was declared, with the resolver that was asked.
func (l *look) vantage(resolver string) outage.Vantage {
	v := l.me.Vantage
	if resolver != "" {
		v.Resolver = resolver
	}
	return v
}

// resolverName is whom the agent asks by itself.
func (l *look) resolverName() string {
	if l.me.Vantage.Resolver == "" {
		return probe.SystemResolver
	}
	return l.me.Vantage.Resolver
}

// resolve asks every resolver. A look-up that gives no new address is a record of
// its own; the others go into those of their addresses.
func (l *look) resolve(ctx context.Context, base outage.Target) (addrs []found, alone []outage.Measurement) {
	known := map[netip.Addr]bool{}
	for _, resolver := range append([]string{l.resolverName()}, l.target.Resolver...) {
		begin := time.Now().UTC()
		dns, list := l.prober.Resolve(ctx, begin, base.Host, resolver)
		fresh := false
		for _, addr := range list {
			if !known[addr] && len(addrs) < maxAddresses {
				known[addr], fresh = true, true
				addrs = append(addrs, found{addr, dns, resolver})
			}
		}
		if dns == nil || fresh {
			continue
		}
		m := lookUp(base, begin, dns)
		m.Vantage = l.vantage(resolver)
		alone = append(alone, m)
	}
	return addrs, alone
}

// try makes attempts at an address until one succeeds, the retries are used up, or
// the cap is reached.
func (l *look) try(ctx context.Context, base outage.Target, f found) []outage.Measurement {
	t := at(base, f.addr)
	var out []outage.Measurement
	for n := 1; n <= 1+l.target.Retries && l.allowed(base); n++ {
		m := l.prober.Attempt(ctx, t, f.dns)
		m.Attempt, m.Vantage = n, l.vantage(f.resolver)
		out = append(out, m)
		if m.Failure == "" || n > l.target.Retries || clock.Pause(ctx, retryAfter) != nil {
			break
		}
	}
	return out
}

// at is a target at one address.
func at(t outage.Target, a netip.Addr) outage.Target {
	t.Address, t.Family = a.String(), 6
	if a.Is4() {
		t.Family = 4
	}
	return t
}

// capKey is what attempts are counted by. Controls have no service: their hosts are
// counted.
func capKey(t outage.Target) string {
	if t.Service == "" {
		return "host " + t.Host
	}
	return "service " + t.Service
}

// allowed takes an attempt out of the service's minute.
func (l *look) allowed(t outage.Target) bool {
	ok := l.caps.allow(capKey(t), l.target.PerMinute, time.Now())
	l.deps.Metrics.attempt(ok)
	return ok
}

// may says whether a page is asked for that an answer or a journey leads to: not of
// hosts that do not want it, and not of the hub, which an answer could otherwise make
// agents ask for anything.
func (l *look) may(next outage.Target) probe.Permit {
	if l.optedOut(l.plan, next.Host) || next.Host == l.hub.base.Hostname() && next.Port == l.hub.port() {
		return probe.PermitForbid
	}
	if !l.allowed(next) {
		return probe.PermitStop
	}
	return probe.PermitGo
}
