package probe

import (
	"net"
	"net/http"
	"testing"
	"time"

	"crypto/tls"

	"github.com/quic-go/quic-go/http3"

	"faultline/outage"
)

// serveQUIC answers over HTTP/3; it returns its port.
func serveQUIC(t *testing.T, c tls.Certificate) int {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http3.Server{
		TLSConfig: http3.ConfigureTLSConfig(&tls.Config{Certificates: []tls.Certificate{c}}),
		Handler:   http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("over QUIC")) }),
	}
	go s.Serve(pc) //nolint:errcheck // it ends when the test does
	t.Cleanup(func() {
		s.Close()
		pc.Close()
	})
	return pc.LocalAddr().(*net.UDPAddr).Port
}

func TestQUIC(t *testing.T) {
	ca := newAuthority(t)
	now := time.Now()
	p := New("", WithLimits(rigLimits()), WithRoots(ca.pool))
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	for name, c := range map[string]struct {
		port    int
		failure outage.Failure
	}{
		"fine":    {serveQUIC(t, ca.issue(t, "good.example", now.Add(-time.Hour), now.Add(time.Hour))), ""},
		"expired": {serveQUIC(t, ca.issue(t, "good.example", now.Add(-2*time.Hour), now.Add(-time.Hour))), outage.FailureCertExpired},
		"silent":  {silent.LocalAddr().(*net.UDPAddr).Port, outage.FailureTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			target := outage.Target{URL: "https://good.example/", Host: "good.example", Address: "127.0.0.1", Port: c.port}
			m := p.AttemptQUIC(t.Context(), target, nil)
			if m.Failure != c.failure {
				t.Fatalf("%s in %s, want %s", m.Failure, m.Layer, c.failure)
			}
			switch {
			case c.failure != "":
				if m.Layer != outage.LayerQUIC || m.Operation != outage.OperationQUICHandshake || m.HTTP != nil {
					t.Errorf("%+v", m)
				}
			case m.HTTP.Status != http.StatusOK || m.HTTP.Proto != "HTTP/3.0" || m.QUIC.Version != "v1" || m.TLS.Certificate == nil:
				t.Errorf("%+v %+v %+v", m.QUIC, m.HTTP, m.TLS)
			}
		})
	}
}
