package storetest

import (
	"errors"
	"faultline/internal/store"
	"faultline/outage"
	"slices"
	"testing"
)

// incident is a revision that began some minutes after the start.
func incident(id string, rev int, state outage.State, onset outage.Minute) outage.Incident {
	in := outage.Incident{
		ID: id, Revision: rev, Service: id[:1], State: state, Onset: onset, Detected: onset + 5, Minute: onset + 5,
		Waves: []outage.Wave{{Onset: onset, Peak: onset + 3, PeakCount: 40}}, Basis: "crowd",
	}
	if state == outage.StateConfirmed || state == outage.StateResolved {
		in.Confirmed = onset + 6
	}
	if state == outage.StateResolved {
		in.End, in.Closed = onset+30, onset+90
	}
	return in
}

func testIncidents(t *testing.T, h *harness) {
	old := incident("x-old", 1, outage.StateResolved, start)
	first, second := incident("x-new", 1, outage.StateSuspected, start+500), incident("x-new", 2, outage.StateConfirmed, start+500)
	other := incident("y-sus", 1, outage.StateDismissed, start+600)
	other.Closed = start + 640
	h.save(&store.Batch{Incidents: []outage.Incident{old, first, second, other}})
	h.save(&store.Batch{Incidents: []outage.Incident{first}})
	ids := func(t *testing.T, f store.IncidentFilter) []string {
		t.Helper()
		all, err := h.Incidents(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for i := range all {
			out = append(out, all[i].ID)
		}
		return out
	}
	h.twice(func(t *testing.T) {
		equal(t, "all", ids(t, store.IncidentFilter{}), []string{"y-sus", "x-new", "x-old"})
		equal(t, "of a service", ids(t, store.IncidentFilter{Service: "x"}), []string{"x-new", "x-old"})
		equal(t, "open", ids(t, store.IncidentFilter{OpenOnly: true}), []string{"x-new"})
		equal(t, "confirmed", ids(t, store.IncidentFilter{Confirmed: true}), []string{"x-new", "x-old"})
		equal(t, "limit", ids(t, store.IncidentFilter{Limit: 1}), []string{"y-sus"})
		equal(t, "before", ids(t, store.IncidentFilter{To: start + 500}), []string{"x-old"})
		equal(t, "after", ids(t, store.IncidentFilter{From: start + 31}), []string{"y-sus", "x-new"})
		equal(t, "touching", ids(t, store.IncidentFilter{From: start + 30, To: start + 1}), []string{"x-old"})
		revs, err := h.Revisions(t.Context(), "x-new")
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "revisions", revs, []outage.Incident{first, second})
		all, _ := h.Incidents(t.Context(), store.IncidentFilter{Service: "x", Limit: 1})
		equal(t, "latest revision", all, []outage.Incident{second})
		if _, err := h.Revisions(t.Context(), "nobody"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("revisions of an unknown incident: %v", err)
		}
	})
}

func testBulletins(t *testing.T, h *harness) {
	said := outage.Bulletin{Service: "x", Minute: start + 3, Status: outage.StatusProblems, Headline: "h", Reason: "r", Incident: "i", Revision: 2}
	h.save(&store.Batch{Services: []outage.Service{x()}, Bulletins: []outage.Bulletin{{Service: "x", Status: outage.StatusRising}, said}})
	h.twice(func(t *testing.T) { equal(t, "bulletin", h.row(t, "x").Bulletin, said) })
}

func testWaiting(t *testing.T, h *harness) {
	h.save(&store.Batch{Minutes: []store.Minute{
		{Service: "x", Minute: start, Count: 3, WaitingCountries: map[string]int{"US": 1, "": 2}, WaitingCategories: map[string]int{"app": 3}},
		{Service: "y", Minute: start, Count: 1, WaitingCountries: map[string]int{"GB": 1}, WaitingCategories: map[string]int{}},
	}})
	h.save(&store.Batch{Minutes: []store.Minute{
		{Service: "x", Minute: start + 1, Count: 3, WaitingCountries: map[string]int{"": 4}, WaitingCategories: map[string]int{}},
		{Service: "x", Minute: start, Count: 4},
	}})
	h.twice(func(t *testing.T) {
		got, err := h.Waiting(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(got, func(a, b store.Waiting) int { return int(a.Service[0]) - int(b.Service[0]) })
		equal(t, "waiting", got, []store.Waiting{
			{Service: "x", Countries: map[string]int{"": 4}, Categories: map[string]int{}},
			{Service: "y", Countries: map[string]int{"GB": 1}, Categories: map[string]int{}},
		})
	})
}

func testBad(t *testing.T, h *harness) {
	h.save(&store.Batch{Services: []outage.Service{x()}, Closed: start})
	for name, q := range map[string]store.SeriesQuery{
		"no step":   {Service: "x", From: start, To: start + 1},
		"backwards": {Service: "x", From: start, To: start - 1, Step: 1},
		"both":      {Service: "x", From: start, To: start + 1, Step: 1, Country: "US", Category: "app"},
		"unknown":   {Service: "nobody", From: start, To: start + 1, Step: 1},
	} {
		if got, err := h.Series(t.Context(), q); err == nil {
			t.Errorf("%s: got %v", name, got)
		}
	}
	if _, err := h.Series(t.Context(), store.SeriesQuery{Service: "nobody", From: start, To: start + 1, Step: 1}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("series of an unknown service: %v", err)
	}
	got, err := h.Series(t.Context(), store.SeriesQuery{Service: "x", From: start, To: start, Step: 1})
	if err != nil || len(got) != 0 {
		t.Errorf("an empty span: %v, %v", got, err)
	}
}
