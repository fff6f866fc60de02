package feed

import (
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// app is the service without a database: what faults do comes before it.
func app() *App {
	return &App{slots: make(chan struct{}, Pool), queue: make(chan struct{}, queueMost)}
}

func get(a *App, path string, mobile bool) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if mobile {
		r.Header.Set("Sec-CH-UA-Mobile", "?1")
	}
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, r)
	return w
}

func TestHome(t *testing.T) {
	w := get(app(), "/", false)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `type="password"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := get(app(), "/robots.txt", false); w.Code != http.StatusNotFound {
		t.Errorf("robots: %d", w.Code)
	}
}

// A bad build fails where it is meant to, and nowhere else.
func TestFaultMatches(t *testing.T) {
	for name, c := range map[string]struct {
		fault  Fault
		path   string
		mobile bool
		want   int
	}{
		"none":           {Fault{}, "/", false, 200},
		"all":            {Fault{Status: 500}, "/", false, 500},
		"another path":   {Fault{Status: 500, Paths: []string{"/login"}}, "/", false, 200},
		"this path":      {Fault{Status: 502, Paths: []string{"/x", "/"}}, "/", false, 502},
		"phones only":    {Fault{Status: 500, Mobile: true}, "/", false, 200},
		"phones only, a": {Fault{Status: 500, Mobile: true}, "/", true, 500},
	} {
		a := app()
		a.Set(c.fault)
		if w := get(a, c.path, c.mobile); w.Code != c.want {
			t.Errorf("%s: %d, want %d", name, w.Code, c.want)
		}
	}
	a, failed := app(), 0
	a.Set(Fault{Status: 500, Percent: 30})
	for range 1000 {
		if get(a, "/", false).Code == 500 {
			failed++
		}
	}
	if failed < 220 || failed > 380 {
		t.Errorf("%d of 1000 failed, want 300", failed)
	}
}

// A leak makes every request slower than the one before, up to a bound, and ends with
// its cause.
func TestLeak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := app()
		a.Set(Fault{LeakKB: 1024})
		last := time.Duration(0)
		for range 400 {
			began := time.Now()
			get(a, "/", false)
			took := time.Since(began)
			if took < last || took > leakStep*(leakMost>>20) {
				t.Fatalf("%s after %s", took, last)
			}
			last = took
		}
		if last != leakStep*(leakMost>>20) || a.leakN > leakMost {
			t.Errorf("at the end %s, %d bytes", last, a.leakN)
		}
		a.Set(Fault{})
		began := time.Now()
		if get(a, "/", false); time.Since(began) != 0 || a.leakN != 0 {
			t.Errorf("mended: %s, %d bytes", time.Since(began), a.leakN)
		}
	})
}

// Who comes when all places are taken waits, and is told to come again when there is no
// place to wait either.
func TestQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := app()
		for range Pool {
			a.slots <- struct{}{}
		}
		began := time.Now()
		if w := get(a, "/public", false); w.Code != http.StatusServiceUnavailable || time.Since(began) != queueWait {
			t.Errorf("%d after %s", w.Code, time.Since(began))
		}
		for range queueMost {
			a.queue <- struct{}{}
		}
		began = time.Now()
		if w := get(a, "/public", false); w.Code != http.StatusServiceUnavailable || time.Since(began) != 0 || w.Header().Get("Retry-After") == "" {
			t.Errorf("%d after %s", w.Code, time.Since(began))
		}
	})
}

// Faults come over a socket; a service that is not there says so.
func TestTell(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	if err := Tell(t.Context(), path, Fault{}); err == nil {
		t.Error("nobody is there, and it is told")
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	a := app()
	s := httptest.NewUnstartedServer(a.control())
	s.Listener = l
	s.Start()
	defer s.Close()
	want := Fault{Status: 503, Paths: []string{"/feed"}, Percent: 7}
	if err := Tell(t.Context(), path, want); err != nil {
		t.Fatal(err)
	}
	if a.fault.Status != 503 || a.fault.Percent != 7 || len(a.fault.Paths) != 1 {
		t.Errorf("%+v", a.fault)
	}
}
