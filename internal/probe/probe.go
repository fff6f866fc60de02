// Package probe looks at services from where it runs: one attempt at one address
// is one [outage.Measurement], with every phase timed and a failure that names
// its layer and its operation.
//
// It reads the network (DNS, TCP, TLS, HTTP, QUIC, ICMP) and writes nothing but
// its answer: what is slow, blocked or offline is judged by whoever has more than
// one measurement. No retry is hidden: a retry is another attempt.
//
// Limits: each phase has a time limit, and every body, head, list of answers and
// chain of redirects is cut at a named size, so a hostile server costs a bounded
// time and number of bytes. A redirect never leads from a public address to one
// that is not.
package probe

import (
	"context"
	"crypto/x509"
	"time"

	"faultline/outage"
)

// Limits bound one attempt. Who is cut: a server that is slower or larger than a
// person would wait for.
type Limits struct {
	DNS       time.Duration // of one question to one resolver
	Connect   time.Duration
	Handshake time.Duration // of TLS and of QUIC
	Answer    time.Duration // from the request to the end of the body
	Body      int64         // decoded bytes of a body; the rest is not read
	Head      int64         // bytes of an answer's head
	Redirects int           // that are followed
	Answers   int           // records of a DNS answer that are kept, and addresses that are tried
}

// DefaultLimits are those of agents and of a look by hand.
func DefaultLimits() Limits {
	return Limits{
		DNS: 5 * time.Second, Connect: 10 * time.Second, Handshake: 10 * time.Second, Answer: 20 * time.Second,
		Body: 1 << 20, Head: 64 << 10, Redirects: 10, Answers: 32,
	}
}

// Prober makes attempts. Its zero value is not usable: see [New].
type Prober struct {
	limits  Limits
	agent   string // User-Agent
	trust   trust
	private bool
	lab     bool // no public address is gone to
	// resolver stands in for the system's; empty: none does.
	resolver string
	dnsPort  string // where authoritative servers listen
}

// Option changes a prober.
type Option func(*Prober)

// WithLimits replaces the default limits.
func WithLimits(l Limits) Option { return func(p *Prober) { p.limits = l } }

// WithRoots makes the prober trust these authorities instead of the system's.
func WithRoots(pool *x509.CertPool) Option { return func(p *Prober) { p.trust.roots = pool } }

// WithResolver makes an address the resolver that stands in for the system's, for
// machines whose own one is not what should be measured.
func WithResolver(address string) Option { return func(p *Prober) { p.resolver = address } }

// WithPrivate lets redirects lead to addresses that are not public.
func WithPrivate() Option { return func(p *Prober) { p.private = true } }

// WithinLab keeps a prober within a laboratory: it goes to no public address.
func WithinLab() Option { return func(p *Prober) { p.lab = true } }

// outside says whether a target is where this prober does not go, and notes it.
func (p *Prober) outside(m *outage.Measurement) bool {
	if !p.lab || !isPublic(m.Target.Address) {
		return false
	}
	m.Outcome, m.Operation, m.Failure = outage.OutcomeSkipped, outage.OperationConnect, outage.FailureForbidden
	return true
}

// New makes a prober that introduces itself with a contact: an address or a page
// where the people who run what is probed find those who probe.
func New(contact string, options ...Option) *Prober {
	p := &Prober{limits: DefaultLimits(), agent: userAgent(contact), dnsPort: dnsPort}
	for _, o := range options {
		o(p)
	}
	return p
}

// userAgent is honest: what this is, and whom to ask.
func userAgent(contact string) string {
	if contact == "" {
		return "faultline/1 (outage observatory)"
	}
	return "faultline/1 (outage observatory; " + contact + ")"
}

// watch measures spans from one beginning.
type watch struct{ begin time.Time }

// now is milliseconds since the beginning.
func (w watch) now() float64 { return float64(time.Since(w.begin).Microseconds()) / 1000 }

// Attempt is one attempt at the address and port of a target: a connection, for
// https a handshake, for http and https one request. Redirects are not followed.
// The look-up that led here, if there was one, goes into the record as it is.
func (p *Prober) Attempt(ctx context.Context, t outage.Target, dns *outage.DNS) outage.Measurement {
	m, _ := p.attempt(ctx, t, dns, &ask{})
	return m
}

// attempt is Attempt with a request of one's own; it returns the body, too.
func (p *Prober) attempt(ctx context.Context, t outage.Target, dns *outage.DNS, a *ask) (outage.Measurement, []byte) {
	m := p.record(t)
	m.DNS = dns
	if p.outside(&m) {
		return m, nil
	}
	w := watch{m.Time}
	conn := p.connect(ctx, w, &m)
	if conn == nil {
		return m, nil
	}
	defer conn.Close()
	conn = &metered{Conn: conn, left: handshakeBytes + p.limits.Head + wireFactor*p.limits.Body}
	scheme, _ := splitScheme(t.URL)
	if scheme == "https" || scheme == "tls" {
		secured := p.handshake(ctx, w, conn, &m)
		if secured == nil {
			return m, nil
		}
		conn = secured
	}
	if scheme != "https" && scheme != "http" {
		return m, nil
	}
	transport, done := p.transport(conn)
	defer done()
	return m, p.roundTrip(ctx, w, transport, &m, a)
}

// record begins a measurement.
func (p *Prober) record(t outage.Target) outage.Measurement {
	return outage.Measurement{
		Agent: Local, Attempt: 1, Time: time.Now().UTC(), Target: t, Outcome: outage.OutcomeOK,
		Budget: outage.Budget{TimeoutMS: int(p.limits.Answer / time.Millisecond), Bytes: p.limits.Body},
	}
}

// Local is the agent of a look by hand.
const Local = "local"

// fail notes the first failure of a measurement.
func fail(m *outage.Measurement, layer outage.Layer, op outage.Operation, f outage.Failure) {
	if m.Failure != "" || f == "" {
		return
	}
	m.Outcome, m.Layer, m.Operation, m.Failure = outage.OutcomeFail, layer, op, f
	switch f {
	case outage.FailureChallenge, outage.FailureQueuePage, outage.FailureBlockPage:
		m.Outcome = outage.OutcomeDegraded
	}
}
