package assess_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"faultline/internal/assess"
	"faultline/internal/judge"
	"faultline/outage"
)

const begin = outage.Minute(29026620)

// site is how an agent sees what it probes in a minute.
type site struct {
	fails   outage.Failure // of the service; empty: it answers
	six     outage.Failure // of the service over IPv6
	control outage.Failure // of the controls
	silent  bool
	ms      float64
}

// agent is one of a small world's.
type agent struct {
	id, class string
	see       func(minute int) site
}

// attempt is a measurement of an HTTP look that took some milliseconds.
func attempt(a *agent, m outage.Minute, target outage.Target, failure outage.Failure, ms float64) *outage.Measurement {
	x := &outage.Measurement{
		Agent: a.id, Attempt: 1, Time: m.Time().Add(20 * time.Second), Target: target, Received: m,
		Vantage: outage.Vantage{Country: "DE", Network: "AS-" + a.id, Class: a.class, Resolver: "system"},
		DNS:     &outage.DNS{Span: outage.Span{T: 5}, Resolver: "system"},
		TCP:     &outage.TCP{Span: outage.Span{T0: 5, T: 25}}, Outcome: outage.OutcomeOK,
	}
	switch {
	case failure == outage.FailureRefused || failure == outage.FailureTimeout:
		x.Outcome, x.Layer, x.Operation, x.Failure = outage.OutcomeFail, outage.LayerTCP, outage.OperationConnect, failure
		x.TCP.Failure = failure
		return x
	case failure != "":
		x.Outcome, x.Layer, x.Operation, x.Failure = outage.OutcomeFail, outage.LayerHTTP, outage.OperationRoundTrip, failure
	}
	if ms == 0 {
		ms = 80
	}
	x.HTTP = &outage.HTTP{Span: outage.Span{T0: 25, T: 25 + ms}, FirstByte: ms, Status: 200, BodyClass: outage.BodyOK, Failure: failure}
	return x
}

// run plays minutes and returns what was said, a line each. Every so many minutes the
// book is saved and read back; 0: never.
func run(t *testing.T, agents []agent, minutes, restart int) (said []string, points int) {
	t.Helper()
	b := assess.New(judge.DefaultQuorum())
	for i := range minutes {
		m := begin + outage.Minute(i)
		for n := range agents {
			a := &agents[n]
			s := a.see(i)
			if s.silent {
				continue
			}
			for _, c := range []string{"http://one.example/", "http://two.example/"} {
				b.Take(m, attempt(a, m, outage.Target{URL: c, Role: outage.RoleControl, Family: 4}, s.control, 0))
			}
			b.Take(m, attempt(a, m, outage.Target{Service: "x", Role: outage.RolePrimary, Family: 4}, s.fails, s.ms))
			if s.six != "" {
				b.Take(m, attempt(a, m, outage.Target{Service: "x", Role: outage.RolePrimary, Family: 6}, s.six, s.ms))
			}
		}
		p, states := b.Close(m, false)
		for _, list := range p {
			points += len(list)
		}
		for _, s := range states {
			said = append(said, line(&s))
		}
		if restart > 0 && i%restart == 0 {
			state, err := b.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			b = assess.New(judge.DefaultQuorum())
			if err := b.Restore(state); err != nil {
				t.Fatal(err)
			}
		}
	}
	return said, points
}

func line(s *outage.ProbeState) string {
	var v []string
	for _, x := range s.Vantages {
		word := fmt.Sprintf("%s:%s:%s", x.Agent, x.Health, x.State)
		if x.Failure != "" {
			word += fmt.Sprintf("(%s %s)", x.Layer, x.Failure)
		}
		if x.Refused {
			word += "?"
		}
		for _, l := range x.Layers {
			if l.State == outage.LayerSlow {
				word += "+" + string(l.Layer) + " slow"
			}
		}
		v = append(v, word)
	}
	quorum := ""
	if s.Quorum {
		quorum = fmt.Sprintf(" quorum %d/%d", s.Failing, s.Looking)
	}
	return fmt.Sprintf("%d %s since %d %s %d%s [%s]", s.Minute-begin, s.State, s.Since-begin, s.Depth, s.Score, quorum, strings.Join(v, " "))
}

func well(int) site { return site{} }

// from gives what is seen from a minute up to another.
func from(a, b int, s site) func(int) site {
	return func(i int) site {
		if i >= a && i < b {
			return s
		}
		return site{}
	}
}

