package detect

import (
	"bytes"
	"errors"
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

// TestCellsAreOrdered checks what a record says of a surge in one country only.
func TestCellsAreOrdered(t *testing.T) {
	f := newFold(t)
	r := rand.New(rand.NewPCG(3, 3))
	surge := start + outage.Day
	seen := map[string]outage.Minute{}
	for m := start; m < surge+120; m++ {
		p := minute(r, "x", m, 1)
		if m >= surge && m < surge+60 {
			for i := range 3 {
				p.Points = append(p.Points,
					outage.Point{Signal: outage.SignalReports, Country: "JP", Category: "login", Network: fmt.Sprintf("AS%d", i), Count: 8},
					outage.Point{Signal: outage.SignalReports, Country: "JP", Category: "app", Count: 1})
			}
		}
		if err := f.Take(p); err != nil {
			t.Fatal(err)
		}
		records, _ := f.Close(m, false)
		for _, rec := range records {
			last := ""
			for _, d := range rec.Detections {
				key := d.Category + "/" + d.Country
				if key <= last && last != "" {
					t.Errorf("%s: %s after %s", m, key, last)
				}
				last = key
				if d.Phase == outage.PhaseAlarm && seen[key] == 0 {
					seen[key] = d.Onset
				}
				if d.Onset > d.First || d.First > m || d.Country == "JP" && (d.NetworksUnknown || d.Networks != 3) {
					t.Errorf("%s: %+v", m, d)
				}
			}
		}
	}
	for _, key := range []string{"/", "/JP", "login/"} {
		if at := seen[key]; at < surge-1 || at > surge+1 {
			t.Errorf("series %s began at %s, the surge at %s", key, at, surge)
		}
	}
	if seen["/US"] != 0 || seen["/GB"] != 0 {
		t.Errorf("countries without a surge alarmed: %v", seen)
	}
}

// TestRecordedCountsHaveNoNetworks replays counts that name no place.
func TestRecordedCountsHaveNoNetworks(t *testing.T) {
	f := newFold(t)
	var last outage.Detection
	for m := start; m < start+300; m++ {
		n := 5
		if m > start+250 {
			n = 200
		}
		err := f.Take(&outage.MinutePoints{Service: "x", Minute: m, Points: []outage.Point{{Signal: outage.SignalReports, Count: n}}})
		if err != nil {
			t.Fatal(err)
		}
		records, _ := f.Close(m, false)
		for _, rec := range records {
			last = rec.Detections[0]
		}
	}
	if last.OnsetCount < 5000 || last.Networks != 0 || !last.NetworksUnknown {
		t.Errorf("detection of recorded counts: %+v", last)
	}
}

// TestMissingMinutes has nobody listening for a day: the hub was down.
func TestMissingMinutes(t *testing.T) {
	f := newFold(t)
	r := rand.New(rand.NewPCG(4, 4))
	var expected []float64
	for m := start; m < start+3*outage.Day; m++ {
		missing := m >= start+outage.Day && m < start+2*outage.Day
		if !missing || m%7 == 0 {
			if err := f.Take(minute(r, "x", m, 4)); err != nil {
				t.Fatal(err)
			}
		}
		detections, baselines := f.Close(m, missing)
		if len(detections) > 0 {
			t.Fatalf("%s: %+v", m, detections)
		}
		for _, b := range baselines {
			expected = append(expected, b.Quarters[0].Expected)
		}
	}
	if n := len(expected); n != 72+1 {
		t.Fatalf("%d baselines in three days, want one an hour and one at the beginning", n)
	}
	for i, e := range expected[30:] {
		if e < 2.5 || e > 6 {
			t.Errorf("hour %d: %.2f expected of 4", i+30, e)
		}
	}
}

// TestTicksThatAreNotThere skips minutes without any tick: they are missing.
func TestTicksThatAreNotThere(t *testing.T) {
	f := newFold(t)
	r := rand.New(rand.NewPCG(4, 4))
	for m := start; m < start+outage.Day; m++ {
		if err := f.Take(minute(r, "x", m, 4)); err != nil {
			t.Fatal(err)
		}
		f.Close(m, false)
	}
	f.Close(start+3*outage.Day-1, false)
	_, baselines := f.Close(start+3*outage.Day+59, false)
	if len(baselines) != 1 || baselines[0].Quarters[0].Expected < 2.5 {
		t.Errorf("after two days without ticks: %+v", baselines)
	}
}

// TestCorrectionsArePassedOver takes late revisions: they change nothing.
func TestCorrectionsArePassedOver(t *testing.T) {
	a, b := newFold(t), newFold(t)
	r := rand.New(rand.NewPCG(5, 5))
	for m := start; m < start+200; m++ {
		p := minute(r, "x", m, 3)
		for _, f := range []*Fold{a, b} {
			if err := f.Take(p); err != nil {
				t.Fatal(err)
			}
			f.Close(m, false)
		}
		late := minute(r, "x", m, 50)
		late.Revision = 1
		if err := b.Take(late); err != nil {
			t.Fatal(err)
		}
	}
	x, _ := a.Snapshot()
	y, _ := b.Snapshot()
	if !bytes.Equal(x, y) {
		t.Error("a correction of the past changed the detector")
	}
}

// TestLimits has more countries than a service may have series.
func TestLimits(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Countries, cfg.Categories = 3, 1
	f, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for m := start; m < start+10; m++ {
		p := &outage.MinutePoints{Service: "x", Minute: m}
		for i := range 8 {
			p.Points = append(p.Points, outage.Point{
				Signal: outage.SignalReports, Country: fmt.Sprintf("C%d", i), Category: fmt.Sprintf("c%d", i), Count: 4,
			})
		}
		if err := f.Take(p); err != nil {
			t.Fatal(err)
		}
		f.Close(m, false)
	}
	if n := f.Series(); n != 1+3+1 {
		t.Errorf("%d series, want the total, 3 countries and 1 category", n)
	}
}

// TestMerge folds two services apart and together.
func TestMerge(t *testing.T) {
	together, a, b := newFold(t), newFold(t), newFold(t)
	r := rand.New(rand.NewPCG(6, 6))
	for m := start; m < start+300; m++ {
		for name, f := range map[string]*Fold{"a": a, "b": b} {
			p := minute(rand.New(rand.NewPCG(r.Uint64(), 1)), name, m, 2)
			for _, g := range []*Fold{f, together} {
				if err := g.Take(p); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, f := range []*Fold{a, b, together} {
			f.Close(m, m%50 == 0)
		}
	}
	if err := b.Merge(a); err != nil {
		t.Fatal(err)
	}
	x, _ := together.Snapshot()
	y, _ := b.Snapshot()
	if !bytes.Equal(x, y) {
		t.Error("two services apart and merged differ from two services together")
	}
	if err := b.Merge(a); err == nil {
		t.Error("a service was merged twice")
	}
	if err := b.Merge(newFold(t)); err == nil {
		t.Error("folds of different minutes were merged")
	}
}

// TestQuietNeighbours: while a service is in an episode none of its series learn.
func TestQuietNeighbours(t *testing.T) {
	f := newFold(t)
	r := rand.New(rand.NewPCG(7, 7))
	frozen := 0
	for m := start; m < start+2*outage.Day+300; m++ {
		mean := 3.0
		if m >= start+2*outage.Day {
			mean = 90
		}
		if err := f.Take(minute(r, "x", m, mean)); err != nil {
			t.Fatal(err)
		}
		_, baselines := f.Close(m, false)
		for _, b := range baselines {
			if b.Frozen {
				frozen++
				if e := b.Quarters[3].Expected; e > 5 {
					t.Errorf("%.1f expected in the middle of an outage", e)
				}
			}
		}
	}
	if frozen != 5 {
		t.Errorf("%d frozen hours, want 5", frozen)
	}
}

func TestBadSnapshots(t *testing.T) {
	f := newFold(t)
	if err := f.Take(minute(rand.New(rand.NewPCG(1, 1)), "x", start, 50)); err != nil {
		t.Fatal(err)
	}
	f.Close(start, false)
	state, err := f.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	for n := range state {
		if newFold(t).Restore(state[:n]) == nil {
			t.Fatalf("a snapshot cut to %d of %d bytes was accepted", n, len(state))
		}
	}
	cfg := DefaultConfig()
	cfg.TotalBudget = 0.1
	other, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if other.Restore(state) == nil {
		t.Error("a snapshot of another budget was accepted")
	}
}

func TestConfigIsChecked(t *testing.T) {
	for _, change := range []func(*Config){
		func(c *Config) { c.TotalBudget = 0 },
		func(c *Config) { c.CountryBudget = 1e9 },
		func(c *Config) { c.Countries = -1 },
		func(c *Config) { c.Categories = 1 << 20 },
	} {
		cfg := DefaultConfig()
		change(&cfg)
		if _, err := New(cfg); err == nil {
			t.Errorf("%+v was accepted", cfg)
		}
	}
}

func FuzzRestore(f *testing.F) {
	fold := newFold(f)
	for m := start; m < start+100; m++ {
		if err := fold.Take(minute(rand.New(rand.NewPCG(uint64(m), 1)), "x", m, 5)); err != nil {
			f.Fatal(err)
		}
		fold.Close(m, false)
	}
	state, err := fold.Snapshot()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(state)
	f.Add(state[:100])
	f.Fuzz(func(t *testing.T, state []byte) {
		fold := newFold(t)
		if fold.Restore(state) != nil {
			return
		}
		if _, err := fold.Snapshot(); err != nil {
			t.Errorf("a restored fold cannot be saved: %v", err)
		}
	})
}

func FuzzApply(f *testing.F) {
	f.Add([]byte(`{"service":"x","minute":"2025-01-06T00:00Z","points":[{"signal":"reports","country":"US","count":3}]}`))
	f.Add([]byte(`{"service":"x","minute":"2025-01-06T00:00Z","points":[{"signal":"reports","count":-3},{"count":9223372036854775807}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		fold := newFold(t)
		var decode *stream.DecodeError
		if err := fold.Apply("points", stream.Record{Data: data}); err != nil && !errors.As(err, &decode) {
			t.Errorf("a record that cannot be read must be a decode error, not %v", err)
		}
		fold.Close(start, false)
	})
}

// TestEveryShareIsABudget: no allowed configuration gives a cell a budget that
// the detector refuses.
func TestEveryShareIsABudget(t *testing.T) {
	f, err := New(Config{
		TotalBudget: 0.001, CountryBudget: 0.001, CategoryBudget: 0.001, PooledBudget: 0.001, SignalBudget: 0.001,
		CombinedBudget: 0.001, Countries: 1000, Categories: 1000, Places: 1000,
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := f.newService("x", start)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []cellKey{{}, {country: "US"}, {category: "app"}} {
		if _, err := f.emptyCell(s, key, 999); err != nil {
			t.Errorf("%+v: %v", key, err)
		}
	}
}
