package imports

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"faultline/internal/scrub"
	"faultline/outage"
)

func looksOONI(head []byte) bool {
	return hasKey(head, "test_name", "probe_asn", "data_format_version", "test_keys")
}

func parseOONI(s *source) error {
	return s.objects(func(raw []byte) error {
		var r ooniRecord
		if err := decode(raw, &r); err != nil {
			return err
		}
		o := &ooni{source: s, ooniRecord: &r}
		return o.all()
	})
}

// ooni is one measurement of OONI's being taken apart.
type ooni struct {
	*source
	*ooniRecord
	start time.Time
	base  outage.Measurement
}

// ooniLayout is how OONI writes times, in UTC.
const ooniLayout = "2006-01-02 15:04:05"

// begin checks the record and fills in what all its attempts share.
func (o *ooni) begin() (err error) {
	if o.TestName != "web_connectivity" {
		return fmt.Errorf("test_name is %q: only web_connectivity can be imported, leave other tests out", clip(o.TestName))
	}
	if o.Keys == nil {
		return errors.New("test_keys is missing: there is nothing measured in this record")
	}
	if o.start, err = time.Parse(ooniLayout, o.Start); err != nil {
		return fmt.Errorf("measurement_start_time %q cannot be read: OONI writes 2025-03-10 09:30:12 in UTC", clip(o.Start))
	}
	k := o.Keys
	if n := len(k.Queries) + len(k.Connects) + len(k.Handshakes) + len(k.Requests); n > maxAttempts {
		return fmt.Errorf("the record holds %d attempts: at most %d are read", n, maxAttempts)
	}
	o.base = outage.Measurement{Agent: "ooni", Origin: text(o.UID), Vantage: outage.Vantage{Resolver: "system"}}
	if o.UID == "" {
		o.base.Origin = text(o.Report)
	}
	if o.Country != "ZZ" && len(o.Country) == 2 {
		o.base.Vantage.Country = text(o.Country)
	}
	if o.ASN != "AS0" && strings.HasPrefix(o.ASN, "AS") {
		o.base.Vantage.Network = text(o.ASN)
	}
	if o.Annotations["network_type"] == "mobile" {
		o.base.Vantage.Class = "mobile"
	}
	if o.Input != nil {
		o.base.Target = targetOf(*o.Input)
	}
	return nil
}

// targetOf is the target that a URL names; without the host when it has none.
func targetOf(raw string) outage.Target {
	u, err := url.Parse(raw)
	if err != nil {
		return outage.Target{URL: text(raw)}
	}
	u.User = nil // records are published
	t := outage.Target{URL: text(u.String()), Host: strings.ToLower(text(u.Hostname()))}
	if p, err := strconv.Atoi(u.Port()); err == nil {
		t.Port = p
	} else if u.Scheme == "https" {
		t.Port = 443
	} else if u.Scheme == "http" {
		t.Port = 80
	}
	return t
}

// all hands over every attempt: look-ups, then connections with what was done over
// them, then requests whose connection is not told.
func (o *ooni) all() error {
	if err := o.begin(); err != nil {
		return err
	}
	for i := range o.Keys.Queries {
		if m := o.query(&o.Keys.Queries[i]); !o.give(m) {
			return nil
		}
	}
	shaken, asked := make([]bool, len(o.Keys.Handshakes)), make([]bool, len(o.Keys.Requests))
	for i := range o.Keys.Connects {
		c := &o.Keys.Connects[i]
		m := o.connect(c)
		o.join(m, c, shaken, asked)
		if !o.give(m) {
			return nil
		}
	}
	for i := range o.Keys.Handshakes {
		if m := o.attempt(&o.Keys.Handshakes[i].ooniTimes); !shaken[i] {
			o.handshake(m, &o.Keys.Handshakes[i])
			if !o.give(m) {
				return nil
			}
		}
	}
	for i := len(o.Keys.Requests) - 1; i >= 0; i-- { // the newest comes first in the file
		if m := o.attempt(&o.Keys.Requests[i].ooniTimes); !asked[i] {
			o.request(m, i)
			if !o.give(m) {
				return nil
			}
		}
	}
	return nil
}

