package detect

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"faultline/internal/pool"
	"faultline/internal/scan"
	"faultline/outage"
)

// wideMinute draws a minute of a large country and forty small ones, of which the first
// raised have factor times their mean, with the errors and latencies of probes.
func wideMinute(r *rand.Rand, m outage.Minute, raised int, factor float64) *outage.MinutePoints {
	p := &outage.MinutePoints{Service: "x", Minute: m}
	add := func(country string, mean float64) {
		if n := int(distuv.Poisson{Lambda: mean, Src: r}.Rand()); n > 0 {
			p.Points = append(p.Points, outage.Point{
				Signal: outage.SignalReports, Country: country, Category: "app", Network: fmt.Sprintf("AS%d", r.IntN(5)), Count: n,
			})
		}
	}
	add("US", 15)
	for i := range 40 {
		mean := 0.05
		if i < raised {
			mean *= factor
		}
		add(fmt.Sprintf("Q%d", i), mean)
	}
	return p
}

// wideFold is a fold whose places want a day of history only.
func wideFold(t testing.TB) *Fold {
	t.Helper()
	cfg := DefaultConfig()
	cfg.PlaceHistory = 1440
	f, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestWideRise: many small countries rise, and one detection names them.
func TestWideRise(t *testing.T) {
	f := wideFold(t)
	r := rand.New(rand.NewPCG(8, 8))
	rise := start + 4*outage.Day
	var first *outage.Detection
	for m := start; m < rise+40; m++ {
		raised := 0
		if m >= rise {
			raised = 12
		}
		if err := f.Take(wideMinute(r, m, raised, 7)); err != nil {
			t.Fatal(err)
		}
		records, _ := f.Close(m, false)
		for _, rec := range records {
			for _, d := range rec.Detections {
				if d.Dimension == "" {
					continue
				}
				if m < rise {
					t.Fatalf("%s: a wide detection in quiet: %+v", m, d)
				}
				if first == nil {
					first = &d
				}
				if d.Whole() || d.Country != "" || d.Category != "" || len(d.Places) < 3 || d.Count < d.Places[0].Last {
					t.Fatalf("%+v", d)
				}
			}
		}
	}
	if first == nil || first.Dimension != outage.DimensionCountries || first.Effect < 1.5 || first.Baseline.Expected <= 0 ||
		first.Onset > first.First || first.NetworksUnknown {
		t.Fatalf("first wide detection %+v", first)
	}
	for _, p := range first.Places {
		if len(p.Name) < 2 || p.Count == 0 || p.Expected <= 0 {
			t.Errorf("place %+v", p)
		}
	}
}

// signals adds points of probes and of the operator's word to a minute.
func signals(r *rand.Rand, p *outage.MinutePoints, errors, slower float64, status int) {
	for _, country := range []string{"DE", "US"} {
		p.Points = append(p.Points,
			outage.Point{
				Signal: outage.SignalProbeErrors, Country: country, Trials: 20,
				Count: int(distuv.Binomial{N: 20, P: errors, Src: r}.Rand()),
			},
			outage.Point{Signal: outage.SignalLatency, Country: country, Count: 10, Sum: 10 * (5 + slower + 0.05*r.NormFloat64())},
		)
	}
	if p.Minute%5 == 0 {
		p.Points = append(p.Points, outage.Point{Signal: outage.SignalStatus, Count: status})
	}
}

// TestSignals: errors of attempts and latencies have series of their own, a fall of
// latency is no detection, and what the table does not know is passed over.
func TestSignals(t *testing.T) {
	f := newFold(t)
	r := rand.New(rand.NewPCG(9, 9))
	seen := map[string]int{}
	slow, bad, fast := start+2*outage.Day, start+2*outage.Day+300, start+2*outage.Day+600
	for m := start; m < fast+60; m++ {
		p := minute(r, "x", m, 1)
		errors, slower := 0.02, 0.0
		switch {
		case m >= fast:
			slower = -1
		case m >= bad && m < bad+30:
			errors = 0.5
		case m >= slow && m < slow+30:
			slower = 1
		}
		signals(r, p, errors, slower, 0)
		p.Points = append(p.Points,
			outage.Point{Signal: "flows", Count: 7},
			outage.Point{Signal: outage.SignalProbeErrors, Country: "DE", Count: 30, Trials: 20},
			outage.Point{Signal: outage.SignalLatency, Count: 10, Sum: 1e9, Missing: true})
		if err := f.Take(p); err != nil {
			t.Fatal(err)
		}
		records, _ := f.Close(m, false)
		for _, rec := range records {
			for _, d := range rec.Detections {
				if d.Signal == outage.SignalReports {
					continue
				}
				seen[d.Signal+"/"+d.Country]++
				if m < slow || m >= fast+30 {
					t.Errorf("%s: %+v", m, d)
				}
				if d.Signal == outage.SignalLatency && m >= slow+6 && m < slow+30 && (d.Value < 250 || d.Baseline.Expected < 120 || d.Baseline.Expected > 180) {
					t.Errorf("%s: a latency that is no milliseconds: %+v", m, d)
				}
				if d.Signal == outage.SignalProbeErrors && d.Trials%20 != 0 {
					t.Errorf("%+v", d)
				}
			}
		}
	}
	for _, key := range []string{"latency/", "latency/DE", "probe_errors/", "probe_errors/US"} {
		if seen[key] == 0 {
			t.Errorf("no detection of %s in %v", key, seen)
		}
	}
	if n := f.Series(); n < 1+6 {
		t.Errorf("%d series", n)
	}
}

// TestCombined: reports and probes that each say a little make one detection with its
// parts; one family alone makes none, nor does an operator's word.
func TestCombined(t *testing.T) {
	for _, c := range []struct {
		name           string
		reports        float64
		errors, slower float64
		status         int
		want           bool
	}{
		{"reports alone", 9, 0.02, 0, outage.StatusFine, false},
		{"probes alone", 2, 0.1, 0, outage.StatusFine, false},
		{"a word alone", 2, 0.02, 0, outage.StatusCritical, false},
		{"reports and probes", 9, 0.15, 0, outage.StatusFine, true},
		{"all of them", 9, 0.12, 0, outage.StatusMajor, true},
	} {
		f := newFold(t)
		r := rand.New(rand.NewPCG(10, 10))
		rise := start + 3*outage.Day
		combined := false
		for m := start; m < rise+20; m++ {
			mean, errors, slower, status := 2.0, 0.02, 0.0, 0
			if m >= rise {
				mean, errors, slower, status = c.reports, c.errors, c.slower, c.status
			}
			p := minute(r, "x", m, mean)
			signals(r, p, errors, slower, status)
			if err := f.Take(p); err != nil {
				t.Fatal(err)
			}
			records, _ := f.Close(m, false)
			for _, rec := range records {
				for _, d := range rec.Detections {
					if d.Signal != outage.SignalCombined {
						continue
					}
					combined = true
					if m < rise || len(d.Parts) < 2 || d.Whole() || d.Onset > d.First {
						t.Errorf("%s at %s: %+v", c.name, m, d)
					}
				}
			}
		}
		if combined != c.want {
			t.Errorf("%s: combined %v", c.name, combined)
		}
	}
}

// TestRestartOfEverything restores in the middle of wide, probed and combined episodes
// and of missing minutes: nothing changes.
func TestRestartOfEverything(t *testing.T) {
	whole := wideFold(t)
	r := rand.New(rand.NewPCG(11, 11))
	rise := start + 2*outage.Day
	before := start + outage.Day + 1300
	minuteOf := func(r *rand.Rand, m outage.Minute) (*outage.MinutePoints, bool) {
		raised, errors, status := 0, 0.02, 0
		if m >= rise && m < rise+90 {
			raised, errors, status = 12, 0.12, outage.StatusMajor
		}
		p := wideMinute(r, m, raised, 9)
		signals(r, p, errors, 0, status)
		return p, m%400 == 7
	}
	for m := start; m < before; m++ {
		p, missing := minuteOf(r, m)
		if err := whole.Take(p); err != nil {
			t.Fatal(err)
		}
		whole.Close(m, missing)
	}
	state, err := whole.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for cut := before + 3; cut < rise+150; cut += 23 {
		a, b := wideFold(t), wideFold(t)
		for _, f := range []*Fold{a, b} {
			if err := f.Restore(state); err != nil {
				t.Fatal(err)
			}
		}
		r := rand.New(rand.NewPCG(uint64(cut), 3))
		for m := before; m < rise+160; m++ {
			p, missing := minuteOf(r, m)
			for _, f := range []*Fold{a, b} {
				if err := f.Take(p); err != nil {
					t.Fatal(err)
				}
			}
			if m == cut {
				saved, err := b.Snapshot()
				if err != nil {
					t.Fatal(err)
				}
				b = wideFold(t)
				if err := b.Restore(saved); err != nil {
					t.Fatal(err)
				}
			}
			x, err := a.Tick(m, missing)
			if err != nil {
				t.Fatal(err)
			}
			y, err := b.Tick(m, missing)
			if err != nil || !same(x, y) {
				t.Fatalf("%s: entries differ (%v)", m, err)
			}
			for _, e := range x {
				for _, kind := range []string{`"dimension":"countries"`, `"signal":"combined"`, `"signal":"probe_errors"`} {
					if bytes.Contains(e.Data, []byte(kind)) {
						kinds[kind] = true
					}
				}
			}
		}
	}
	if len(kinds) != 3 {
		t.Errorf("the minutes held only %v", kinds)
	}
}

// TestFleetShares: whatever a service has of countries, categories and signals, their
// budgets sum to what the service may spend.
func TestFleetShares(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Countries, cfg.Categories = 1000, 1000
	total := cfg.share(cellKey{}, 0)
	for i := range 1000 {
		total += cfg.share(cellKey{country: "X"}, i) + cfg.share(cellKey{category: "x"}, i)
	}
	if most := cfg.TotalBudget + cfg.CountryBudget + cfg.CategoryBudget; total > most {
		t.Errorf("single series may spend %.3f of %.3f", total, most)
	}
	if all := total + cfg.PooledBudget + cfg.SignalBudget + cfg.CombinedBudget; all > 1 {
		t.Errorf("a service may have %.3f false episodes a month", all)
	}
	share := 0.0
	for _, d := range dimensions {
		share += d.share
	}
	if share > 1+1e-9 {
		t.Errorf("dimensions share %.3f of their budget", share)
	}
}

// TestFleet: a quiet service with hundreds of countries and categories stays within its
// budget.
func TestFleet(t *testing.T) { fleet(t, 200, 2) }

// TestSoakFleet is the same with a thousand of each, for a month.
func TestSoakFleet(t *testing.T) {
	if os.Getenv("FAULTLINE_SOAK") == "" {
		t.Skip("takes minutes: set FAULTLINE_SOAK=1")
	}
	fleet(t, 1000, 30)
}

func fleet(t *testing.T, cells, days int) {
	cfg := DefaultConfig()
	cfg.Countries, cfg.Categories, cfg.PlaceHistory = cells, cells, 1440
	f, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(12, 12))
	episodes := 0
	for m := start; m < start+outage.Minute(days)*outage.Day; m++ {
		p := &outage.MinutePoints{Service: "x", Minute: m}
		for range int(distuv.Poisson{Lambda: 30 * distuv.Gamma{Alpha: 15, Beta: 15, Src: r}.Rand(), Src: r}.Rand()) {
			p.Points = append(p.Points, outage.Point{
				Signal: outage.SignalReports, Country: fmt.Sprint("c", int(float64(cells)*r.Float64()*r.Float64())),
				Category: fmt.Sprint("k", int(float64(cells)*r.Float64()*r.Float64())), Network: fmt.Sprint("AS", r.IntN(300)), Count: 1,
			})
		}
		if err := f.Take(p); err != nil {
			t.Fatal(err)
		}
		records, _ := f.Close(m, false)
		for _, rec := range records {
			episodes += len(slices.DeleteFunc(rec.Detections, func(d outage.Detection) bool { return d.First != m }))
		}
	}
	// A month may have one: more than one in these days is a chance of a few percent.
	if episodes > 1 || f.Series() < cells {
		t.Errorf("%d episodes in %d days of %d series", episodes, days, f.Series())
	}
}

