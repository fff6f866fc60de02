package onset

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"
)

// surge draws a series whose last `since` buckets hold a surge.
type surge struct {
	base, extra float64
	off         float64 // what the base really is, over what was expected
	since, ramp int
	dispersion  float64
}

const drawn = 119

func (g surge) draw(r *rand.Rand) *Series {
	s := &Series{Dispersion: g.dispersion, Spread: 0.04}
	for i := range drawn {
		t := float64(i-(drawn-g.since)) + 0.5
		mean := g.base * g.off
		if t > 0 {
			h := 1.0
			if g.ramp > 0 {
				h = math.Min(1, t/float64(g.ramp))
			}
			mean += g.extra * h
		}
		if g.dispersion > 1 {
			mean = distuv.Gamma{Alpha: mean / (g.dispersion - 1), Beta: 1 / (g.dispersion - 1), Src: r}.Rand()
		}
		n := 0.0
		if mean > 0 {
			n = distuv.Poisson{Lambda: mean, Src: r}.Rand()
		}
		s.Count, s.Mean = append(s.Count, n), append(s.Mean, g.base)
	}
	return s
}

// TestMedian draws surges of many sorts: half of the dates must be as near as
// stated, nine of ten as near as stated.
func TestMedian(t *testing.T) {
	for _, c := range []struct {
		name     string
		surge    surge
		half, ni int
	}{
		{"two reports from nothing", surge{0.02, 2, 1, 3, 0, 1}, 1, 4},
		{"three a minute on a fifth", surge{0.2, 3, 1, 4, 0, 1.1}, 1, 3},
		{"doubled", surge{20, 40, 1, 3, 0, 3}, 0, 1},
		{"doubled a while ago", surge{20, 40, 1, 25, 0, 3}, 0, 2},
		{"slow growth", surge{30, 200, 1, 6, 15, 3}, 1, 2},
		{"growth that stands now", surge{30, 200, 1, 20, 10, 3}, 1, 3},
		{"the level was too low by a quarter", surge{50, 150, 1.25, 4, 0, 2}, 0, 1},
		{"the level was too high by a third", surge{50, 150, 0.67, 4, 0, 2}, 0, 1},
	} {
		r := rand.New(rand.NewPCG(1, 2))
		var miss []int
		for range 200 {
			s := c.surge.draw(r)
			d := s.Median(60) - (drawn - c.surge.since)
			miss = append(miss, max(d, -d))
		}
		slices.Sort(miss)
		if miss[100] > c.half || miss[180] > c.ni {
			t.Errorf("%s: errors of %d and %d buckets at 50 and 90 %%, want %d and %d", c.name, miss[100], miss[180], c.half, c.ni)
		}
	}
}

// TestMissingBucketsSayNothing takes out the buckets before a surge.
func TestMissingBucketsSayNothing(t *testing.T) {
	s := surge{5, 40, 1, 10, 0, 1}.draw(rand.New(rand.NewPCG(3, 3)))
	for i := 60; i < 80; i++ {
		s.Count[i], s.Mean[i] = 0, 0
	}
	if got := s.Median(60); got != drawn-10 {
		t.Errorf("the surge is dated to %d, want %d", got, drawn-10)
	}
}

// TestWithinReach: any series has an answer inside what may be answered.
func TestWithinReach(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 119).Draw(t, "buckets")
		s := &Series{
			Dispersion: rapid.Float64Range(0, 50).Draw(t, "dispersion"),
			Spread:     rapid.Float64Range(0, 5).Draw(t, "spread"),
		}
		for range n {
			s.Count = append(s.Count, float64(rapid.Uint32Range(0, 1<<20).Draw(t, "count")))
			s.Mean = append(s.Mean, rapid.Float64Range(0, 1e6).Draw(t, "mean"))
		}
		reach := rapid.IntRange(1, 60).Draw(t, "reach")
		if got := s.Median(reach); got < max(0, n-reach) || got >= n {
			t.Errorf("%d of %d buckets with reach %d", got, n, reach)
		}
	})
}

func BenchmarkMedian(b *testing.B) {
	s := surge{20, 40, 1, 5, 0, 3}.draw(rand.New(rand.NewPCG(1, 1)))
	for b.Loop() {
		s.Median(60)
	}
}
