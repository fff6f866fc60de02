package pipeline_test

import (
	"fmt"
	"testing"
	"time"

	"faultline/internal/pipeline"
	"faultline/internal/stream"
	"faultline/internal/stream/memory"
	"faultline/outage"
)

const begin = outage.Minute(29552220)

// facts are what three agents measure every ten seconds of two services and two
// controls; from minute 10 on x answers with 500.
func facts(t *testing.T, minutes int) []stream.Entry {
	t.Helper()
	var out []stream.Entry
	sequence := uint64(0)
	for i := range minutes {
		m := begin + outage.Minute(i)
		for second := range 6 {
			for agent := range 3 {
				for _, target := range []outage.Target{
					{Service: "x", Host: "x.example", Address: "192.0.2.1", Family: 4},
					{Service: "y", Host: "y.example", Address: "192.0.2.2", Family: 4},
					{Host: "one.example", Address: "198.51.100.1", Family: 4, Role: outage.RoleControl},
					{Host: "two.example", Address: "203.0.113.1", Family: 4, Role: outage.RoleControl},
				} {
					sequence++
					x := outage.Measurement{
						Agent: fmt.Sprintf("a%d", agent), Sequence: sequence, Attempt: 1, Time: m.Time().Add(time.Duration(10*second+agent) * time.Second),
						Vantage: outage.Vantage{Country: "DE", Network: fmt.Sprintf("AS%d", 64500+agent)}, Target: target, Outcome: outage.OutcomeOK,
						TCP:  &outage.TCP{Span: outage.Span{T: 20}, Known: true, RTTMS: 20},
						HTTP: &outage.HTTP{Span: outage.Span{T0: 20, T: 60}, FirstByte: 35, Method: "GET", Status: 200, BodyClass: outage.BodyOK},
					}
					if target.Service == "x" && i >= 10 {
						x.Outcome, x.Layer, x.Operation, x.Failure = outage.OutcomeFail, outage.LayerHTTP, outage.OperationRoundTrip, outage.FailureHTTP5xx
						x.HTTP.Status, x.HTTP.BodyClass, x.HTTP.Failure = 500, outage.BodyErrorPage, outage.FailureHTTP5xx
					}
					e, err := stream.Measurements.Entry(m, &x)
					if err != nil {
						t.Fatal(err)
					}
					out = append(out, e)
				}
			}
		}
		for _, topic := range []string{stream.Reports.Name, stream.Measurements.Name, stream.Observations.Name} {
			out = append(out, stream.Tick(topic, m, false))
		}
	}
	return out
}

func play(t *testing.T, c pipeline.Config) *pipeline.Played {
	t.Helper()
	p, err := pipeline.Play(t.Context(), memory.New(), facts(t, 20), c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// What is measured becomes states, an incident and verdicts on it.
func TestPlay(t *testing.T) {
	p := play(t, pipeline.Config{})
	if len(p.States) == 0 || len(p.Incidents) < 2 || len(p.Verdicts) == 0 || len(p.Instead) != 0 {
		t.Fatalf("%d states, %d incidents, %d verdicts, %d instead", len(p.States), len(p.Incidents), len(p.Verdicts), len(p.Instead))
	}
	last := p.Verdicts[len(p.Verdicts)-1]
	if i := p.Incidents[0]; i.Service != "x" || i.Onset != begin+10 || last.Incident != i.ID || last.Layer.Layer != outage.LayerHTTP {
		t.Errorf("incident %s from %s; %s %s", i.ID, i.Onset, last.Incident, last.Layer.Layer)
	}
	if _, err := pipeline.Play(t.Context(), memory.New(), nil, pipeline.Config{Table: "no such table"}); err == nil {
		t.Error("played with a table that is not there")
	}
}

// A service whose onset is given is judged from there on, and what would have opened by
// itself is told apart; of the others nothing changes.
func TestGiven(t *testing.T) {
	p := play(t, pipeline.Config{Given: &pipeline.Given{Service: "x", Onset: begin + 8}})
	if len(p.Incidents) != 1 || p.Incidents[0].Onset != begin+8 || p.Incidents[0].State != outage.StateSuspected {
		t.Fatalf("%+v", p.Incidents)
	}
	if len(p.Instead) < 2 || p.Instead[0].Onset != begin+10 {
		t.Errorf("instead: %+v", p.Instead)
	}
	first, last := p.Verdicts[0], p.Verdicts[len(p.Verdicts)-1]
	if first.Minute != begin+8 || first.State != outage.VerdictInsufficient || last.State == outage.VerdictInsufficient || last.Incident != p.Incidents[0].ID {
		t.Errorf("first %s at %s, last %s at %s of %s", first.State, first.Minute, last.State, last.Minute, last.Incident)
	}
	p = play(t, pipeline.Config{Given: &pipeline.Given{Service: "y", Onset: begin + 5}})
	of := map[string]int{}
	for _, i := range p.Incidents {
		of[i.Service]++
	}
	if of["y"] != 1 || of["x"] < 2 || len(p.Instead) != 0 {
		t.Errorf("%v, instead %+v", of, p.Instead)
	}
}
