package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"faultline/outage"
)

// SystemResolver is the resolver that programs of this machine use.
const SystemResolver = "system"

// dnsPort is where resolvers listen.
const dnsPort = "53"

// Resolve looks a name up, both families at once, and keeps at most
// Limits.Answers addresses. The resolver is [SystemResolver] or an address with or
// without a port.
func (p *Prober) Resolve(ctx context.Context, begin time.Time, host, resolver string) (*outage.DNS, []netip.Addr) {
	w := watch{begin}
	if a, err := netip.ParseAddr(host); err == nil {
		return nil, []netip.Addr{a}
	}
	if resolver == "" || resolver == SystemResolver {
		if p.resolver == "" {
			return p.resolveSystem(ctx, w, host)
		}
		resolver = p.resolver
	}
	d := &outage.DNS{Span: outage.Span{T0: w.now()}, Resolver: resolver, Transport: "udp"}
	server, err := serverAddress(resolver)
	if err != nil {
		d.T, d.Failure = w.now(), outage.UnknownFailure(err.Error())
		return d, nil
	}
	addrs := p.ask(ctx, d, host, server, true)
	d.T = w.now()
	return d, addrs
}

// serverAddress is a resolver's address with its port.
func serverAddress(resolver string) (string, error) {
	if ap, err := netip.ParseAddrPort(resolver); err == nil {
		return ap.String(), nil
	}
	a, err := netip.ParseAddr(strings.Trim(resolver, "[]"))
	if err != nil {
		return "", fmt.Errorf("resolver %q is no address: use 192.0.2.53, [2001:db8::53] or 192.0.2.53:5353", resolver)
	}
	return net.JoinHostPort(a.String(), dnsPort), nil
}

// resolveSystem asks as any program here would. The library does not tell an
// unknown name from one without addresses, so a failure is asked again of the
// configured resolver, for its own word.
func (p *Prober) resolveSystem(ctx context.Context, w watch, host string) (*outage.DNS, []netip.Addr) {
	d := &outage.DNS{Span: outage.Span{T0: w.now()}, Resolver: SystemResolver}
	limited, cancel := context.WithTimeout(ctx, p.limits.DNS)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(limited, "ip", host)
	d.T = w.now()
	if err == nil {
		for i := range addrs {
			addrs[i] = addrs[i].Unmap()
		}
		addrs = p.bounded(d, addrs)
		for _, a := range addrs {
			d.Answers = append(d.Answers, outage.Answer{Type: recordType(a), Data: a.String()})
		}
		return d, addrs
	}
	d.Failure = systemFailure(err)
	if c, errConf := dns.ClientConfigFromFile(resolvConf); errConf == nil && len(c.Servers) > 0 {
		detail := &outage.DNS{}
		p.ask(ctx, detail, host, net.JoinHostPort(c.Servers[0], c.Port), true)
		if detail.Rcode != "" && detail.Failure != "" {
			d.Rcode, d.Failure, d.Transport = detail.Rcode, detail.Failure, detail.Transport
		}
	}
	return d, nil
}

// resolvConf is where the machine says whom it asks.
const resolvConf = "/etc/resolv.conf"

// systemFailure finds the word for what the machine's resolver said.
func systemFailure(err error) outage.Failure {
	var e *net.DNSError
	switch {
	case !errors.As(err, &e):
		return failureOf(err)
	case e.IsTimeout:
		return outage.FailureTimeout
	case e.IsNotFound:
		return outage.FailureNXDOMAIN
	case e.IsTemporary:
		return outage.FailureDNSTemporary
	case strings.Contains(e.Err, "server misbehaving"):
		return outage.FailureDNSMisbehaving
	}
	return failureOf(err)
}

// recordType of an address.
func recordType(a netip.Addr) string {
	if a.Is4() {
		return "A"
	}
	return "AAAA"
}

// bounded keeps as many addresses as may be tried.
func (p *Prober) bounded(d *outage.DNS, addrs []netip.Addr) []netip.Addr {
	if len(addrs) > p.limits.Answers {
		d.Truncated = true
		addrs = addrs[:p.limits.Answers]
	}
	return addrs
}

// ask puts both questions to one server and adds up what came. One family that is
// not there is no failure.
func (p *Prober) ask(ctx context.Context, d *outage.DNS, host, server string, recurse bool) []netip.Addr {
	var addrs []netip.Addr
	failures := map[outage.Failure]bool{}
	for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
		got, f := p.question(ctx, d, host, server, questionOf(host, qtype, recurse))
		addrs = append(addrs, got...)
		if f != "" {
			failures[f] = true
		}
	}
	if len(addrs) > 0 {
		return p.bounded(d, addrs)
	}
	// The most telling word of the two questions.
	for _, f := range []outage.Failure{
		outage.FailureNXDOMAIN, outage.FailureSERVFAIL, outage.FailureDNSRefused, outage.FailureTimeout, outage.FailureDNSNoAnswer,
	} {
		if failures[f] {
			d.Failure = f
			return nil
		}
	}
	for f := range failures {
		d.Failure = max(d.Failure, f)
	}
	return nil
}

// questionOf makes a question with room for a large answer and the wish to know
// whether DNSSEC holds.
func questionOf(host string, qtype uint16, recurse bool) *dns.Msg {
	q := new(dns.Msg)
	q.SetQuestion(dns.Fqdn(host), qtype)
	q.RecursionDesired = recurse
	q.AuthenticatedData = true
	q.SetEdns0(1232, false)
	return q
}

