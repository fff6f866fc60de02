package scan

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"
)

const dayBuckets = 1440

// negBin draws a count of the given mean and variance over mean.
func negBin(r *rand.Rand, mean, disp float64) int {
	if disp > 1 && mean > 0 {
		k := mean / (disp - 1)
		mean = distuv.Gamma{Alpha: k, Beta: k / mean, Src: r}.Rand()
	}
	if mean <= 0 {
		return 0
	}
	return int(distuv.Poisson{Lambda: mean, Src: r}.Rand())
}

func newSeries(t testing.TB, c Config) Series {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// world draws counts around a day's shape.
type world struct {
	r                 *rand.Rand
	mean, disp, shape float64
}

func newWorld(seed uint64, mean, disp, shape float64) *world {
	return &world{rand.New(rand.NewPCG(seed, 1)), mean, disp, shape}
}

func (w *world) at(i int64) float64 {
	return w.mean * (1 + w.shape*math.Sin(2*math.Pi*float64(i)/dayBuckets))
}

func (w *world) draw(i int64, extra float64) int { return negBin(w.r, w.at(i)+extra, w.disp) }

// feed lets a series live through quiet buckets and returns its episodes.
func (w *world) feed(s Series, from, to int64) (episodes []Episode) {
	for i := from; i < to; i++ {
		if e := s.Observe(i, Observation{Count: w.draw(i, 0)}).Episode; e.Phase != None && e.First == i {
			episodes = append(episodes, e)
		}
	}
	return episodes
}

// quietCell is a sort of quiet series.
type quietCell struct {
	mean, disp, slope float64 // variance is disp mean + slope mean^2
	shape, drift      float64
}

// quietCells are very different levels and dispersions.
func quietCells(means []float64) (cells []quietCell) {
	for _, m := range means {
		cells = append(cells, quietCell{m, 1.01, 0, 0, 0}, quietCell{m, 1.01, 0, 0.8, 0.15}, quietCell{m, 3, 0, 0, 0},
			quietCell{m, 3, 0, 0.8, 0.15}, quietCell{m, 5, 0, 0.8, 0}, quietCell{m, 1, 0.2, 0.8, 0.15})
	}
	return cells
}

// episodes lets a series of the cell live from its first minute on and counts its
// false episodes.
func (c quietCell) episodes(t testing.TB, seed uint64, days int64) (n int) {
	w := newWorld(seed, c.mean, c.disp, c.shape)
	s := newSeries(t, Config{})
	drift := c.drift * w.r.NormFloat64()
	for i := range days * dayBuckets {
		if i%15 == 0 {
			drift = 0.99*drift + 0.141*c.drift*w.r.NormFloat64()
		}
		m := w.at(i) * math.Exp(drift)
		if e := s.Observe(i, Observation{Count: negBin(w.r, m, c.disp+c.slope*m)}).Episode; e.Phase != None && e.First == i {
			n++
		}
	}
	return n
}

// tooMany says whether n episodes refute, at one in a hundred thousand, that at
// most so many were to be expected: the exact one-sided Poisson test.
func tooMany(n int, expected float64) bool {
	return n > 0 && distuv.Poisson{Lambda: expected}.Survival(float64(n-1)) < 1e-5
}

// checkBudget holds cells of quiet series to the budget of 1, one by one and
// together.
func checkBudget(t *testing.T, cells []quietCell, series int, days int64) {
	found, months := 0, 0.0
	for i, c := range cells {
		n := 0
		for k := range series {
			n += c.episodes(t, uint64(i*1000+k), days)
		}
		each := float64(series) * float64(days) / 30
		if tooMany(n, each) {
			t.Errorf("%+v: %d episodes in %.0f series-months with a budget of 1", c, n, each)
		}
		found, months = found+n, months+each
	}
	t.Logf("%d episodes in %.0f series-months with a budget of 1 each", found, months)
	if tooMany(found, months) {
		t.Errorf("%d episodes in %.0f series-months", found, months)
	}
}

// TestBudget simulates quiet series from their first minute on: no cell, and not
// all of them together, may have more than what their budgets allow.
func TestBudget(t *testing.T) {
	checkBudget(t, quietCells([]float64{0.02, 0.2, 2, 20, 200, 2000}), 1, 60)
}

// TestBudgetSoak is the same at length.
func TestBudgetSoak(t *testing.T) {
	if os.Getenv("FAULTLINE_SOAK") == "" {
		t.Skip("set FAULTLINE_SOAK=1 for some minutes of quiet series")
	}
	checkBudget(t, quietCells([]float64{0.002, 0.02, 0.1, 0.5, 2, 10, 50, 200, 2000}), 8, 120)
}

// TestColdStart checks that a series which starts at any level, in any part of
// its day, does not alarm for being new.
func TestColdStart(t *testing.T) {
	total := 0
	for seed := range uint64(40) {
		for _, mean := range []float64{0.02, 2, 200, 2000} {
			w := newWorld(seed, mean, 3, 0.8)
			phase := int64(seed) * 37 // nor on the hour
			total += len(w.feed(newSeries(t, Config{}), phase, phase+dayBuckets))
		}
	}
	if total > 6 {
		t.Errorf("%d episodes in 160 first days; the budget is 5.3", total)
	}
}

func TestNothingAlarmsInTheFirstHour(t *testing.T) {
	s := newSeries(t, Config{})
	// The series begins in the middle of a quarter hour, as life does.
	for i := int64(7); i < 67; i++ {
		n := 0
		if i > 40 {
			n = 500
		}
		if r := s.Observe(i, Observation{Count: n}); r.Alarm {
			t.Fatalf("alarm in minute %d of a series' life", i)
		}
	}
	if c := s.Forecast(67).Confidence; c != ConfidenceNone {
		t.Errorf("confidence before anything was learned is %d", c)
	}
	for i := int64(67); i < 90; i++ {
		s.Observe(i, Observation{})
	}
	if c := s.Forecast(90).Confidence; c != ConfidenceLow {
		t.Errorf("confidence after more than an hour is %d", c)
	}
}

// TestSurgeIsFound says how late a surge is found at most, in nine of ten cases.
func TestSurgeIsFound(t *testing.T) {
	for _, c := range []struct {
		mean, surge, disp float64
		ramp              int64
		late              int64 // minutes, in 9 of 10
		off               int64 // of the onset, either way, in 9 of 10
	}{
		{0.02, 2, 1.1, 0, 7, 4},
		{0.2, 3, 1.1, 0, 7, 4},
		{2, 40, 3, 0, 2, 2},
		{20, 200, 3, 0, 1, 2},
		{30, 200, 3, 2, 2, 2},
		{30, 200, 3, 15, 8, 4},
		{30, 200, 1.01, 15, 6, 3},
		{2000, 4000, 3, 0, 0, 0},
	} {
		t.Run(fmt.Sprintf("%g+%g ramp %d", c.mean, c.surge, c.ramp), func(t *testing.T) {
			w := newWorld(uint64(c.mean*100), c.mean, c.disp, 0.5)
			base := newSeries(t, Config{})
			w.feed(base, 0, 21*dayBuckets)
			state, err := base.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			const trials = 30
			late, off := 0, 0
			for k := range int64(trials) {
				s := newSeries(t, Config{})
				if err := s.UnmarshalBinary(state); err != nil {
					t.Fatal(err)
				}
				at := int64(21*dayBuckets) + 30 + k*40
				w.feed(s, 21*dayBuckets, at)
				e := w.surge(s, at, c.surge, c.ramp)
				if e.Phase == None || e.First > at+c.late {
					late++
				}
				if d := e.Onset - at; d > c.off || d < -c.off {
					off++
				}
			}
			if late > trials/10 {
				t.Errorf("%d of %d surges were found later than %d minutes", late, trials, c.late)
			}
			if off > trials/10 {
				t.Errorf("%d of %d onsets were off by more than %d minutes", off, trials, c.off)
			}
		})
	}
}

// surge lets a series live through an hour of a surge and returns its episode.
func (w *world) surge(s Series, at int64, extra float64, ramp int64) Episode {
	for i := at; i < at+60; i++ {
		f := 1.0
		if ramp > 0 {
			f = math.Min(1, (float64(i-at)+0.5)/float64(ramp))
		}
		if e := s.Observe(i, Observation{Count: w.draw(i, extra*f)}).Episode; e.Phase != None {
			return e
		}
	}
	return Episode{}
}

// TestBiggerIsNeverLater adds more and more to the same minutes.
func TestBiggerIsNeverLater(t *testing.T) {
	states := map[float64][]byte{}
	means := []float64{0.05, 3, 60}
	for _, mean := range means {
		w := newWorld(5, mean, 3, 0.3)
		base := newSeries(t, Config{})
		w.feed(base, 0, 4*dayBuckets)
		state, err := base.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		states[mean] = state
	}
	rapid.Check(t, func(t *rapid.T) {
		mean := rapid.SampledFrom(means).Draw(t, "mean")
		high := int(3*mean) + 2
		noise := rapid.SliceOfN(rapid.IntRange(0, high), 50, 50).Draw(t, "noise")
		extra := rapid.SliceOfN(rapid.IntRange(0, 2*high), 50, 50).Draw(t, "surge")
		every := rapid.Bool().Draw(t, "every")
		found := int64(math.MaxInt64)
		for factor := range 5 {
			s := newCounter(Config{EveryScore: every}.withDefaults())
			if err := s.UnmarshalBinary(states[mean]); err != nil {
				t.Fatal(err)
			}
			first := int64(math.MaxInt64)
			for i := range noise {
				r := s.Observe(int64(4*dayBuckets+i), Observation{Count: noise[i] + factor*extra[i]})
				if r.Alarm {
					first = r.Episode.First
					break
				}
			}
			if first > found {
				t.Fatalf("factor %d was found at %d, a smaller one at %d", factor, first, found)
			}
			found = first
		}
	})
}

// TestSmallShiftIsFollowed: a level that rises by a third raises no alarm for long
// and is what is expected after half a day.
func TestSmallShiftIsFollowed(t *testing.T) {
	for _, mean := range []float64{2, 20, 500} {
		w := newWorld(21, mean, 2, 0.5)
		s := newSeries(t, Config{})
		w.feed(s, 0, 14*dayBuckets)
		w.mean *= 1.33
		const shift = int64(14 * dayBuckets)
		w.feed(s, shift, shift+dayBuckets/2)
		worst := 0.0
		for i := shift + dayBuckets/2; i < shift+dayBuckets; i++ {
			r := s.Observe(i, Observation{Count: w.draw(i, 0)})
			worst = math.Max(worst, math.Abs(math.Log(r.Expected/w.at(i))))
		}
		if worst > 0.25 {
			t.Errorf("mean %g: from 12 hours after a rise by a third on the forecast is off by a factor of up to %.2f", mean, math.Exp(worst))
		}
	}
}

// dayShape is a parent that knows the day of a world.
type dayShape struct{ *world }

func (d dayShape) Shape(idx int64) (float64, float64, bool) { return d.at(idx) / d.mean, 0.01, true }

// TestParentLendsItsShape follows a series into the first morning of its life, with
// and without a parent that knows mornings.
func TestParentLendsItsShape(t *testing.T) {
	off := func(p Parent) (worst float64) {
		w := newWorld(31, 40, 1.5, 0.8)
		s := newSeries(t, Config{Parent: p})
		w.feed(s, 1080, 1080+240)
		for i := int64(1080 + 240); i < 1080+720; i++ {
			r := s.Observe(i, Observation{Count: w.draw(i, 0)})
			worst = math.Max(worst, math.Abs(math.Log(r.Expected/w.at(i))))
		}
		return worst
	}
	alone, lent := off(nil), off(dayShape{newWorld(1, 40, 1.5, 0.8)})
	if alone < 0.2 || lent > 0.22 {
		t.Errorf("the forecast of a first morning is off by a factor of %.2f alone and %.2f with a parent", math.Exp(alone), math.Exp(lent))
	}
	w := newWorld(32, 0.5, 1.5, 0.8)
	s := newSeries(t, Config{Parent: dayShape{w}})
	w.feed(s, 0, 30)
	if e := s.Forecast(1080); math.IsNaN(e.Expected) || e.Expected <= 0 {
		t.Errorf("forecast of a series of half an hour: %+v", e)
	}
}

// TestMissingIsNotZero compares a day in which nobody looked with one without
// reports.
func TestMissingIsNotZero(t *testing.T) {
	after := func(gap func(s Series, from, to int64)) Baseline {
		w := newWorld(9, 20, 2, 0)
		s := newSeries(t, Config{})
		w.feed(s, 0, 7*dayBuckets)
		gap(s, 7*dayBuckets, 8*dayBuckets-1)
		return s.Forecast(8 * dayBuckets)
	}
	missing := after(func(s Series, from, to int64) { s.Missing(from, to) })
	zero := after(func(s Series, from, to int64) { s.Observe(to, Observation{}) })
	if math.Abs(missing.Expected-20) > 2 {
		t.Errorf("after a day without anybody looking %.1f are expected, want 20", missing.Expected)
	}
	if zero.Expected > 15 {
		t.Errorf("after a day of zeros %.1f are still expected", zero.Expected)
	}
}

// TestOutageDoesNotPoison has an outage of three hours at the same time of two days.
func TestOutageDoesNotPoison(t *testing.T) {
	for _, mean := range []float64{0.2, 5, 200} {
		w := newWorld(3, mean, 2, 0.5)
		s, twin := newSeries(t, Config{}), newSeries(t, Config{})
		alarms := 0
		for i := range int64(16 * dayBuckets) {
			n := w.draw(i, 0)
			twin.Observe(i, Observation{Count: n})
			if day, minute := i/dayBuckets, i%dayBuckets; day >= 14 && minute >= 600 && minute < 780 {
				n += negBin(w.r, 20*mean+3, 2)
			}
			if s.Observe(i, Observation{Count: n}).Alarm {
				alarms++
			}
		}
		if alarms < 300 {
			t.Errorf("mean %g: only %d of 360 minutes in alarm", mean, alarms)
		}
		for hour := range int64(24) {
			i := 16*dayBuckets + hour*60
			got, want := s.Forecast(i).Expected, twin.Forecast(i).Expected
			if got > want*1.1 || got < want*0.9 {
				t.Errorf("mean %g, %d:00: after two outages %.3f are expected, without them %.3f", mean, hour, got, want)
			}
		}
	}
}

// TestNewLevelIsAdopted: what lasts for a day is no outage any more.
func TestNewLevelIsAdopted(t *testing.T) {
	w := newWorld(4, 10, 1.5, 0)
	s := newSeries(t, Config{})
	w.feed(s, 0, 10*dayBuckets)
	over := int64(0)
	for i := int64(10 * dayBuckets); i < 13*dayBuckets; i++ {
		r := s.Observe(i, Observation{Count: w.draw(i, 40)})
		if r.Episode.Phase == Over {
			over = i
		}
		if over > 0 && i > over && r.Alarm {
			t.Fatalf("alarm again %d minutes after the new level was adopted", i-over)
		}
	}
	if d := over - 10*dayBuckets; d < 23*60 || d > 26*60 {
		t.Errorf("the new level was adopted after %d minutes, want a day", d)
	}
	// The level is sceptical and the shapes follow over weeks, so it is not all there yet.
	if e := s.Forecast(13 * dayBuckets).Expected; e < 25 || e > 58 {
		t.Errorf("%.1f are expected at the new level of 50", e)
	}
}

// TestHabitIsLearned: what comes at the same hour every day is no outage.
func TestHabitIsLearned(t *testing.T) {
	w := newWorld(12, 20, 1.5, 0)
	s := newSeries(t, Config{})
	w.feed(s, 0, 7*dayBuckets)
	var days []int64
	for i := int64(7 * dayBuckets); i < 16*dayBuckets; i++ {
		extra := 0.0
		if m := i % dayBuckets; m >= 600 && m < 720 {
			extra = 100
		}
		e := s.Observe(i, Observation{Count: w.draw(i, extra)}).Episode
		if e.Phase == Alarm && e.First == i {
			days = append(days, i/dayBuckets-7)
		}
	}
	if len(days) < 2 || days[0] != 0 || days[len(days)-1] > 5 {
		t.Errorf("two hours of six times the usual at the same time every day alarmed on days %v", days)
	}
}

// TestEpisodeEnds follows one outage to its last word.
func TestEpisodeEnds(t *testing.T) {
	w := newWorld(8, 2, 1.2, 0)
	s := newSeries(t, Config{})
	w.feed(s, 0, 5*dayBuckets)
	at := int64(5 * dayBuckets)
	var phases []Phase
	var last Episode
	for i := at; i < at+90; i++ {
		extra := 0.0
		if i < at+30 {
			extra = 40
		}
		e := s.Observe(i, Observation{Count: w.draw(i, extra)}).Episode
		if e.Phase != None {
			last = e
		}
		if n := len(phases); n == 0 || phases[n-1] != e.Phase {
			phases = append(phases, e.Phase)
		}
	}
	if want := []Phase{Alarm, Easing, Over, None}; !reflect.DeepEqual(phases, want) {
		t.Errorf("phases %v, want %v", phases, want)
	}
	if last.Last < at+28 || last.Last > at+32 || last.Peak < at || last.Peak >= at+30 || last.Confirm != 0 && last.Score < 10 {
		t.Errorf("surge of 30 minutes from %d: %+v", at, last)
	}
}

// TestHoldIsNotLearned marks a rise as out of the ordinary from outside.
func TestHoldIsNotLearned(t *testing.T) {
	for _, hold := range []int{0, 1} {
		w := newWorld(2, 10, 1.2, 0)
		s := newSeries(t, Config{})
		w.feed(s, 0, 3*dayBuckets)
		for i := int64(3 * dayBuckets); i < 3*dayBuckets+600; i++ {
			s.Observe(i, Observation{Count: w.draw(i, 3), Hold: hold})
		}
		got := s.Forecast(3*dayBuckets + 600).Expected
		if learned := got > 11; learned == (hold > 0) {
			t.Errorf("hold %d: %.2f expected after ten hours at 13 instead of 10", hold, got)
		}
	}
}

// TestRestore cuts the life of a series anywhere: nothing that follows changes.
func TestRestore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]Kind{Count, Value, Rate}).Draw(t, "kind")
		step := rapid.SampledFrom([]time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}).Draw(t, "step")
		c := Config{Kind: kind, Step: step, EveryScore: rapid.Bool().Draw(t, "every"), GapsMissing: rapid.Bool().Draw(t, "gaps")}
		a, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
		cut := rapid.IntRange(0, 700).Draw(t, "cut")
		b := a
		idx := int64(rapid.IntRange(-5000, 500000).Draw(t, "start"))
		for i := range 800 {
			if i == cut {
				state, err := a.MarshalBinary()
				if err != nil {
					t.Fatal(err)
				}
				if b, err = New(c); err != nil {
					t.Fatal(err)
				}
				if err := b.UnmarshalBinary(state); err != nil {
					t.Fatal(err)
				}
			}
			o := Observation{Count: negBin(r, 4, 2), Attempts: 40, Value: 5 + r.NormFloat64()}
			if i%200 > 150 {
				o.Count, o.Value = o.Count+15, o.Value+12
			}
			switch r.IntN(60) {
			case 0:
				idx += r.Int64N(900)
			case 1:
				gap := r.Int64N(400)
				a.Missing(idx, idx+gap)
				if b != a {
					b.Missing(idx, idx+gap)
				}
				idx += gap + 1
			}
			x := a.Observe(idx, o)
			if b != a {
				if y := b.Observe(idx, o); x != y {
					t.Fatalf("bucket %d: %+v before and %+v after the restart", idx, x, y)
				}
				if x, y := a.Forecast(idx+3), b.Forecast(idx+3); x != y {
					t.Fatalf("forecast at %d: %+v before and %+v after the restart", idx, x, y)
				}
			}
			idx++
		}
	})
}

