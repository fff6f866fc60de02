package probe

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"faultline/outage"
)

// bomb is 64 MiB of nothing in a few bytes. It is made once: what is measured is the
// client.
var bomb = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for range 64 {
		z.Write(make([]byte, 1<<20))
	}
	z.Close()
	return b.Bytes()
})

// hostile answers in ways that would cost a careless client its memory or its day.
func hostile(w http.ResponseWriter, r *http.Request) {
	flush := w.(http.Flusher)
	switch r.URL.Path {
	case "/endless":
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	case "/drip":
		for r.Context().Err() == nil {
			w.Write([]byte("."))
			flush.Flush()
			select {
			case <-time.After(20 * time.Millisecond):
			case <-r.Context().Done():
			}
		}
	case "/bomb":
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(bomb())
	case "/hollow": // compressed bytes without end that stand for nothing
		w.Header().Set("Content-Encoding", "gzip")
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Close()
		for r.Context().Err() == nil {
			if _, err := w.Write(bytes.Repeat(b.Bytes(), 1000)); err != nil {
				return
			}
		}
	case "/slow":
		time.Sleep(120 * time.Millisecond)
		w.Write([]byte("late"))
	case "/chain":
		n := len(r.URL.RawQuery)
		http.Redirect(w, r, "/chain?"+strings.Repeat("x", n+1), http.StatusFound)
	case "/title":
		fmt.Fprint(w, "<title>"+strings.Repeat("\x00\xff<b>", 1000)+"</title>")
	case "/binary":
		w.Write(bytes.Repeat([]byte{0xff, '<', 0}, 30000))
	}
}

// TestHostile holds every answer to its bounds of time and bytes.
func TestHostile(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(hostile))
	t.Cleanup(s.Close)
	bomb()
	limits := rigLimits()
	limits.Body, limits.Redirects = 256<<10, 5
	p := New("", WithLimits(limits))
	for path, want := range map[string]outage.Failure{
		"/endless": "", "/drip": outage.FailureTimeout, "/bomb": "", "/hollow": outage.FailureTooLarge, "/slow": "", "/chain": outage.FailureRedirectLoop, "/title": "", "/binary": "",
	} {
		t.Run(path[1:], func(t *testing.T) {
			target, err := ParseTarget(s.URL + path)
			if err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			list := p.Look(t.Context(), Question{Target: target})
			last := list[len(list)-1]
			if last.Failure != want {
				t.Errorf("failure %q, want %q", last.Failure, want)
			}
			if took := time.Since(begin); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
			if last.HTTP.BodyBytes > limits.Body || len(list) > limits.Redirects+2 || len(last.HTTP.Title) > maxText {
				t.Errorf("%d bytes of body, %d measurements, title of %d bytes", last.HTTP.BodyBytes, len(list), len(last.HTTP.Title))
			}
			if path == "/slow" && last.HTTP.FirstByte < 100 {
				t.Errorf("first byte after %.0f ms", last.HTTP.FirstByte)
			}
		})
	}
}

// TestManyAnswers cuts an answer of thousands of addresses, and says so.
func TestManyAnswers(t *testing.T) {
	p := New("", WithLimits(rigLimits()), WithResolver(resolver(t)))
	d, addrs := p.Resolve(t.Context(), time.Now(), "many.example", SystemResolver)
	if len(addrs) != 32 || len(d.Answers) != 32 || !d.Truncated || d.Transport != "tcp" {
		t.Errorf("%d addresses, %d answers, cut %v, over %s", len(addrs), len(d.Answers), d.Truncated, d.Transport)
	}
}

// TestNothingIsLeft makes many attempts at broken targets: no goroutine and no
// descriptor may stay.
func TestNothingIsLeft(t *testing.T) {
	ca := newAuthority(t)
	limits := rigLimits()
	limits.DNS, limits.Connect, limits.Handshake, limits.Answer = 30*time.Millisecond, 30*time.Millisecond, 30*time.Millisecond, 30*time.Millisecond
	p := New("", WithLimits(limits), WithRoots(ca.pool), WithResolver(resolver(t)))
	list := faults(t, ca)
	round := func() {
		for _, f := range list {
			target, err := ParseTarget(f.target)
			if err != nil {
				t.Fatal(err)
			}
			p.Look(t.Context(), Question{Target: target})
		}
	}
	round()
	goroutines, fds := runtime.NumGoroutine(), descriptors(t)
	for range 5 {
		round()
	}
	const slack = 8 // that may be ending
	for limit := time.After(10 * time.Second); ; {
		after, fdsAfter := runtime.NumGoroutine(), descriptors(t)
		if after <= goroutines+slack && fdsAfter <= fds+slack {
			return
		}
		select {
		case <-limit:
			t.Fatalf("%d goroutines and %d descriptors, %d and %d after five more rounds", goroutines, fds, after, fdsAfter)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// TestRedirectToPrivate must not let a public page send an agent into its own
// network.
func TestRedirectToPrivate(t *testing.T) {
	for address, public := range map[string]bool{
		"127.0.0.1": false, "10.1.2.3": false, "192.168.0.1": false, "169.254.169.254": false, "100.64.1.1": false,
		"::1": false, "fd00::1": false, "fe80::1": false, "192.0.2.1": true, "2001:db8::1": true, "nonsense": false,
	} {
		if isPublic(address) != public {
			t.Errorf("%s: public %v", address, !public)
		}
	}
	p := New("", WithLimits(rigLimits()), WithResolver(resolver(t)))
	from := outage.Measurement{Target: outage.Target{URL: "http://shop.example/"}, HTTP: &outage.HTTP{Status: 302, Location: "http://good.example/"}}
	m, _ := p.hop(t.Context(), &from, hopping{hop: 1, seen: map[string]bool{}, public: true, ask: &ask{}})
	if m.Failure != outage.FailureForbidden || m.TCP != nil {
		t.Errorf("%+v", m)
	}
}

// TestHonest shows the user agent that servers see.
func TestHonest(t *testing.T) {
	seen := make(chan string, 1)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen <- r.UserAgent() }))
	t.Cleanup(s.Close)
	target, err := ParseTarget(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	New("https://hub.example/probes").Look(t.Context(), Question{Target: target})
	if ua := <-seen; ua != "faultline/1 (outage observatory; https://hub.example/probes)" {
		t.Error(ua)
	}
}

// descriptors that this process has open.
func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skipf("descriptors cannot be counted here: %v", err)
	}
	return len(list)
}
