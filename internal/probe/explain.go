package probe

import (
	"fmt"
	"slices"
	"strings"

	"faultline/outage"
)

// Explanation is what a look comes to, in words.
type Explanation struct {
	// Verdict is one sentence.
	Verdict string `json:"verdict"`
	// Health is ok, edge_only (something answers, but nothing was seen of the
	// service behind it), partial or fail.
	Health  Health           `json:"health"`
	Layer   outage.Layer     `json:"layer,omitempty"` // first layer that fails
	Failure outage.Failure   `json:"failure,omitempty"`
	Op      outage.Operation `json:"operation,omitempty"`
	// Evidence are checkable sentences, one for each thing that was seen.
	Evidence []string `json:"evidence"`
}

// Health is what one look allows to say.
type Health string

// Healths.
const (
	HealthOK       Health = "ok"
	HealthEdgeOnly Health = "edge_only"
	HealthPartial  Health = "partial"
	HealthFail     Health = "fail"
)

// Explain says what the measurements of one look come to: the first layer that
// fails, at how many of the addresses, and what was seen. It judges one look from
// one place, and says no more than that.
func Explain(list []outage.Measurement) Explanation {
	e := Explanation{Evidence: evidence(list)}
	var tried, failed, redirects []*outage.Measurement
	var lookups, lookupsFailed []*outage.Measurement
	for i := range list {
		m := &list[i]
		switch {
		case m.TCP == nil && m.HTTP == nil:
			lookups = append(lookups, m)
			if m.Failure != "" {
				lookupsFailed = append(lookupsFailed, m)
			}
		case m.HTTP != nil && m.HTTP.Hop > 0:
			redirects = append(redirects, m)
		default:
			tried = append(tried, m)
			if m.Failure != "" {
				failed = append(failed, m)
			}
		}
	}
	last := slices.Concat(tried, redirects)
	switch {
	case len(tried) == 0 && len(lookups) == 0:
		e.Health, e.Verdict = HealthFail, "Nothing was tried."
	case len(tried) == 0:
		e.blame(lookupsFailed[0])
		e.Health = HealthFail
		e.Verdict = fmt.Sprintf("The name cannot be resolved: %s.", Words(lookupsFailed[0]))
	case len(failed) == len(tried):
		first := earliest(failed)
		e.blame(first)
		e.Health = HealthFail
		e.Verdict = fmt.Sprintf("Fails at %s, first in %s: %s.", addressesOf(len(failed), len(tried)), first.Layer, Words(first))
	case len(redirects) > 0 && redirects[len(redirects)-1].Failure != "":
		m := redirects[len(redirects)-1]
		e.blame(m)
		e.Health = HealthFail
		e.Verdict = fmt.Sprintf("The first page answers, but what it leads to fails in %s: %s.", m.Layer, Words(m))
	case len(failed) > 0:
		first := earliest(failed)
		e.blame(first)
		e.Health = HealthPartial
		e.Verdict = fmt.Sprintf("Works in part: %s %s, first in %s: %s.", addressesOf(len(failed), len(tried)), verb(len(failed)), first.Layer, Words(first))
	case len(lookupsFailed) > 0:
		e.blame(lookupsFailed[0])
		e.Health = HealthPartial
		e.Verdict = fmt.Sprintf("Works in part: %d of the resolvers asked fail: %s.", len(lookupsFailed), Words(lookupsFailed[0]))
	default:
		e.Health, e.Verdict = good(last)
	}
	return e
}

// good words a look without failures.
func good(list []*outage.Measurement) (Health, string) {
	m := list[len(list)-1]
	if m.HTTP == nil {
		return HealthEdgeOnly, fmt.Sprintf("The connection works at %s; nothing was asked of the service behind it.", addressesOf(len(list), len(list)))
	}
	if isRedirect(m.HTTP) {
		return HealthEdgeOnly, "Only a redirect was seen: the edge answers, and that says nothing of the service behind it."
	}
	return HealthOK, fmt.Sprintf("Answers: HTTP %d, first byte after %.0f ms.", m.HTTP.Status, m.HTTP.FirstByte)
}

