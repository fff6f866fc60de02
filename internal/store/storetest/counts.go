package storetest

import (
	"errors"
	"testing"

	"faultline/internal/store"
	"faultline/outage"
)

func testOverview(t *testing.T, h *harness) {
	b := &store.Batch{
		Services: []outage.Service{{ID: "zoom", Name: "zoom"}, x(), {ID: "abc", Name: "Abc"}},
		Since:    start, Closed: start + 1499,
		Positions: map[string]uint64{"points": 7, "services": 3},
	}
	for m := range outage.Minute(1500) {
		b.Minutes = append(b.Minutes, minute("x", start+m, int(m)))
	}
	h.save(b)
	h.twice(func(t *testing.T) {
		rows, err := h.Rows(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for i := range rows {
			names = append(names, rows[i].Service.Name)
		}
		equal(t, "order", names, []string{"Abc", "X", "zoom"})
		r := h.row(t, "x")
		equal(t, "row and rows", r, rows[1])
		equal(t, "status", r.Bulletin.Status, outage.StatusQuiet)
		equal(t, "quarter", r.Quarter, (1485+1499)*15/2)
		equal(t, "day", r.Day, (60+1499)*1440/2)
		equal(t, "first spark", r.Spark[0], (60+119)*60/2)
		equal(t, "last spark", r.Spark[23], (1440+1499)*60/2)
		equal(t, "since", r.Since, start)
		pos, err := h.Positions(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "positions", pos, map[string]uint64{"points": 7, "services": 3})
		p, _ := h.Pulse(t.Context())
		equal(t, "pulse", p, store.Pulse{Version: p.Version, Closed: start + 1499, Oldest: start, Since: start})
	})
	before, _ := h.Pulse(t.Context())
	h.save(&store.Batch{Closed: start + 1500 + 14, Minutes: []store.Minute{minute("x", start+1510, 4)}})
	after, _ := h.Pulse(t.Context())
	if after.Version <= before.Version {
		t.Errorf("version went from %d to %d", before.Version, after.Version)
	}
	equal(t, "quarter after minutes without reports", h.row(t, "x").Quarter, 4)
}

func testSeries(t *testing.T, h *harness) {
	h.save(&store.Batch{
		Services: []outage.Service{x()}, Since: start - 60, Closed: start + 125,
		Minutes: []store.Minute{
			minute("x", start+3, 1), minute("x", start+14, 2), {Service: "x", Minute: start + 15, Count: 4, Aside: 3},
			minute("x", start+59, 8), minute("x", start+60, 16), minute("x", start+125, 32),
		},
	})
	h.twice(func(t *testing.T) {
		got := h.series(t, store.SeriesQuery{Service: "x", From: start, To: start + 120, Step: 15})
		equal(t, "quarters", counts(got), []int{3, 4, 0, 8, 16, 0, 0, 0})
		equal(t, "set aside", got[1].Aside, 3)
		equal(t, "starts", got[1].Start, start+15)
		got = h.series(t, store.SeriesQuery{Service: "x", From: start + 4, To: start + 61, Step: 11})
		equal(t, "odd steps", counts(got), []int{2, 4, 0, 0, 0, 24})
		got = h.series(t, store.SeriesQuery{Service: "x", From: start + 120, To: start + 128, Step: 2})
		equal(t, "end", counts(got), []int{0, 0, 32, 0})
		equal(t, "provisional", []bool{got[1].Provisional, got[2].Provisional, got[3].Provisional}, []bool{false, false, true})
	})
}

func testHours(t *testing.T, h *harness) {
	// The same hour in several saves, and a correction of one of its minutes.
	for m := range outage.Minute(60) {
		h.save(&store.Batch{Closed: start + m, Minutes: []store.Minute{{Service: "x", Minute: start + m, Count: 2, Aside: 1}}})
	}
	h.save(&store.Batch{Minutes: []store.Minute{{Service: "x", Minute: start + 5, Count: 10, Aside: 1}}})
	h.twice(func(t *testing.T) {
		got := h.series(t, store.SeriesQuery{Service: "x", From: start, To: start + 60, Step: 60})
		equal(t, "hour", counts(got), []int{128})
		equal(t, "aside", got[0].Aside, 60)
	})
	if _, err := h.Age(t.Context(), start+60); err != nil {
		t.Fatal(err)
	}
	got := h.series(t, store.SeriesQuery{Service: "x", From: start, To: start + 60, Step: 60})
	equal(t, "hour without its minutes", counts(got), []int{128})
}

func testCells(t *testing.T, h *harness) {
	h.save(&store.Batch{
		Services: []outage.Service{x()}, Since: start - 600, Closed: start + 120,
		Minutes: []store.Minute{
			{Service: "x", Minute: start + 1, Count: 20, Countries: map[string]int{"US": 9, "DE": 6}, Categories: map[string]int{"app": 20}},
			{Service: "x", Minute: start + 2, Count: 7, Countries: map[string]int{"US": 12}},
			{Service: "x", Minute: start + 90, Count: 3},
		},
	})
	h.twice(func(t *testing.T) {
		us := h.series(t, store.SeriesQuery{Service: "x", Country: "US", From: start, To: start + 120, Step: 30})
		equal(t, "series of a country", counts(us), []int{21, 0, 0, 0})
		equal(t, "where some may wait", []bool{us[0].Waiting, us[1].Waiting, us[3].Waiting}, []bool{false, false, true})
		app := h.series(t, store.SeriesQuery{Service: "x", Category: "app", From: start, To: start + 60, Step: 60})
		equal(t, "series of a category", counts(app), []int{20})
		c, err := h.Countries(t.Context(), "x", start, start+120)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "countries", c, []store.Share{{Name: "US", Count: 21}, {Name: "DE", Count: 6}, {Name: "GB", Waiting: true}, {Waiting: true}})
		c, _ = h.Countries(t.Context(), "x", start+2, start+3)
		equal(t, "countries of a minute", c, []store.Share{{Name: "US", Count: 12}, {Name: "DE", Waiting: true}, {Name: "GB", Waiting: true}})
		c, _ = h.Categories(t.Context(), "x", start, start+120)
		equal(t, "categories", c, []store.Share{{Name: "app", Count: 20}, {Name: "login", Waiting: true}, {Count: 10}})
		c, _ = h.Countries(t.Context(), "x", start+100, start+120)
		equal(t, "countries when there was nothing", c, []store.Share(nil))
	})
}

