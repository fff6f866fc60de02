package agent

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"faultline/internal/agentapi"
	"faultline/internal/probe"
	"faultline/outage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a prober whose services take a while and may fail.
type fake struct {
	contact  string
	takes    func(host string) time.Duration
	failure  outage.Failure
	addrs    int
	redirect string // every answer sends there
	hops     int    // requests of every journey

	robots    *probe.Robots
	robotsErr error

	mu      sync.Mutex
	begun   map[string][]time.Time // attempts, by host
	running map[string]int
	twice   []string // hosts that were probed twice at once
}

func (f *fake) Resolve(_ context.Context, _ time.Time, host, resolver string) (*outage.DNS, []netip.Addr) {
	d := &outage.DNS{Resolver: resolver}
	if strings.HasPrefix(host, "nowhere") {
		d.Failure = outage.FailureNXDOMAIN
		return d, nil
	}
	var list []netip.Addr
	for i := range max(f.addrs, 1) {
		list = append(list, netip.AddrFrom4([4]byte{192, 0, 2, byte(1 + i)}))
	}
	return d, list
}

func (f *fake) Attempt(ctx context.Context, t outage.Target, dns *outage.DNS) outage.Measurement {
	f.mu.Lock()
	if f.begun == nil {
		f.begun, f.running = map[string][]time.Time{}, map[string]int{}
	}
	f.begun[t.Host] = append(f.begun[t.Host], time.Now())
	if f.running[t.Host]++; f.running[t.Host] > max(f.addrs, 1) {
		f.twice = append(f.twice, t.Host)
	}
	f.mu.Unlock()
	m := outage.Measurement{Attempt: 1, Time: time.Now().UTC(), Target: t, DNS: dns, Outcome: outage.OutcomeOK, HTTP: &outage.HTTP{Status: 200}}
	if f.takes != nil {
		select {
		case <-time.After(f.takes(t.Host)):
		case <-ctx.Done():
			m.Failure = outage.FailureInterrupted
		}
	}
	if f.failure != "" {
		m.Outcome, m.Layer, m.Operation, m.Failure = outage.OutcomeFail, outage.LayerTCP, outage.OperationConnect, f.failure
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running[t.Host]--
	return m
}

func (f *fake) Follow(_ context.Context, from *outage.Measurement, may func(outage.Target) probe.Permit) []outage.Measurement {
	if f.redirect == "" {
		return nil
	}
	next, err := probe.ParseTarget(f.redirect)
	if err != nil {
		return nil
	}
	m := outage.Measurement{Attempt: 1, Target: next, HTTP: &outage.HTTP{Hop: 1, Status: 200}}
	switch may(next) {
	case probe.PermitStop:
		return nil
	case probe.PermitForbid:
		m.Failure = outage.FailureForbidden
	}
	return []outage.Measurement{m}
}

func (f *fake) note(what string, t outage.Target) outage.Measurement {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.begun == nil {
		f.begun, f.running = map[string][]time.Time{}, map[string]int{}
	}
	f.begun[what] = append(f.begun[what], time.Now())
	return outage.Measurement{Attempt: 1, Time: time.Now().UTC(), Target: t, Outcome: outage.OutcomeOK}
}

func (f *fake) Authoritative(_ context.Context, _ time.Time, host, _ string) []*outage.DNS {
	f.note("authoritative", outage.Target{})
	return []*outage.DNS{{Nameserver: "ns." + host}, {Nameserver: "ns2." + host, Failure: outage.FailureTimeout}}
}

func (f *fake) AttemptQUIC(_ context.Context, t outage.Target, _ *outage.DNS) outage.Measurement {
	return f.note("quic", t)
}
func (f *fake) Echo(_ context.Context, t outage.Target) outage.Measurement { return f.note("echo", t) }
func (f *fake) Trace(_ context.Context, t outage.Target) outage.Measurement {
	return f.note("trace", t)
}

func (f *fake) Walk(_ context.Context, j *probe.Journey, base outage.Target, variant string, may func(outage.Target) probe.Permit) []outage.Measurement {
	out := []outage.Measurement{f.note("walk "+variant, base)}
	out[0].Target.Journey = j.Name
	for range f.hops {
		if may(base) != probe.PermitGo {
			break
		}
		out = append(out, f.note("request", base))
	}
	return out
}

func (f *fake) FetchRobots(context.Context, outage.Target, string) (*probe.Robots, error) {
	f.note("robots", outage.Target{})
	return f.robots, f.robotsErr
}

// alone is an agent whose hub is away, with a fake prober.
func alone(t *testing.T, f *fake, change ...func(*Config)) *Agent {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Hub, cfg.Data = "http://127.0.0.1:9", t.TempDir()
	for _, c := range change {
		c(&cfg)
	}
	a, err := Open(cfg, Deps{NewProber: func(contact string) Prober { f.contact = contact; return f }})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// probeFor lets an agent probe a plan for a while, and gives what it measured.
func probeFor(t *testing.T, a *Agent, d time.Duration, plans ...*agentapi.Plan) []outage.Measurement {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var out []outage.Measurement
	var parts sync.WaitGroup
	done := make(chan struct{})
	parts.Go(func() {
		for {
			select {
			case list := <-a.results:
				out = append(out, list...)
			case <-done:
				return
			}
		}
	})
	ended := make(chan error)
	go func() { ended <- a.probeAll(ctx) }()
	for _, p := range plans {
		a.take(p)
		time.Sleep(d)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	close(done)
	parts.Wait()
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	return out
}

func planOf(targets ...agentapi.Target) *agentapi.Plan {
	p := &agentapi.Plan{Contact: "mailto:ops@example.org", Targets: targets}
	p.Seal()
	return p
}

func target(i int, period time.Duration) agentapi.Target {
	return agentapi.Target{Service: fmt.Sprintf("s%d", i), URL: fmt.Sprintf("https://s%d.example/", i), PeriodMS: period.Milliseconds(), PerMinute: 60}
}

// Ten thousand targets a minute: each comes back after a minute, never more than a
// twentieth off, never twice at once, and the load is even.
func TestPeriods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n, minutes = 10_000, 6
		f := &fake{takes: func(host string) time.Duration { return time.Duration(len(host)*100) * time.Millisecond }}
		var targets []agentapi.Target
		for i := range n {
			targets = append(targets, target(i, time.Minute))
		}
		got := probeFor(t, alone(t, f), minutes*time.Minute, planOf(targets...))
		if len(got) < n*(minutes-1) || len(f.begun) != n || len(f.twice) > 0 {
			t.Fatalf("%d measurements of %d targets, %d at once", len(got), len(f.begun), len(f.twice))
		}
		perSecond := map[int64]int{}
		worst := 0.0
		for host, times := range f.begun {
			if len(times) < minutes-1 {
				t.Fatalf("%s was probed %d times in %d minutes", host, len(times), minutes)
			}
			for i, at := range times {
				perSecond[at.Unix()]++
				if i > 0 {
					worst = max(worst, math.Abs(at.Sub(times[i-1]).Minutes()-1))
				}
			}
		}
		if worst > 0.05 {
			t.Errorf("a period is %.1f %% off", 100*worst)
		}
		for second, count := range perSecond {
			if count > 2*n/60 {
				t.Errorf("%d probes begin in second %d, %d would be even", count, second, n/60)
			}
		}
		t.Logf("the worst period is %.1f %% off", 100*worst)
	})
}

