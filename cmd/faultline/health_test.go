package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"faultline/internal/clock"
	"faultline/internal/store"
	"faultline/outage"
)

func TestHealth(t *testing.T) {
	now := time.Date(2025, 3, 10, 9, 30, 0, 0, time.UTC)
	w, err := openWorld(t.Context(), settings{Data: t.TempDir(), BuiltinCatalog: true, KeepReports: minKept, KeepMinutes: minKept}, clock.NewDriven(now))
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	for _, test := range []struct {
		closed outage.Minute // as the pages have it, from the clock
		code   int
		says   string
	}{
		{-6, http.StatusServiceUnavailable, "behind"},
		{-1, http.StatusOK, "ok"},
		{100, http.StatusServiceUnavailable, "the clock says 2025-03-10T09:30Z"},
	} {
		if err := w.store.Save(t.Context(), &store.Batch{Closed: outage.MinuteOf(now) + test.closed}); err != nil {
			t.Fatal(err)
		}
		rec := httptest.NewRecorder()
		w.health(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/healthz", nil))
		if rec.Code != test.code || !strings.Contains(rec.Body.String(), test.says) {
			t.Errorf("closed %d minutes from now: %d %s, want %d with %q", test.closed, rec.Code, rec.Body, test.code, test.says)
		}
	}
}
