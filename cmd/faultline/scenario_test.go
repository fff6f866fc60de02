package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"faultline/internal/catalog"
	"faultline/internal/demo"
	"faultline/internal/detect"
	"faultline/internal/geo"
	"faultline/internal/incident"
	"faultline/outage"
)

// scenario is one way to draw the day.
type scenario struct {
	seed    uint64
	poisson bool
	ramps   []int
}

// TestXDay plays the demonstration's day straight through the folds and compares
// the incident with what the generator knows: a few draws, two weeks before each.
func TestXDay(t *testing.T) {
	playScenarios(t, 2, []scenario{{1, false, []int{2, 5, 10, 15}}, {2, true, []int{5, 15}}})
}

// TestSoakXDay draws 20 seeds with six weeks each, both noises and four ramps.
func TestSoakXDay(t *testing.T) {
	if os.Getenv("FAULTLINE_SOAK") == "" {
		t.Skip("the full set of scenarios takes minutes: make soak, or FAULTLINE_SOAK=1")
	}
	var list []scenario
	for seed := uint64(1); seed <= 20; seed++ {
		list = append(list, scenario{seed, false, []int{2, 5, 10, 15}}, scenario{seed, true, []int{2, 5, 10, 15}})
	}
	playScenarios(t, 6, list)
}

func playScenarios(t *testing.T, weeks outage.Minute, list []scenario) {
	for _, s := range list {
		t.Run(fmt.Sprintf("seed %d poisson %v", s.seed, s.poisson), func(t *testing.T) {
			opts := demo.Options{Seed: s.seed, Poisson: s.poisson, Ramp: s.ramps[0]}
			state := warmState(t, opts, demo.Day-weeks*outage.Week)
			for _, ramp := range s.ramps {
				opts.Ramp = ramp
				t.Run(fmt.Sprintf("ramp %d", ramp), func(t *testing.T) {
					w, err := demo.New(opts)
					if err != nil {
						t.Fatal(err)
					}
					checkDay(t, w, playDay(t, w, state))
				})
			}
		})
	}
}

// warmState folds the background up to the day's midnight.
func warmState(t *testing.T, o demo.Options, from outage.Minute) []byte {
	t.Helper()
	w, err := demo.New(o)
	if err != nil {
		t.Fatal(err)
	}
	f, err := demo.Warm(t.Context(), w, demo.Span{From: from, To: demo.Day},
		demo.Maker[*detect.Fold]{Begin: newDetector, Merge: (*detect.Fold).Merge})
	if err != nil {
		t.Fatal(err)
	}
	state, err := f.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// playDay folds the day and returns every revision.
func playDay(t *testing.T, w *demo.World, state []byte) []outage.Incident {
	t.Helper()
	det, err := detect.New(detect.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	if err := det.Restore(state); err != nil {
		t.Fatal(err)
	}
	inc := incident.New(incident.DefaultConfig())
	var out []outage.Incident
	for m := demo.Day; m < demo.Close+2*outage.Hour; m++ {
		for s := range demo.Services() {
			if p := w.Points(s, m); p != nil {
				if err := det.Take(p); err != nil {
					t.Fatal(err)
				}
			}
		}
		detections, _ := det.Close(m, false)
		for i := range detections {
			inc.Observe(&detections[i])
		}
		out = append(out, inc.End(m, false)...)
	}
	return out
}

// checkDay compares the incidents with the truth.
func checkDay(t *testing.T, w *demo.World, revisions []outage.Incident) {
	t.Helper()
	var last outage.Incident
	ids := map[string]bool{}
	for _, r := range revisions {
		switch {
		case r.Service == demo.ServiceX && r.Confirmed != 0:
			ids[r.ID] = true
			last = r
		case r.Confirmed != 0 && !ids[r.ID]:
			ids[r.ID] = true
			t.Errorf("another service has a confirmed incident: %s at %s", r.ID, r.Minute)
		}
	}
	truth := w.Truth()
	if len(ids) != 1 || len(last.Waves) != len(truth) {
		t.Fatalf("%d incidents, the last with %d waves, want 1 with %d:\n%s", len(ids), len(last.Waves), len(truth), storyOf(revisions))
	}
	for k, wave := range last.Waves {
		within(t, fmt.Sprintf("onset of wave %d", k+1), wave.Onset, truth[k].Onset, 5)
		if wave.Peak < truth[k].Bucket || wave.Peak >= truth[k].Bucket+15 {
			t.Errorf("peak of wave %d at %s lies outside the bucket of %s", k+1, wave.Peak, truth[k].Bucket)
		}
	}
	seen := map[string]outage.Minute{}
	for _, a := range last.Countries {
		seen[a.Name] = a.FirstSeen
	}
	for _, c := range []string{"US", "GB", "IN"} {
		within(t, "first seen in "+c, seen[c], truth[0].Countries[c], 5)
	}
	recoversBetween(t, revisions)
}

// recoversBetween checks that every wave but the first began while recovering.
func recoversBetween(t *testing.T, revisions []outage.Incident) {
	t.Helper()
	waves, state := 0, outage.State("")
	for _, r := range revisions {
		if r.Service != demo.ServiceX {
			continue
		}
		if len(r.Waves) > waves && waves > 0 && state != outage.StateRecovering {
			t.Errorf("wave %d began in state %s", len(r.Waves), state)
		}
		waves, state = len(r.Waves), r.State
	}
}

func within(t *testing.T, what string, got, want, slack outage.Minute) {
	t.Helper()
	if got < want-slack || got > want+slack {
		t.Errorf("%s at %s, want %s within %d minutes", what, got, want, slack)
	}
}

// storyOf lists the changes of state and waves, for a failed comparison.
func storyOf(revisions []outage.Incident) string {
	text, before := "", map[string]string{}
	for _, r := range revisions {
		line := fmt.Sprintf("%s %s", r.ID, r.State)
		for _, w := range r.Waves {
			line += fmt.Sprintf(" [%s..%s]", w.Onset, w.End)
		}
		if before[r.ID] != line {
			before[r.ID] = line
			text += r.Minute.String() + " " + line + "\n"
		}
	}
	return text
}

// TestDemoServicesAreInTheCatalog checks that everything the generator reports
// could have been pressed.
func TestDemoServicesAreInTheCatalog(t *testing.T) {
	loaded, err := catalog.Load(true)
	if err != nil {
		t.Fatal(err)
	}
	services := catalog.New(catalog.Merge(nil, loaded, anyHistory))
	w, err := demo.New(demo.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	for s, id := range demo.Services() {
		service, ok := services.Get(id)
		if !ok {
			t.Errorf("service %s is not in the catalog", id)
			continue
		}
		bad := map[string]bool{}
		for m := demo.Day; m < demo.Close; m += 7 {
			p := w.Points(s, m)
			if p == nil {
				continue
			}
			for _, point := range p.Points {
				if !service.HasCategory(point.Category) {
					bad[point.Category] = true
				}
				if geo.CountryName(point.Country) == "" {
					t.Errorf("country %s is not known", point.Country)
				}
			}
		}
		if len(bad) > 0 {
			t.Errorf("%s has no categories %v: it has %v", id, slices.Sorted(maps.Keys(bad)), service.Categories)
		}
	}
}
