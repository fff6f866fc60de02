package project_test

import (
	"fmt"
	"strings"
	"testing"

	"faultline/internal/store"
	"faultline/internal/stream"
	"faultline/outage"
)

func measurement(t *testing.T, seq uint64, m outage.Minute, change func(*outage.Measurement)) stream.Entry {
	t.Helper()
	one := outage.Measurement{
		Agent: "a", Sequence: seq, Attempt: 1, Time: m.Time(), Received: m, Outcome: outage.OutcomeOK,
		Target: outage.Target{Service: "x", Host: "x.example"}, TCP: &outage.TCP{},
	}
	if change != nil {
		change(&one)
	}
	return entry(t, stream.Measurements, m, &one)
}

func TestMeasurements(t *testing.T) {
	w := newWorld(t)
	newer := measurement(t, 2, start+1, nil)
	newer.Data = []byte(strings.Replace(string(newer.Data), "{", `{"of_a_newer_agent":7,`, 1))
	path := measurement(t, 3, start+2, func(m *outage.Measurement) {
		m.TCP, m.Path = nil, &outage.Path{Protocol: "udp"}
		for ttl := range 5 {
			m.Path.Hops = append(m.Path.Hops, outage.Hop{TTL: ttl + 1, Address: fmt.Sprintf("192.0.2.%d", ttl+1)})
		}
	})
	tickAt := func(m outage.Minute) stream.Entry { return stream.Tick(stream.Measurements.Name, m, false) }
	w.append(catalog(t), entry(t, stream.Agents, start, &outage.Agent{ID: "a", Revision: 1}), measurement(t, 1, start, nil), tickAt(start), newer,
		entry(t, stream.Words, start, &outage.VendorWord{Service: "x", Revision: 1, Minute: start, Status: outage.VendorMinor}),
		entry(t, stream.ProbeStates, start, &outage.ProbeState{Service: "x", Minute: start, State: "healthy"}))
	w.drain()
	w.append(path, tickAt(start+2))
	w.drain()
	w.drain()
	got, err := w.store.Measurements(t.Context(), store.MeasurementQuery{Service: "x", From: start, To: start + 9, Limit: 9})
	if err != nil || len(got) != 3 {
		t.Fatalf("%d measurements, %v", len(got), err)
	}
	equal(t, "a record that only its agent understands", string(got[1].Data), string(newer.Data))
	if text := string(got[2].Data); strings.Contains(text, "192.0.2.3") || !strings.Contains(text, "192.0.2.4") {
		t.Errorf("the way there: %s", text)
	}
	agents, err := w.store.Agents(t.Context())
	if err != nil || len(agents) != 1 || agents[0].Measured != start+2 {
		t.Errorf("agents: %+v, %v", agents, err)
	}
	words, err := w.store.Words(t.Context(), "x", start)
	if err != nil || len(words) != 1 {
		t.Errorf("words: %+v, %v", words, err)
	}
	states, err := w.store.Standing(t.Context())
	if err != nil || len(states) != 1 {
		t.Errorf("states: %+v, %v", states, err)
	}
}

// What was measured is kept beside reports, and a minute that was only probed is not
// one with reports.
func TestProbed(t *testing.T) {
	w := newWorld(t)
	probed := outage.Point{Signal: outage.SignalProbeErrors, Country: "DE", Network: "AS64500", Count: 1, Trials: 4}
	w.append(catalog(t), points(t, start, outage.Point{Country: "US", Category: "app", Count: 9}), tick(start),
		entry(t, stream.Points, start+1, &outage.MinutePoints{Service: "x", Minute: start + 1, Points: []outage.Point{probed}}), tick(start+1),
		entry(t, stream.Points, start+1, &outage.MinutePoints{Service: "x", Minute: start, Revision: 1, Points: []outage.Point{probed}}), tick(start+2))
	w.drain()
	equal(t, "reports", w.counts(store.SeriesQuery{Service: "x", From: start, To: start + 2, Step: 1}), []int{9, 0})
	got, err := w.store.Probed(t.Context(), store.ProbedQuery{Service: "x", Signal: outage.SignalProbeErrors, From: start, To: start + 2, Step: 2})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "probed", got, []store.Probed{{Start: start, Count: 2, Trials: 8}})
}
