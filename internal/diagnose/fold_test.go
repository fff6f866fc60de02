package diagnose_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"faultline/internal/attempts"
	"faultline/internal/diagnose"
	"faultline/internal/feature"
	"faultline/internal/knowledge"
	"faultline/internal/reason"
	"faultline/internal/stream"
	"faultline/outage"
)

const begin = outage.Minute(29026620)

// shipped is the table that is built in, read once.
var shipped = sync.OnceValues(func() (*knowledge.Table, error) { return knowledge.Open(knowledge.Current) })

func config(t testing.TB) diagnose.Config {
	t.Helper()
	table, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	c := diagnose.DefaultConfig()
	c.Judge = func(s *feature.Set) outage.Verdict { return reason.Judge(s, table) }
	c.Moved = reason.Moves
	c.Services = []outage.Service{{ID: "x", Name: "X"}, {ID: "y", Name: "Y"}}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	return c
}

// attempt is one at a page of x. Status 0 is a connect that times out.
func attempt(agent, second, status int) *outage.Measurement {
	m := &outage.Measurement{
		Agent: fmt.Sprintf("agent-%d", agent), Attempt: 1, Time: begin.Time().Add(time.Duration(second) * time.Second), Outcome: outage.OutcomeOK,
		Vantage: outage.Vantage{Country: []string{"DE", "US", "JP"}[agent%3], Network: fmt.Sprintf("AS6450%d", agent), Class: "eyeball"},
		Target:  outage.Target{Service: "x", URL: "https://x.example/", Host: "x.example", Address: "192.0.2.1", Family: 4},
		TCP:     &outage.TCP{Span: outage.Span{T: 20}, Known: true, RTTMS: 20},
	}
	switch {
	case status == 0:
		m.Outcome, m.Layer, m.Operation, m.Failure, m.TCP.Failure = outage.OutcomeFail, outage.LayerTCP, outage.OperationConnect, outage.FailureTimeout, outage.FailureTimeout
		return m
	case status >= 500:
		m.Outcome, m.Layer, m.Operation, m.Failure = outage.OutcomeFail, outage.LayerHTTP, outage.OperationRoundTrip, outage.FailureHTTP5xx
	}
	m.HTTP = &outage.HTTP{Span: outage.Span{T0: 20, T: 60}, FirstByte: 40, Status: status, BodyClass: outage.BodyOK}
	return m
}

// scene is what is fed, minute by minute.
type scene struct {
	minutes  int
	agents   int
	status   func(minute int) int
	incident func(minute int) *outage.Incident // nil: no revision in this minute
	reports  func(minute int) int
	observe  func(minute int) *outage.Observation
}

func record(t testing.TB, e stream.Entry, err error) stream.Record {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return e.Record
}

// play feeds a scene and returns what was said. Every so many minutes the fold is saved
// and read back; 0: never.
func (s scene) play(t testing.TB, restart int) []outage.Verdict {
	t.Helper()
	f := diagnose.New(config(t))
	apply := func(topic string, r stream.Record) {
		if err := f.Apply(topic, r); err != nil {
			t.Fatal(err)
		}
	}
	var out []outage.Verdict
	for i := range s.minutes {
		m := begin + outage.Minute(i)
		state := &outage.ProbeState{Service: "x", Minute: m, Depth: outage.DepthPage}
		for a := range s.agents {
			for k := range 6 {
				x := attempt(a, 60*i+10*k+a, s.status(i))
				e, err := stream.Measurements.Entry(m, x)
				apply(stream.Measurements.Name, record(t, e, err))
				state.Vantages = append(state.Vantages[:a], outage.VantageState{Agent: x.Agent, Vantage: x.Vantage, Health: "healthy"})
			}
		}
		e, err := stream.ProbeStates.Entry(m, state)
		apply(stream.ProbeStates.Name, record(t, e, err))
		if s.reports != nil && s.reports(i) > 0 {
			p := &outage.MinutePoints{Service: "x", Minute: m, Points: []outage.Point{{Signal: outage.SignalReports, Country: "US", Category: "app", Count: s.reports(i)}}}
			e, err := stream.Points.Entry(m, p)
			apply(stream.Points.Name, record(t, e, err))
		}
		if s.observe != nil && s.observe(i) != nil {
			o := s.observe(i)
			o.Minute = m
			o.Identify()
			e, err := stream.Observations.Entry(m, o)
			apply(stream.Observations.Name, record(t, e, err))
		}
		if inc := s.incident(i); inc != nil {
			e, err := stream.Incidents.Entry(m, inc)
			apply(stream.Incidents.Name, record(t, e, err))
		}
		out = append(out, f.End(m, false)...)
		if restart > 0 && i%restart == 0 {
			state, err := f.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			f = diagnose.New(config(t))
			if err := f.Restore(state); err != nil {
				t.Fatal(err)
			}
			if again, err := f.Snapshot(); err != nil || string(again) != string(state) {
				t.Fatalf("minute %d: the state is another after it was read back: %v", i, err)
			}
		}
	}
	return out
}

