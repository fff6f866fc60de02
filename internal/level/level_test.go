package level

import (
	"math"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"gonum.org/v1/gonum/stat/distuv"
)

const minute = 60

// laws are quiet series of very different kinds, by bucket.
func laws(seed uint64, day float64) map[string]func(i int64) float64 {
	r := rand.New(rand.NewPCG(seed, 7))
	ar, burst := 0.0, 0.0
	season := func(i int64) float64 { return math.Sin(2 * math.Pi * float64(i) / day) }
	return map[string]func(i int64) float64{
		"normal":   func(int64) float64 { return 50 + 3*r.NormFloat64() },
		"heavy":    func(int64) float64 { return 20 * math.Exp(0.8*r.NormFloat64()) },
		"ar":       func(int64) float64 { ar = 0.9*ar + r.NormFloat64(); return 100 + ar },
		"seasonal": func(i int64) float64 { return 1000 + 700*season(i) + 40*r.NormFloat64() },
		"bursty": func(int64) float64 {
			if burst *= 0.7; r.Float64() < 0.01 {
				burst += 200 * r.ExpFloat64()
			}
			return 10 + burst + r.NormFloat64()
		},
		"integer":  func(int64) float64 { return distuv.Poisson{Lambda: 3, Src: r}.Rand() },
		"constant": func(int64) float64 { return 42 },
	}
}

// TestConstantSaysNothing and neither does an exact pattern.
func TestConstantSaysNothing(t *testing.T) {
	m, p := New(Config{Seconds: minute}), New(Config{Seconds: minute})
	for i := range int64(5000) {
		if v := m.Observe(i, 42, false); v.Score > 1 {
			t.Fatalf("bucket %d of a constant has score %.2f", i, v.Score)
		}
		if v := p.Observe(i, float64(i/10%2), false); i > 1500 && v.Score > 2 {
			t.Fatalf("bucket %d of a square wave has score %.2f", i, v.Score)
		}
	}
}

// TestChangesAreFound makes an outage after two quiet weeks of each law.
func TestChangesAreFound(t *testing.T) {
	const day = 1440
	changes := map[string]func(v float64) float64{
		"drop to nothing": func(v float64) float64 { return 0 },
		"three times":     func(v float64) float64 { return 3*v + 1 },
	}
	for name := range laws(0, day) {
		for change, f := range changes {
			if name == "integer" && change == "drop to nothing" || name == "heavy" || name == "bursty" {
				continue // nothing is within their noise
			}
			next := laws(1, day)[name]
			m := New(Config{Seconds: minute})
			at := int64(14 * day)
			for i := range at {
				m.Observe(i, next(i), false)
			}
			top, first := 0.0, int64(-1)
			for i := at; i < at+20; i++ {
				v := m.Observe(i, f(next(i)), false)
				top = math.Max(top, v.Score)
				if first < 0 && v.Score > 4.6 {
					first = i - at
				}
			}
			if first < 0 || first > 5 {
				t.Errorf("%s, %s: found after %d minutes, highest score %.1f", name, change, first, top)
			}
		}
	}
}

// TestNeverNotANumber feeds what no sensor should send.
func TestNeverNotANumber(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for _, c := range []Config{{Seconds: minute}, {Seconds: 3600, Log: true}, {Seconds: 86400, Season: Week}} {
		m := New(c)
		for i := range int64(4000) {
			v := math.Ldexp(r.NormFloat64(), r.IntN(2000)-1000)
			got := m.Observe(i*int64(1+r.IntN(2)), v, r.IntN(5) == 0)
			if math.IsNaN(got.Score) || math.IsNaN(got.Strange) || got.Score < 0 {
				t.Fatalf("%+v: bucket %d, value %g: %+v", c, i, v, got)
			}
		}
	}
}

// TestStateIsSmall says what a series costs, its memory of shapes full.
func TestStateIsSmall(t *testing.T) {
	m := New(Config{Seconds: minute})
	r := rand.New(rand.NewPCG(3, 3))
	for i := range int64(30 * 1440) {
		m.Observe(i, math.Exp(3*r.NormFloat64()*float64(i%97)/97), false)
		if m.shape.count == shapeMost {
			break
		}
	}
	if m.shape.count != shapeMost {
		t.Fatalf("only %d shapes were remembered", m.shape.count)
	}
	if n := len(m.Append(nil)); n > 5120 {
		t.Errorf("a model is saved in %d bytes", n)
	}
	if n := unsafe.Sizeof(*m); n > 6144 {
		t.Errorf("a model takes %d bytes", n)
	}
}

// FuzzRestore feeds states that nobody wrote: what is accepted must go on.
func FuzzRestore(f *testing.F) {
	c := Config{Seconds: minute}
	m := New(c)
	for i := range int64(3000) {
		m.Observe(i, float64(i%97), false)
	}
	f.Add(m.Append(nil))
	f.Fuzz(func(t *testing.T, state []byte) {
		m := New(c)
		if _, err := m.Restore(state); err != nil {
			return
		}
		for i := range int64(100) {
			m.Observe(m.last+1+i%2, float64(i), i%3 == 0)
		}
		m.Adopt(m.last)
		m.Forecast(m.last + 5)
	})
}

// processor is the time that this process has had of its processors.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkObserve(b *testing.B) {
	for _, name := range []string{"normal", "heavy", "seasonal", "bursty"} {
		b.Run(name, func(b *testing.B) {
			next := laws(1, 1440)[name]
			values := make([]float64, 8*1440)
			for i := range values {
				values[i] = next(int64(i))
			}
			m := New(Config{Seconds: minute})
			i := int64(0)
			start := processor(b)
			for b.Loop() {
				m.Observe(i, values[i%int64(len(values))], false)
				i++
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mvalues/s")
			// Processor time is the same on a machine that others use.
			b.ReportMetric(float64(b.N)/(processor(b)-start).Seconds()/1e6, "Mvalues/cpu-s")
		})
	}
}

// TestScoreIsAChance compares how often quiet series of very different laws bring a
// score with what the score says.
func TestScoreIsAChance(t *testing.T) {
	const rows = 100_000
	levels := []float64{3, 3.5, 4}
	for _, seconds := range []int64{60, 300} {
		day := 86400 / seconds
		all := make([]float64, len(levels))
		n := 0.0
		for _, name := range []string{"normal", "heavy", "ar", "seasonal", "bursty", "integer", "constant"} {
			count := make([]float64, len(levels))
			seen := 0.0
			for seed := range uint64(2) {
				next, m := laws(seed, float64(day))[name], New(Config{Seconds: seconds})
				for i := range int64(rows) {
					v := m.Observe(i, next(i), false)
					if i < 2*day {
						continue // while the season is being learned
					}
					seen++
					for k, s := range levels {
						if v.Score >= s {
							count[k]++
						}
					}
				}
			}
			n += seen
			for k, s := range levels {
				all[k] += count[k]
				ratio := count[k] / seen * math.Pow(10, s)
				t.Logf("%d s, %s, %g: %.2f times what the score says", seconds, name, s, ratio)
				if ratio > 7 {
					t.Errorf("%d s, %s: a score of %g comes %.1f times as often as it says", seconds, name, s, ratio)
				}
			}
		}
		for k, s := range levels {
			if ratio := all[k] / n * math.Pow(10, s); ratio > 3 || ratio < 0.2 {
				t.Errorf("%d s: over all laws a score of %g comes %.2f times as often as it says", seconds, s, ratio)
			}
		}
	}
}
