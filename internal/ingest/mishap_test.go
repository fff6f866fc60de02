package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"faultline/internal/clock"
	"faultline/internal/stream"
	"faultline/internal/stream/memory"
	"faultline/outage"
)

// realAt makes the next life one in real time that begins at a time.
func realAt(c clock.Clock) func(*Config, *Deps) {
	return func(cfg *Config, d *Deps) { cfg.Driven, d.Clock = false, c }
}

// The minute that a crash cut short was listened to, however late the next life
// begins: what was acknowledged in it is no part of the silence after it.
func TestRestartAfterHours(t *testing.T) {
	for name, test := range map[string]struct {
		lived time.Duration // of the first life
		want  string
	}{
		"in the first minute": {0, "+ 09:30 (09:31) (09:32) (09:33) "},
		"later":               {3 * time.Minute, "+ 09:30 09:31 09:32 + 09:33 (09:34) (09:35) "},
	} {
		t.Run(name, func(t *testing.T) {
			log, private := memory.New(), t.TempDir()
			r := newRig(t, log, private)
			r.press("20.1.2.3", "app")
			if test.lived > 0 {
				r.clock.MoveTo(start.Add(test.lived))
				r.press("20.1.2.4", "app")
			}
			r.stop()
			r = newRig(t, log, private, realAt(clock.NewDriven(start.Add(3*time.Hour))))
			r.press("20.1.2.3", "app")
			if got := r.ticks(); !strings.HasPrefix(got, test.want) {
				t.Errorf("%.80s, want %s...", got, test.want)
			}
		})
	}
}

// A report that cannot be decoded is for the dead letters, not a reason to stay down.
func TestUnreadableReport(t *testing.T) {
	log := memory.New()
	bad := stream.Entry{Topic: stream.Reports.Name, Record: stream.Record{Minute: outage.MinuteOf(start), Key: "bad", Data: []byte("{")}}
	if err := log.Append(t.Context(), []stream.Entry{bad}, nil); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, log, t.TempDir())
	if w := r.send("20.1.2.3", "application/json", `{"service":"x"}`); w.Code != http.StatusCreated {
		t.Errorf("a press after an unreadable report: %d %s", w.Code, w.Body)
	}
}

// A clock that was years wrong, as one without a battery is, costs a bounded number
// of minutes.
func TestClockYearsOff(t *testing.T) {
	c := clock.NewDriven(time.Date(1970, 1, 1, 0, 5, 0, 0, time.UTC))
	r := newRig(t, memory.New(), t.TempDir(), realAt(c))
	r.press("20.1.2.3", "app")
	c.MoveTo(start)
	r.press("20.1.2.4", "app")
	ticks := strings.Fields(r.ticks())
	if len(ticks) != int(maxGap)+3 || ticks[1] != "00:05" || ticks[2] != "(09:30)" || ticks[len(ticks)-2] != "(09:29)" {
		t.Errorf("%d records, the first %v: want two reports, the minute of the first and %d missing ones before the second", len(ticks), ticks[:3], maxGap)
	}
}

// A start with a clock that is days behind makes nobody count twice: neither minutes
// nor salts go to and fro between the old time and the new.
func TestStartWithClockBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, private := memory.New(), t.TempDir()
		r := newRig(t, log, private)
		r.press("20.1.2.3", "app")
		r.stop()
		c := clock.NewDriven(start.Add(-72 * time.Hour))
		r = newRig(t, log, private, realAt(c))
		defer r.stop()
		first, _ := r.press("20.1.2.4", "app")
		for m := range 3 {
			c.MoveTo(start.Add(-72*time.Hour + time.Duration(m+1)*time.Minute))
			synctest.Wait()
			if a, _ := r.press("20.1.2.4", "app"); a.Counted || a.ID != first.ID {
				t.Errorf("minute %d: %+v, want a duplicate of %s", m, a, first.ID)
			}
		}
		if got := r.ticks(); got != "+ +" {
			t.Errorf("%s: a minute ended although time stood still", got)
		}
	})
}

// Presses that could not be saved take no room from those that come after them,
// and a crowd that is refused is not a crowd of lines in the log.
func TestRefusedPressesLeaveNoTrace(t *testing.T) {
	var said bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&said, nil)))
	defer slog.SetDefault(before)
	log := &breakable{Log: memory.New()}
	r := newRig(t, log, t.TempDir())
	log.set(errors.New("the disk is full"))
	const crowd = 20 // as many as any network may have
	for i := range crowd {
		if w := r.send(fmt.Sprintf("20.1.%d.1", i), "application/json", `{"service":"x"}`); w.Code != http.StatusServiceUnavailable {
			t.Fatalf("press %d: %d", i, w.Code)
		}
	}
	log.set(nil)
	for i := range crowd {
		if a, _ := r.press(fmt.Sprintf("20.2.%d.1", i), "app"); !a.Counted {
			t.Errorf("press %d after the disk had room: %+v, want it to count", i, a)
		}
	}
	r.stop()
	if n := strings.Count(said.String(), "level=ERROR"); n != 1 || !strings.Contains(said.String(), "saved again") {
		t.Errorf("%d errors were said, want one and the end of it:\n%s", n, said.String())
	}
}

// A recording knows no addresses, so no cap applies to it: whoever recorded it has
// counted by rules of their own.
func TestReplayHasNoCap(t *testing.T) {
	r := newRig(t, memory.New(), t.TempDir(), func(c *Config, _ *Deps) { c.ReplayToken = "a long token" })
	var body strings.Builder
	for i := range 100 {
		fmt.Fprintf(&body, `{"service":"x","category":"app","network":"AS64511","reporter":"%d"}`+"\n", i)
	}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v1/replay", strings.NewReader(body.String()))
	req.Header.Set("Authorization", "Bearer a long token")
	w := httptest.NewRecorder()
	r.mux.ServeHTTP(w, req)
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	counted := 0
	for _, report := range r.reports() {
		counted += report.Weight
		if report.Aside != 0 || report.Reason != "" {
			t.Errorf("%+v is set aside", report)
		}
	}
	if counted != 100 {
		t.Errorf("%d of 100 from one network count", counted)
	}
}

// Who feeds more than the queue holds into a part that has gone is told so.
func TestFeedIntoStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, memory.New(), t.TempDir())
		r.stop()
		err := r.Feed(t.Context(), make([]outage.Report, queueSize+1))
		if !errors.Is(err, errStopping) {
			t.Errorf("feeding ended with %v", err)
		}
	})
}
