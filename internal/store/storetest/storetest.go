// Package storetest is the contract suite of the query store: every engine passes
// it.
//
// It reads and writes through an engine in a directory of the test. Method: small
// batches with known answers, each checked again after the engine was closed and
// opened anew, so that nothing depends on what only memory holds. Limits: it says
// nothing about speed, which the benchmarks of an engine measure.
package storetest

import (
	"errors"
	"io"
	"reflect"
	"testing"

	"faultline/internal/store"
	"faultline/outage"
)

// Open opens the engine in a directory; the suite closes it if it is an io.Closer.
type Open func(t *testing.T, dir string) store.Store

// start is a Monday at nine, in the middle of nothing special.
var start = outage.Minute(29026620) // 2025-03-10T09:00Z, checked in Run

// Run runs the suite.
func Run(t *testing.T, open Open) {
	t.Helper()
	if got := start.String(); got != "2025-03-10T09:00Z" {
		t.Fatalf("start is %s", got)
	}
	for _, c := range []struct {
		name string
		run  func(t *testing.T, h *harness)
	}{
		{"empty", testEmpty},
		{"overview", testOverview},
		{"series", testSeries},
		{"hours are sums", testHours},
		{"released cells", testCells},
		{"saved twice", testTwice},
		{"missing", testMissing},
		{"open minute", testOpen},
		{"baselines", testBaselines},
		{"ageing", testAge},
		{"aged before it came", testAgedFirst},
		{"incidents", testIncidents},
		{"verdicts", testVerdicts},
		{"bulletins", testBulletins},
		{"waiting", testWaiting},
		{"measurements", testMeasurements},
		{"forgotten", testForget},
		{"imports", testImports},
		{"probed", testProbed},
		{"agents", testAgents},
		{"said", testSayings},
		{"bad questions", testBad},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := &harness{t: t, dir: t.TempDir(), open: open}
			h.Store = open(t, h.dir)
			t.Cleanup(h.close)
			c.run(t, h)
		})
	}
}

// harness is a store that can be closed and opened again.
type harness struct {
	store.Store
	t    *testing.T
	dir  string
	open Open
}

func (h *harness) close() {
	if c, ok := h.Store.(io.Closer); ok {
		if err := c.Close(); err != nil {
			h.t.Error(err)
		}
	}
}

func (h *harness) save(b *store.Batch) {
	h.t.Helper()
	if err := h.Save(h.t.Context(), b); err != nil {
		h.t.Fatal(err)
	}
}

// twice checks now and after the store was closed and opened again.
func (h *harness) twice(check func(t *testing.T)) {
	h.t.Helper()
	h.t.Run("at once", check)
	h.close()
	h.Store = h.open(h.t, h.dir)
	h.t.Run("reopened", check)
}

func (h *harness) series(t *testing.T, q store.SeriesQuery) []store.Bucket {
	t.Helper()
	got, err := h.Series(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (h *harness) row(t *testing.T, id string) store.Row {
	t.Helper()
	r, err := h.Row(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// counts lists the counts of buckets.
func counts(all []store.Bucket) []int {
	out := make([]int, len(all))
	for i := range all {
		out[i] = all[i].Count
	}
	return out
}

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

// x is the service of most tests.
func x() outage.Service {
	return outage.Service{ID: "x", Name: "X", Kind: "social", Categories: []string{"app", "login"}, Countries: []string{"US", "GB"}}
}

// minute is a closed minute without a breakdown.
func minute(id string, m outage.Minute, count int) store.Minute {
	return store.Minute{Service: id, Minute: m, Count: count}
}

func testEmpty(t *testing.T, h *harness) {
	p, err := h.Pulse(t.Context())
	if err != nil || p != (store.Pulse{}) {
		t.Errorf("pulse of an empty store: %+v, %v", p, err)
	}
	rows, err := h.Rows(t.Context())
	if err != nil || len(rows) != 0 {
		t.Errorf("rows of an empty store: %v, %v", rows, err)
	}
	pos, err := h.Positions(t.Context())
	if err != nil || len(pos) != 0 {
		t.Errorf("positions of an empty store: %v, %v", pos, err)
	}
	if _, err := h.Row(t.Context(), "x"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("row of an unknown service: %v", err)
	}
	h.save(&store.Batch{Services: []outage.Service{x()}})
	r := h.row(t, "x")
	equal(t, "status before anything was heard", r.Bulletin.Status, outage.StatusUnknown)
	if r.Bulletin.Reason == "" || r.Bulletin.Minute != 0 || r.Since != 0 {
		t.Errorf("row before anything was heard: %+v", r)
	}
}
