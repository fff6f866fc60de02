package probe

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"faultline/outage"
)

// A prober of a laboratory goes to addresses that nobody else has, and to no other,
// whichever way it would look.
func TestWithinLab(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("fine")) }))
	defer s.Close()
	at := netip.MustParseAddrPort(s.Listener.Addr().String())
	p := New("mailto:ops@example.org", WithinLab())
	target := outage.Target{URL: s.URL, Host: at.Addr().String(), Address: at.Addr().String(), Port: int(at.Port()), Family: 4}
	if m := p.Attempt(t.Context(), target, nil); m.Outcome != outage.OutcomeOK {
		t.Errorf("within: %+v", m)
	}
	// An address of the documentation, which this prober takes for public.
	target.Address = "192.0.2.14"
	for name, m := range map[string]outage.Measurement{
		"attempt": p.Attempt(t.Context(), target, nil), "quic": p.AttemptQUIC(t.Context(), target, nil),
		"echo": p.Echo(t.Context(), target), "trace": p.Trace(t.Context(), target),
	} {
		if m.Outcome != outage.OutcomeSkipped || m.Failure != outage.FailureForbidden || m.TCP != nil || m.Echo != nil || m.Path != nil {
			t.Errorf("%s outside: %+v", name, m)
		}
	}
}