func testTwice(t *testing.T, h *harness) {
	b := &store.Batch{
		Closed: start + 1, Positions: map[string]uint64{"points": 5}, Services: []outage.Service{x()},
		Minutes: []store.Minute{{Service: "x", Minute: start, Count: 9, Countries: map[string]int{"US": 9}}},
	}
	h.save(b)
	if _, err := h.Age(t.Context(), start+outage.Day); err != nil {
		t.Fatal(err)
	}
	before, _ := h.Pulse(t.Context())
	b.Minutes[0].Count = 100
	h.save(b)
	after, _ := h.Pulse(t.Context())
	equal(t, "pulse after the same positions", after, before)
	h.twice(func(t *testing.T) {
		got := h.series(t, store.SeriesQuery{Service: "x", From: start, To: start + 60, Step: 60})
		equal(t, "hour", counts(got), []int{9})
	})
}

func testMissing(t *testing.T, h *harness) {
	h.save(&store.Batch{Services: []outage.Service{x()}, Since: start + 2, Closed: start + 10, Missing: []outage.Minute{start, start + 1, start + 4, start + 6}})
	h.save(&store.Batch{Closed: start + 20, Missing: []outage.Minute{start + 5, start + 11, start + 12, start + 19}})
	h.twice(func(t *testing.T) {
		var gone []int
		for i, b := range h.series(t, store.SeriesQuery{Service: "x", From: start - 2, To: start + 24, Step: 1}) {
			if b.Missing == 1 {
				gone = append(gone, i-2)
			}
		}
		equal(t, "missing minutes", gone, []int{-2, -1, 0, 1, 4, 5, 6, 11, 12, 19})
		sum := h.series(t, store.SeriesQuery{Service: "x", From: start, To: start + 20, Step: 10})
		equal(t, "missing in buckets", []int{sum[0].Missing, sum[1].Missing}, []int{5, 3})
		equal(t, "since", h.row(t, "x").Since, start+2)
	})
}

func testOpen(t *testing.T, h *harness) {
	h.save(&store.Batch{Services: []outage.Service{x()}, Since: start, Closed: start + 9})
	v, _ := h.Pulse(t.Context())
	h.save(&store.Batch{Open: []store.Open{{Service: "x", Minute: start + 10, Count: 1}, {Service: "new", Minute: start + 10, Count: 1}}})
	h.save(&store.Batch{Open: []store.Open{{Service: "x", Minute: start + 10, Count: 3, Aside: 1}, {Service: "x", Minute: start + 11, Count: 2}}})
	w, _ := h.Pulse(t.Context())
	if w.Version <= v.Version {
		t.Errorf("version went from %d to %d", v.Version, w.Version)
	}
	equal(t, "open", h.row(t, "x").Open, store.Open{Service: "x", Minute: start + 11, Count: 5, Aside: 1})
	got := h.series(t, store.SeriesQuery{Service: "x", From: start + 8, To: start + 12, Step: 1})
	equal(t, "series", counts(got), []int{0, 0, 3, 2})
	equal(t, "provisional", []bool{got[1].Provisional, got[2].Provisional}, []bool{false, true})
	h.save(&store.Batch{Closed: start + 10, Minutes: []store.Minute{minute("x", start+10, 3)}})
	equal(t, "open after its first minute closed", h.row(t, "x").Open, store.Open{Service: "x", Minute: start + 11, Count: 2})
	h.save(&store.Batch{Closed: start + 11})
	equal(t, "open after all closed", h.row(t, "x").Open, store.Open{Service: "x"})
}