// join puts the handshake and the request of a connection into its measurement.
// New probes give all three one transaction, older ones an address to handshakes.
func (o *ooni) join(m *outage.Measurement, c *ooniConnect, shaken, asked []bool) {
	address := net.JoinHostPort(c.IP, strconv.Itoa(c.Port))
	for i := range o.Keys.Handshakes {
		h := &o.Keys.Handshakes[i]
		same := c.Transaction != 0 && h.Transaction == c.Transaction || c.Transaction == 0 && h.Address == address
		if same && !shaken[i] {
			shaken[i] = true
			o.handshake(m, h)
			break
		}
	}
	for i := range o.Keys.Requests {
		if r := &o.Keys.Requests[i]; c.Transaction != 0 && r.Transaction == c.Transaction && !asked[i] {
			asked[i] = true
			o.request(m, i)
			break
		}
	}
}

// attempt begins a measurement at the time of its first phase.
func (o *ooni) attempt(t *ooniTimes) *outage.Measurement {
	m := o.base
	m.Time = o.start.Add(seconds(t.begin()))
	return &m
}

// begin is when a phase began; for old probes when it ended.
func (t *ooniTimes) begin() float64 {
	if t.T0 != nil {
		return *t.T0
	}
	return t.T
}

// maxSeconds of a phase or of its distance from the beginning: OONI gives up after
// minutes.
const maxSeconds = 24 * 3600

// seconds is a time of OONI's as a duration, with nonsense cut off.
func seconds(s float64) time.Duration {
	return time.Duration(min(max(s, 0), maxSeconds) * float64(time.Second))
}

// span of a phase in the milliseconds of a measurement.
func (o *ooni) span(m *outage.Measurement, t *ooniTimes) outage.Span {
	since := func(s float64) float64 {
		return float64(o.start.Add(seconds(s)).Sub(m.Time).Microseconds()) / 1000
	}
	return outage.Span{T0: since(t.begin()), T: since(t.T)}
}

func (o *ooni) query(q *ooniQuery) *outage.Measurement {
	m := o.attempt(&q.ooniTimes)
	d := &outage.DNS{Span: o.span(m, &q.ooniTimes), Resolver: "system", Failure: ooniFailure(q.Failure)}
	switch q.Engine {
	case "udp", "tcp", "dot", "doh":
		d.Transport, d.Resolver = q.Engine, text(q.Resolver)
		m.Vantage.Resolver = d.Resolver
	}
	for _, a := range q.Answers {
		if len(d.Answers) == maxAnswers {
			d.Truncated = true
			break
		}
		out := outage.Answer{Type: text(a.Type), Data: text(a.V4 + a.V6 + a.Host)}
		if a.TTL != nil {
			out.TTL = *a.TTL
		}
		d.Answers = append(d.Answers, out)
	}
	m.DNS, m.Target.Host = d, strings.ToLower(text(q.Host))
	fail(m, outage.LayerDNS, outage.OperationResolve, d.Failure)
	return m
}

func (o *ooni) connect(c *ooniConnect) *outage.Measurement {
	m := o.attempt(&c.ooniTimes)
	m.Target.Address, m.Target.Port, m.Target.Family = text(c.IP), c.Port, family(c.IP)
	m.TCP = &outage.TCP{Span: o.span(m, &c.ooniTimes), Failure: ooniFailure(c.Status.Failure)}
	fail(m, outage.LayerTCP, outage.OperationConnect, m.TCP.Failure)
	return m
}

