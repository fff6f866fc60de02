package incident

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"faultline/outage"
)

var update = flag.Bool("update", false, "write the goldens anew")

// golden compares a text with testdata/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run with -update to accept.\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}

// TestLives holds the life histories that the state machine is for.
func TestLives(t *testing.T) {
	country := func(name string, base float64, extra func(outage.Minute) float64) *series {
		return &series{country: name, base: base, extra: extra}
	}
	for _, c := range []struct {
		name  string
		build func(w *world)
		to    outage.Minute
	}{
		{"one-wave", func(w *world) {
			w.service("x", country("US", 10, ramps(100, 5, 40, 20, 400)), country("GB", 4, ramps(103, 5, 40, 20, 80)), country("NZ", 1, quiet))
		}, 400},
		{"two-waves", func(w *world) {
			w.service("x", country("US", 10, sum(ramps(100, 5, 30, 20, 400), ramps(240, 10, 30, 20, 700), ramps(100, 5, 300, 5, 40))))
		}, 700},
		{"reopened", func(w *world) {
			w.service("x", country("US", 10, sum(ramps(100, 5, 30, 10, 200), ramps(400, 5, 30, 10, 200))))
		}, 800},
		{"two-incidents", func(w *world) {
			w.service("x", country("US", 10, sum(ramps(100, 5, 30, 10, 200), ramps(600, 5, 30, 10, 200))))
		}, 900},
		{"dismissed", func(w *world) {
			w.service("x", country("US", 0.1, ramps(100, 1, 0, 0, 14)))
		}, 300},
		{"family", func(w *world) {
			w.fold = New(familiar())
			w.service("facebook", country("US", 10, ramps(100, 5, 30, 10, 200)))
			w.service("instagram", country("US", 10, ramps(104, 5, 30, 10, 200)))
			w.service("zoom", country("US", 10, ramps(102, 5, 30, 10, 200)))
		}, 260},
		{"missing-minutes", func(w *world) {
			w.missing = func(m outage.Minute) bool { return m >= 160 && m < 260 }
			w.service("x", country("US", 10, ramps(100, 5, 30, 10, 200)))
		}, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(7, 3)
			c.build(w)
			w.run(0, c.to)
			golden(t, c.name+".txt", story(w.said))
		})
	}
}

// TestWaves holds the shapes that noise must not change.
func TestWaves(t *testing.T) {
	for _, c := range []struct {
		name  string
		extra func(outage.Minute) float64
		waves [][2]outage.Minute // onset and end
		slack outage.Minute
	}{
		{"plateau at 30 %", sum(ramps(100, 5, 20, 10, 1400), ramps(100, 5, 240, 5, 600)), [][2]outage.Minute{{100, 349}}, 6},
		{"calm at 10 %", sum(ramps(100, 5, 20, 10, 1800), ramps(100, 5, 240, 5, 200), ramps(200, 15, 20, 10, 1800)), [][2]outage.Minute{{100, 136}, {200, 246}}, 6},
		{"three on a floor", sum(ramps(100, 2, 20, 10, 1800), ramps(100, 5, 400, 5, 150), ramps(200, 10, 20, 10, 2400), ramps(270, 15, 20, 20, 2000)),
			[][2]outage.Minute{{100, 133}, {200, 240}, {270, 324}}, 6},
		{"weak beginning", sum(ramps(100, 5, 180, 5, 60), ramps(230, 5, 60, 10, 2000)), [][2]outage.Minute{{230, 303}}, 6},
		{"long fall before a rise", sum(ramps(100, 0, 40, 60, 2000), ramps(235, 10, 40, 5, 1500)), [][2]outage.Minute{{100, 188}, {235, 289}}, 6},
		{"few reports", ramps(100, 1, 40, 5, 3), [][2]outage.Minute{{100, 145}}, 12},
	} {
		for _, phi := range []float64{1, 3} {
			for seed := uint64(1); seed <= 20; seed++ {
				t.Run(fmt.Sprintf("%s/phi %g/seed %d", c.name, phi, seed), func(t *testing.T) {
					w := newWorld(seed, phi)
					base := 40.0
					if c.name == "few reports" {
						base = 0.05
					}
					w.service("x", &series{country: "US", base: base, extra: c.extra})
					w.run(0, 600)
					checkWaves(t, w.last("x"), c.waves, c.slack)
				})
			}
		}
	}
}

func checkWaves(t *testing.T, got outage.Incident, want [][2]outage.Minute, slack outage.Minute) {
	t.Helper()
	if got.State != outage.StateResolved {
		t.Errorf("state %s, want resolved", got.State)
	}
	if len(got.Waves) != len(want) {
		t.Fatalf("%d waves, want %d: %v", len(got.Waves), len(want), got.Waves)
	}
	for i, w := range got.Waves {
		if d := w.Onset - day - want[i][0]; d < -slack || d > slack {
			t.Errorf("wave %d begins %d minutes off", i+1, d)
		}
		if d := w.End - day - want[i][1]; d < -slack || d > slack {
			t.Errorf("wave %d ends %d minutes off", i+1, d)
		}
		if w.Peak < w.Onset || w.Peak >= w.End || w.Total < w.PeakCount {
			t.Errorf("wave %d does not hold together: %+v", i+1, w)
		}
	}
}
