package agent

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"faultline/internal/agentapi"
	"faultline/internal/chain"
	"faultline/internal/clock"
	"faultline/internal/geo"
	"faultline/internal/ingest"
	"faultline/internal/intake"
	"faultline/internal/stream"
	"faultline/internal/stream/memory"
	"faultline/outage"
)

// skewed is a hub's clock that is wrong, or right while the agent's is not.
type skewed struct {
	clock.Real
	off time.Duration
}

func (c skewed) Now() time.Time { return c.Real.Now().Add(c.off) }

func (c skewed) WaitUntil(ctx context.Context, t time.Time) error {
	return c.Real.WaitUntil(ctx, t.Add(-c.off))
}

type nothing struct{}

func (nothing) Get(string) (outage.Service, bool)   { return outage.Service{}, false }
func (nothing) Search(string, int) []outage.Service { return nil }
func (nothing) Lookup(netip.Addr) (p geo.Place)     { return p }

// realHub is intake on its ingest behind a server that can be cut off.
type realHub struct {
	t       *testing.T
	log     *memory.Log
	private string
	server  *httptest.Server
	away    atomic.Bool
	edit    atomic.Pointer[func(w http.ResponseWriter, r *http.Request) bool] // true: answered
	life    func()
	off     time.Duration
	mux     atomic.Pointer[http.ServeMux]
}

func newRealHub(t *testing.T, off time.Duration) *realHub {
	t.Helper()
	h := &realHub{t: t, log: memory.New(), private: t.TempDir(), off: off}
	h.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.away.Load() {
			panic(http.ErrAbortHandler)
		}
		if f := h.edit.Load(); f != nil && (*f)(w, r) {
			return
		}
		h.mux.Load().ServeHTTP(w, r)
	}))
	t.Cleanup(h.server.Close)
	h.live(h.log)
	t.Cleanup(func() { h.life() })
	return h
}

// live begins a life of the hub on a log.
func (h *realHub) live(log *memory.Log) {
	h.t.Helper()
	h.log = log
	c := skewed{off: h.off}
	hub, err := ingest.New(ingest.DefaultConfig(), ingest.Deps{Log: log, Clock: c, Services: nothing{}, Places: nothing{}, Private: h.private, State: h.private})
	if err != nil {
		h.t.Fatal(err)
	}
	specs, err := intake.ParseSpecs([]byte("contact: mailto:ops@example.org\ncontrols: [{url: 'https://s1.example/', period: 10s}]"))
	if err != nil {
		h.t.Fatal(err)
	}
	in, err := intake.New(intake.Config{Specs: specs}, intake.Deps{Log: log, Commit: hub, Clock: c, Places: nothing{}, Private: h.private})
	if err != nil {
		h.t.Fatal(err)
	}
	mux := http.NewServeMux()
	in.Register(mux)
	h.mux.Store(mux)
	ctx, cancel := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	parts.Go(func() { _ = hub.Run(ctx) })
	parts.Go(func() { _ = in.Run(ctx) })
	h.life = sync.OnceFunc(func() { cancel(); parts.Wait() })
}

func (h *realHub) token() string {
	token, err := intake.NewToken(h.private, skewed{off: h.off}.Now(), time.Hour)
	if err != nil {
		h.t.Fatal(err)
	}
	return token
}

// records that the hub has, whose chain must hold.
func (h *realHub) records(key ed25519.PublicKey) (list []outage.Measurement, report chain.Report) {
	h.t.Helper()
	recs, err := h.log.Read(h.t.Context(), "measurements", 0, 1<<20)
	if err != nil {
		h.t.Fatal(err)
	}
	v := chain.Verifier{Keys: map[string]ed25519.PublicKey{chain.ID(key): key}}
	for _, rec := range recs {
		if rec.Kind != stream.KindFact {
			continue
		}
		v.Add(rec.Data)
		m, err := stream.Measurements.Decode(rec)
		if err != nil {
			h.t.Fatal(err)
		}
		list = append(list, *m)
	}
	for _, r := range v.Reports() {
		report = r
		if r.Break != nil {
			h.t.Error(r.Break)
		}
	}
	return list, report
}

