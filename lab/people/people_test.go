package people

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// heard collects what people write.
type heard struct {
	mu      sync.Mutex
	presses []Press
	sum     Sum
}

func (h *heard) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for line := range bytes.Lines(b) {
		var l Line
		if err := json.Unmarshal(line, &l); err != nil {
			return 0, err
		}
		if l.Press != nil {
			h.presses = append(h.presses, *l.Press)
		}
		if l.Sum != nil {
			h.sum.Pages, h.sum.Failed = h.sum.Pages+l.Sum.Pages, h.sum.Failed+l.Sum.Failed
		}
	}
	return len(b), nil
}

func (h *heard) list() []Press {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]Press(nil), h.presses...)
}

// site answers as our service does, or with what is wrong.
type site struct {
	wrong  atomic.Int64 // status; 0: nothing
	mu     sync.Mutex
	paths  map[string]int
	logins map[string]bool
	gate   bool
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.paths[r.URL.Path]++
	s.mu.Unlock()
	if c, err := r.Cookie("passed"); s.gate && (err != nil || c.Value != "1") {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<title>Just a moment...</title>Checking your browser")
		return
	}
	if n := s.wrong.Load(); n != 0 {
		w.WriteHeader(int(n))
	}
}

// crowdOf runs people at a site until enough is known.
func crowdOf(t *testing.T, s *site, o Orders, enough func(h *heard) bool) *heard {
	t.Helper()
	s.paths = map[string]int{}
	server := httptest.NewServer(s)
	defer server.Close()
	h := &heard{}
	c := New(Config{
		Ranges: []netip.Prefix{netip.MustParsePrefix("91.10.0.0/16")}, Seed: 7,
		Sites: []Site{{Service: "feed", URL: server.URL, Main: true, Weight: 1}},
	}, h)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	in, out := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx, in) }()
	if err := json.NewEncoder(out).Encode(o); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !enough(h) {
		select {
		case <-ctx.Done():
			t.Fatalf("not enough in time: %+v %v", h.list(), s.paths)
		case <-tick.C:
		}
	}
	out.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	return h
}

// While all is well people read the feed and press nothing.
func TestWell(t *testing.T) {
	s := &site{}
	h := crowdOf(t, s, Orders{Count: 10, ThinkMS: 50}, func(*heard) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.paths["/feed"] > 30 && s.paths["/login"] > 5
	})
	if got := h.list(); len(got) > 0 {
		t.Errorf("pressed: %+v", got)
	}
}

// When pages fail a share of people says so, each with an address of the country's,
// under what failed or what such people say.
func TestFailing(t *testing.T) {
	s := &site{}
	s.wrong.Store(500)
	h := crowdOf(t, s, Orders{Count: 20, ThinkMS: 50}, func(h *heard) bool { return len(h.list()) >= 40 })
	categories, addresses := map[string]int{}, map[netip.Addr]bool{}
	for _, p := range h.list() {
		categories[p.Category]++
		addresses[p.Address] = true
		if p.Service != "feed" || !netip.MustParsePrefix("91.10.0.0/16").Contains(p.Address) {
			t.Errorf("%+v", p)
		}
	}
	if categories["login"] == 0 || categories["app"] == 0 || categories["server-connection"] > 0 {
		t.Errorf("%v", categories)
	}
	if len(addresses) < len(h.list())*9/10 {
		t.Errorf("%d addresses of %d presses", len(addresses), len(h.list()))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paths["/feed"] > 0 {
		t.Error("somebody who could not log in reads the feed")
	}
}

// A bug of the app is reported as one, although every page came.
func TestBrokenApp(t *testing.T) {
	h := crowdOf(t, &site{}, Orders{Count: 20, ThinkMS: 50, BrokenApp: 100}, func(h *heard) bool { return len(h.list()) >= 20 })
	app := 0
	for _, p := range h.list() {
		if p.Category == "app" {
			app++
		}
	}
	if app < len(h.list())*7/10 {
		t.Errorf("%d of %d under app", app, len(h.list()))
	}
}

// A person's browser passes a challenge.
func TestChallenge(t *testing.T) {
	s := &site{gate: true}
	h := crowdOf(t, s, Orders{Count: 5, ThinkMS: 50}, func(*heard) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.paths["/feed"] > 10
	})
	if got := h.list(); len(got) > 0 {
		t.Errorf("pressed: %+v", got)
	}
}

// A rumour needs no failure, and clients that ask again at once ask more often.
func TestRumourAndRetries(t *testing.T) {
	h := crowdOf(t, &site{}, Orders{Count: 0, ThinkMS: 50, Rumour: map[string]float64{"bank": 60}}, func(h *heard) bool { return len(h.list()) >= 1 })
	if p := h.list()[0]; p.Service != "bank" {
		t.Errorf("%+v", p)
	}
	s := &site{}
	s.wrong.Store(503)
	crowdOf(t, s, Orders{Count: 1, ThinkMS: 3000, Retry: true}, func(*heard) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.paths["/"] >= 5 || s.paths["/login"] >= 5
	})
}

// Orders that cannot be read end it with an error; there are never more than Crowd.
func TestOrders(t *testing.T) {
	c := New(Config{Ranges: []netip.Prefix{netip.MustParsePrefix("91.10.0.0/16")}, Sites: []Site{{Service: "feed", Main: true, Weight: 1}}}, io.Discard)
	if err := c.Run(t.Context(), strings.NewReader("no orders")); err == nil {
		t.Error("taken")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c.order(ctx, Orders{Count: 100_000, ThinkMS: 1000})
	if len(c.ends) != Crowd {
		t.Errorf("%d people", len(c.ends))
	}
	c.order(ctx, Orders{})
	c.all.Wait()
}
