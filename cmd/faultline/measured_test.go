package main

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"faultline/internal/pipeline"
	"faultline/internal/publish"
	"faultline/internal/stream"
	"faultline/internal/stream/memory"
	"faultline/outage"
)

// watcher is one agent of a scenario.
type watcher struct{ id, network, class string }

// watchers are three agents in three networks, one of them in a datacenter.
var watchers = []watcher{{"home", "AS64500", "eyeball"}, {"office", "AS64501", "eyeball"}, {"hall", "AS64502", "datacenter"}}

// scene is what a scenario shows in a minute.
type scene struct {
	fails   map[string]outage.Failure // by agent, of the service; "all" for everybody
	control string                    // agent whose controls fail
	reports int
}

// scenarios are measurements and reports in, incidents and bulletins out.
var scenarios = map[string]struct {
	minutes int
	see     func(i int) scene
}{
	"service-stops": {150, func(i int) scene {
		if i >= 20 && i < 50 {
			return scene{fails: map[string]outage.Failure{"all": outage.FailureRefused}}
		}
		return scene{}
	}},
	"uplink-cut": {60, func(i int) scene {
		if i >= 20 && i < 40 {
			return scene{fails: map[string]outage.Failure{"home": outage.FailureTimeout}, control: "home"}
		}
		return scene{}
	}},
	"monitor-blocked": {120, func(i int) scene {
		if i >= 20 {
			return scene{fails: map[string]outage.Failure{"hall": outage.FailureHTTP403}}
		}
		return scene{}
	}},
	"people-alone": {260, func(i int) scene {
		if i >= 180 && i < 200 {
			return scene{reports: 60}
		}
		return scene{}
	}},
	"people-and-probes": {260, func(i int) scene {
		if i >= 180 && i < 200 {
			return scene{reports: 60, fails: map[string]outage.Failure{"all": outage.FailureHTTP5xx}}
		}
		return scene{}
	}},
}

const sceneBegin = outage.Minute(29026560)

// measuredBy is an HTTP attempt of a watcher.
func measuredBy(w watcher, m outage.Minute, seq int, target outage.Target, failure outage.Failure) *outage.Measurement {
	x := &outage.Measurement{
		Agent: w.id, Sequence: uint64(seq), Attempt: 1, Time: m.Time().Add(10 * time.Second), Target: target, Received: m, Outcome: outage.OutcomeOK,
		Vantage: outage.Vantage{Country: "DE", Network: w.network, Class: w.class},
		DNS:     &outage.DNS{Span: outage.Span{T: 4}}, TCP: &outage.TCP{Span: outage.Span{T0: 4, T: 20}, Failure: failure},
	}
	x.Failure = failure
	switch {
	case failure == "" || strings.HasPrefix(string(failure), "x_http"):
		x.TCP.Failure = ""
		x.HTTP = &outage.HTTP{Span: outage.Span{T0: 20, T: 90}, FirstByte: 60, Status: 200, BodyClass: outage.BodyOK, Failure: failure}
		if failure != "" {
			x.Outcome, x.Layer, x.Operation = outage.OutcomeFail, outage.LayerHTTP, outage.OperationRoundTrip
		}
	default:
		x.Outcome, x.Layer, x.Operation = outage.OutcomeFail, outage.LayerTCP, outage.OperationConnect
	}
	return x
}

// sceneMinute makes the facts and ticks of one minute of a scenario.
func sceneMinute(t *testing.T, m outage.Minute, s scene) []stream.Entry {
	t.Helper()
	var out []stream.Entry
	keep := func(e stream.Entry, err error) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	for i := range s.reports {
		keep(stream.Reports.Entry(m, &outage.Report{
			ID: fmt.Sprint(m, "-", i), Service: "x", Category: "app", Country: "DE", Network: fmt.Sprintf("AS%d", 64600+i%9), Minute: m, Weight: 1,
		}))
	}
	seq := int(m-sceneBegin) * 10
	for _, w := range watchers {
		fails := s.fails[w.id]
		if all := s.fails["all"]; all != "" {
			fails = all
		}
		control := outage.Failure("")
		if s.control == w.id {
			control = outage.FailureTimeout
		}
		for i, url := range []string{"https://one.example/", "https://two.example/"} {
			keep(stream.Measurements.Entry(m, measuredBy(w, m, seq+i, outage.Target{URL: url, Host: "control.example", Role: outage.RoleControl, Family: 4}, control)))
		}
		keep(stream.Measurements.Entry(m, measuredBy(w, m, seq+3, outage.Target{Service: "x", URL: "https://x.example/", Host: "x.example", Role: outage.RolePrimary, Family: 4}, fails)))
	}
	return append(out, stream.Tick(stream.Reports.Name, m, false), stream.Tick(stream.Measurements.Name, m, false), stream.Tick(stream.Observations.Name, m, false))
}