func testBaselines(t *testing.T, h *harness) {
	base := outage.ServiceBaseline{Service: "x", Minute: start}
	for i := range base.Quarters {
		base.Quarters[i] = outage.Baseline{
			Expected: 0.25 * float64(i+1), Low: 0, High: 2.5, Dispersion: 1.5,
			Confidence: outage.ConfidenceLow, Method: "test 1",
		}
	}
	h.save(&store.Batch{Services: []outage.Service{x()}, Since: start, Closed: start + 34, Baselines: []outage.ServiceBaseline{base}})
	h.twice(func(t *testing.T) {
		r := h.row(t, "x")
		equal(t, "baseline of the quarter", r.Baseline, base.Quarters[2])
		if want := 0.5*10 + 0.75*5; r.Expected < want-1e-9 || r.Expected > want+1e-9 {
			t.Errorf("expected in 15 minutes: got %g, want %g", r.Expected, want)
		}
		got := h.series(t, store.SeriesQuery{Service: "x", From: start + 14, To: start + 16, Step: 1})
		equal(t, "minutes", [][3]float64{{got[0].Expected, got[0].Low, got[0].High}, {got[1].Expected, got[1].Low, got[1].High}},
			[][3]float64{{0.25, 0, 2.5}, {0.5, 0, 2.5}})
		got = h.series(t, store.SeriesQuery{Service: "x", From: start, To: start + 75, Step: 15})
		if b := got[1]; !b.HasBaseline || b.Expected < 7.499 || b.Expected > 7.501 || b.Low > b.Expected-1 || b.High < b.Expected+1 || b.High > 18 {
			t.Errorf("quarter: %+v", b)
		}
		if got[4].HasBaseline {
			t.Errorf("an hour without a baseline has one: %+v", got[4])
		}
		us := h.series(t, store.SeriesQuery{Service: "x", Country: "US", From: start, To: start + 15, Step: 15})
		equal(t, "baseline of a country", us[0].HasBaseline, false)
	})
}

func testAge(t *testing.T, h *harness) {
	b := &store.Batch{Services: []outage.Service{x()}, Since: start, Closed: start + 179}
	for m := range outage.Minute(180) {
		b.Minutes = append(b.Minutes, store.Minute{Service: "x", Minute: start + m, Count: 5, Countries: map[string]int{"US": 5}})
	}
	h.save(b)
	n, err := h.Age(t.Context(), start+130)
	if err != nil || n != 2 {
		t.Fatalf("aged %d hours, %v", n, err)
	}
	if n, err = h.Age(t.Context(), start+130); err != nil || n != 0 {
		t.Errorf("aged %d hours the second time, %v", n, err)
	}
	h.twice(func(t *testing.T) {
		p, _ := h.Pulse(t.Context())
		equal(t, "oldest", p.Oldest, start+120)
		for _, country := range []string{"", "US"} {
			got := h.series(t, store.SeriesQuery{Service: "x", Country: country, From: start, To: start + 180, Step: 60})
			equal(t, "hours of "+country, counts(got), []int{300, 300, 300})
			_, err := h.Series(t.Context(), store.SeriesQuery{Service: "x", Country: country, From: start, To: start + 180, Step: 15})
			if !errors.Is(err, store.ErrAgedOut) {
				t.Errorf("quarters of aged hours: %v", err)
			}
			got = h.series(t, store.SeriesQuery{Service: "x", Country: country, From: start + 120, To: start + 180, Step: 15})
			equal(t, "quarters of "+country, counts(got), []int{75, 75, 75, 75})
		}
		c, err := h.Countries(t.Context(), "x", start, start+180)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "countries", c, []store.Share{{Name: "US", Count: 900}, {Name: "GB", Waiting: true}})
	})
}

func testAgedFirst(t *testing.T, h *harness) {
	if _, err := h.Age(t.Context(), start+60); err != nil {
		t.Fatal(err)
	}
	for i, m := range []outage.Minute{start + 1, start + 2, start + 61} {
		h.save(&store.Batch{
			Since: start, Closed: m, Positions: map[string]uint64{"points": uint64(i + 1)},
			Minutes: []store.Minute{{Service: "x", Minute: m, Count: 10, Countries: map[string]int{"US": 10}}},
		})
	}
	h.twice(func(t *testing.T) {
		got := h.series(t, store.SeriesQuery{Service: "x", From: start, To: start + 120, Step: 60})
		equal(t, "hours", counts(got), []int{20, 10})
		got = h.series(t, store.SeriesQuery{Service: "x", Country: "US", From: start + 60, To: start + 62, Step: 1})
		equal(t, "minutes", counts(got), []int{0, 10})
	})
}
