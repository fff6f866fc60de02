package places

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"

	"faultline/outage"
)

// start is a Monday, at midnight.
const start = outage.Minute(1736121600 / 60)

// scene is a service with one large place and many small ones.
type scene struct {
	t       *Tracker
	b       Beat
	s       Shape
	rand    *rand.Rand
	big     float64
	small   float64
	n       int
	reports []Report
}

func newScene(t testing.TB, threshold float64, n int) *scene {
	t.Helper()
	tracker, err := New(Config{Threshold: threshold, Limit: 1000, History: 1440})
	if err != nil {
		t.Fatal(err)
	}
	return &scene{t: tracker, rand: rand.New(rand.NewPCG(1, 2)), big: 10, small: 0.05, n: n}
}

func (c *scene) poisson(mean float64) int {
	return int(distuv.Poisson{Lambda: mean, Src: c.rand}.Rand())
}

// minute lives through one minute in which the first raised small places have factor
// times their mean.
func (c *scene) minute(m outage.Minute, raised int, factor float64) (Report, bool) {
	add := func(name string, n int) {
		if n > 0 {
			c.t.Add(Reports{Place: name, Count: n, Network: uint64(1 + c.rand.IntN(5))})
		}
	}
	add("big", c.poisson(c.big))
	for i := range c.n {
		mean := c.small
		if i < raised {
			mean *= factor
		}
		add(fmt.Sprint("p", i), c.poisson(mean))
	}
	expected := c.big + float64(c.n)*c.small
	c.b.Take(Look{Minute: m, Expected: expected, Dispersion: 1.05})
	r, ok := c.t.Close(&c.b, &c.s, false, nil)
	c.s.Close(m, !ok)
	if ok {
		c.reports = append(c.reports, r)
	}
	return r, ok
}

// TestEpisode: ten of forty small places rise for an hour. The episode is dated to
// within minutes, names them, passes a second look, ends soon after and teaches
// nothing.
func TestEpisode(t *testing.T) {
	c := newScene(t, 4.3, 40)
	rise := start + 5*outage.Day
	for m := start; m < rise; m++ {
		if r, ok := c.minute(m, 0, 1); ok {
			t.Fatalf("%s: quiet places are in an episode: %+v", m, r)
		}
	}
	before, _ := c.t.share(&c.t.places[c.t.index["p3"]], &c.s, rise)
	for m := rise; m < rise+outage.Hour; m++ {
		c.minute(m, 10, 8)
	}
	for m := rise + outage.Hour; m < rise+4*outage.Hour; m++ {
		c.minute(m, 0, 1)
	}
	if len(c.reports) == 0 {
		t.Fatal("the rise was not found")
	}
	first, last := c.reports[0], c.reports[len(c.reports)-1]
	if d := first.First - rise; d < 0 || d > 20 {
		t.Errorf("found %d minutes after it began", d)
	}
	if d := first.Onset - rise; d < -6 || d > 6 {
		t.Errorf("dated %d minutes from where it began", d)
	}
	right, confirm := 0, 0.0
	for _, p := range first.Places {
		if len(p.Name) == 2 {
			right++
		}
	}
	for _, r := range c.reports {
		confirm = math.Max(confirm, r.Confirm)
	}
	if right < 5 || len(first.Places)-right > right/2 {
		t.Errorf("named %+v", first.Places)
	}
	if confirm < 4 || last.Phase != outage.PhaseOver || last.Networks != 5 || last.OnsetCount < 100 {
		t.Errorf("confirm %.1f, last %+v", confirm, last)
	}
	if d := first.First + outage.Minute(len(c.reports)) - rise; d < outage.Hour || d > 2*outage.Hour {
		t.Errorf("lasted until %d minutes after the rise began", d)
	}
	after, _ := c.t.share(&c.t.places[c.t.index["p3"]], &c.s, rise)
	if after > 1.4*before {
		t.Errorf("a share of %.4f became %.4f", before, after)
	}
}

