package storetest

import (
	"fmt"
	"testing"
	"time"

	"faultline/internal/store"
	"faultline/outage"
)

// attempt is a measurement of x by an agent; a layer that is not empty has failed.
func attempt(agent string, seq uint64, m outage.Minute, failed outage.Layer) store.Measurement {
	f := outage.Measurement{
		Agent: agent, Sequence: seq, Attempt: 1, Time: m.Time(), Received: m, Outcome: outage.OutcomeOK,
		Target: outage.Target{Service: "x", Host: "x.example"}, DNS: &outage.DNS{}, TCP: &outage.TCP{},
	}
	if failed != "" {
		f.Outcome, f.Layer, f.Failure = outage.OutcomeFail, failed, outage.FailureRefused
	} else {
		f.HTTP = &outage.HTTP{Status: 200}
	}
	return store.Measurement{Seq: seq, Fact: f, Data: fmt.Appendf(nil, `{"sequence":%d}`, seq)}
}

func testMeasurements(t *testing.T, h *harness) {
	late := attempt("a", 5, start+9, "")
	late.Fact.Time = (start + 2).Time().Add(30 * time.Second)
	b := &store.Batch{
		Positions:    map[string]uint64{"measurements": 6},
		Measurements: []store.Measurement{attempt("a", 1, start, ""), attempt("b", 2, start+1, outage.LayerTCP), attempt("a", 3, start+6, outage.LayerTCP), late},
	}
	h.save(b)
	h.save(b) // the same again changes nothing
	list := func(t *testing.T, q store.MeasurementQuery) (seqs []uint64) {
		t.Helper()
		got, err := h.Measurements(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			seqs = append(seqs, got[i].Seq)
			equal(t, "data", string(got[i].Data), fmt.Sprintf(`{"sequence":%d}`, got[i].Seq))
		}
		return seqs
	}
	h.twice(func(t *testing.T) {
		all := store.MeasurementQuery{Service: "x", From: start, To: start + 10, Limit: 10}
		equal(t, "by the minute of making", list(t, all), []uint64{1, 2, 5, 3})
		page := all
		page.Limit = 2
		equal(t, "first page", list(t, page), []uint64{1, 2})
		page.After = store.Mark{Minute: start + 1, Seq: 2}
		equal(t, "second page", list(t, page), []uint64{5, 3})
		equal(t, "of an agent", list(t, store.MeasurementQuery{Agent: "b", From: start, To: start + 10, Limit: 10}), []uint64{2})
		equal(t, "in a span", list(t, store.MeasurementQuery{Service: "x", Agent: "a", From: start + 1, To: start + 6, Limit: 10}), []uint64{5})
		if _, err := h.Measurements(t.Context(), store.MeasurementQuery{From: start, To: start + 1, Limit: 1}); err == nil {
			t.Error("measurements of everybody are listed")
		}
		looks, err := h.Looks(t.Context(), "x", start, start+10)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "looks", looks, []store.Look{
			{Slot: start, Agent: "a", Layer: outage.LayerDNS, Tried: 2}, {Slot: start, Agent: "a", Layer: outage.LayerHTTP, Tried: 2},
			{Slot: start, Agent: "a", Layer: outage.LayerTCP, Tried: 2},
			{Slot: start, Agent: "b", Layer: outage.LayerDNS, Tried: 1},
			{Slot: start, Agent: "b", Layer: outage.LayerTCP, Tried: 1, Failed: 1, Failure: outage.FailureRefused},
			{Slot: start + 5, Agent: "a", Layer: outage.LayerDNS, Tried: 1},
			{Slot: start + 5, Agent: "a", Layer: outage.LayerTCP, Tried: 1, Failed: 1, Failure: outage.FailureRefused},
		})
	})
}

func testForget(t *testing.T, h *harness) {
	h.save(&store.Batch{
		Measurements: []store.Measurement{attempt("a", 1, start, ""), attempt("a", 2, start+60, ""), attempt("a", 3, start+120, "")},
		Points:       []outage.MinutePoints{{Service: "x", Minute: start, Points: []outage.Point{{Signal: outage.SignalProbeErrors, Trials: 3, Count: 1}}}},
		Services:     []outage.Service{x()}, Since: start, Closed: start + 121,
	})
	n, err := h.Forget(t.Context(), start+61)
	if err != nil || n != 2 {
		t.Fatalf("forgot %d, %v", n, err)
	}
	h.twice(func(t *testing.T) {
		got, err := h.Measurements(t.Context(), store.MeasurementQuery{Service: "x", From: start, To: start + 200, Limit: 10})
		if err != nil || len(got) != 1 {
			t.Errorf("measurements left: %v, %v", got, err)
		}
		looks, err := h.Looks(t.Context(), "x", start, start+200)
		if err != nil || len(looks) == 0 || looks[0].Slot < start+56 {
			t.Errorf("looks left: %+v, %v", looks, err)
		}
		p, err := h.Probed(t.Context(), store.ProbedQuery{Service: "x", Signal: outage.SignalProbeErrors, From: start, To: start + 1, Step: 1})
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "points stay", p, []store.Probed{{Start: start, Count: 1, Trials: 3}})
	})
}

