package probe

import (
	"fmt"
	"slices"

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
	g := group(list)
	failed, unresolved := failures(g.tried), failures(g.lookups)
	switch {
	case len(g.tried) == 0 && len(unresolved) == 0:
		e.Health, e.Verdict = HealthFail, "Nothing was tried."
	case len(g.tried) == 0:
		e.blame(HealthFail, unresolved[0])
		e.Verdict = fmt.Sprintf("The name cannot be resolved: %s.", Words(unresolved[0]))
	case len(failed) == len(g.tried):
		m := e.blame(HealthFail, earliest(failed))
		e.Verdict = fmt.Sprintf("Fails at %s, first in %s: %s.", addressesOf(len(failed), len(g.tried)), m.Layer, Words(m))
	case len(failures(g.redirects)) > 0:
		m := e.blame(HealthFail, failures(g.redirects)[0])
		e.Verdict = fmt.Sprintf("The first page answers, but what it leads to fails in %s: %s.", m.Layer, Words(m))
	case len(failed) > 0:
		m := e.blame(HealthPartial, earliest(failed))
		e.Verdict = fmt.Sprintf("Works in part: %s %s, first in %s: %s.", addressesOf(len(failed), len(g.tried)), verb(len(failed)), m.Layer, Words(m))
	case len(unresolved) > 0:
		m := e.blame(HealthPartial, unresolved[0])
		e.Verdict = fmt.Sprintf("Works in part: %d of the resolvers asked cannot tell: %s.", len(unresolved), Words(m))
	default:
		e.Health, e.Verdict = good(slices.Concat(g.tried, g.redirects))
	}
	if q := failures(g.quic); len(q) > 0 && e.Health != HealthFail {
		e.Verdict += fmt.Sprintf(" HTTP/3 does not work: %s; that may be the network between.", Words(q[0]))
	}
	return e
}

// groups are measurements by what they tried.
type groups struct{ lookups, tried, redirects, quic []*outage.Measurement }

// group sorts the measurements of a look. Echoes and paths are evidence only: many
// healthy hosts answer neither.
func group(list []outage.Measurement) groups {
	var g groups
	for i := range list {
		m := &list[i]
		switch {
		case m.Echo != nil, m.Path != nil:
		case m.QUIC != nil:
			g.quic = append(g.quic, m)
		case m.HTTP != nil && m.HTTP.Hop > 0:
			g.redirects = append(g.redirects, m)
		case m.TCP == nil && m.HTTP == nil:
			g.lookups = append(g.lookups, m)
		default:
			g.tried = append(g.tried, m)
		}
	}
	return g
}

// failures among measurements.
func failures(list []*outage.Measurement) []*outage.Measurement {
	var out []*outage.Measurement
	for _, m := range list {
		if m.Failure != "" {
			out = append(out, m)
		}
	}
	return out
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
func (e *Explanation) blame(h Health, m *outage.Measurement) *outage.Measurement {
	e.Health, e.Layer, e.Failure, e.Op = h, m.Layer, m.Failure, m.Operation
	return m
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