// running is an agent in the background. It probes nothing in these tests but what
// they spool themselves: its plan's first moment is seconds away.
type running struct {
	*Agent
	ended chan struct{}
	stop  func() error
}

func (h *realHub) agent(dir, token string) *running {
	h.t.Helper()
	cfg := DefaultConfig()
	cfg.Hub, cfg.Data, cfg.Token = h.server.URL, dir, token
	a, err := Open(cfg, Deps{NewProber: func(string) Prober { return &fake{} }})
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	r := &running{Agent: a, ended: make(chan struct{})}
	go func() { done <- a.Run(ctx); close(r.ended) }()
	var once sync.Once
	var ended error
	r.stop = func() error {
		once.Do(func() {
			cancel()
			ended = <-done
			a.hub.http.CloseIdleConnections()
			if err := a.Close(); err != nil {
				h.t.Error(err)
			}
		})
		return ended
	}
	h.t.Cleanup(func() { _ = r.stop() })
	return r
}

func (r *running) measure(n int) {
	for range n {
		m := r.blank()
		m.Outcome = outage.OutcomeOK
		r.results <- []outage.Measurement{m}
	}
}

// eventually waits for something that takes a moment, and fails after many.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s does not happen", what)
		}
	}
}

// An agent registers, sends, is cut off, goes on measuring, and sends the rest in
// order, over a restart of either side.
func TestAgentAndHub(t *testing.T) {
	h := newRealHub(t, 0)
	dir := t.TempDir()
	a := h.agent(dir, h.token())
	arrived := func(n int) func() bool {
		return func() bool { list, _ := h.records(a.me.public()); return len(list) >= n }
	}
	a.measure(10)
	eventually(t, "the first ten arrive", arrived(10))
	h.away.Store(true)
	a.measure(20)
	eventually(t, "the spool fills", func() bool { return a.Waiting() >= 20 })
	if err := a.stop(); err != nil {
		t.Fatal(err)
	}
	h.life()
	h.live(h.log)
	a = h.agent(dir, "") // no token needed any more
	a.measure(5)
	h.away.Store(false)
	eventually(t, "the rest arrives", arrived(35))
	eventually(t, "the spool empties", func() bool { return a.Waiting() == 0 })
	list, report := h.records(a.me.public())
	if report.Lost != 0 || report.Records != len(list) {
		t.Errorf("%+v", report)
	}
	if err := a.stop(); err != nil {
		t.Fatal(err)
	}
}

// An agent that was registered and is started with a token again, as from a unit file,
// measures also while the hub is away.
func TestTokenWithoutHub(t *testing.T) {
	h := newRealHub(t, 0)
	dir, token := t.TempDir(), h.token()
	a := h.agent(dir, token)
	eventually(t, "the agent is registered", func() bool { return a.hub.clock().Synced })
	if err := a.stop(); err != nil {
		t.Fatal(err)
	}
	h.away.Store(true)
	a = h.agent(dir, token)
	a.measure(3)
	eventually(t, "three are in the spool", func() bool { return a.Waiting() >= 3 })
}

// A clock that is an hour wrong is measured, and what it says is understood.
func TestSkewedClock(t *testing.T) {
	h := newRealHub(t, time.Hour)
	a := h.agent(t.TempDir(), h.token())
	eventually(t, "the clock is compared", func() bool { return a.hub.clock().Synced })
	a.measure(3)
	eventually(t, "three arrive", func() bool { list, _ := h.records(a.me.public()); return len(list) >= 3 })
	list, _ := h.records(a.me.public())
	for _, m := range list {
		if off := m.Clock.OffsetMS - 3.6e6; !m.Clock.Synced || off > 2000 || off < -2000 || m.Late {
			t.Errorf("%+v, late %t", m.Clock, m.Late)
		}
	}
}

