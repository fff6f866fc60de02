package probe

import (
	"strings"
	"testing"
	"time"

	"net"

	"github.com/miekg/dns"

	"faultline/outage"
)

// seen makes a measurement of one address.
func seen(address string, status int, f outage.Failure) outage.Measurement {
	m := outage.Measurement{Target: outage.Target{URL: "https://a.example/", Address: address, Port: 443}, TCP: &outage.TCP{}}
	switch {
	case status > 0:
		m.HTTP = &outage.HTTP{Status: status, FirstByte: 83, Span: outage.Span{T: 90}}
		if status >= 300 && status < 400 {
			m.HTTP.Location = "/x"
		}
		fail(&m, outage.LayerHTTP, outage.OperationRoundTrip, f)
	default:
		fail(&m, outage.LayerTCP, outage.OperationConnect, f)
	}
	return m
}

// then makes a measurement a step of a chain of redirects.
func then(m outage.Measurement) outage.Measurement {
	m.HTTP.Hop = 1
	return m
}

func TestExplain(t *testing.T) {
	quic := outage.Measurement{QUIC: &outage.QUIC{}}
	fail(&quic, outage.LayerQUIC, outage.OperationQUICHandshake, outage.FailureTimeout)
	lookup := outage.Measurement{DNS: &outage.DNS{Resolver: "192.0.2.53"}}
	fail(&lookup, outage.LayerDNS, outage.OperationResolve, outage.FailureSERVFAIL)
	for _, c := range []struct {
		list []outage.Measurement
		want string
	}{
		{nil, "fail: Nothing was tried."},
		{[]outage.Measurement{seen("192.0.2.1", 200, "")}, "ok: Answers: HTTP 200, first byte after 83 ms."},
		{[]outage.Measurement{seen("192.0.2.1", 301, "")}, "edge_only: Only a redirect was seen: the edge answers, and that says nothing of the service behind it."},
		{[]outage.Measurement{seen("192.0.2.1", 0, "")}, "edge_only: The connection works at the only address; nothing was asked of the service behind it."},
		{[]outage.Measurement{seen("192.0.2.1", 301, ""), then(seen("192.0.2.2", 200, ""))}, "ok: Answers: HTTP 200, first byte after 83 ms."},
		{
			[]outage.Measurement{seen("192.0.2.1", 301, ""), then(seen("192.0.2.2", 503, outage.FailureHTTP5xx))},
			"fail: The first page answers, but what it leads to fails in http: the server answers HTTP 503 after 83 ms (x_http_5xx).",
		},
		{
			[]outage.Measurement{seen("192.0.2.1", 200, ""), seen("2001:db8::1", 0, outage.FailureNetworkUnreachable)},
			"partial: Works in part: 1 of 2 addresses fails, first in tcp: there is no route to this address from here (network_unreachable).",
		},
		{
			[]outage.Measurement{seen("192.0.2.1", 500, outage.FailureHTTP5xx), seen("192.0.2.2", 0, outage.FailureTimeout)},
			"fail: Fails at all 2 addresses, first in tcp: no end to the connection within the time allowed (generic_timeout_error).",
		},
		{[]outage.Measurement{lookup}, "fail: The name cannot be resolved: the resolver cannot get an answer (SERVFAIL) (dns_servfail_error)."},
		{
			[]outage.Measurement{lookup, seen("192.0.2.1", 200, "")},
			"partial: Works in part: 1 of the resolvers asked cannot tell: the resolver cannot get an answer (SERVFAIL) (dns_servfail_error).",
		},
		{
			[]outage.Measurement{seen("192.0.2.1", 200, ""), quic},
			"ok: Answers: HTTP 200, first byte after 83 ms. HTTP/3 does not work: no end to the QUIC handshake within the time allowed (generic_timeout_error); that may be the network between.",
		},
	} {
		e := Explain(c.list)
		if got := string(e.Health) + ": " + e.Verdict; got != c.want {
			t.Errorf("%s\nwant %s", got, c.want)
		}
		if (e.Failure == "") != (e.Health == HealthOK || e.Health == HealthEdgeOnly || len(c.list) == 0) {
			t.Errorf("%s names the failure %q", e.Health, e.Failure)
		}
	}
}

// TestAuthoritative asks the servers of a zone, one of which is lame.
func TestAuthoritative(t *testing.T) {
	address := resolver(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	p := New("", WithLimits(rigLimits()), WithResolver(address))
	p.dnsPort = port
	list := p.Authoritative(t.Context(), time.Now(), "www.zone.example", SystemResolver)
	if len(list) != 2 {
		t.Fatalf("%d servers were asked", len(list))
	}
	good, lame := list[0], list[1]
	if good.Nameserver != "good.example" || good.Failure != "" || !good.Authoritative || len(good.Answers) != 1 {
		t.Errorf("%+v", good)
	}
	if lame.Nameserver != "missing.example" || lame.Failure != outage.FailureNXDOMAIN {
		t.Errorf("%+v", lame)
	}
}

// TestSystemResolver asks as any program here would.
func TestSystemResolver(t *testing.T) {
	p := New("", WithLimits(rigLimits()))
	d, addrs := p.Resolve(t.Context(), time.Now(), "localhost", SystemResolver)
	if len(addrs) == 0 || !addrs[0].IsLoopback() || d.Failure != "" || d.Resolver != SystemResolver {
		t.Errorf("%+v %v", d, addrs)
	}
	if d, addrs := p.Resolve(t.Context(), time.Now(), "192.0.2.1", SystemResolver); d != nil || len(addrs) != 1 {
		t.Errorf("an address was looked up: %+v %v", d, addrs)
	}
	if d, _ := p.Resolve(t.Context(), time.Now(), "a.example", "not an address"); !strings.Contains(string(d.Failure), "is no address") {
		t.Errorf("%+v", d)
	}
}

// FuzzAnswers reads whatever a DNS server may send.
func FuzzAnswers(f *testing.F) {
	good := new(dns.Msg)
	good.SetQuestion("a.example.", dns.TypeA)
	good.Answer = append(good.Answer, &dns.A{Hdr: dns.RR_Header{Name: "a.example.", Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.IPv4(127, 0, 0, 1)})
	packed, err := good.Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Add([]byte{0, 1, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4}) // a name that points at itself
	p := New("")
	f.Fuzz(func(t *testing.T, data []byte) {
		var r dns.Msg
		if r.Unpack(data) != nil {
			return
		}
		var d outage.DNS
		addrs := p.bounded(&d, p.answers(&d, &r))
		if len(addrs) > p.limits.Answers || len(d.Answers) > p.limits.Answers {
			t.Errorf("%d addresses and %d answers are kept", len(addrs), len(d.Answers))
		}
	})
}
