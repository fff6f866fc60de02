package api_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"testing"

	"faultline/internal/store"
	"faultline/outage"
)

// probed is a service that two agents look at, whose vendor speaks.
func probed() *store.Batch {
	in := incident(2, outage.StateConfirmed)
	in.ID, in.Service, in.Basis = "probed-20250310T0945Z", "probed", "crowd+probes"
	in.Probes = &outage.Probes{Agreement: "both", Looking: 2, Failing: 2, Networks: 2, Quorum: true, Layer: outage.LayerTCP, Failure: outage.FailureRefused, Depth: outage.DepthPage}
	place := outage.Vantage{Country: "DE", Network: "AS64500", Class: outage.ClassEyeball}
	b := &store.Batch{
		Services:  []outage.Service{{ID: "probed", Name: "Probed", Categories: []string{"app"}}},
		Incidents: []outage.Incident{in},
		Verdicts:  verdicts(),
		Agents:    []outage.Agent{{ID: "a1", Revision: 3, Vantage: place, Registered: start - 99, Seen: start, Presence: outage.AgentPresent, Clock: outage.Clock{OffsetMS: 3, Synced: true}}},
		Words: []outage.VendorWord{
			{Service: "probed", Revision: 1, Minute: start, Status: outage.VendorOperational, Page: "https://status.example", Reached: start},
			{Service: "probed", Revision: 2, Minute: start + 52, Status: outage.VendorMajor, Troubled: start + 52, Page: "https://status.example", Reached: start + 52},
		},
		States: []outage.ProbeState{{
			Service: "probed", Minute: start + 46, State: "failing", Since: start + 45, Depth: outage.DepthPage, Score: 7, Looking: 2, Failing: 2, Networks: 2, Quorum: true,
			Why: "2 agents in 2 networks fail", Layer: outage.LayerTCP, Failure: outage.FailureRefused,
			Vantages: []outage.VantageState{{Agent: "a1", Vantage: place, Health: "healthy", HealthWhy: "6 of 6", State: "failing", Since: start + 45}},
		}},
	}
	for i := range outage.Minute(3) {
		m := outage.Measurement{Agent: "a1", Sequence: uint64(i + 1), Attempt: 1, Time: (start + i).Time(), Received: start + i, Vantage: place, Target: outage.Target{Service: "probed", Host: "p.example"}, Outcome: outage.OutcomeOK}
		b.Measurements = append(b.Measurements, store.Measurement{Seq: uint64(i + 10), Fact: m, Data: fmt.Appendf(nil, `{"agent":"a1","sequence":%d,"of_a_newer_agent":true}`, i+1)})
		b.Points = append(b.Points, outage.MinutePoints{Service: "probed", Minute: start + i, Points: []outage.Point{
			{Signal: outage.SignalProbeErrors, Layer: outage.LayerTCP, Family: 4, Country: "DE", Network: "AS64500", Count: int(i), Trials: 10},
			{Signal: outage.SignalLatency, Country: "DE", Network: "AS64500", Count: 10, Sum: 10 * math.Log(80)},
		}})
	}
	return b
}

// Pages of a list join without a gap and without a repeat.
func TestPaging(t *testing.T) {
	srv, _ := newAPI(t)
	var seen []uint64
	after := ""
	for range 9 {
		res, body := get(t, srv, "/api/v1/measurements?agent=a1&from=2025-03-10&to=2025-03-11&limit=1&after="+after)
		if res.StatusCode != http.StatusOK {
			t.Fatal(body)
		}
		var page struct {
			Next         string
			Measurements []struct{ Sequence uint64 }
		}
		if err := json.Unmarshal([]byte(body), &page); err != nil {
			t.Fatal(err)
		}
		for _, m := range page.Measurements {
			seen = append(seen, m.Sequence)
		}
		if after = page.Next; after == "" {
			break
		}
	}
	if fmt.Sprint(seen) != "[1 2 3]" {
		t.Errorf("pages give %v", seen)
	}
}

// What "faultline check --json" prints is in the document, with the measurement.
func TestCheckSchema(t *testing.T) {
	srv, _ := newAPI(t)
	_, body := get(t, srv, "/api/openapi.json")
	var doc struct {
		Components struct {
			Schemas map[string]struct{ Properties map[string]any }
		}
	}
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		t.Fatal(err)
	}
	for schema, properties := range map[string][]string{
		"Check": {"target", "measurements", "explanation"}, "Measurement": {"agent", "outcome", "layer", "failure", "dns", "tcp", "tls", "http"},
		"Explanation": {"verdict", "evidence"},
	} {
		for _, p := range properties {
			if doc.Components.Schemas[schema].Properties[p] == nil {
				t.Errorf("the schema of %s lacks %s", schema, p)
			}
		}
	}
}