// The moments follow from names alone, so a restart keeps them, and agents differ.
func TestMomentsAreKept(t *testing.T) {
	now := time.Date(2025, 3, 10, 9, 30, 0, 0, time.UTC)
	targets := planOf(target(1, time.Minute), target(2, time.Minute)).Targets
	due := func(agent string, at time.Time) time.Time {
		s := newSchedule(agent)
		s.set(targets, at)
		return s.items[targets[0].ID].due
	}
	first := due("a1", now)
	if again := due("a1", first.Add(-time.Millisecond)); !again.Equal(first) {
		t.Errorf("after a restart %s, before %s", again, first)
	}
	if due("a2", now).Equal(first) {
		t.Error("two agents probe at the same moment")
	}
	for at := first; at.Before(first.Add(time.Hour)); {
		next := due("a1", at)
		if off := math.Abs(next.Sub(at).Minutes() - 1); off > 2*jitterShare+1e-9 {
			t.Fatalf("from %s to %s", at, next)
		}
		at = next
	}
}

// A target that hangs for three periods is probed every third or fourth time, and
// holds nobody else up.
func TestHangingTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{takes: func(host string) time.Duration {
			if host == "s0.example" {
				return 31 * time.Second
			}
			return time.Millisecond
		}}
		probeFor(t, alone(t, f), 10*time.Minute, planOf(target(0, 10*time.Second), target(1, 10*time.Second)))
		if n := len(f.begun["s0.example"]); n < 13 || n > 16 || len(f.twice) > 0 {
			t.Errorf("the hanging target was tried %d times, at once: %v", n, f.twice)
		}
		if n := len(f.begun["s1.example"]); n < 59 {
			t.Errorf("the other target was tried %d times", n)
		}
	})
}