// TestSkippedZeros gives the same zeros one by one and all at once.
func TestSkippedZeros(t *testing.T) {
	w := newWorld(6, 0.05, 1.5, 0.5)
	each, lazy := newSeries(t, Config{}), newSeries(t, Config{})
	lazy.Observe(0, Observation{})
	for i := range int64(20 * dayBuckets) {
		n := w.draw(i, 0)
		if i%dayBuckets < 700 {
			n = 0
		}
		x := each.Observe(i, Observation{Count: n})
		if n > 0 {
			if y := lazy.Observe(i, Observation{Count: n}); math.Abs(x.Expected-y.Expected) > 0.02*x.Expected {
				t.Fatalf("minute %d: %.5f expected, with skipped zeros %.5f", i, x.Expected, y.Expected)
			}
		}
	}
}

func TestRate(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	s := newSeries(t, Config{Kind: Rate, Step: time.Minute})
	draw := func(i int64, p float64) Result {
		attempts := 20 + r.IntN(200)
		return s.Observe(i, Observation{Count: int(distuv.Binomial{N: float64(attempts), P: p, Src: r}.Rand()), Attempts: attempts})
	}
	for i := range int64(10 * dayBuckets) {
		if draw(i, 0.02).Alarm {
			t.Fatalf("alarm at %d in a steady rate", i)
		}
	}
	for i := int64(10 * dayBuckets); ; i++ {
		if i > 10*dayBuckets+4 {
			t.Fatal("a rate of 20 % instead of 2 % was not found within 5 minutes")
		}
		if draw(i, 0.2).Alarm {
			return
		}
	}
}