// TestLongRise: what lasts a day becomes usual, once, and is not reported again.
func TestLongRise(t *testing.T) {
	c := newScene(t, 4.3, 40)
	rise := start + 3*outage.Day
	episodes := 0
	for m := start; m < rise+4*outage.Day; m++ {
		raised := 0
		if m >= rise {
			raised = 10
		}
		if r, ok := c.minute(m, raised, 8); ok && r.First == m {
			episodes++
			if r.First > rise+outage.Hour {
				t.Errorf("a new episode %d minutes after the rise", r.First-rise)
			}
		}
	}
	if last := c.reports[len(c.reports)-1]; episodes != 1 || last.Phase != outage.PhaseOver {
		t.Errorf("%d episodes, the last %+v", episodes, last)
	}
}

// TestMuted: places with an episode of their own have no say, and nothing begins while
// the service as a whole is in one, nor in the first day.
func TestMuted(t *testing.T) {
	for _, way := range []string{"muted", "whole", "new"} {
		c := newScene(t, 4.3, 40)
		rise := start + 2*outage.Day
		if way == "new" {
			rise = start + 12*outage.Hour
		}
		for m := start; m < rise+outage.Hour; m++ {
			raised := 0
			if m >= rise {
				raised = 10
			}
			for i := range c.n {
				mean := c.small
				if i < raised {
					mean *= 10
				}
				if n := c.poisson(mean); n > 0 {
					c.t.Add(Reports{Place: fmt.Sprint("p", i), Count: n})
				}
			}
			c.b.Take(Look{Minute: m, Expected: c.small * float64(c.n), Dispersion: 1.5, Held: way == "whole" && raised > 0})
			muted := func(name string) bool { return way == "muted" && len(name) == 2 }
			if r, ok := c.t.Close(&c.b, &c.s, way == "whole" && raised > 0, muted); ok {
				t.Fatalf("%s: %+v", way, r)
			}
		}
	}
}

// TestUnheard: an hour in which nobody listened ends an episode.
func TestUnheard(t *testing.T) {
	c := newScene(t, 4.3, 40)
	rise := start + 2*outage.Day
	for m := start; m < rise+40; m++ {
		raised := 0
		if m >= rise {
			raised = 10
		}
		c.minute(m, raised, 12)
	}
	if !c.t.Open() || !c.t.Named("p3") || c.t.Named("big") {
		t.Fatalf("no episode, or other places: %+v", c.t.ep)
	}
	if r, ok := c.minute(rise+140, 10, 12); !ok || r.Phase != outage.PhaseOver {
		t.Errorf("after a hundred minutes without anybody: %+v", r)
	}
}

// TestShape learns a day that people in two zones live by the clock on their walls,
// and gives it to a country that has never reported.
func TestShape(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	day := func(m outage.Minute, z float64) float64 {
		return 1 + 0.8*math.Sin(2*math.Pi*(float64(m%outage.Day)+z)/float64(outage.Day))
	}
	var s Shape
	if _, _, ok := s.Country("JP", start); ok {
		t.Error("a day is known before it was seen")
	}
	for m := start; m < start+8*outage.Day; m++ {
		quiet := m < start+7*outage.Day
		boost := 1.0
		if !quiet {
			boost = 100
		}
		for country, z := range map[string]float64{"JP": 540, "MX": -360} {
			s.Add(country, m, int(distuv.Poisson{Lambda: boost * 3 * day(m, z), Src: r}.Rand()))
		}
		s.Close(m, quiet)
	}
	for _, c := range []struct {
		country string
		z       float64
	}{{"JP", 540}, {"MX", -360}, {"KR", 540}, {"CR", -360}, {"IR", 210}} {
		for m := start; m < start+outage.Day; m += 97 {
			f, v, ok := s.Country(c.country, m)
			if want := day(m, c.z); !ok || math.Abs(f-want) > 0.15 || v > 0.05 {
				t.Fatalf("%s at %s: %.2f (%.3f), want %.2f", c.country, m, f, v, want)
			}
		}
	}
	if f, _, ok := s.Service(start); !ok || math.Abs(f-(day(start, 540)+day(start, -360))/2) > 0.15 {
		t.Errorf("the service itself: %.2f", f)
	}
	var again Shape
	if rest, err := again.ReadState(s.AppendState(nil)); err != nil || len(rest) != 0 || again != s {
		t.Errorf("restored as %+v: %v", again, err)
	}
}

