package scan

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// noisy draws quiet values of a kind; seasonal ones have a day and a weekend.
func noisy(kind string, seed uint64) func(i int64) float64 {
	r := rand.New(rand.NewPCG(seed, 17))
	ar, burst := 0.0, 0.0
	day := func(i int64) float64 {
		f := 1 + 0.6*math.Sin(2*math.Pi*float64(i)/dayBuckets)
		if d := i / dayBuckets % 7; d == 2 || d == 3 {
			f *= 0.7
		}
		return f
	}
	return map[string]func(i int64) float64{
		"normal":   func(int64) float64 { return 50 + 3*r.NormFloat64() },
		"heavy":    func(int64) float64 { return 20 * math.Exp(0.8*r.NormFloat64()) },
		"ar":       func(int64) float64 { ar = 0.9*ar + r.NormFloat64(); return 100 + ar },
		"seasonal": func(i int64) float64 { return 1000 * day(i) * (1 + 0.05*r.NormFloat64()) },
		"integer":  func(i int64) float64 { return math.Floor(4 * r.Float64()) },
		"constant": func(int64) float64 { return 42 },
		"bursty": func(int64) float64 {
			if burst *= 0.7; r.Float64() < 0.01 {
				burst += 200 * r.ExpFloat64()
			}
			return 10 + burst + r.NormFloat64()
		},
	}[kind]
}

// quietKinds are all of them, in order.
var quietKinds = []string{"normal", "heavy", "ar", "seasonal", "integer", "constant", "bursty"}

// TestValueBudget simulates quiet values from their first minute on.
func TestValueBudget(t *testing.T) {
	const days = 45
	total, months := 0, 0.0
	for _, kind := range quietKinds {
		for seed := range uint64(2) {
			next, s := noisy(kind, seed), newSeries(t, Config{Kind: Value})
			n := 0
			for i := range int64(days * dayBuckets) {
				if e := s.Observe(i, Observation{Value: next(i)}).Episode; e.Phase == Alarm && e.First == i {
					n++
				}
			}
			most := 6
			if kind == "bursty" {
				// A burst of some minutes 14 times a day is told from an outage by its size
				// alone, and the largest of 600 is not known to be the last.
				most = 24
			} else {
				total += n
				months += days / 30.0
			}
			if n > most {
				t.Errorf("%s: %d episodes in %d days with a budget of 1 a month", kind, n, days)
			}
		}
	}
	t.Logf("%d episodes in %.0f series-months", total, months)
	if float64(total) > months {
		t.Errorf("%d episodes in %.0f series-months with a budget of 1 each", total, months)
	}
}

// learnedValues is a series of a kind with two quiet weeks behind it.
func learnedValues(t testing.TB, c Config, kind string) (Series, func(i int64) float64) {
	next, s := noisy(kind, 3), newSeries(t, c)
	for i := range int64(14 * dayBuckets) {
		s.Observe(i, Observation{Value: next(i)})
	}
	return s, next
}

// TestValueOutages have every outage of ten found, the last as early as the first.
func TestValueOutages(t *testing.T) {
	for _, x := range []struct {
		kind   string
		factor float64
		late   int64 // minutes
	}{
		{"normal", 0.5, 1}, {"normal", 1.5, 2}, {"ar", 0.5, 1}, {"ar", 2, 1},
		{"seasonal", 0, 1}, {"seasonal", 0.5, 6}, {"seasonal", 2, 1}, {"seasonal", 5, 1},
	} {
		s, next := learnedValues(t, Config{Kind: Value}, x.kind)
		i := int64(14 * dayBuckets)
		for n := range 10 {
			at, found := i+700, int64(-1)
			for ; i < at+1500; i++ {
				v := next(i)
				if i >= at && i < at+30 {
					v *= x.factor
				}
				e := s.Observe(i, Observation{Value: v}).Episode
				if found < 0 && e.Phase == Alarm && e.First >= at && e.First < at+30 {
					found = e.First - at
					if e.Onset < at-2 || e.Onset > e.First {
						t.Errorf("%s x %g: onset %d minutes off", x.kind, x.factor, e.Onset-at)
					}
				}
				if i == at+60 && e.Phase != None {
					t.Errorf("%s x %g, outage %d: not over half an hour after its end", x.kind, x.factor, n)
				}
			}
			if found < 0 || found > x.late {
				t.Errorf("%s x %g: outage %d was found after %d minutes, want %d", x.kind, x.factor, n, found, x.late)
			}
		}
	}
}

// TestValuesAreNotPoisoned has an outage of three hours at the same time of two days.
func TestValuesAreNotPoisoned(t *testing.T) {
	for _, kind := range []string{"normal", "seasonal"} {
		s, next := learnedValues(t, Config{Kind: Value}, kind)
		twin, _ := learnedValues(t, Config{Kind: Value}, kind)
		for i := int64(14 * dayBuckets); i < 16*dayBuckets; i++ {
			v := next(i)
			twin.Observe(i, Observation{Value: v})
			if minute := i % dayBuckets; minute >= 600 && minute < 780 {
				v = 0
			}
			s.Observe(i, Observation{Value: v})
		}
		for hour := range int64(24) {
			i := 16*dayBuckets + hour*60
			got, want := s.Forecast(i).Expected, twin.Forecast(i).Expected
			if math.Abs(got-want) > 0.06*want {
				t.Errorf("%s, %d:00: after two outages %.1f are expected, without them %.1f", kind, hour, got, want)
			}
		}
	}
}