// TestRateBudget simulates quiet rates from few and from many attempts: errors
// that come together must not break the budget.
func TestRateBudget(t *testing.T) {
	const days = 30
	found, months := 0, 0.0
	for i, attempts := range []float64{0.2, 3, 100, 20000} {
		for j, p := range []float64{0.002, 0.05, 0.5} {
			for k, rho := range []float64{0, 0.02} {
				r := rand.New(rand.NewPCG(uint64(i*100+j*10+k), 5))
				s := newSeries(t, Config{Kind: Rate})
				before := found
				for m := range int64(days * dayBuckets) {
					n := distuv.Poisson{Lambda: attempts * (1 + 0.8*math.Sin(2*math.Pi*float64(m)/dayBuckets)), Src: r}.Rand()
					if n == 0 {
						continue
					}
					q := p
					if rho > 0 {
						q = distuv.Beta{Alpha: p * (1/rho - 1), Beta: (1 - p) * (1/rho - 1), Src: r}.Rand()
					}
					errors := distuv.Binomial{N: n, P: math.Min(1, q), Src: r}.Rand()
					if e := s.Observe(m, Observation{Count: int(errors), Attempts: int(n)}).Episode; e.Phase != None && e.First == m {
						found++
					}
				}
				months += days / 30.0
				if found-before > 3 {
					t.Errorf("%g attempts a minute, rate %g, correlation %g: %d episodes in a month", attempts, p, rho, found-before)
				}
			}
		}
	}
	t.Logf("%d episodes in %.0f series-months of rates", found, months)
	if float64(found) > months {
		t.Errorf("%d episodes in %.0f series-months with a budget of 1 each", found, months)
	}
}

