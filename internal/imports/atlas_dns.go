package imports

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/miekg/dns"

	"faultline/outage"
)

// atlasLookup are the fields of a DNS result. One answer is in result; several, of
// a probe with several resolvers, are in resultset (since 4610).
type atlasLookup struct {
	Set      []atlasAnswer   `json:"resultset"`
	DNSFault json.RawMessage `json:"error"` // before 4610 and beside result
}

type atlasAnswer struct {
	Time     int64           `json:"time"`
	Address  string          `json:"dst_addr"`
	Protocol string          `json:"proto"`
	Family   int             `json:"af"`
	Fault    json.RawMessage `json:"error"`
	Question string          `json:"qbuf"`
	Result   *struct {
		Message string  `json:"abuf"`
		RTT     float64 `json:"rt"`
	} `json:"result"`
}

func (a *atlas) dns() error {
	set := a.Set
	if len(set) == 0 {
		one := atlasAnswer{Fault: a.DNSFault, Address: a.base.Target.Address, Protocol: a.Protocol}
		if len(a.Result) > 0 {
			if err := a.result(&one.Result); err != nil {
				return err
			}
		}
		set = []atlasAnswer{one}
	}
	if len(set) > maxAttempts {
		return fmt.Errorf("the resultset holds %d answers: at most %d are read", len(set), maxAttempts)
	}
	for i := range set {
		m, err := a.answer(&set[i])
		if err != nil {
			return err
		}
		m.Attempt = 1
		if !a.give(m) {
			return nil
		}
	}
	return nil
}

// answer is the look-up at one resolver. The target is the name that was asked for;
// the resolver is the destination of the packets.
func (a *atlas) answer(r *atlasAnswer) (*outage.Measurement, error) {
	m := a.base
	resolver := text(or(r.Address, m.Target.Address))
	m.Vantage.Resolver, m.Target.Address, m.Target.Port = resolver, "", 0
	if r.Family != 0 {
		m.Target.Family = r.Family
	}
	if r.Time != 0 {
		m.Time = time.Unix(r.Time, 0).UTC()
	}
	d := &outage.DNS{Resolver: resolver, Transport: strings.ToLower(text(or(r.Protocol, a.Protocol)))}
	m.DNS = d
	switch {
	case r.Result != nil && r.Result.Message != "":
		d.T = millis(r.Result.RTT)
		if err := a.message(&m, r.Result.Message); err != nil {
			return nil, err
		}
	case len(r.Fault) > 0:
		d.Failure = dnsFault(r.Fault)
	default:
		d.Failure = outage.FailureTimeout
	}
	if m.Target.Host == resolver || m.Target.Host == "" {
		m.Target.Host = asked(r.Question)
	}
	fail(&m, outage.LayerDNS, outage.OperationResolve, d.Failure)
	return &m, nil
}

// asked is the name in the packet of a question, which newer probes keep where no
// answer came; empty when it cannot be read.
func asked(encoded string) string {
	raw, err := base64.StdEncoding.DecodeString(encoded)
	var p dns.Msg
	if err != nil || p.Unpack(raw) != nil || len(p.Question) == 0 {
		return ""
	}
	return nameOf(&p)
}

// nameOf the first question, as people write it.
func nameOf(p *dns.Msg) string {
	return strings.TrimSuffix(strings.ToLower(text(p.Question[0].Name)), ".")
}

// message reads the packet of an answer.
func (a *atlas) message(m *outage.Measurement, encoded string) error {
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return fmt.Errorf("abuf is no base64: %w", err)
	}
	var p dns.Msg
	if err := p.Unpack(raw); err != nil {
		m.DNS.Failure = outage.FailureDNSMisbehaving // what came is the resolver's fault, not the file's
		return nil
	}
	d := m.DNS
	d.Rcode, d.Authoritative, d.Authenticated = text(dns.RcodeToString[p.Rcode]), p.Authoritative, p.AuthenticatedData
	for _, rr := range p.Answer {
		if len(d.Answers) == maxAnswers {
			d.Truncated = true
			break
		}
		d.Answers = append(d.Answers, outage.Answer{
			Type: text(dns.TypeToString[rr.Header().Rrtype]), TTL: rr.Header().Ttl,
			Data: text(strings.TrimPrefix(rr.String(), rr.Header().String())),
		})
	}
	if len(p.Question) > 0 {
		m.Target.Host = nameOf(&p)
	}
	d.Failure = rcodeFailure(d.Rcode, len(p.Answer))
	return nil
}

// dnsFault says what went wrong when no answer came: an object with one key that
// names the sort of fault, such as {"timeout":5000} or {"socket":"..."}.
func dnsFault(raw json.RawMessage) outage.Failure {
	var kinds map[string]json.RawMessage
	if json.Unmarshal(raw, &kinds) != nil {
		var s string
		if json.Unmarshal(raw, &s) != nil {
			s = string(raw)
		}
		return look(resolvePhrases, s)
	}
	for kind, value := range kinds {
		low := strings.ToLower(kind)
		switch {
		case low == "timeout":
			return outage.FailureTimeout
		case low == "getaddrinfo" || low == "nameserver":
			return look(resolvePhrases, string(value))
		case low == "socket" || low == "senderror" || low == "tuconnect" || low == "tu_read_error":
			return look(socketPhrases, string(value))
		}
	}
	return unknown(string(raw))
}
