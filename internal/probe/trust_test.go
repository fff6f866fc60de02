package probe

import (
	"crypto/x509"
	"testing"
	"time"

	"faultline/outage"
)

// A chain that held is believed for its name and its dates, and for nothing else.
func TestTrustRemembers(t *testing.T) {
	now := time.Now()
	ca := newAuthority(t)
	parse := func(a *authority, name string) []*x509.Certificate {
		c, err := x509.ParseCertificate(a.issue(t, name, now.Add(-time.Hour), now.Add(time.Hour)).Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		return []*x509.Certificate{c}
	}
	good, strange := parse(ca, "good.example"), parse(newAuthority(t), "good.example")
	v := &trust{roots: ca.pool}
	for range 2 { // the second time from memory
		for _, test := range []struct {
			chain []*x509.Certificate
			host  string
			now   time.Time
			want  outage.Failure
		}{
			{good, "good.example", now, ""},
			{good, "other.example", now, outage.FailureTLSHostname},
			{good, "good.example", now.Add(2 * time.Hour), outage.FailureCertExpired},
			{good, "good.example", now.Add(-2 * time.Hour), outage.FailureCertNotYet},
			{strange, "good.example", now, outage.FailureTLSAuthority},
			{append(strange[:1:1], good...), "good.example", now, outage.FailureTLSAuthority},
		} {
			if got := v.verify(test.chain, test.host, test.now); got != test.want {
				t.Errorf("%s at %s: %q, want %q", test.host, test.now.Sub(now), got, test.want)
			}
		}
	}
	if len(v.held) != 1 {
		t.Errorf("%d chains are remembered, one held", len(v.held))
	}
	for i := range maxHeld {
		v.keep(chainKey(good, string(rune(i))), good)
	}
	if len(v.held) > maxHeld {
		t.Errorf("%d chains are remembered, at most %d may be", len(v.held), maxHeld)
	}
}