func TestConfigIsChecked(t *testing.T) {
	for _, c := range []Config{
		{Kind: 9}, {Step: time.Millisecond}, {Step: 48 * time.Hour}, {Step: 1500 * time.Millisecond},
		{Budget: -1}, {Budget: 1e9}, {MinHistory: -time.Hour},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}

func TestStateIsSmall(t *testing.T) {
	w := newWorld(1, 50, 3, 0.8)
	s := newSeries(t, Config{})
	w.feed(s, 0, 20*dayBuckets)
	state, err := s.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if len(state) > 4096 {
		t.Errorf("a series takes %d bytes", len(state))
	}
}

// FuzzRestore feeds states that nobody wrote.
func FuzzRestore(f *testing.F) {
	for _, k := range []Kind{Count, Value, Rate} {
		s := newSeries(f, Config{Kind: k})
		for i := range int64(200) {
			s.Observe(i, Observation{Count: 3, Attempts: 10, Value: float64(i)})
		}
		state, err := s.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(k), state)
		f.Add(uint8(k), state[:len(state)/2])
	}
	f.Fuzz(func(t *testing.T, kind uint8, state []byte) {
		s := newSeries(t, Config{Kind: Kind(kind % 3)})
		if s.UnmarshalBinary(state) != nil {
			return
		}
		again, err := s.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if err := newSeries(t, Config{Kind: Kind(kind % 3)}).UnmarshalBinary(again); err != nil {
			t.Errorf("a state that was read cannot be read again: %v", err)
		}
	})
}