// TestRestart saves and restores at any minute, in episodes too: nothing changes.
func TestRestart(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cut := start + outage.Minute(rapid.IntRange(0, 2100).Draw(rt, "cut"))
		a, b := newScene(t, 3, 20), newScene(t, 3, 20)
		a.rand, b.rand = rand.New(rand.NewPCG(uint64(cut), 1)), rand.New(rand.NewPCG(uint64(cut), 1))
		for m := start; m < start+2200; m++ {
			if m == cut {
				buf := b.s.AppendState(b.b.AppendState(b.t.AppendState(nil)))
				fresh := newScene(t, 3, 20)
				for _, read := range []func([]byte) ([]byte, error){fresh.t.ReadState, fresh.b.ReadState, fresh.s.ReadState} {
					var err error
					if buf, err = read(buf); err != nil {
						rt.Fatal(err)
					}
				}
				b.t, b.b, b.s = fresh.t, fresh.b, fresh.s
			}
			raised := 0
			if m > start+1600 && m < start+1900 {
				raised = 6
			}
			x, okX := a.minute(m, raised, 15)
			y, okY := b.minute(m, raised, 15)
			if okX != okY || fmt.Sprintf("%+v", x) != fmt.Sprintf("%+v", y) {
				rt.Fatalf("%s: %+v and %+v", m, x, y)
			}
		}
		if len(a.reports) == 0 {
			rt.Fatal("no episode to restore in")
		}
		if !bytes.Equal(a.t.AppendState(nil), b.t.AppendState(nil)) {
			rt.Fatal("final states differ")
		}
	})
}

// TestPrune: places that have had nothing for long make room for new ones.
func TestPrune(t *testing.T) {
	tracker, err := New(Config{Threshold: 5, Limit: 4})
	if err != nil {
		t.Fatal(err)
	}
	c := &scene{t: tracker, rand: rand.New(rand.NewPCG(1, 1))}
	for m := start; m < start+120*outage.Day; m += 5 {
		if m == start {
			for _, name := range []string{"a", "b", "c"} {
				tracker.Add(Reports{Place: name, Count: 1})
			}
		}
		tracker.Add(Reports{Place: "d", Count: 1})
		if m > start+60 {
			tracker.Add(Reports{Place: "e", Count: 1})
		}
		for i := outage.Minute(0); i < 5; i++ {
			c.b.Take(Look{Minute: m + i, Expected: 0.5, Dispersion: 3})
			tracker.Close(&c.b, &c.s, false, nil)
		}
	}
	if _, ok := tracker.index["e"]; !ok || tracker.Len() > 4 {
		t.Errorf("places %v", tracker.index)
	}
}

func TestConfig(t *testing.T) {
	for _, c := range []Config{{Threshold: 0}, {Threshold: math.NaN()}, {Threshold: 5, Limit: -1}, {Threshold: 5, Limit: 1 << 20}, {Threshold: 5, History: -1}} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}

func FuzzReadState(f *testing.F) {
	c := newScene(f, 3, 10)
	for m := start; m < start+1700; m++ {
		raised := 0
		if m > start+1500 {
			raised = 5
		}
		c.minute(m, raised, 20)
	}
	f.Add(c.t.AppendState(nil))
	f.Add(c.b.AppendState(nil))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, state []byte) {
		s := newScene(t, 3, 10)
		if _, err := s.t.ReadState(state); err == nil {
			s.t.AppendState(nil)
		}
		if _, err := s.b.ReadState(state); err == nil {
			s.b.AppendState(nil)
		}
		if _, err := s.s.ReadState(state); err == nil {
			s.s.AppendState(nil)
		}
	})
}