// A record that the hub refuses is replaced by a gap, and a hub that was put back
// from a copy gets what there is.
func TestRefusedAndForgotten(t *testing.T) {
	h := newRealHub(t, 0)
	a := h.agent(t.TempDir(), h.token())
	a.measure(3)
	eventually(t, "three arrive", func() bool { list, _ := h.records(a.me.public()); return len(list) >= 3 })
	copied := copyLog(t, h.log)
	bad := a.blank()
	bad.Failure = "x_bored"
	a.results <- []outage.Measurement{a.blank(), bad, a.blank()}
	// The agent's own plan may put records between those of the test, so they are
	// counted and the gap is looked for.
	isGap := func(m outage.Measurement) bool { return m.Gap != nil }
	eventually(t, "a gap and the others arrive", func() bool {
		list, _ := h.records(a.me.public())
		at := slices.IndexFunc(list, isGap)
		return at >= 3 && len(list) >= at+2 && len(list) >= 6 && a.Waiting() == 0
	})
	list, report := h.records(a.me.public())
	if gap := list[slices.IndexFunc(list, isGap)].Gap; report.Lost != 1 || gap.Reason != outage.GapRefused {
		t.Errorf("%+v, %+v", report, gap)
	}
	h.life()
	h.live(copied)
	a.measure(2)
	eventually(t, "the copy catches up", func() bool {
		list, report := h.records(a.me.public())
		return len(list) > 6 && report.Last.Sequence == a.spool.Stats().Head.Sequence
	})
}

func copyLog(t *testing.T, from *memory.Log) *memory.Log {
	t.Helper()
	to := memory.New()
	for _, topic := range stream.Names() {
		recs, err := from.Read(t.Context(), topic, 0, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range recs {
			if err := to.Append(t.Context(), []stream.Entry{{Topic: topic, Record: r}}, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	return to
}

// A token that is none ends the agent with a word.
func TestFatal(t *testing.T) {
	h := newRealHub(t, 0)
	for _, token := range []string{"", "faultline_agent_X"} {
		a := h.agent(t.TempDir(), token)
		<-a.ended
		if err := a.stop(); err == nil || !strings.Contains(err.Error(), "token create") {
			t.Errorf("with token %q it ends with %v", token, err)
		}
	}
}

// A plan outlives a restart without the hub, for a day.
func TestSavedPlan(t *testing.T) {
	h := newRealHub(t, 0)
	dir := t.TempDir()
	a := h.agent(dir, h.token())
	file := planFile(filepath.Join(dir, "state"))
	eventually(t, "the plan is saved", func() bool { _, err := os.Stat(file); return err == nil })
	if p := a.lastPlan(); p.Plan == nil || len(p.Plan.Targets) != 1 {
		t.Errorf("%+v", p)
	}
	for name, change := range map[string]func(*savedPlan){
		"too old":    func(s *savedPlan) { s.At = s.At.Add(-maxPlanAge - time.Minute) },
		"no contact": func(s *savedPlan) { s.Plan.Contact = "" },
	} {
		s := a.lastPlan()
		change(&s)
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if p := a.lastPlan(); p.Plan != nil {
			t.Errorf("%s: %+v", name, p)
		}
		a.savePlan(savedPlan{At: time.Now(), Plan: planOf(target(1, time.Minute))})
	}
}

// A plan with the limits of a laboratory is not for agents in the world.
func TestLabPlanIsRefused(t *testing.T) {
	p := &agentapi.Plan{Contact: "mailto:ops@example.org", Lab: true, Targets: []agentapi.Target{{Service: "x", URL: "https://x.example/", PeriodMS: 1000, PerMinute: 60}}}
	p.Seal()
	cfg := DefaultConfig()
	if err := cfg.accept(p); !errors.Is(err, errLab) {
		t.Errorf("an agent in the world: %v", err)
	}
	if cfg.Lab = true; cfg.accept(p) != nil || len(cfg.probing()) != 1 {
		t.Errorf("an agent of a laboratory: %v", cfg.accept(p))
	}
}
