package agent

import (
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"faultline/internal/agentapi"
	"faultline/internal/probe"
)

// Some hundred real looks at servers that fail in several ways leave no descriptor
// and no goroutine behind.
func TestNothingStaysOpen(t *testing.T) {
	fds := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("this system does not list descriptors: ", err)
		}
		return len(list)
	}
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/500":
			w.WriteHeader(http.StatusInternalServerError)
		case "/cut":
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("half"))
			panic(http.ErrAbortHandler)
		case "/hang":
			<-r.Context().Done()
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		}
	}))
	defer s.Close()
	deaf, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and never says a word
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := "https://" + closed.Addr().String() + "/"
	closed.Close()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	limits := probe.DefaultLimits()
	limits.Handshake, limits.Answer = 100*time.Millisecond, 100*time.Millisecond
	a := alone(t, &fake{})
	defer a.Close()
	prober := probe.New("mailto:ops@example.org", probe.WithRoots(pool), probe.WithLimits(limits), probe.WithPrivate())
	round := func() {
		var looks sync.WaitGroup
		for _, url := range []string{s.URL + "/500", s.URL + "/cut", s.URL + "/hang", s.URL + "/loop", "https://" + deaf.Addr().String() + "/", refused} {
			for range 10 {
				looks.Go(func() {
					tt := agentapi.Target{Service: url, URL: url, PerMinute: agentapi.MaxPerMinute, Also: []string{agentapi.AlsoQUIC}}
					base, err := tt.Parse()
					if err != nil {
						t.Error(err)
					}
					l := look{Agent: a, prober: prober, plan: &agentapi.Plan{}, target: tt, base: base}
					if list := l.do(t.Context()); len(list) < 2 || !strings.HasSuffix(url, "/loop") && list[0].Failure == "" {
						t.Errorf("%s: %+v", url, list)
					}
				})
			}
		}
		looks.Wait()
	}
	round()
	eventually(t, "the first round ends", func() bool { s.CloseClientConnections(); return fds() < 40 })
	files, routines := fds(), runtime.NumGoroutine()
	for range 5 {
		round()
	}
	eventually(t, "all is given back", func() bool {
		s.CloseClientConnections()
		return fds() <= files+5 && runtime.NumGoroutine() <= routines+10
	})
}