// What others measured stands beside what agents did and outlives it.
func testImports(t *testing.T, h *harness) {
	old := attempt("import:ooni", 1, start-outage.Day, outage.LayerTCP)
	again := attempt("import:ooni", 2, start+1, "")
	other := attempt("import:atlas/7", 3, start, "")
	for _, m := range []*store.Measurement{&old, &again, &other} {
		m.Fact.Source, _ = store.ImportedFrom(m.Fact.Agent)
		m.Fact.Sequence, m.Fact.Received = 0, start+10
	}
	b := &store.Batch{Positions: map[string]uint64{"imports": 3}, Imports: []store.Measurement{old, again, other}}
	h.save(b)
	h.save(b) // the same again changes nothing
	h.save(&store.Batch{Measurements: []store.Measurement{attempt("a", 1, start, ""), attempt("a", 2, start+1, "")}, Closed: start + 20, Since: start})
	if n, err := h.Forget(t.Context(), start+outage.Day); err != nil || n != 2 {
		t.Fatalf("forgot %d, %v, want the two of an agent", n, err)
	}
	h.twice(func(t *testing.T) {
		sums, err := h.Imports(t.Context(), "x")
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "sums", sums, []store.Import{
			{Source: "atlas", Count: 1, First: start, Last: start}, {Source: "ooni", Count: 2, First: start - outage.Day, Last: start + 1},
		})
		q := store.MeasurementQuery{Service: "x", From: start - 2*outage.Day, To: start + 20, Limit: 2}
		first, err := h.Measurements(t.Context(), q)
		if err != nil || len(first) != 2 {
			t.Fatalf("first page: %+v, %v", first, err)
		}
		q.After = first[1].Mark
		rest, err := h.Measurements(t.Context(), q)
		if err != nil || len(rest) != 1 || rest[0].Minute != start+1 {
			t.Errorf("second page: %+v, %v", rest, err)
		}
		looks, err := h.Looks(t.Context(), "x", start-outage.Day, start-outage.Day+5)
		if err != nil || len(looks) != 2 || looks[1].Agent != "import:ooni" || looks[1].Failed != 1 {
			t.Errorf("looks: %+v, %v", looks, err)
		}
		if agents, err := h.Agents(t.Context()); err != nil || len(agents) > 0 {
			t.Errorf("sources are listed as agents: %+v, %v", agents, err)
		}
	})
}