// BenchmarkObserve has sparse, middling and dense series, with the score of those
// minutes alone that might alarm, and with that of every minute.
func BenchmarkObserve(b *testing.B) {
	for _, every := range []bool{false, true} {
		for _, mean := range []float64{0.02, 2, 200} {
			b.Run(fmt.Sprintf("mean=%g/every=%v", mean, every), func(b *testing.B) {
				w := newWorld(1, mean, 3, 0.8)
				counts := make([]int, 8*dayBuckets)
				for i := range counts {
					counts[i] = w.draw(int64(i), 0)
				}
				s := newSeries(b, Config{EveryScore: every})
				i := int64(0)
				for b.Loop() {
					s.Observe(i, Observation{Count: counts[i%int64(len(counts))]})
					i++
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mpoints/s")
			})
		}
	}
}

// TestSeriesFitsItsMemory: a million series of counts must fit in 8 GB, with the
// program around them.
func TestSeriesFitsItsMemory(t *testing.T) {
	if size := unsafe.Sizeof(counter{}); size > 4096 {
		t.Errorf("a counter takes %d bytes", size)
	}
}

// BenchmarkSeriesMemory says what a series takes of the heap, and saved.
func BenchmarkSeriesMemory(b *testing.B) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	list := make([]Series, 0, b.N)
	for b.Loop() {
		s := newSeries(b, Config{})
		for i := range int64(100) {
			s.Observe(i, Observation{Count: int(i & 3)})
		}
		list = append(list, s)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	state, err := list[0].MarshalBinary()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(len(list)), "B/series")
	b.ReportMetric(float64(len(state)), "B/saved")
	runtime.KeepAlive(list)
}
