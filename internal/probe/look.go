package probe

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"sync"

	"faultline/outage"
)

// Question is what a look is to find out.
type Question struct {
	Target    outage.Target // host, port and URL
	Resolvers []string      // beside the system's
	// Authoritative asks the servers of the name's own zone, too.
	Authoritative bool
}

// atOnce is how many addresses are tried at the same time: more would measure
// the crowd that they make.
const atOnce = 4

// Look makes one look: every resolver is asked, every address is tried once, and
// redirects are followed from the first that gave one. The measurements come in
// this order: look-ups that failed or were only asked for comparison, addresses,
// redirects.
func (p *Prober) Look(ctx context.Context, q Question) []outage.Measurement {
	found, out := p.lookUp(ctx, q)
	first := p.tryAll(ctx, q.Target, found)
	out = append(out, first...)
	for i := range first {
		if first[i].HTTP != nil && isRedirect(first[i].HTTP) {
			return append(out, p.Follow(ctx, &first[i], anywhere)...)
		}
	}
	return out
}

// anywhere permits every page: a look by hand is one chain, bounded by its limits.
func anywhere(outage.Target) Permit { return PermitGo }

// place is an address and the look-up that named it first.
type place struct {
	addr netip.Addr
	dns  *outage.DNS
}

// lookUp asks all resolvers. A look-up that gives no new address is a measurement
// of its own; the others go into those of their addresses.
func (p *Prober) lookUp(ctx context.Context, q Question) ([]place, []outage.Measurement) {
	var found []place
	var alone []outage.Measurement
	known := map[netip.Addr]bool{}
	for _, resolver := range append([]string{SystemResolver}, q.Resolvers...) {
		m := p.record(q.Target)
		m.Vantage.Resolver = resolver
		d, addrs := p.Resolve(ctx, m.Time, q.Target.Host, resolver)
		fresh := false
		for _, a := range addrs {
			if !known[a] {
				known[a], fresh = true, true
				found = append(found, place{a, d})
			}
		}
		if d != nil && !fresh {
			m.DNS = d
			fail(&m, outage.LayerDNS, outage.OperationResolve, d.Failure)
			alone = append(alone, m)
		}
	}
	if q.Authoritative {
		m := p.record(q.Target)
		for _, d := range p.Authoritative(ctx, m.Time, q.Target.Host, firstOf(q.Resolvers)) {
			one := m
			one.DNS, one.Vantage.Resolver = d, d.Nameserver
			fail(&one, outage.LayerDNS, outage.OperationResolve, d.Failure)
			alone = append(alone, one)
		}
	}
	return found[:min(len(found), p.limits.Answers)], alone
}

// firstOf is the first resolver that was named, or the system's.
func firstOf(resolvers []string) string {
	if len(resolvers) > 0 {
		return resolvers[0]
	}
	return SystemResolver
}

// tryAll makes one attempt at each address.
func (p *Prober) tryAll(ctx context.Context, t outage.Target, places []place) []outage.Measurement {
	out := make([]outage.Measurement, len(places))
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for i, pl := range places {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			out[i] = p.Attempt(ctx, at(t, pl.addr), pl.dns)
		})
	}
	wg.Wait()
	return out
}

// isRedirect says whether an answer sends on.
func isRedirect(h *outage.HTTP) bool {
	return h.Status >= 300 && h.Status < 400 && h.Location != "" && h.Status != 304
}

// hopping is where one is in a chain of redirects, and what is asked there.
type hopping struct {
	hop    int
	seen   map[string]bool // URLs that were asked for
	public bool            // the chain began at a public address
	ask    *ask
}

// hop asks for the page that an answer sends to. It returns the body, too.
func (p *Prober) hop(ctx context.Context, from *outage.Measurement, h hopping) (outage.Measurement, []byte) {
	next, err := redirectTarget(from)
	m := p.record(next)
	m.HTTP = &outage.HTTP{Method: http.MethodGet, Hop: h.hop}
	refuse := func(f outage.Failure) (outage.Measurement, []byte) {
		m.HTTP.Failure = f
		fail(&m, outage.LayerHTTP, outage.OperationRoundTrip, f)
		return m, nil
	}
	switch {
	case err != nil:
		return refuse(outage.FailureHTTPRedirect)
	case h.seen[next.URL], h.hop > p.limits.Redirects:
		return refuse(outage.FailureRedirectLoop)
	}
	h.seen[next.URL] = true
	d, addrs := p.Resolve(ctx, m.Time, next.Host, SystemResolver)
	if m.DNS = d; len(addrs) == 0 {
		fail(&m, outage.LayerDNS, outage.OperationResolve, d.Failure)
		return m, nil
	}
	m.Target = at(next, addrs[0])
	if h.public && !p.private && !isPublic(m.Target.Address) {
		return refuse(outage.FailureForbidden)
	}
	m, body := p.attempt(ctx, m.Target, d, h.ask)
	if m.HTTP != nil {
		m.HTTP.Hop = h.hop
	}
	return m, body
}

// redirectTarget is where an answer sends.
func redirectTarget(from *outage.Measurement) (outage.Target, error) {
	base, err := url.Parse(from.Target.URL)
	if err != nil {
		return from.Target, err
	}
	to, err := base.Parse(from.HTTP.Location)
	if err != nil {
		return from.Target, err
	}
	t, err := ParseTarget(to.String())
	if err != nil {
		return from.Target, err
	}
	t.Service, t.Journey, t.Step, t.Variant, t.Role = from.Target.Service, from.Target.Journey, from.Target.Step, from.Target.Variant, from.Target.Role
	return t, nil
}

// isPublic says whether an address is one that the whole Internet shares.
func isPublic(address string) bool {
	a, err := netip.ParseAddr(address)
	return err == nil && a.IsGlobalUnicast() && !a.IsPrivate() && !a.IsLoopback() && !shared.Contains(a)
}

// shared is the space between carriers and their customers (RFC 6598).
var shared = netip.MustParsePrefix("100.64.0.0/10")