// known is an incident that is suspected at minute 12, confirmed at 14 and over at the end.
func known(state outage.State, minute, revision int) *outage.Incident {
	inc := &outage.Incident{
		ID: "x-1", Service: "x", State: state, Revision: revision, Minute: begin + outage.Minute(minute), Detected: begin + 12, Onset: begin + 10,
		Waves: []outage.Wave{{Onset: begin + 10}}, Basis: "probes",
	}
	if !state.Open() {
		inc.Closed, inc.End, inc.Waves[0].End = inc.Minute, begin+40, begin+40
	}
	return inc
}

func life(end outage.State) func(int) *outage.Incident {
	return func(i int) *outage.Incident {
		switch i {
		case 12:
			return known(outage.StateSuspected, i, 1)
		case 14:
			return known(outage.StateConfirmed, i, 2)
		case 100:
			return known(end, i, 3)
		}
		return nil
	}
}

func failing(status int) func(int) int {
	return func(i int) int {
		if i >= 10 && i < 40 {
			return status
		}
		return 200
	}
}

func line(v *outage.Verdict) string {
	return fmt.Sprintf("%d: %d %s %s %s %v", v.Minute-begin, v.Revision, v.State, v.Layer.Layer, v.Class, v.Leading)
}

// The first word comes with the incident, the last one with its end, and in between
// only what a reader would read anew.
func TestRevisions(t *testing.T) {
	s := scene{minutes: 120, agents: 5, status: failing(500), incident: life(outage.StateResolved)}
	said := s.play(t, 0)
	if len(said) == 0 || len(said) > 8 {
		t.Fatalf("%d revisions", len(said))
	}
	first, last := &said[0], &said[len(said)-1]
	if first.Minute != begin+12 || first.Layer.Layer != outage.LayerHTTP || first.Onset != begin+10 || len(first.Features) < 30 || len(first.Moved) == 0 {
		t.Errorf("first: %s, onset %d, %d features, moved %v", line(first), first.Onset-begin, len(first.Features), first.Moved)
	}
	if !slices.Contains(last.Leading, "code-deploy") || last.Class == outage.CauseAttack || last.Layer.Layer != outage.LayerHTTP {
		t.Errorf("last: %s", line(last))
	}
	for i := range said {
		if said[i].Revision != i+1 || said[i].Incident != "x-1" || said[i].Service != "x" {
			t.Errorf("revision %d: %s", i+1, line(&said[i]))
		}
		for _, f := range said[i].Features {
			if f.Name == feature.HTTPFailFrac && f.Value != 1 {
				t.Errorf("minute %d: %g of requests fail; the minutes after the outage are none of it", said[i].Minute-begin, f.Value)
			}
		}
	}
}

// What a verdict rests on may move every minute: a reader hears of it every two at first,
// and every five later.
func TestEvidenceMoves(t *testing.T) {
	c := config(t)
	c.Judge = func(s *feature.Set) outage.Verdict {
		return outage.Verdict{Minute: s.At, Evidence: []outage.Evidence{{Sign: fmt.Sprint("of minute ", s.At)}}}
	}
	f := diagnose.New(c)
	f.Incident(&outage.Incident{ID: "x-1", Service: "x", State: outage.StateConfirmed, Onset: begin, Detected: begin, Waves: []outage.Wave{{Onset: begin}}})
	var said []int
	for i := range 30 {
		for range f.End(begin+outage.Minute(i), false) {
			said = append(said, i)
		}
	}
	if want := []int{0, 2, 4, 6, 8, 10, 15, 20, 25}; !slices.Equal(said, want) {
		t.Errorf("revisions in minutes %v, want %v", said, want)
	}
}

// Restarts change nothing, byte for byte.
func TestRestarts(t *testing.T) {
	s := scene{
		minutes: 110, agents: 4, status: failing(0), incident: life(outage.StateDismissed),
		reports: func(i int) int { return i % 3 }, observe: func(i int) *outage.Observation {
			if i != 20 {
				return nil
			}
			return &outage.Observation{Service: "x", Feature: feature.BGPUnchanged, Value: 1, From: begin + 10, To: begin + 19, Source: outage.Source{Name: "R", Kind: "registry"}}
		},
	}
	want, err := json.Marshal(s.play(t, 0))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := json.Marshal(s.play(t, 1)); err != nil || string(got) != string(want) {
		t.Errorf("with restarts %d bytes, without %d: %v", len(got), len(want), err)
	}
	if !strings.Contains(string(want), feature.BGPUnchanged) {
		t.Error("the observation is in no verdict")
	}
}

// People alone make no verdict.
func TestCrowdAlone(t *testing.T) {
	s := scene{minutes: 60, status: failing(500), incident: life(outage.StateResolved), reports: func(i int) int { return 3 * i }}
	for _, v := range s.play(t, 0) {
		if v.State != outage.VerdictInsufficient || len(v.Leading) > 0 || v.Class != "" {
			t.Errorf("said %s", line(&v))
		}
	}
}