func (o *ooni) handshake(m *outage.Measurement, h *ooniHandshake) {
	if h.Name != "" {
		m.Target.Host = strings.ToLower(text(h.Name))
	}
	if host, port, err := net.SplitHostPort(h.Address); err == nil && m.Target.Address == "" {
		m.Target.Address, m.Target.Family = text(host), family(host)
		if p, err := strconv.Atoi(port); err == nil {
			m.Target.Port = p
		}
	}
	m.TLS = &outage.TLS{
		Span: o.span(m, &h.ooniTimes), Cipher: text(h.Cipher), ALPN: text(h.ALPN), Failure: ooniFailure(h.Failure),
		Version: strings.Replace(text(h.Version), "TLSv", "TLS ", 1),
	}
	if len(h.Certs) > 0 {
		m.TLS.Certificate = certificate(h.Certs[0], m.Target.Host, len(h.Certs))
	}
	fail(m, outage.LayerTLS, outage.OperationTLSHandshake, m.TLS.Failure)
}

// request fills in the request at a place of the list; the list is in reverse, so
// its end is the first hop.
func (o *ooni) request(m *outage.Measurement, i int) {
	r := &o.Keys.Requests[i]
	h := &outage.HTTP{
		Span: o.span(m, &r.ooniTimes), Method: text(r.Request.Method), Hop: len(o.Keys.Requests) - 1 - i, Failure: ooniFailure(r.Failure),
	}
	if t := targetOf(r.Request.URL); t.Host != "" {
		m.Target.URL, m.Target.Host = t.URL, t.Host
		if m.TCP == nil {
			m.Target.Port = t.Port
		}
	}
	m.HTTP = h
	if r.Response != nil && r.Response.Code != 0 {
		o.answer(h, i)
	}
	fail(m, requestLayer(h), outage.OperationRoundTrip, h.Failure)
}

// answer keeps what a response says.
func (o *ooni) answer(h *outage.HTTP, i int) {
	res := o.Keys.Requests[i].Response
	get := func(name string) string {
		for k, v := range res.Headers {
			if strings.EqualFold(k, name) {
				return text(string(v))
			}
		}
		return ""
	}
	h.Status, h.BodyBytes = res.Code, int64(len(res.Body))
	h.Location, h.Server, h.RetryAfter = get("Location"), get("Server"), get("Retry-After")
	if ray := get("Cf-Ray"); ray != "" {
		h.Provider, h.Edge, h.Cache = "cloudflare", ray[strings.LastIndexByte(ray, '-')+1:], get("Cf-Cache-Status")
	}
	h.Title = scrub.Title(res.Body[:min(len(res.Body), maxLine)], maxText)
	switch {
	case get("Cf-Mitigated") == "challenge", h.Status >= 400 && strings.HasPrefix(strings.ToLower(h.Title), "just a moment"):
		h.BodyClass = outage.BodyChallenge
	case h.Status == 451:
		h.BodyClass = outage.BodyBlockPage
	case h.Status >= 400:
		h.BodyClass = outage.BodyErrorPage
	case h.BodyBytes == 0 && h.Status == 200:
		h.BodyClass = outage.BodyEmpty
	default:
		h.BodyClass = outage.BodyOK
	}
	if h.Failure != "" {
		return
	}
	switch {
	case h.BodyClass == outage.BodyChallenge:
		h.Failure = outage.FailureChallenge
	case h.BodyClass == outage.BodyBlockPage:
		h.Failure = outage.FailureBlockPage
	case h.Provider == "cloudflare" && h.Status >= 520 && h.Status <= 530:
		h.Failure = outage.FailureEdgeOrigin
	default:
		h.Failure = statusFailure(h.Status)
	}
}

// requestLayer finds the layer of a request that failed, for old probes hand over
// the failure of its look-up or connection as that of the request.
func requestLayer(h *outage.HTTP) outage.Layer {
	switch f := h.Failure; {
	case h.Status != 0:
		return outage.LayerHTTP
	case strings.HasPrefix(string(f), "dns_"):
		return outage.LayerDNS
	case strings.HasPrefix(string(f), "ssl_"):
		return outage.LayerTLS
	case f == outage.FailureRefused, f == outage.FailureHostUnreachable, f == outage.FailureNetworkUnreachable:
		return outage.LayerTCP
	}
	return outage.LayerHTTP
}