// When every slot hangs, probing waits and goes on later, and does not pile up.
func TestSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{takes: func(string) time.Duration { return 20 * time.Second }}
		var targets []agentapi.Target
		for i := range 100 {
			targets = append(targets, target(i, 10*time.Second))
		}
		got := probeFor(t, alone(t, f, func(c *Config) { c.Concurrent = 10 }), 5*time.Minute, planOf(targets...))
		if len(got) < 130 || len(got) > 150 || len(f.twice) > 0 {
			t.Errorf("%d measurements with ten slots of 20 s in 300 s", len(got))
		}
	})
}

// Without a contact nothing is probed, nor is who does not want it.
func TestPolite(t *testing.T) {
	for name, test := range map[string]struct {
		plan   func(p *agentapi.Plan)
		config func(c *Config)
	}{
		"no contact":     {func(p *agentapi.Plan) { p.Contact = "" }, nil},
		"opted out":      {func(p *agentapi.Plan) { p.OptOut = []string{".example"} }, nil},
		"opted out here": {nil, func(c *Config) { c.OptOut = []string{"S1.example."} }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{}
				p := planOf(target(1, 10*time.Second))
				if test.plan != nil {
					test.plan(p)
				}
				if test.config == nil {
					test.config = func(*Config) {}
				}
				if got := probeFor(t, alone(t, f, test.config), 5*time.Minute, p); len(got) > 0 {
					t.Errorf("%d measurements", len(got))
				}
			})
		})
	}
	for to, want := range map[string]outage.Failure{
		"https://left.example/":        outage.FailureForbidden,
		"http://127.0.0.1:9/api/v1/x":  outage.FailureForbidden, // the hub
		"https://else.example/welcome": "",
	} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{redirect: to}
			p := planOf(target(1, 10*time.Second))
			p.OptOut = []string{"left.example"}
			got := probeFor(t, alone(t, f), 30*time.Second, p)
			if len(got) < 2 || got[1].Failure != want {
				t.Errorf("redirected to %s: %+v", to, got)
			}
			if f.contact != p.Contact {
				t.Errorf("the prober names %q", f.contact)
			}
		})
	}
}

// A plan that asks for more is followed at once, and left again.
func TestPlanChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		usual, hard := planOf(target(1, time.Minute), target(2, time.Minute)), planOf(target(1, 10*time.Second))
		probeFor(t, alone(t, f), 5*time.Minute, usual, hard, usual, &agentapi.Plan{})
		one, two := len(f.begun["s1.example"]), len(f.begun["s2.example"])
		if one < 36 || one > 44 || two < 8 || two > 12 {
			t.Errorf("s1 was probed %d times (40 expected), s2 %d times (10 expected)", one, two)
		}
	})
}

// Look-ups that fail are records, and each record says whom it asked and where it is.
func TestResolvers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		bad := target(1, 10*time.Second)
		bad.URL = "https://nowhere.example/"
		asked := target(2, 10*time.Second)
		asked.Resolver = []string{"192.0.2.53"}
		got := probeFor(t, alone(t, f, func(c *Config) {
			c.Vantage = outage.Vantage{Country: "DE", Network: "AS64500", Resolver: "system"}
		}), 11*time.Second, planOf(bad, asked))
		kinds := map[string]int{}
		for i := range got {
			m := &got[i]
			kinds[fmt.Sprintf("%s %s %s %v", m.Target.Host, m.Vantage.Resolver, m.Failure, m.HTTP != nil)]++
			if m.Vantage.Country != "DE" || m.Vantage.Network != "AS64500" {
				t.Errorf("%+v", m.Vantage)
			}
		}
		for _, want := range []string{"nowhere.example system dns_nxdomain_error false", "s2.example system  true", "s2.example 192.0.2.53  false"} {
			if kinds[want] == 0 {
				t.Errorf("no record %q in %v", want, kinds)
			}
		}
	})
}