// question asks once over UDP, and over TCP when the answer did not fit.
func (p *Prober) question(ctx context.Context, d *outage.DNS, host, server string, q *dns.Msg) ([]netip.Addr, outage.Failure) {
	ctx, cancel := context.WithTimeout(ctx, p.limits.DNS)
	defer cancel()
	d.Transport = "udp"
	client := dns.Client{Net: "udp", Timeout: p.limits.DNS, UDPSize: 4096}
	r, _, err := client.ExchangeContext(ctx, q, server)
	if err == nil && r.Truncated {
		d.Transport, client.Net = "tcp", "tcp"
		r, _, err = client.ExchangeContext(ctx, q, server)
	}
	if err != nil {
		return nil, dnsFailure(err)
	}
	d.Rcode = dns.RcodeToString[r.Rcode]
	d.Authoritative = r.Authoritative
	d.Authenticated = r.AuthenticatedData
	switch r.Rcode {
	case dns.RcodeSuccess:
	case dns.RcodeNameError:
		return nil, outage.FailureNXDOMAIN
	case dns.RcodeServerFailure:
		return nil, outage.FailureSERVFAIL
	case dns.RcodeRefused:
		return nil, outage.FailureDNSRefused
	default:
		return nil, outage.FailureDNSMisbehaving
	}
	addrs := p.answers(d, r)
	if len(addrs) == 0 {
		return nil, outage.FailureDNSNoAnswer
	}
	return addrs, ""
}

// answers keeps the records of an answer.
func (p *Prober) answers(d *outage.DNS, r *dns.Msg) []netip.Addr {
	var addrs []netip.Addr
	for _, rr := range r.Answer {
		var data string
		switch rr := rr.(type) {
		case *dns.A:
			if a, ok := netip.AddrFromSlice(rr.A.To4()); ok {
				addrs, data = append(addrs, a), a.String()
			}
		case *dns.AAAA:
			if a, ok := netip.AddrFromSlice(rr.AAAA); ok {
				addrs, data = append(addrs, a), a.String()
			}
		case *dns.CNAME:
			data = cut(rr.Target)
		}
		if data == "" {
			continue
		}
		if len(d.Answers) >= p.limits.Answers {
			d.Truncated = true
			break
		}
		h := rr.Header()
		d.Answers = append(d.Answers, outage.Answer{Type: dns.TypeToString[h.Rrtype], Data: data, TTL: h.Ttl})
	}
	return addrs
}

// dnsFailure finds the word for an exchange that failed.
func dnsFailure(err error) outage.Failure {
	var parse *dns.Error
	if errors.As(err, &parse) {
		return outage.FailureDNSMisbehaving
	}
	return failureOf(err)
}

// Authoritative asks every authoritative server of a name directly, the way a
// resolver with an empty cache would: the servers of the closest zone, each once.
func (p *Prober) Authoritative(ctx context.Context, begin time.Time, host, resolver string) []*outage.DNS {
	w := watch{begin}
	server, err := p.resolverAddress(resolver)
	if err != nil {
		return nil
	}
	var out []*outage.DNS
	for _, ns := range p.nameservers(ctx, host, server) {
		d := &outage.DNS{Span: outage.Span{T0: w.now()}, Nameserver: strings.TrimSuffix(ns, ".")}
		look := &outage.DNS{}
		addrs := p.ask(ctx, look, ns, server, true)
		if len(addrs) == 0 {
			d.T, d.Failure = w.now(), look.Failure
			out = append(out, d)
			continue
		}
		d.Resolver = addrs[0].String()
		p.ask(ctx, d, host, net.JoinHostPort(d.Resolver, p.dnsPort), false)
		d.T = w.now()
		out = append(out, d)
	}
	return out
}

// resolverAddress is where to ask for names of servers.
func (p *Prober) resolverAddress(resolver string) (string, error) {
	if resolver == "" || resolver == SystemResolver {
		resolver = p.resolver
	}
	if resolver != "" {
		return serverAddress(resolver)
	}
	c, err := dns.ClientConfigFromFile(resolvConf)
	if err != nil || len(c.Servers) == 0 {
		return "", fmt.Errorf("find the system's resolver in %s: %w", resolvConf, err)
	}
	return net.JoinHostPort(c.Servers[0], c.Port), nil
}

// maxNameservers of a zone are asked.
const maxNameservers = 8

// nameservers of the closest zone above a name that has any.
func (p *Prober) nameservers(ctx context.Context, host, server string) []string {
	ctx, cancel := context.WithTimeout(ctx, p.limits.DNS)
	defer cancel()
	client := dns.Client{Timeout: p.limits.DNS}
	for _, start := range dns.Split(dns.Fqdn(host)) {
		r, _, err := client.ExchangeContext(ctx, questionOf(dns.Fqdn(host)[start:], dns.TypeNS, true), server)
		if err != nil {
			return nil
		}
		var names []string
		for _, rr := range r.Answer {
			if ns, ok := rr.(*dns.NS); ok {
				names = append(names, ns.Ns)
			}
		}
		if len(names) > 0 {
			slices.Sort(names)
			return names[:min(len(names), maxNameservers)]
		}
	}
	return nil
}
