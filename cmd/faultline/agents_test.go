package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"faultline/internal/agent"
	"faultline/internal/chain"
	"faultline/internal/clock"
	"faultline/internal/intake"
	"faultline/internal/stream"
	"faultline/outage"
)

// pipes is a listener in memory: its connections look as if they came from this
// machine, and a test's time passes while they are idle.
type pipes struct {
	conns chan net.Conn
	ended chan struct{}
	once  sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), ended: make(chan struct{})} }

// Accept implements [net.Listener].
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.ended:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (p *pipes) Close() error {
	p.once.Do(func() { close(p.ended) })
	return nil
}

// Addr implements [net.Listener].
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080} }

func (p *pipes) dial(ctx context.Context) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- loopConn{there}:
		return here, nil
	case <-p.ended:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type loopConn struct{ net.Conn }

func (loopConn) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9} }

// uplink is an agent's way to the hub, which can be cut: what is open breaks, too.
type uplink struct {
	hub *pipes
	cut atomic.Bool

	mu    sync.Mutex
	conns []net.Conn
}

func (u *uplink) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	if u.cut.Load() {
		return nil, errors.New("the uplink is cut")
	}
	c, err := u.hub.dial(ctx)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.conns = append(u.conns, c)
	return c, err
}

func (u *uplink) set(cut bool) {
	u.cut.Store(cut)
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, c := range u.conns {
		c.Close()
	}
	u.conns = nil
}

// vantages is a hub with agents, in a bubble of its own time.
type vantages struct {
	t       *testing.T
	world   *world
	agents  []*agent.Agent
	uplinks []*uplink
}