// blame takes over what failed.
func (e *Explanation) blame(m *outage.Measurement) {
	e.Layer, e.Failure, e.Op = m.Layer, m.Failure, m.Operation
}

// order of layers along the way.
var order = []outage.Layer{
	outage.LayerMonitor, outage.LayerDNS, outage.LayerRoute, outage.LayerTCP,
	outage.LayerTLS, outage.LayerQUIC, outage.LayerHTTP, outage.LayerApp,
}

// earliest is the failure that came first on the way.
func earliest(list []*outage.Measurement) *outage.Measurement {
	return slices.MinFunc(list, func(a, b *outage.Measurement) int {
		return slices.Index(order, a.Layer) - slices.Index(order, b.Layer)
	})
}

func addressesOf(n, all int) string {
	switch {
	case all == 1:
		return "the only address"
	case n == all:
		return fmt.Sprintf("all %d addresses", all)
	}
	return fmt.Sprintf("%d of %d addresses", n, all)
}

func verb(n int) string {
	if n == 1 {
		return "fails"
	}
	return "fail"
}

// plain says failures as people would; what is not here is said by its own word.
var plain = map[outage.Failure]string{
	outage.FailureRefused:            "the connection is refused",
	outage.FailureReset:              "the connection is reset",
	outage.FailureHostUnreachable:    "the host cannot be reached",
	outage.FailureNetworkUnreachable: "there is no route to this address from here",
	outage.FailureEOF:                "the other side ends the connection without a word",
	outage.FailureNXDOMAIN:           "the name does not exist (NXDOMAIN)",
	outage.FailureSERVFAIL:           "the resolver cannot get an answer (SERVFAIL)",
	outage.FailureDNSRefused:         "the resolver refuses to answer",
	outage.FailureDNSNoAnswer:        "the name exists, but has no address",
	outage.FailureDNSMisbehaving:     "the resolver's answer makes no sense",
	outage.FailureTLSHostname:        "the certificate is for another name",
	outage.FailureTLSAuthority:       "the certificate is from an authority that is not trusted here",
	outage.FailureCertExpired:        "the certificate has expired",
	outage.FailureCertNotYet:         "the certificate is not valid yet",
	outage.FailureTLSHandshake:       "the handshake fails",
	outage.FailureHTTP5xx:            "the server answers that it has failed",
	outage.FailureHTTP429:            "the server answers that this is too many requests",
	outage.FailureHTTP403:            "the server refuses this client",
	outage.FailureChallenge:          "the server wants to see a person first",
	outage.FailureBlockPage:          "a page says that this client is blocked",
	outage.FailureQueuePage:          "a page asks to wait in a queue",
	outage.FailureEdgeOrigin:         "the edge answers, but cannot reach the server behind it",
	outage.FailureTruncatedBody:      "the answer ends before its announced end",
	outage.FailureRedirectLoop:       "the redirects lead nowhere",
	outage.FailureForbidden:          "a redirect leads to an address that is not public; it was not followed",
	outage.FailureTooLarge:           "the head of the answer is too large",
}

// doing says operations as people would.
var doing = map[outage.Operation]string{
	outage.OperationResolve: "the look-up", outage.OperationConnect: "the connection",
	outage.OperationTLSHandshake: "the TLS handshake", outage.OperationQUICHandshake: "the QUIC handshake",
	outage.OperationRoundTrip: "the answer", outage.OperationEcho: "the echo",
}