// BenchmarkRestore saves and restores a thousand services of a hundred series. It
// reports seconds for a hundred thousand series, and bytes a series saved and held.
func BenchmarkRestore(b *testing.B) {
	held := func() float64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	before := held()
	f := newFold(b)
	const services, cells = 1000, 99
	for _, m := range []outage.Minute{start, start + 1, start + 120} {
		for s := range services {
			p := &outage.MinutePoints{Service: fmt.Sprint("s", s), Minute: m}
			for c := range cells {
				p.Points = append(p.Points, outage.Point{Signal: outage.SignalReports, Country: fmt.Sprint("c", c), Count: 3})
			}
			if err := f.Take(p); err != nil {
				b.Fatal(err)
			}
		}
		f.Close(m, false)
	}
	series := float64(f.Series())
	memory := held() - before
	var size int
	for b.Loop() {
		state, err := f.Snapshot()
		if err != nil {
			b.Fatal(err)
		}
		size = len(state)
		if err := newFold(b).Restore(state); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)*1e5/series, "s/100k-series")
	b.ReportMetric(float64(size)/series, "saved-bytes/series")
	b.ReportMetric(memory/series, "held-bytes/series")
}

// TestLookCost: what choosing among windows may win is not more than what is deducted
// for it, for quiet counts of any size.
func TestLookCost(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 13))
	const draws = 40_000
	for _, hour := range []float64{0.02, 1, 20, 200} {
		var above [3]int
		for range draws {
			best, n, last := 0.0, 0, 0
			for _, w := range pool.Windows() {
				n += int(distuv.Poisson{Lambda: hour * float64(w-last) / 60, Src: r}.Rand())
				last = w
				mean := hour * float64(w) / 60
				best = max(best, pool.Tail(n, mean, mean)-lookCost)
			}
			for s := range above {
				if best >= float64(s+1) {
					above[s]++
				}
			}
		}
		for s, n := range above {
			promised := draws * math.Pow(10, -float64(s+1))
			if float64(n) > promised+4*math.Sqrt(promised) {
				t.Errorf("%g an hour: %d of %d reach %d, %.0f promised", hour, n, draws, s+1, promised)
			}
		}
	}
}