func TestStates(t *testing.T) {
	down, cut := site{fails: outage.FailureRefused}, site{fails: outage.FailureTimeout, control: outage.FailureTimeout}
	for _, c := range []struct {
		name    string
		agents  []agent
		minutes int
		want    []string // the last ones that were said
	}{
		{"healthy", []agent{{"a", "eyeball", well}}, 5, []string{"0 healthy since 0 page 6 [a:healthy:healthy]"}},
		{"two fail and one does not", []agent{{"a", "eyeball", from(5, 9, down)}, {"b", "eyeball", from(5, 9, down)}, {"c", "datacenter", well}}, 15, []string{
			"0 healthy since 0 page 6 [a:healthy:healthy b:healthy:healthy c:healthy:healthy]",
			"6 failing since 5 page 6 quorum 2/3 [a:healthy:failing(tcp connection_refused) b:healthy:failing(tcp connection_refused) c:healthy:healthy]",
			"10 healthy since 10 page 6 [a:healthy:healthy b:healthy:healthy c:healthy:healthy]",
		}},
		{"one vantage alone", []agent{{"a", "eyeball", from(5, 99, down)}}, 10, []string{
			"6 failing since 5 page 6 [a:healthy:failing(tcp connection_refused)]",
		}},
		{"its own network", []agent{{"a", "eyeball", from(5, 99, cut)}, {"b", "eyeball", well}}, 12, []string{
			"5 healthy since 0 page 6 [a:impaired:healthy b:healthy:healthy]",
			"6 healthy since 0 page 6 [a:impaired:failing(tcp generic_timeout_error) b:healthy:healthy]",
			"7 healthy since 0 page 6 [a:offline:failing(tcp generic_timeout_error) b:healthy:healthy]",
		}},
		{"silent", []agent{{"a", "eyeball", from(5, 99, site{silent: true})}, {"b", "eyeball", well}}, 20, []string{
			"9 healthy since 0 page 6 [a:offline:healthy b:healthy:healthy]",
			"15 healthy since 0 page 6 [a:offline:unknown b:healthy:healthy]",
		}},
		{"refused from datacenters", []agent{{"a", "datacenter", from(5, 99, site{fails: outage.FailureHTTP403})}, {"b", "eyeball", well}}, 60, []string{
			"6 partly_failing since 5 page 6 [a:healthy:failing(http x_http_403)? b:healthy:healthy]",
			"35 healthy since 35 page 6 [a:healthy:possibly_blocked(http x_http_403)? b:healthy:healthy]",
		}},
		{"refused everywhere", []agent{{"a", "datacenter", from(5, 99, site{fails: outage.FailureHTTP403})}, {"b", "eyeball", from(5, 99, site{fails: outage.FailureHTTP403})}}, 60, []string{
			"6 failing since 5 page 6 quorum 2/2 [a:healthy:failing(http x_http_403) b:healthy:failing(http x_http_403)]",
		}},
		{"one of two families", []agent{{"a", "eyeball", from(5, 99, site{six: outage.FailureTimeout})}}, 10, []string{
			"6 partly_failing since 5 page 6 [a:healthy:partly_failing(tcp generic_timeout_error)]",
		}},
		{"slow", []agent{{"a", "eyeball", from(60, 99, site{ms: 400})}}, 70, []string{"62 healthy since 0 page 6 [a:healthy:healthy+http slow]"}},
		{"no longer probed", []agent{{"a", "eyeball", from(5, 999, site{silent: true})}}, 100, []string{
			"9 unknown since 9 page 6 [a:offline:healthy]", "15 unknown since 9 page 6 [a:offline:unknown]", "65 unknown since 9 page 6 []",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			said, _ := run(t, c.agents, c.minutes, 0)
			if len(said) < len(c.want) || strings.Join(said[len(said)-len(c.want):], "\n") != strings.Join(c.want, "\n") {
				t.Errorf("said\n%s\nwant at the end\n%s", strings.Join(said, "\n"), strings.Join(c.want, "\n"))
			}
			again, _ := run(t, c.agents, c.minutes, 1)
			if strings.Join(again, "\n") != strings.Join(said, "\n") {
				t.Errorf("after restarts\n%s\nwithout\n%s", strings.Join(again, "\n"), strings.Join(said, "\n"))
			}
		})
	}
}

