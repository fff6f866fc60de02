package judge_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"faultline/internal/imports"
	"faultline/internal/judge"
	"faultline/outage"
)

// shared opens a file of the recorded data beside the project; the test is skipped
// where there is none.
func shared(t *testing.T, name string) *os.File {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Skip("no go.mod above this test")
		}
		dir = filepath.Dir(dir)
	}
	f, err := os.Open(filepath.Join(dir, "..", "shared", "data", name))
	if err != nil {
		t.Skipf("the recorded data is not here: %v", err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// judged reads a file through the importer and judges it.
func judged(t *testing.T, name string, watch func(*outage.Measurement, *judge.Tracks)) *judge.Tracks {
	t.Helper()
	tracks := judge.NewTracks(judge.DefaultSingleConfig())
	for m, err := range imports.Read(name, shared(t, name), imports.Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		if err := tracks.Add(&m); err != nil {
			t.Fatal(err)
		}
		if watch != nil {
			watch(&m, tracks)
		}
	}
	return tracks
}

func find(t *testing.T, tracks *judge.Tracks, target string) *judge.Track {
	t.Helper()
	for _, tr := range tracks.All() {
		if tr.Target == target {
			return tr
		}
	}
	t.Fatalf("no track of %s", target)
	return nil
}

// Four years of shallow checks from one vantage point: a monitor that is blocked
// for a year confirms nothing, and an edge that answers is never called healthy.
func TestReplayStatuspage(t *testing.T) {
	confirmed := 0
	tracks := judged(t, "statuspage/checks.csv.gz", func(m *outage.Measurement, tracks *judge.Tracks) {
		if m.Outcome == outage.OutcomeOK {
			return
		}
		for _, tr := range tracks.All() {
			if tr.Target != m.Target.Service {
				continue
			}
			failing := tr.State() == judge.StateFailing || tr.State() == judge.StateBlocked
			voice := judge.Voice{Agent: tr.Agent, Health: judge.HealthHealthy, Failing: failing}
			if judge.Quorum([]judge.Voice{voice}, judge.DefaultQuorum()).Confirmed {
				confirmed++
			}
		}
	})
	if confirmed != 0 {
		t.Errorf("%d minutes in which one vantage point confirmed an incident", confirmed)
	}
	facebook := find(t, tracks, "facebook")
	from, to := time.Date(2024, 3, 8, 0, 0, 0, 0, time.UTC), time.Date(2025, 2, 1, 0, 0, 0, 0, time.UTC)
	in := map[judge.State]time.Duration{}
	for i, p := range facebook.Periods {
		end := to
		if i+1 < len(facebook.Periods) && facebook.Periods[i+1].From.Before(to) {
			end = facebook.Periods[i+1].From
		}
		begin := p.From
		if begin.Before(from) {
			begin = from
		}
		if end.After(begin) {
			in[p.State] += end.Sub(begin)
		}
	}
	all := to.Sub(from)
	t.Logf("facebook, %s to %s: %v of %s", from.Format(time.DateOnly), to.Format(time.DateOnly), in, all)
	if share := float64(in[judge.StateBlocked]) / float64(all); share < 0.98 {
		t.Errorf("possibly blocked for %.3f of the time, want nearly all", share)
	}
	for _, tr := range tracks.All() {
		for _, p := range tr.Periods {
			if p.State == judge.StateHealthy {
				t.Errorf("%s was called healthy at %s", tr.Target, p.From)
			}
		}
	}
	day := time.Date(2025, 3, 10, 0, 0, 0, 0, time.UTC)
	x := find(t, tracks, "twitter")
	if s := stateAt(x, day.Add(16*time.Hour)); s != judge.StateEdge || x.Depth != outage.DepthEdge {
		t.Errorf("X on the day of its outage: %s, depth %s; want edge answers", s, x.Depth)
	}
}

func stateAt(tr *judge.Track, at time.Time) judge.State {
	s := judge.StateUnknown
	for _, p := range tr.Periods {
		if p.From.After(at) {
			break
		}
		s = p.State
	}
	return s
}

// sites reads the small table of sites, services and providers.
func sites(t *testing.T) map[string][]string {
	t.Helper()
	f, err := os.Open("testdata/sites.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	m := map[string][]string{}
	for _, r := range rows[1:] {
		if r[2] != "" {
			m[r[1]] = append(m[r[1]], r[2])
		} else {
			m[r[1]] = nil
		}
	}
	return m
}

// The day of Cloudflare's outage as small monitors logged it.
func TestReplayUpptime(t *testing.T) {
	providers := sites(t)
	tracks := judged(t, "upptime/outages.csv", nil)
	day := time.Date(2025, 11, 18, 0, 0, 0, 0, time.UTC)
	onDay := func(tr *judge.Track) []judge.Wave {
		return slices.DeleteFunc(slices.Clone(tr.Waves), func(w judge.Wave) bool {
			return w.Onset.Before(day) || !w.Onset.Before(day.Add(24*time.Hour))
		})
	}
	for service, stands := range providers {
		waves := onDay(find(t, tracks, service))
		want := 0
		if slices.Contains(stands, "cloudflare") {
			want = 3
		}
		if len(waves) != want {
			t.Errorf("%s has %d waves, want %d: %+v", service, len(waves), want, waves)
		}
		for _, w := range waves {
			if w.End.IsZero() || w.Failure != outage.FailureHTTP5xx || w.Onset.Hour() < 11 || w.End.Hour() > 14 {
				t.Errorf("%s: wave %+v", service, w)
			}
		}
	}
	archive := find(t, tracks, "archive-org")
	for _, w := range archive.Waves {
		if w.End.Hour() == 23 && w.End.Minute() < 15 && !w.End.IsZero() {
			t.Errorf("a snapshot ended a wave: %+v", w)
		}
	}
}