// TestBorrowedShape: a country with a few reports a day is expected to sleep when its
// clock says so, because others of the service do.
func TestBorrowedShape(t *testing.T) {
	f := newFold(t)
	alone, err := scan.New(scan.Config{})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(14, 14))
	day := func(m, clock outage.Minute) float64 {
		return 1 + 0.9*math.Sin(2*math.Pi*float64(m+clock)/1440-math.Pi/2) // highest at noon
	}
	end := start + 8*outage.Day
	for m := start; m < end; m++ {
		p := &outage.MinutePoints{Service: "x", Minute: m}
		add := func(country string, mean float64) int {
			n := int(distuv.Poisson{Lambda: mean, Src: r}.Rand())
			if n > 0 {
				p.Points = append(p.Points, outage.Point{Signal: outage.SignalReports, Country: country, Category: "app", Count: n})
			}
			return n
		}
		add("MX", 4*day(m, -360))
		add("DE", 4*day(m, 60))
		n := add("KR", 0.015*day(m, 540))
		if err := f.Take(p); err != nil {
			t.Fatal(err)
		}
		f.Close(m, false)
		alone.Observe(int64(m), scan.Observation{Count: n})
	}
	borrowing := f.services["x"].index[cellKey{country: "KR"}].series
	var with, without float64
	for m := end; m < end+outage.Day; m += 15 {
		truth := 0.015 * day(m, 540)
		with += math.Pow(borrowing.Forecast(int64(m)).Expected-truth, 2)
		without += math.Pow(alone.Forecast(int64(m)).Expected-truth, 2)
	}
	if with > 0.8*without {
		t.Errorf("squared error of the day ahead %.5f with parents, %.5f without", with, without)
	}
}