func newVantages(t *testing.T, n int, target string, controls ...string) *vantages {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	s := settings{Data: filepath.Join(dir, "hub"), KeepReports: minKept, KeepMinutes: minKept}
	s.Catalog = []string{write("mine.yaml", "kind: banks\nservices: [{id: mine, name: Mine}]\n")}
	s.Probes = write("probes.yaml", fmt.Sprintf("contact: mailto:ops@example.org\ntargets: [{service: mine, url: %q}]\ncontrols: [{url: %q}, {url: %q}]\n", target, controls[0], controls[1]))
	w, err := openWorld(t.Context(), s, clock.Real{})
	if err != nil {
		t.Fatal(err)
	}
	v := &vantages{t: t, world: w}
	l := newPipes()
	ctx, cancel := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	parts.Go(func() {
		if err := w.run(ctx, l, w.pages(nil)); err != nil {
			t.Error(err)
		}
	})
	for i := range n {
		u := &uplink{hub: l}
		cfg := agent.DefaultConfig()
		cfg.Hub, cfg.Data = "http://127.0.0.1:8080", filepath.Join(dir, fmt.Sprint("agent", i))
		cfg.Vantage = outage.Vantage{Country: "DE", Network: fmt.Sprintf("AS%d", 64500+i), Class: outage.ClassEyeball}
		cfg.NewToken = func() (string, error) { return intake.NewToken(w.dir.Private(), time.Now(), time.Hour) }
		a, err := agent.Open(cfg, agent.Deps{Dial: u.dial})
		if err != nil {
			t.Fatal(err)
		}
		v.agents, v.uplinks = append(v.agents, a), append(v.uplinks, u)
		parts.Go(func() {
			if err := errors.Join(a.Run(ctx), a.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(func() {
		cancel()
		for _, u := range v.uplinks {
			u.set(true)
		}
		parts.Wait()
		if err := w.close(); err != nil {
			t.Error(err)
		}
	})
	return v
}

// seen counts an agent's attempts at the service since a time, and those that failed.
// The way there, which is walked while an incident is open, is none.
func (v *vantages) seen(a *agent.Agent, role outage.Role, since time.Time) (all, failed, late int) {
	v.t.Helper()
	check := chain.Verifier{}
	err := stream.EachFact(v.t.Context(), v.world.log, stream.Measurements.Name, 0, func(r stream.Record) error {
		check.Add(r.Data)
		m, err := stream.Measurements.Decode(r)
		if err != nil || m.Agent != a.ID() || m.Target.Role != role || m.Path != nil || m.Time.Before(since) {
			return err
		}
		all++
		if m.Failure != "" {
			failed++
		}
		if m.Late {
			late++
		}
		return nil
	})
	if err != nil {
		v.t.Fatal(err)
	}
	for _, r := range check.Reports() {
		if r.Break != nil || r.Lost > 0 {
			v.t.Errorf("%+v %v", r, r.Break)
		}
	}
	return all, failed, late
}

func (v *vantages) presence(i int) outage.Presence {
	for _, a := range v.world.intake.Agents() {
		if a.ID == v.agents[i].ID() {
			return a.Presence
		}
	}
	return ""
}

// Three agents and a hub: who is cut off measures on and sends later, all of it, in
// order and marked late; a service that is cut is seen to fail by everybody, while
// the controls go on.
func TestThreeAgents(t *testing.T) {
	var down atomic.Bool
	serve := func(control bool) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.UserAgent(), "faultline/") || !strings.Contains(r.UserAgent(), "mailto:ops@example.org") {
				t.Errorf("probed by %q", r.UserAgent())
			}
			if down.Load() && !control {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			_, _ = io.WriteString(w, "<title>fine</title>")
		}))
		t.Cleanup(s.Close)
		return s.URL + "/"
	}
	target, control := serve(false), serve(true)
	// The runtime's own signal machinery must not begin inside the bubble.
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	signal.Stop(hangup)
	synctest.Test(t, func(t *testing.T) {
		v := newVantages(t, 3, target, control, control+"other")
		time.Sleep(5*time.Minute + time.Second)
		for i, a := range v.agents {
			if all, failed, late := v.seen(a, outage.RolePrimary, time.Time{}); all < 4 || failed+late > 0 {
				t.Errorf("agent %d: %d measurements, %d failed, %d late", i, all, failed, late)
			}
		}
		cut := time.Now()
		v.uplinks[0].set(true)
		time.Sleep(10 * time.Minute)
		if all, _, _ := v.seen(v.agents[0], outage.RolePrimary, cut); all > 1 || v.presence(0) != outage.AgentAway || v.presence(1) != outage.AgentPresent {
			t.Errorf("cut off: %d measurements came, it is %s and another %s", all, v.presence(0), v.presence(1))
		}
		if v.agents[0].Waiting() < 18 {
			t.Errorf("%d measurements wait in the spool", v.agents[0].Waiting())
		}
		v.uplinks[0].set(false)
		time.Sleep(2 * time.Minute)
		if all, failed, late := v.seen(v.agents[0], outage.RolePrimary, cut); all < 10 || failed > 0 || late < 7 || v.presence(0) != outage.AgentPresent {
			t.Errorf("back again: %d measurements came, %d failed, %d late; it is %s", all, failed, late, v.presence(0))
		}
		broken := time.Now()
		down.Store(true)
		time.Sleep(3*time.Minute + time.Second)
		for i, a := range v.agents {
			all, failed, _ := v.seen(a, outage.RolePrimary, broken)
			controls, bad, _ := v.seen(a, outage.RoleControl, broken)
			if all < 2 || failed != all || controls < 2 || bad > 0 {
				t.Errorf("agent %d: %d of %d fail, %d of %d controls", i, failed, all, bad, controls)
			}
		}
	})
}

// The agent in the hub's own process needs no token, and only a hub that it can
// reach on this machine.
func TestLocalAgent(t *testing.T) {
	for addr, want := range map[string]string{
		"127.0.0.1:80": "http://127.0.0.1:80", "0.0.0.0:8080": "http://127.0.0.1:8080", "[::]:1": "http://[::1]:1", "[::1]:2": "http://[::1]:2", "192.0.2.7:80": "",
	} {
		a, err := net.ResolveTCPAddr("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := loopbackURL(a); got != want || (err != nil) != (want == "") {
			t.Errorf("%s: %q, %v", addr, got, err)
		}
	}
	p := start(t, 0, "serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(t.TempDir(), "hub"), "--local-agent", "--local-network", "AS64500")
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(startup); ; {
		if _, body := p.get("/api/v1/agents"); strings.Contains(body, `"network":"AS64500"`) {
			break
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("the local agent is not registered\n%s", p.logs)
		}
	}
	p.stop()
}