// TestValueLevelIsAdopted: what lasts for a day is no outage any more.
func TestValueLevelIsAdopted(t *testing.T) {
	s, next := learnedValues(t, Config{Kind: Value}, "normal")
	alarm := false
	for i := int64(14 * dayBuckets); i < 16*dayBuckets; i++ {
		r := s.Observe(i, Observation{Value: next(i) + 100})
		if alarm = r.Alarm; i == 14*dayBuckets+600 && !alarm {
			t.Error("no alarm ten hours after a step")
		}
	}
	if got := s.Forecast(16 * dayBuckets).Expected; alarm || math.Abs(got-150) > 5 {
		t.Errorf("two days after a step to 150 %.1f are expected, alarm %v", got, alarm)
	}
}

// TestValueGaps: nobody looked for a day, and nothing is out.
func TestValueGaps(t *testing.T) {
	s, next := learnedValues(t, Config{Kind: Value}, "seasonal")
	want := s.Forecast(15 * dayBuckets).Expected
	s.Missing(14*dayBuckets, 15*dayBuckets-1)
	if got := s.Forecast(15 * dayBuckets).Expected; got != want {
		t.Errorf("a day without anybody looking moved the forecast from %.1f to %.1f", want, got)
	}
	for i := int64(15 * dayBuckets); i < 16*dayBuckets; i++ {
		if s.Observe(i, Observation{Value: next(i)}).Alarm {
			t.Fatalf("alarm %d minutes after a gap", i-15*dayBuckets)
		}
	}
}

// TestLatencies judges ratios, and nothing that is small against the effect floor.
func TestLatencies(t *testing.T) {
	found := func(base, outage, floor float64) bool {
		r := rand.New(rand.NewPCG(5, 5))
		s := newSeries(t, Config{Kind: Value, Log: true, EffectFloor: floor})
		for i := range int64(8 * dayBuckets) {
			v := base * math.Exp(0.2*r.NormFloat64())
			if i >= 8*dayBuckets-15 {
				v *= outage
			}
			if s.Observe(i, Observation{Value: v}).Alarm {
				return true
			}
		}
		return false
	}
	for _, x := range []struct {
		base, outage, floor float64
		want                bool
	}{{80, 1, 5, false}, {80, 3, 5, true}, {80, 0.2, 5, true}, {0.8, 3, 0, true}, {0.08, 3, 20, false}} {
		if got := found(x.base, x.outage, x.floor); got != x.want {
			t.Errorf("latency %g times %g with a floor of %g: found is %v", x.base, x.outage, x.floor, got)
		}
	}
}

// TestBiggerShiftIsNeverLater moves the same minutes by more and more.
func TestBiggerShiftIsNeverLater(t *testing.T) {
	base, _ := learnedValues(t, Config{Kind: Value}, "normal")
	state, err := base.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64Range(0, 1<<20).Draw(t, "seed")
		step := rapid.Float64Range(1, 10).Draw(t, "step")
		found := int64(math.MaxInt64)
		for factor := 1.0; factor <= 8; factor *= 2 {
			s := newValues(Config{Kind: Value}.withDefaults())
			if err := s.UnmarshalBinary(state); err != nil {
				t.Fatal(err)
			}
			next := noisy("normal", seed)
			first := int64(math.MaxInt64)
			for i := int64(14 * dayBuckets); i < 14*dayBuckets+40; i++ {
				if s.Observe(i, Observation{Value: next(i) + factor*step}).Alarm {
					first = i
					break
				}
			}
			if first > found {
				t.Fatalf("a shift by %g was found at %d, a smaller one at %d", factor*step, first, found)
			}
			found = first
		}
	})
}

// TestSeasons learns only what it is told to.
func TestSeasons(t *testing.T) {
	for season, want := range map[Season]float64{SeasonNone: 0.2, SeasonDay: 1, SeasonAuto: 1, SeasonWeek: 1} {
		s, _ := learnedValues(t, Config{Kind: Value, Season: season}, "seasonal")
		high, low := s.Forecast(14*dayBuckets+360).Expected, s.Forecast(14*dayBuckets+1080).Expected
		if swing := (high - low) / 1000; swing < want*0.9 && season != SeasonNone || season == SeasonNone && swing > want {
			t.Errorf("season %d: a forecast swings by %.2f of the mean", season, swing)
		}
	}
	if _, err := New(Config{Kind: Value, Season: 9}); err == nil {
		t.Error("season 9 was accepted")
	}
	if _, err := New(Config{Kind: Value, EffectFloor: -1}); err == nil {
		t.Error("a negative effect floor was accepted")
	}
}

func BenchmarkObserveValue(b *testing.B) {
	for _, kind := range []string{"normal", "seasonal", "bursty"} {
		b.Run(kind, func(b *testing.B) {
			next := noisy(kind, 1)
			values := make([]float64, 7*dayBuckets)
			for i := range values {
				values[i] = next(int64(i))
			}
			s := newSeries(b, Config{Kind: Value, Step: time.Minute})
			i := int64(0)
			for b.Loop() {
				s.Observe(i, Observation{Value: values[i%int64(len(values))]})
				i++
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mpoints/s")
		})
	}
}
