package agent

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"faultline/internal/agentapi"
	"faultline/internal/probe"
	"faultline/outage"
)

// page is an HTTPS server with nothing to say.
func page() *httptest.Server {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<title>fine</title>")
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	return s
}

// TestSoakServer is the server of the test below, in a process of its own: it says
// where it is and lives until its input ends.
func TestSoakServer(t *testing.T) {
	if os.Getenv("FAULTLINE_SOAK_SERVER") == "" {
		t.Skip("runs in another process only")
	}
	s := page()
	defer s.Close()
	fmt.Printf("server %s %s\n", s.URL, base64.StdEncoding.EncodeToString(s.Certificate().Raw))
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func otherProcess(t *testing.T) (url string, pool *x509.CertPool) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=TestSoakServer")
	cmd.Env = append(os.Environ(), "FAULTLINE_SOAK_SERVER=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	for lines := bufio.NewScanner(out); lines.Scan(); {
		word := strings.Fields(lines.Text())
		if len(word) != 3 || word[0] != "server" {
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(word[2])
		if err != nil {
			t.Fatal(err)
		}
		cert, err := x509.ParseCertificate(raw)
		if err != nil {
			t.Fatal(err)
		}
		pool := x509.NewCertPool()
		pool.AddCert(cert)
		return word[1], pool
	}
	t.Fatal("the server does not say where it is")
	return "", nil
}

// timed notes when attempts begin.
type timed struct {
	Prober
	mu    *sync.Mutex
	begun map[string][]time.Time
}

// Attempt implements [Looker].
func (p timed) Attempt(ctx context.Context, t outage.Target, dns *outage.DNS) outage.Measurement {
	p.mu.Lock()
	p.begun[t.URL] = append(p.begun[t.URL], time.Now())
	p.mu.Unlock()
	return p.Prober.Attempt(ctx, t, dns)
}

// TestSoakTenThousand probes ten thousand HTTPS targets a minute for some minutes of
// real time on one core, and measures what it costs. It wants a quiet machine.
func TestSoakTenThousand(t *testing.T) {
	if os.Getenv("FAULTLINE_SOAK") == "" {
		t.Skip("takes minutes of real time: set FAULTLINE_SOAK=1")
	}
	const n, minutes = 10_000, 4
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer debug.SetGCPercent(debug.SetGCPercent(150)) // as the program does
	url, pool := otherProcess(t)
	a := alone(t, &fake{})
	begun := map[string][]time.Time{}
	var mu sync.Mutex
	a.deps.NewProber = func(contact string) Prober {
		return timed{probe.New(contact, probe.WithRoots(pool)), &mu, begun}
	}
	var targets []agentapi.Target
	for i := range n {
		tt := target(i, time.Minute)
		tt.URL = fmt.Sprintf("%s/%d", url, i)
		targets = append(targets, tt)
	}
	before := usage(t)
	ctx, cancel := context.WithCancel(t.Context())
	collecting, stop := context.WithCancel(t.Context())
	var parts sync.WaitGroup
	parts.Go(func() { _ = a.collect(collecting) })
	parts.Go(func() { _ = a.probeAll(ctx); stop() })
	a.take(planOf(targets...))
	time.Sleep(minutes * time.Minute)
	after := usage(t)
	cancel()
	parts.Wait()
	probes, worst, over := 0, 0.0, 0
	for _, times := range begun {
		probes += len(times)
		for i := 1; i < len(times); i++ {
			off := math.Abs(times[i].Sub(times[i-1]).Minutes() - 1)
			worst = max(worst, off)
			if off > 0.05 {
				over++
			}
		}
	}
	used := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
	t.Logf("%d probes of %d targets in %d minutes: the worst period %.1f %% off, %d over 5 %%; %.2f s of processor time a thousand, largest memory %d MiB, %d bytes spooled",
		probes, len(begun), minutes, 100*worst, over, 1000*used.Seconds()/float64(probes), after.Maxrss>>10, a.spool.Stats().Bytes)
	if over > 0 || len(begun) != n || after.Maxrss>>10 > 300 {
		t.Error("a period is more than 5 % off, a target was left out, or more than 300 MiB were used")
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

func usage(t *testing.T) (u syscall.Rusage) {
	t.Helper()
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return u
}

// BenchmarkLook is one look at one address, with the server's side of it, onto the
// disk.
func BenchmarkLook(b *testing.B) {
	s := page()
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	cfg := DefaultConfig()
	cfg.Hub, cfg.Data = "http://127.0.0.1:9", b.TempDir()
	a, err := Open(cfg, Deps{})
	if err != nil {
		b.Fatal(err)
	}
	tt := target(1, time.Minute)
	tt.URL = s.URL + "/"
	prober := probe.New("mailto:ops@example.org", probe.WithRoots(pool))
	for b.Loop() {
		a.caps = newCaps()
		base, err := tt.Parse()
		if err != nil {
			b.Fatal(err)
		}
		l := look{Agent: a, prober: prober, plan: &agentapi.Plan{}, target: tt, base: base}
		list := l.do(b.Context())
		if len(list) != 1 || list[0].Failure != "" {
			b.Fatalf("%+v", list)
		}
		if err := a.keep(b.Context(), list); err != nil {
			b.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		b.Fatal(err)
	}
}
