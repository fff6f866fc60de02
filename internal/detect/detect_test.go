package detect

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"

	"faultline/internal/stream"
	"faultline/outage"
)

// start is a Monday.
const start = outage.Minute(1736121600 / 60)

var testCountries = []string{"US", "GB", "DE", "IN", "BR"}
var testCategories = []string{"app", "login", "website"}

// minute draws the reports of one minute, spread over cells.
func minute(r *rand.Rand, service string, m outage.Minute, mean float64) *outage.MinutePoints {
	n := 0
	if mean > 0 {
		n = int(distuv.Poisson{Lambda: distuv.Gamma{Alpha: mean / 2, Beta: 0.5, Src: r}.Rand(), Src: r}.Rand())
	}
	p := &outage.MinutePoints{Service: service, Minute: m}
	for range n {
		c := testCountries[min(r.IntN(len(testCountries)), r.IntN(len(testCountries)))]
		p.Points = append(p.Points, outage.Point{
			Signal: outage.SignalReports, Country: c, Category: testCategories[min(r.IntN(3), r.IntN(3))],
			Network: fmt.Sprintf("AS%d", 64500+r.IntN(6)), Count: 1,
		})
	}
	return p
}

func newFold(t testing.TB) *Fold {
	t.Helper()
	f, err := New(DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestSurge(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	f := newFold(t)
	end := start + 3*outage.Day
	surge := start + 2*outage.Day + 700
	var first *outage.MinuteDetections
	for m := start; m < end; m++ {
		mean := 2.0
		if m >= surge && m < surge+60 {
			mean = 60
		}
		if err := f.Take(minute(r, "x", m, mean)); err != nil {
			t.Fatal(err)
		}
		d, _ := f.Close(m, false)
		for i := range d {
			if m < surge {
				t.Fatalf("alarm at %s before the surge: %+v", m, d[i])
			}
			if first == nil {
				first = &d[i]
			}
		}
	}
	if first == nil || first.Minute > surge+1 || first.Detections[0].Onset < surge-1 || first.Detections[0].Onset > surge+1 {
		t.Fatalf("surge at %s: first detections %+v", surge, first)
	}
	if first.Detections[0].Networks < 2 {
		t.Errorf("networks: %+v", first.Detections[0])
	}
}

// TestRestart checks that a snapshot at any minute changes nothing that follows.
func TestRestart(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		cut := rapid.IntRange(1, 600).Draw(rt, "cut")
		whole, parts := newFold(t), newFold(t)
		r := rand.New(rand.NewPCG(seed, 0))
		for i := range 800 {
			m := start + outage.Minute(i)
			missing := r.IntN(200) == 0
			mean := 0.5
			if i > 300 && i < 360 {
				mean = 20
			}
			for _, name := range []string{"a", "b"} {
				p := minute(r, name, m, mean)
				if len(p.Points) == 0 {
					continue
				}
				for _, f := range []*Fold{whole, parts} {
					if err := f.Take(p); err != nil {
						rt.Fatal(err)
					}
				}
			}
			if i == cut {
				state, err := parts.Snapshot()
				if err != nil {
					rt.Fatal(err)
				}
				parts = newFold(t)
				if err := parts.Restore(state); err != nil {
					rt.Fatal(err)
				}
			}
			a, err := whole.Tick(m, missing)
			if err != nil {
				rt.Fatal(err)
			}
			b, err := parts.Tick(m, missing)
			if err != nil {
				rt.Fatal(err)
			}
			if !same(a, b) {
				rt.Fatalf("minute %d: %d and %d entries differ", i, len(a), len(b))
			}
		}
		a, _ := whole.Snapshot()
		b, _ := parts.Snapshot()
		if !bytes.Equal(a, b) {
			rt.Fatal("final states differ")
		}
	})
}

func same(a, b []stream.Entry) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Topic != b[i].Topic || a[i].Key != b[i].Key || !bytes.Equal(a[i].Data, b[i].Data) {
			return false
		}
	}
	return true
}

// BenchmarkWeeks folds six weeks of a service with ten cells.
func BenchmarkWeeks(b *testing.B) {
	for _, mean := range []float64{0.2, 5, 30} {
		b.Run(fmt.Sprint(mean), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 1))
			var points []*outage.MinutePoints
			for m := start; m < start+6*outage.Week; m++ {
				p := minute(r, "x", m, mean)
				points = append(points, p)
			}
			for b.Loop() {
				f := newFold(b)
				for _, p := range points {
					if len(p.Points) > 0 {
						if err := f.Take(p); err != nil {
							b.Fatal(err)
						}
					}
					f.Close(p.Minute, false)
				}
			}
		})
	}
}