// Words say a measurement's failure in plain words, with its own word behind.
func Words(m *outage.Measurement) string {
	text, ok := plain[m.Failure]
	if m.Failure == outage.FailureTimeout {
		text, ok = fmt.Sprintf("no end to %s within the time allowed", doing[m.Operation]), true
	}
	if m.Failure == outage.FailureHTTP5xx && m.HTTP != nil {
		text = fmt.Sprintf("the server answers HTTP %d after %.0f ms", m.HTTP.Status, m.HTTP.FirstByte)
	}
	if !ok {
		return string(m.Failure)
	}
	return text + " (" + string(m.Failure) + ")"
}

// evidence says what each measurement saw.
func evidence(list []outage.Measurement) []string {
	var out []string
	said := map[*outage.DNS]bool{}
	for i := range list {
		m := &list[i]
		if m.DNS != nil && !said[m.DNS] {
			said[m.DNS] = true
			out = append(out, "dns   "+dnsLine(m.DNS))
		}
		if m.TCP != nil {
			out = append(out, "tcp   "+tcpLine(m))
		}
		if m.TLS != nil {
			out = append(out, "tls   "+tlsLine(m.TLS))
		}
		if m.HTTP != nil && m.HTTP.T > 0 {
			out = append(out, "http  "+httpLine(m))
		}
	}
	return out
}

func dnsLine(d *outage.DNS) string {
	who := d.Resolver
	if d.Nameserver != "" {
		who = "authoritative " + d.Nameserver
	}
	if d.Failure != "" {
		return fmt.Sprintf("%s: %s after %.0f ms", who, d.Failure, d.Duration())
	}
	var names []string
	for _, a := range d.Answers {
		names = append(names, a.Data)
	}
	signed := ""
	if d.Authenticated {
		signed = ", DNSSEC holds"
	}
	return fmt.Sprintf("%s: %s in %.0f ms%s", who, strings.Join(names, ", "), d.Duration(), signed)
}

func tcpLine(m *outage.Measurement) string {
	t := m.TCP
	to := fmt.Sprintf("%s port %d", m.Target.Address, m.Target.Port)
	again := ""
	if t.Known && t.Retransmits > 0 {
		again = fmt.Sprintf(", SYN sent %d times", t.Retransmits+1)
	}
	if t.Failure != "" {
		return fmt.Sprintf("%s: %s after %.0f ms%s", to, t.Failure, t.Duration(), again)
	}
	return fmt.Sprintf("%s: connected in %.1f ms, round trip %.1f ms%s", to, t.Duration(), t.RTTMS, again)
}

func tlsLine(t *outage.TLS) string {
	text := fmt.Sprintf("%s in %.0f ms", t.Version, t.Duration())
	if t.Failure != "" {
		text = fmt.Sprintf("%s after %.0f ms", t.Failure, t.Duration())
		if t.Alert != 0 {
			text += fmt.Sprintf(", alert %d", t.Alert)
		}
	}
	if c := t.Certificate; c != nil {
		text += fmt.Sprintf("; certificate of %s by %s, valid %s to %s", c.Subject, c.Issuer,
			c.NotBefore.Format("2006-01-02"), c.NotAfter.Format("2006-01-02"))
	}
	return text
}

func httpLine(m *outage.Measurement) string {
	h := m.HTTP
	if h.Status == 0 {
		return fmt.Sprintf("%s %s: %s after %.0f ms", h.Method, m.Target.URL, h.Failure, h.Duration())
	}
	text := fmt.Sprintf("%s %s: %s %d, first byte %.0f ms, %d bytes in %.0f ms", h.Method, m.Target.URL, h.Proto, h.Status, h.FirstByte, h.BodyBytes, h.Duration())
	if h.Location != "" {
		text += " -> " + h.Location
	}
	if h.Provider != "" {
		text += fmt.Sprintf("; edge %s %s %s", h.Provider, h.Edge, h.Cache)
	}
	if h.BodyClass != "" && h.BodyClass != outage.BodyOK {
		text += "; " + string(h.BodyClass)
	}
	return strings.TrimRight(text, " ")
}