// Only what agents that can be believed have tried becomes points, without refusals
// that one class of networks alone meets; layers and families are told apart.
func TestPoints(t *testing.T) {
	b := assess.New(judge.DefaultQuorum())
	a := agent{id: "a", class: "eyeball"}
	closeMinute := func(i int, service ...*outage.Measurement) string {
		m := begin + outage.Minute(i)
		for _, c := range []string{"http://one.example/", "http://two.example/"} {
			b.Take(m, attempt(&a, m, outage.Target{URL: c, Role: outage.RoleControl, Family: 4}, "", 0))
		}
		for _, x := range service {
			b.Take(m, x)
		}
		points, _ := b.Close(m, false)
		var out []string
		for _, p := range points["x"] {
			out = append(out, fmt.Sprintf("%s/%s/%d %d/%d %.2f", p.Signal, p.Layer, p.Family, p.Count, p.Trials, p.Sum))
		}
		return strings.Join(out, "\n")
	}
	four, six := outage.Target{Service: "x", Family: 4}, outage.Target{Service: "x", Family: 6}
	got := closeMinute(0, attempt(&a, begin, four, "", 100), attempt(&a, begin, six, outage.FailureRefused, 0))
	const want = "latency//4 1/0 4.83\nlatency/dns/0 2/0 3.22\nlatency/tcp/4 1/0 3.00\nlatency/http/4 1/0 4.61\n" +
		"probe_errors//4 0/1 0.00\nprobe_errors//6 1/1 0.00\nprobe_errors/dns/0 0/2 0.00\n" +
		"probe_errors/tcp/4 0/1 0.00\nprobe_errors/tcp/6 1/1 0.00\nprobe_errors/http/4 0/1 0.00"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	late := attempt(&a, begin+1, four, "", 100)
	late.Late = true
	if got := closeMinute(1, late); got != "" {
		t.Errorf("a late measurement makes %s", got)
	}
	if got := closeMinute(2, attempt(&a, begin+2, four, outage.FailureHTTP403, 0)); strings.Contains(got, "probe_errors//") || !strings.Contains(got, "probe_errors/tcp/4 0/1") {
		t.Errorf("a refusal makes\n%s", got)
	}
	stranger := agent{id: "b", class: "eyeball"}
	if got := closeMinute(3, attempt(&stranger, begin+3, four, "", 0)); got != "" {
		t.Errorf("an agent without controls makes %s", got)
	}
}

// Minutes in which nobody listened make no agent silent and no view stale.
func TestMissing(t *testing.T) {
	b := assess.New(judge.DefaultQuorum())
	a := agent{id: "a", class: "eyeball"}
	for i := range 200 {
		m := begin + outage.Minute(i)
		missing := i >= 5 && i < 195
		if !missing {
			for _, c := range []string{"http://one.example/", "http://two.example/"} {
				b.Take(m, attempt(&a, m, outage.Target{URL: c, Role: outage.RoleControl}, "", 0))
			}
			b.Take(m, attempt(&a, m, outage.Target{Service: "x"}, "", 0))
		}
		if _, states := b.Close(m, missing); i > 0 && len(states) > 0 {
			t.Errorf("in minute %d it says %s", i, line(&states[0]))
		}
	}
}

func TestRestoreRefusesDamage(t *testing.T) {
	for _, s := range []string{"{", "null1", `{"agents":null}`, `{"agents":{"a":null}}`, `{"services":{"x":null}}`, `{"services":{"x":{"views":[null]}}}`} {
		if err := assess.New(judge.DefaultQuorum()).Restore([]byte(s)); err == nil {
			t.Errorf("state %q was taken", s)
		}
	}
}

// Whatever a record holds, nothing fails and what is said can be written.
func FuzzTake(f *testing.F) {
	x := attempt(&agent{id: "a"}, begin, outage.Target{Service: "x", Family: 4}, "", 0)
	seed, err := json.Marshal(x)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, data []byte) {
		var m outage.Measurement
		if json.Unmarshal(data, &m) != nil {
			return
		}
		b := assess.New(judge.DefaultQuorum())
		for i := range outage.Minute(3) {
			b.Take(begin+i, &m)
			points, states := b.Close(begin+i, false)
			if _, err := json.Marshal([]any{points, states}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A name that does not resolve keeps a person from every address, so it counts as an
// attempt at each; a look at somebody else's resolver counts as none.
func TestFailedLookUps(t *testing.T) {
	b := assess.New(judge.DefaultQuorum())
	a := agent{id: "a", class: "eyeball"}
	lookUp := func(resolver string) *outage.Measurement {
		return &outage.Measurement{
			Agent: a.id, Attempt: 1, Vantage: outage.Vantage{Country: "DE", Network: "AS-a", Class: a.class, Resolver: "system"},
			Target: outage.Target{Service: "x"}, DNS: &outage.DNS{Resolver: resolver, Failure: outage.FailureTimeout},
			Outcome: outage.OutcomeFail, Layer: outage.LayerDNS, Operation: outage.OperationResolve, Failure: outage.FailureTimeout,
		}
	}
	for _, c := range []string{"http://one.example/", "http://two.example/"} {
		b.Take(begin, attempt(&a, begin, outage.Target{URL: c, Role: outage.RoleControl, Family: 4}, "", 0))
	}
	for _, address := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.1"} {
		b.Take(begin, attempt(&a, begin, outage.Target{Service: "x", Address: address, Family: 4}, "", 0))
	}
	b.Take(begin, lookUp("system"))
	b.Take(begin, lookUp("192.0.2.53"))
	points, _ := b.Close(begin, false)
	var tried, failed int
	for _, p := range points["x"] {
		if p.Signal == outage.SignalProbeErrors && p.Layer == "" {
			tried, failed = tried+p.Trials, failed+p.Count
		}
	}
	if tried != 5 || failed != 2 {
		t.Errorf("%d of %d attempts failed, want 2 of 5", failed, tried)
	}
}
