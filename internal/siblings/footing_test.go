package siblings

import (
	"fmt"
	"strings"
	"testing"

	"faultline/outage"
)

func attempt(address, provider, nameserver string) *outage.Measurement {
	m := &outage.Measurement{Outcome: outage.OutcomeOK, Target: outage.Target{Address: address}}
	if nameserver != "" {
		m.DNS = &outage.DNS{Nameserver: nameserver}
		return m
	}
	m.TCP, m.HTTP = &outage.TCP{}, &outage.HTTP{Provider: provider}
	return m
}

func TestFooting(t *testing.T) {
	forged := attempt("203.0.113.9", "cloudflare", "")
	forged.Outcome = outage.OutcomeFail
	imported := attempt("203.0.113.9", "cloudflare", "")
	imported.Source = "ooni"
	for _, c := range []struct {
		name string
		m    *outage.Measurement
		want string
	}{
		{"address and provider", attempt("192.0.2.7", "cloudflare", ""), "net:192.0.2.0/24 provider:cloudflare"},
		{"six", attempt("2001:db8:1:2::7", "", ""), "net:2001:db8:1::/48"},
		{"four within six", attempt("::ffff:192.0.2.7", "", ""), "net:192.0.2.0/24"},
		{"by the catalog's word", attempt("192.0.2.7", "google", ""), "net:192.0.2.0/24 provider:google-cloud"},
		{"a front door", attempt("192.0.2.7", "azure-front-door", ""), "net:192.0.2.0/24 provider:azure"},
		{"name servers", attempt("", "", "NS1.p12.Dyn.example."), "nameservers:p12.dyn.example"},
		{"a short name server", attempt("", "", "ns.example"), "nameservers:ns.example"},
		{"no address", attempt("x", "", ""), ""},
		{"a failure teaches nothing", forged, ""},
		{"nor does an import", imported, ""},
	} {
		var f Footing
		f.Take(c.m, 1)
		if got := strings.Join(f.Words(1), " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// What is not stood on for a day is forgotten, and ground has limits of its own sort.
func TestFootingLimits(t *testing.T) {
	var f Footing
	for i := range 3 * maxNets {
		f.Take(attempt(fmt.Sprintf("10.0.%d.1", i), fmt.Sprintf("cdn%d", i), ""), 1)
	}
	if n := len(f.Words(1)); n != maxNets+maxOthers {
		t.Errorf("%d words, want %d", n, maxNets+maxOthers)
	}
	f.Take(attempt("10.0.3.9", "", ""), 500)
	var g Footing
	g.Join(&f)
	if n := len(g.Words(1 + keepGround)); n != maxNets+maxOthers {
		t.Errorf("after a day %d words, want all", n)
	}
	if got := strings.Join(g.Words(2+keepGround), " "); got != "net:10.0.3.0/24" {
		t.Errorf("after more than a day %q, want the one seen since", got)
	}
}
