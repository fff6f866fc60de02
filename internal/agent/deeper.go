package agent

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"faultline/internal/agentapi"
	"faultline/internal/probe"
	"faultline/outage"
)

// deeper looks at what the target wants beside each address. Each look counts as an
// attempt.
func (l *look) deeper(ctx context.Context, base outage.Target, addrs []found) []outage.Measurement {
	var out []outage.Measurement
	keep := func(m outage.Measurement, resolver string) {
		m.Vantage = l.vantage(resolver)
		out = append(out, m)
	}
	wants := func(word string) bool {
		return slices.Contains(l.target.Also, word) && ctx.Err() == nil && l.allowed(base)
	}
	_, errAddr := netip.ParseAddr(base.Host)
	if errAddr != nil && wants(agentapi.AlsoAuthoritative) {
		begin := time.Now().UTC()
		for _, dns := range l.prober.Authoritative(ctx, begin, base.Host, l.resolverName()) {
			keep(lookUp(base, begin, dns), dns.Nameserver)
		}
	}
	for i, f := range addrs {
		if strings.HasPrefix(base.URL, "https:") && wants(agentapi.AlsoQUIC) {
			keep(l.prober.AttemptQUIC(ctx, at(base, f.addr), f.dns), f.resolver)
		}
		if wants(agentapi.AlsoEcho) {
			keep(l.prober.Echo(ctx, at(base, f.addr)), f.resolver)
		}
		if i == 0 && wants(agentapi.AlsoTrace) {
			keep(l.prober.Trace(ctx, at(base, f.addr)), f.resolver)
		}
	}
	return out
}

// lookUp is the record of a look-up that led to no attempt.
func lookUp(base outage.Target, begin time.Time, dns *outage.DNS) outage.Measurement {
	m := outage.Measurement{Attempt: 1, Time: begin, Target: base, DNS: dns, Outcome: outage.OutcomeOK}
	if dns.Failure != "" {
		m.Outcome, m.Layer, m.Operation, m.Failure = outage.OutcomeFail, outage.LayerDNS, outage.OperationResolve, dns.Failure
	}
	return m
}

// walk takes the target's journey, if the cap has room for what it should cost and the
// host's robots file allows it. Each request is taken out of the cap as it is made, all
// redirects among them: a walk that costs more than it should may end before its end.
// That the name does not resolve is told by the look beside it.
func (l *look) walk(ctx context.Context, base outage.Target, addrs []found) []outage.Measurement {
	if len(addrs) == 0 || !l.mayWalk(ctx, at(base, addrs[0].addr)) {
		return nil
	}
	if !l.caps.room(capKey(base), l.target.Attempts(), l.target.PerMinute, time.Now()) {
		l.deps.Metrics.attempt(false)
		return nil
	}
	out := l.prober.Walk(ctx, l.target.Journey, base, l.target.Variant, l.may)
	for i := range out {
		out[i].Vantage = l.vantage("")
	}
	return out
}

// mayWalk asks the robots file of the target's host about every step whose address
// is known beforehand, and leaves out hosts that do not want to be probed.
func (l *look) mayWalk(ctx context.Context, base outage.Target) bool {
	robots := l.robots.of(base.Host, time.Now(), func() (*probe.Robots, error) {
		if !l.allowed(base) {
			return nil, errCapped
		}
		return l.prober.FetchRobots(ctx, base, base.Address)
	})
	begin, err := url.Parse(base.URL)
	if err != nil || robots == nil {
		return false
	}
	for _, s := range l.target.Journey.Steps {
		u, err := begin.Parse(s.URL)
		if err != nil || strings.Contains(s.URL, "${") {
			continue // made from what an earlier step finds, which robots files allowed
		}
		if l.optedOut(l.plan, u.Hostname()) || u.Host == begin.Host && !robots.Allows(u.String()) {
			l.deps.Metrics.walkLeftOut()
			return false
		}
	}
	return true
}

// errCapped says that a robots file was not asked for.
var errCapped = errors.New("the cap of the service is reached")

// robots remembers what hosts let programs walk through.
type robots struct {
	mu    sync.Mutex
	files map[string]robotsFile
}

type robotsFile struct {
	rules *probe.Robots // nil: it could not be asked for
	until time.Time
}

// How long a robots file is good (RFC 9309 says a day), and how long is waited
// before a host that did not answer is asked again.
const (
	robotsLife  = 24 * time.Hour
	robotsRetry = 10 * time.Minute
	// maxRobots bounds the hosts that are remembered; beyond it all are asked again.
	maxRobots = 20_000
)

func newRobots() *robots { return &robots{files: map[string]robotsFile{}} }

// of a host. One that does not answer any more keeps what it said before, or an
// outage would end the journeys that show it.
func (r *robots) of(host string, now time.Time, fetch func() (*probe.Robots, error)) *probe.Robots {
	r.mu.Lock()
	known, ok := r.files[host]
	r.mu.Unlock()
	if ok && now.Before(known.until) {
		return known.rules
	}
	rules, err := fetch()
	until := now.Add(robotsLife)
	if err != nil {
		rules, until = known.rules, now.Add(robotsRetry)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.files) >= maxRobots {
		clear(r.files)
	}
	r.files[host] = robotsFile{rules, until}
	return rules
}