// What an observer publishes after the end is judged with the features as they were.
func TestLateObservation(t *testing.T) {
	o := &outage.Observation{Service: "x", Feature: feature.BlackholeRoute, Value: 1, From: begin + 11, To: begin + 30, Source: outage.Source{Name: "R", Kind: "registry"}}
	s := scene{minutes: 300, agents: 5, status: failing(0), incident: life(outage.StateResolved), observe: func(i int) *outage.Observation {
		if i == 290 || i == 295 {
			return o
		}
		return nil
	}}
	said := s.play(t, 0)
	last := said[len(said)-1]
	if last.Minute != begin+290 || len(last.Features) != len(said[len(said)-2].Features)+1 {
		t.Errorf("last: %s with %d features, before with %d", line(&last), len(last.Features), len(said[len(said)-2].Features))
	}
}

// What is of the time after an incident is of another one, also when something late was
// said of it before; and what comes right after the last word is not lost.
func TestObservationOfAnotherTime(t *testing.T) {
	of := func(name string, from outage.Minute) *outage.Observation {
		return &outage.Observation{Service: "x", Feature: name, Value: 1, From: from, To: from + 5, Source: outage.Source{Name: "R", Kind: "registry"}}
	}
	closed := outage.Minute(0)
	incident := life(outage.StateResolved)
	s := scene{minutes: 300, agents: 5, status: failing(0), incident: func(i int) *outage.Incident {
		inc := incident(i)
		if inc != nil && inc.Closed > 0 {
			closed = inc.Closed
		}
		return inc
	}, observe: func(i int) *outage.Observation {
		switch {
		case closed > 0 && begin+outage.Minute(i) == closed+1:
			return of(feature.BlackholeRoute, begin+11)
		case i == 200:
			return of(feature.BGPNewUpstream, begin+12)
		case i == 250:
			return of(feature.BGPOriginChanged, closed+10)
		}
		return nil
	}}
	said := s.play(t, 0)
	n := len(said)
	last := said[n-1]
	if last.Minute != begin+200 || said[n-2].Minute != closed+1 {
		t.Errorf("after the end, minute %d, it said\n%s\n%s", closed-begin, line(&said[n-2]), line(&last))
	}
	for _, f := range last.Features {
		if f.Name == feature.BGPOriginChanged {
			t.Errorf("what is of %s is taken for an incident that was closed at %s", f.From, closed)
		}
	}
}

// A table judges what is stored exactly as it judged it then.
func TestJudgedAgain(t *testing.T) {
	table, err := knowledge.Open(knowledge.Current)
	if err != nil {
		t.Fatal(err)
	}
	s := scene{minutes: 60, agents: 5, status: failing(503), incident: life(outage.StateResolved)}
	for _, v := range s.play(t, 0) {
		again := reason.Judge(feature.Of(&v), table)
		again.Revision, again.IncidentRevision, again.Moved, again.Onset, again.Features = v.Revision, v.IncidentRevision, v.Moved, v.Onset, v.Features
		got, err := json.Marshal(&again)
		want, _ := json.Marshal(&v)
		if err != nil || string(got) != string(want) {
			t.Errorf("judged again\n%s\nthen\n%s", got, want)
		}
	}
}

func TestRestoreRefusesDamage(t *testing.T) {
	f := diagnose.New(config(t))
	for _, s := range []string{"", "{", `{"window":"AA=="}`, `{"state":{"lives":{"x":null}}}`} {
		if err := f.Restore([]byte(s)); err == nil {
			t.Errorf("state %q was taken", s)
		}
	}
}

// A day of an incident that ten agents look at every five seconds, at four addresses
// and two pages: features, neighbours and judgement together.
func BenchmarkDay(b *testing.B) {
	c := config(b)
	w := attempts.New()
	for i := range 1440 {
		m := begin + outage.Minute(i)
		state := &outage.ProbeState{Service: "x", Minute: m, Depth: outage.DepthPage}
		for a := range 10 {
			for s := range 12 {
				status := failing(503)(i)
				if i >= 10 && i%5 < 3 {
					status = 503
				}
				x := attempt(a, 60*i+5*s, status)
				x.Target.Address = fmt.Sprintf("192.0.2.%d", s%4)
				x.Target.URL = "https://x.example/" + strings.Repeat("feed", s/4%2)
				w.Take(m, x)
				if s == 0 {
					state.Vantages = append(state.Vantages, outage.VantageState{Agent: x.Agent, Vantage: x.Vantage, Health: "healthy"})
				}
			}
		}
		w.Heard(state)
		if i == 12 {
			w.Hold("x", begin+10)
		}
		w.Close(m, false)
	}
	inc := known(outage.StateConfirmed, 14, 2)
	b.ReportAllocs()
	for b.Loop() {
		set := feature.Extract(feature.Case{Incident: inc, At: begin + 1439, Window: w})
		c.Judge(set)
	}
}