// line of followers, fresh.
func freshLine(t *testing.T) []*stream.Follower {
	t.Helper()
	services := []outage.Service{{ID: "x", Name: "X"}}
	line, err := pipeline.ToIncidents(services)
	if err != nil {
		t.Fatal(err)
	}
	verdicts, err := pipeline.ToVerdicts(services, "")
	if err != nil {
		t.Fatal(err)
	}
	line = append(line, verdicts, publish.NewFollower(publish.Config{Names: map[string]string{"x": "X"}}))
	for _, f := range line {
		f.Strict = true
	}
	return line
}

func drain(ctx context.Context, t *testing.T, line []*stream.Follower, log stream.Log) {
	t.Helper()
	for _, f := range line {
		if err := f.Drain(ctx, log); err != nil {
			t.Fatal(err)
		}
	}
}

// TestMeasuredScenarios holds what is said of the same facts, whether the parts run
// through or begin anew in the middle.
func TestMeasuredScenarios(t *testing.T) {
	for name, s := range scenarios {
		t.Run(name, func(t *testing.T) {
			through, again := memory.New(), memory.New()
			first, second := freshLine(t), freshLine(t)
			for i := range s.minutes {
				entries := sceneMinute(t, sceneBegin+outage.Minute(i), s.see(i))
				for _, log := range []stream.Log{through, again} {
					if err := log.Append(t.Context(), entries, nil); err != nil {
						t.Fatal(err)
					}
				}
				if i%37 == 36 {
					drain(t.Context(), t, second, again)
					second = freshLine(t) // without snapshots: it folds the log anew
				}
			}
			drain(t.Context(), t, first, through)
			drain(t.Context(), t, second, again)
			story := told(t, through)
			if other := told(t, again); other != story {
				t.Errorf("begun anew it says\n%s\nand otherwise\n%s", other, story)
			}
			golden(t, filepath.Join("testdata", "measured", name+".txt"), story)
		})
	}
}

// told is what the topics say, a line each.
func told(t *testing.T, log stream.Log) string {
	t.Helper()
	var b strings.Builder
	each := func(topic string, line func(r stream.Record) (string, error)) {
		last := ""
		err := stream.EachFact(t.Context(), log, topic, 0, func(r stream.Record) error {
			text, err := line(r)
			if err == nil && text != last {
				fmt.Fprintf(&b, "%s +%d %s\n", strings.TrimSuffix(topic, "s"), r.Minute-sceneBegin, text)
				last = text
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	each(stream.ProbeStates.Name, func(r stream.Record) (string, error) {
		s, err := stream.ProbeStates.Decode(r)
		if err != nil {
			return "", err
		}
		text := fmt.Sprintf("%s, %s %d, %d of %d fail in %d networks, quorum %t, %s %s;", s.State, s.Depth, s.Score, s.Failing, s.Looking, s.Networks, s.Quorum, s.Layer, s.Failure)
		for _, v := range s.Vantages {
			text += fmt.Sprintf(" %s %s %s", v.Agent, v.Health, v.State)
			if v.Blocked != "" {
				text += " (" + v.Blocked + ")"
			}
		}
		return text, nil
	})
	each(stream.Incidents.Name, func(r stream.Record) (string, error) {
		i, err := stream.Incidents.Decode(r)
		if err != nil {
			return "", err
		}
		w := i.Waves[len(i.Waves)-1]
		end := "lasts"
		if w.End != 0 {
			end = fmt.Sprintf("ends +%d", w.End-sceneBegin)
		}
		return fmt.Sprintf("%s, %s, onset +%d, wave %d %s, %s", i.State, i.Basis, i.Onset-sceneBegin, len(i.Waves), end, i.Probes.Agreement), nil
	})
	each(stream.Verdicts.Name, func(r stream.Record) (string, error) {
		v, err := stream.Verdicts.Decode(r)
		if err != nil {
			return "", err
		}
		// Which explanations lead is the engine's business, and held by its own tests.
		return fmt.Sprintf("%s, layer %s %s", v.State, v.Layer.State, v.Layer.Layer), nil
	})
	each(stream.Bulletins.Name, func(r stream.Record) (string, error) {
		s, err := stream.Bulletins.Decode(r)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%s: %s\n    %s\n    verdict: %s", s.Status, s.Headline, s.Reason, cmp.Or(string(s.VerdictState), "none")), nil
	})
	return b.String()
}
