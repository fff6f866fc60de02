package siblings_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"faultline/internal/imports"
	"faultline/internal/judge"
	"faultline/internal/siblings"
	"faultline/outage"
)

// recorded judges a file of the recorded data beside the project, each target from the
// one vantage point that looked; the test is skipped where there is none.
func recorded(t *testing.T, name string) []*judge.Track {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(root, "..", "shared", "data", name))
	if err != nil {
		t.Skipf("the recorded data is not here: %v", err)
	}
	defer f.Close()
	tracks := judge.NewTracks(judge.DefaultSingleConfig())
	for m, err := range imports.Read(name, f, imports.Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		if err := tracks.Add(&m); err != nil {
			t.Fatal(err)
		}
	}
	return tracks.All()
}

// sites reads the small table of sites, services and providers.
func sites(t *testing.T) []outage.Service {
	t.Helper()
	f, err := os.Open("../judge/testdata/sites.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	services := []outage.Service{{ID: "cloudflare"}}
	for _, r := range rows[1:] {
		s := outage.Service{ID: r[1]}
		if r[2] != "" {
			s.Providers = []string{r[2]}
		}
		services = append(services, s)
	}
	return services
}

// The day of Cloudflare's outage of 18 November 2025 as small monitors logged it: three
// sites that stand on it fail in three waves, and those that do not are well.
func TestReplayCloudflare(t *testing.T) {
	services, tracks := sites(t), recorded(t, "upptime/outages.csv")
	book := siblings.New(services)
	day := outage.MinuteOf(time.Date(2025, 11, 18, 0, 0, 0, 0, time.UTC))
	var raised []string
	on := false
	for m := day; m < day+outage.Day; m++ {
		for _, tr := range tracks {
			if slices.ContainsFunc(services, func(s outage.Service) bool { return s.ID == tr.Target }) {
				book.Probed(seen(tr, m))
			}
		}
		causes := book.Causes(func(string) bool { return true })
		for _, c := range causes {
			if c.Provider != "cloudflare" || c.Manner != siblings.MannerError || strings.Join(c.Tenants, " ") != "pai-os sam-johnston yld-moe" {
				t.Errorf("%s: %+v", m, c)
			}
			if !on {
				raised = append(raised, m.Time().Format("15:04"))
			}
		}
		on = len(causes) > 0
	}
	if strings.Join(raised, " ") != "11:59 13:14" {
		t.Errorf("suspected at %v; the second wave had one of the three well again before the others failed", raised)
	}
	v := book.Neighbours("sam-johnston", day+11*outage.Hour, day+15*outage.Hour)
	if v.Siblings.Watched != 2 || v.Siblings.Failing != 2 || v.Elsewhere.Failing > 1 || v.Elsewhere.Watched < 6 {
		t.Errorf("beside Sam Johnston's site: siblings %+v, elsewhere %+v", v.Siblings, v.Elsewhere)
	}
}

// seen is what the one vantage point of a track says at a minute.
func seen(tr *judge.Track, m outage.Minute) *outage.ProbeState {
	at := m.Time().Add(time.Minute)
	v := outage.VantageState{Agent: tr.Agent, Health: string(judge.HealthHealthy), State: string(judge.StateHealthy), Since: m}
	s := &outage.ProbeState{Service: tr.Target, Minute: m}
	for i := range tr.Waves {
		w := &tr.Waves[i]
		if w.Onset.Before(at) && (w.End.After(at) || w.End.IsZero() && !w.Last.Before(m.Time())) {
			v.State, v.Since, v.Layer, v.Failure = string(judge.StateFailing), outage.MinuteOf(w.Onset), outage.LayerHTTP, w.Failure
			s.Layer, s.Failure = v.Layer, v.Failure
		}
	}
	s.Vantages = []outage.VantageState{v}
	return s
}