func testProbed(t *testing.T, h *harness) {
	at := func(m outage.Minute, list ...outage.Point) outage.MinutePoints {
		return outage.MinutePoints{Service: "x", Minute: m, Points: list}
	}
	errors := func(layer outage.Layer, family int, network string, count, trials int) outage.Point {
		return outage.Point{Signal: outage.SignalProbeErrors, Layer: layer, Family: family, Country: "DE", Network: network, Count: count, Trials: trials}
	}
	b := &store.Batch{
		Services: []outage.Service{x()}, Since: start, Closed: start + 130, Missing: []outage.Minute{start + 61},
		Points: []outage.MinutePoints{
			at(start, errors("", 0, "AS1", 1, 4), errors("", 0, "AS2", 0, 4), errors(outage.LayerTCP, 4, "AS1", 1, 2), errors(outage.LayerTCP, 6, "AS1", 0, 2)),
			at(start+1, errors("", 0, "AS1", 4, 4), outage.Point{Signal: outage.SignalLatency, Country: "DE", Network: "AS1", Count: 2, Sum: 9.5}),
			at(start+60, errors("", 0, "AS1", 0, 4)),
		},
	}
	h.save(b)
	h.save(&store.Batch{Points: b.Points}) // a minute said again is the same minute
	ask := func(t *testing.T, change func(*store.ProbedQuery)) []store.Probed {
		t.Helper()
		q := store.ProbedQuery{Service: "x", Signal: outage.SignalProbeErrors, From: start, To: start + 120, Step: 60}
		change(&q)
		got, err := h.Probed(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	check := func(t *testing.T) {
		equal(t, "whole attempts", ask(t, func(*store.ProbedQuery) {}),
			[]store.Probed{{Start: start, Count: 5, Trials: 12}, {Start: start + 60, Trials: 4, Missing: 1}})
		equal(t, "a layer", ask(t, func(q *store.ProbedQuery) { q.Layer = outage.LayerTCP })[0], store.Probed{Start: start, Count: 1, Trials: 4})
		equal(t, "a family", ask(t, func(q *store.ProbedQuery) { q.Layer, q.Family = outage.LayerTCP, 6 })[0], store.Probed{Start: start, Trials: 2})
		equal(t, "a network", ask(t, func(q *store.ProbedQuery) { q.Network = "AS2" })[0], store.Probed{Start: start, Trials: 4})
		equal(t, "no such country", ask(t, func(q *store.ProbedQuery) { q.Country = "FR" })[0], store.Probed{Start: start})
		equal(t, "latency", ask(t, func(q *store.ProbedQuery) { q.Signal = outage.SignalLatency })[0], store.Probed{Start: start, Count: 2, Sum: 9.5})
	}
	h.twice(func(t *testing.T) {
		check(t)
		equal(t, "minutes", ask(t, func(q *store.ProbedQuery) { q.Step, q.To = 1, start+2 }),
			[]store.Probed{{Start: start, Count: 1, Trials: 8}, {Start: start + 1, Count: 4, Trials: 4}})
	})
	if _, err := h.Age(t.Context(), start+60); err != nil {
		t.Fatal(err)
	}
	h.twice(check)
}

func testAgents(t *testing.T, h *harness) {
	a := outage.Agent{ID: "a", Revision: 1, Vantage: outage.Vantage{Country: "DE"}, Presence: outage.AgentPresent}
	b := outage.Agent{ID: "b", Revision: 4}
	newer := a
	newer.Revision, newer.Presence, newer.Sequence, newer.Head = 2, outage.AgentAway, 1, "of the first"
	h.save(&store.Batch{Agents: []outage.Agent{b, a, newer}, Measurements: []store.Measurement{attempt("a", 1, start+5, ""), attempt("nobody", 2, start, "")}})
	last := attempt("a", 3, start+6, "")
	last.Fact.Time = (start + 4).Time() // on its way for two minutes
	last.Fact.Clock = outage.Clock{OffsetMS: 2.5, Synced: true}
	h.save(&store.Batch{Agents: []outage.Agent{a}, Measurements: []store.Measurement{last}})
	newer.Sequence, newer.Head, newer.Clock = 3, "", last.Fact.Clock // nobody has said the head of the third
	h.twice(func(t *testing.T) {
		got, err := h.Agents(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "agents", got, []store.Heard{{Agent: newer, Measured: start + 6, Made: start + 4}, {Agent: b}})
	})
}

func testSayings(t *testing.T, h *harness) {
	word := func(rev int, m outage.Minute, s outage.VendorStatus) outage.VendorWord {
		return outage.VendorWord{Service: "x", Revision: rev, Minute: m, Status: s, Page: "https://status.example"}
	}
	words := []outage.VendorWord{word(1, start, outage.VendorOperational), word(2, start+9, outage.VendorMajor), word(3, start+20, outage.VendorUnknown)}
	state := func(service string, m outage.Minute, s string) outage.ProbeState {
		return outage.ProbeState{Service: service, Minute: m, State: s, Vantages: []outage.VantageState{{Agent: "a", State: s}}}
	}
	states := []outage.ProbeState{state("x", start, "healthy"), state("x", start+9, "failing"), state("x", start+20, "healthy"), state("y", start+3, "unknown")}
	for range 2 {
		h.save(&store.Batch{Words: words, States: states})
	}
	h.twice(func(t *testing.T) {
		for from, first := range map[outage.Minute]int{start - 5: 0, start: 0, start + 8: 0, start + 9: 0, start + 10: 1, start + 99: 2} {
			got, err := h.Words(t.Context(), "x", from)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "words from "+from.String(), got, words[first:])
			was, err := h.States(t.Context(), "x", from)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "states from "+from.String(), was, states[first:3])
		}
		now, err := h.Standing(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "standing", now, states[2:])
		if got, err := h.Words(t.Context(), "nobody", start); err != nil || len(got) != 0 {
			t.Errorf("words on nobody: %v, %v", got, err)
		}
	})
}