// Deeper looks are records, too, and count for the cap.
func TestDeeper(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{addrs: 2}
		deep := target(1, 10*time.Second)
		deep.Also = agentapi.AlsoWords()
		got := probeFor(t, alone(t, f), 30*time.Second, planOf(deep))
		looks := len(f.begun["trace"]) // three, or one more or less: agents differ
		for what, want := range map[string]int{"authoritative": looks, "quic": 2 * looks, "echo": 2 * looks, "s1.example": 2 * looks} {
			if n := len(f.begun[what]); n != want {
				t.Errorf("%s: %d times, want %d", what, n, want)
			}
		}
		failed := 0
		for i := range got {
			if got[i].Failure != "" && got[i].Layer == outage.LayerDNS {
				failed++
			}
		}
		if looks < 2 || len(got) != 9*looks || failed != looks {
			t.Errorf("%d records, %d name servers that do not answer", len(got), failed)
		}
	})
}

// Journeys need a robots file that allows them, or that once did.
func TestJourneys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{robotsErr: errors.New("no answer")}
		j := target(1, 10*time.Second)
		j.Journey, j.Variant = &probe.Journey{Name: "feed", Steps: []probe.Step{{Name: "home", URL: "https://s1.example/"}}}, probe.VariantMobile
		got := probeFor(t, alone(t, f), 25*time.Minute, planOf(j))
		if len(got) != 0 || len(f.begun["robots"]) != 3 {
			t.Errorf("%d records without a robots file, which was asked for %d times", len(got), len(f.begun["robots"]))
		}
	})
	r := newRobots()
	now := time.Date(2025, 3, 10, 9, 30, 0, 0, time.UTC)
	rules := &probe.Robots{}
	if got := r.of("x", now, func() (*probe.Robots, error) { return rules, nil }); got != rules {
		t.Error("a fresh robots file is not used")
	}
	if got := r.of("x", now.Add(25*time.Hour), func() (*probe.Robots, error) { return nil, errors.New("down") }); got != rules {
		t.Error("an outage ends the journeys that show it")
	}
	if got := r.of("x", now.Add(26*time.Hour), func() (*probe.Robots, error) { return nil, nil }); got != nil {
		t.Error("a new robots file is not used")
	}
}

// An hour against services that fail in every way leaves nothing behind.
func TestNoGrowth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var turn atomic.Int64
		f := &fake{failure: outage.FailureTimeout, addrs: 3, takes: func(string) time.Duration {
			return time.Duration(turn.Add(7919)%30) * time.Second
		}}
		var targets []agentapi.Target
		for i := range 50 {
			tt := target(i, 10*time.Second)
			tt.Retries = 2
			targets = append(targets, tt)
		}
		a := alone(t, f, func(c *Config) { c.Concurrent = 40 })
		before := runtime.NumGoroutine()
		probeFor(t, a, time.Hour, planOf(targets...))
		synctest.Wait()
		if after := runtime.NumGoroutine(); after > before+5 { // the runtime has some of its own
			t.Errorf("%d goroutines before, %d after an hour", before, after)
		}
		if len(a.caps.of) > 50 {
			t.Errorf("%d caps are remembered for 50 services", len(a.caps.of))
		}
	})
}

// Hubs that would be spoken to in the clear are refused, and odd settings named.
func TestBadConfig(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"https":      func(c *Config) { c.Hub = "http://status.example" },
		"this mach":  func(c *Config) { c.Hub = "ftp://127.0.0.1" },
		"address":    func(c *Config) { c.Hub = "" },
		"data":       func(c *Config) { c.Data = "" },
		"country":    func(c *Config) { c.Vantage.Country = "Germany" },
		"network":    func(c *Config) { c.Vantage.Network = "64500x" },
		"class":      func(c *Config) { c.Vantage.Class = "fast" },
		"at least 1": func(c *Config) { c.Concurrent = 0 },
	} {
		cfg := DefaultConfig()
		cfg.Hub, cfg.Data = "https://status.example", t.TempDir()
		change(&cfg)
		if _, err := Open(cfg, Deps{}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An identity stays with its directory.
func TestIdentity(t *testing.T) {
	dir := t.TempDir()
	home := outage.Vantage{Country: "DE"}
	me, err := openIdentity(dir, home)
	if err != nil {
		t.Fatal(err)
	}
	me.Registered = true
	if err := me.save(dir); err != nil {
		t.Fatal(err)
	}
	if again, err := openIdentity(dir, outage.Vantage{}); err != nil || again.id() != me.id() || again.Vantage != home {
		t.Errorf("%+v, %v", again, err)
	}
	if _, err := openIdentity(dir, outage.Vantage{Country: "FR"}); err == nil {
		t.Error("an agent that has moved is the same")
	}
}
