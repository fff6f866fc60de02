package pool

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"
)

// world draws scenes of an hour whose law is known.
type world struct {
	means  []float64 // a minute, of each cell
	rest   float64   // a minute, of unknown place
	common float64   // relative variance of a factor that all share, drawn each minute
	excess float64   // variance over mean less one within a cell: people come in clusters
	spread float64   // relative variance of a cell's own mean, drawn for each scene
}

// places is a world of n cells whose means fall like 1/i and sum to total.
func places(n int, total float64) world {
	w := world{means: make([]float64, n)}
	sum := 0.0
	for i := range w.means {
		w.means[i] = 1 / float64(i+1)
		sum += w.means[i]
	}
	for i := range w.means {
		w.means[i] *= total / sum
	}
	return w
}

// scene draws the last hour; in its last hot minutes raised cells have factor times
// their mean.
func (w *world) scene(r *rand.Rand, raised []int, factor float64, hot int) *Scene {
	s := &Scene{Cells: make([]Cell, len(w.means)), Excess: w.excess}
	minutes := make([][60]int, len(w.means))
	own := make([]float64, len(w.means))
	for i := range own {
		own[i] = gamma(r, w.spread)
	}
	var rest [60]int
	for m := range 60 {
		g := gamma(r, w.common)
		rest[m] = poisson(r, g*w.rest)
		for i, mean := range w.means {
			mean *= g * own[i]
			if m < hot && slices.Contains(raised, i) {
				mean *= factor
			}
			minutes[i][m] = clustered(r, mean, w.excess)
		}
	}
	for k, length := range Windows() {
		s.Common[k] = w.common / float64(length)
		s.RestExpected[k] = w.rest * float64(length)
		for m := range length {
			s.RestCount[k] += rest[m]
		}
		for i, mean := range w.means {
			c := &s.Cells[i]
			c.Spread, c.Expected[k] = w.spread, mean*float64(length)
			for m := range length {
				c.Count[k] += minutes[i][m]
			}
		}
	}
	return s
}

func gamma(r *rand.Rand, variance float64) float64 {
	if variance == 0 {
		return 1
	}
	return distuv.Gamma{Alpha: 1 / variance, Beta: 1 / variance, Src: r}.Rand()
}

func clustered(r *rand.Rand, mean, excess float64) int {
	if excess > 0 && mean > 0 {
		mean = distuv.Gamma{Alpha: mean / excess, Beta: 1 / excess, Src: r}.Rand()
	}
	return poisson(r, mean)
}

func poisson(r *rand.Rand, mean float64) int {
	if mean <= 0 {
		return 0
	}
	if mean < 1 { // the common case: most minutes of most cells are empty
		n, p := 0, math.Exp(-mean)
		for u := r.Float64(); u > p; n++ {
			u -= p
			p *= mean / float64(n+1)
		}
		return n
	}
	return int(distuv.Poisson{Lambda: mean, Src: r}.Rand())
}

// TestBudget draws quiet scenes: a score of s or more comes with a chance of 10^-s at
// most, in worlds of few and many, empty and busy cells, with noise of their own and
// with noise that they share.
func TestBudget(t *testing.T) {
	for _, n := range []int{5, 60, 1000} {
		for _, total := range []float64{0.05, 1, 50} {
			for _, noise := range []world{{}, {common: 0.5}, {common: 0.05, excess: 1}, {spread: 0.1, common: 2 / total}} {
				w := places(n, total)
				w.common, w.excess, w.spread = noise.common, noise.excess, noise.spread
				name := fmt.Sprintf("%d cells, %g a minute, common %g excess %g spread %g", n, total, w.common, w.excess, w.spread)
				checkBudget(t, name, &w)
			}
		}
	}
}

func checkBudget(t *testing.T, name string, w *world) {
	t.Helper()
	draws := 200
	if len(w.means) > 100 {
		draws = 20
	}
	r := rand.New(rand.NewPCG(uint64(len(w.means)), 7))
	var above [3]int
	for range draws {
		score := Scan(w.scene(r, nil, 1, 0)).Score
		for s := range above {
			if score >= float64(s+1) {
				above[s]++
			}
		}
	}
	for s, n := range above {
		promised := float64(draws) * math.Pow(10, -float64(s+1))
		if float64(n) > promised+3*math.Sqrt(promised)+1 {
			t.Errorf("%s: %d of %d quiet scenes score %d or more, %.1f promised", name, n, draws, s+1, promised)
		}
	}
}

// TestWeakEverywhere raises ten small places of sixty beside a large one: they are
// found and named, and no place alone is enough.
func TestWeakEverywhere(t *testing.T) {
	w := world{means: slices.Repeat([]float64{0.05}, 60), excess: 0.1, common: 0.02}
	w.means[0] = 40
	raised := []int{3, 9, 14, 20, 25, 31, 38, 44, 50, 57}
	r := rand.New(rand.NewPCG(1, 1))
	found, named, wrong := 0, 0, 0
	const trials = 60
	for range trials {
		f := Scan(w.scene(r, raised, 8, 20))
		if f.Score < 5.5 {
			continue
		}
		found++
		for _, p := range f.Places {
			if slices.Contains(raised, p.Cell) {
				named++
			} else {
				wrong++
			}
		}
	}
	if found < trials*9/10 || named < 7*found || wrong > named/4 {
		t.Errorf("%d of %d found; %d hot places named, %d others", found, trials, named, wrong)
	}
	alone := w.scene(r, nil, 1, 0)
	for k := range Looks {
		alone.Cells[7].Count[k] += 500
	}
	if f := Scan(alone); f.Score >= 3 {
		t.Errorf("one place alone scores %.1f", f.Score)
	}
}

// TestCommonRise raises every cell by one factor, as a busy minute does: that is the
// total's business.
func TestCommonRise(t *testing.T) {
	w := places(40, 30)
	w.common = 0.3
	r := rand.New(rand.NewPCG(2, 2))
	all := make([]int, 40)
	for i := range all {
		all[i] = i
	}
	for range 50 {
		if f := Scan(w.scene(r, all, 3, 5)); f.Score > 3 {
			t.Fatalf("a common rise scores %.1f in %d places", f.Score, len(f.Places))
		}
	}
}

// TestMonotone: more reports in a hot place never score less.
func TestMonotone(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := places(rapid.IntRange(2, 30).Draw(rt, "cells"), rapid.Float64Range(0.01, 20).Draw(rt, "total"))
		w.excess = rapid.Float64Range(0, 2).Draw(rt, "excess")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		s := w.scene(r, []int{0, len(w.means) - 1}, 10, 10)
		before := Scan(s)
		if len(before.Places) == 0 {
			return
		}
		hottest := before.Places[0].Cell
		for k := range Looks {
			s.Cells[hottest].Count[k] += 1 + s.Cells[hottest].Count[k]
		}
		if after := Scan(s); after.Score < before.Score-1e-9 && s.Common[0] == 0 {
			rt.Fatalf("score fell from %g to %g", before.Score, after.Score)
		}
	})
}

// TestOrder: the order of cells changes nothing but their numbers.
func TestOrder(t *testing.T) {
	w := places(50, 3)
	w.excess = 0.2
	r := rand.New(rand.NewPCG(4, 4))
	s := w.scene(r, []int{10, 20, 30, 40}, 20, 10)
	a := Scan(s)
	slices.Reverse(s.Cells)
	b := Scan(s)
	if a.Score == 0 || math.Abs(a.Score-b.Score) > 1e-9 || len(a.Places) != len(b.Places) || a.Count != b.Count {
		t.Errorf("%+v became %+v", a, b)
	}
}

// TestLeast: not asking for small scores changes no large one.
func TestLeast(t *testing.T) {
	w := places(60, 2)
	r := rand.New(rand.NewPCG(5, 5))
	for i := range 200 {
		s := w.scene(r, []int{5, 15, 25, 35, 45, 55}, float64(1+i%20), 15)
		full := Scan(s)
		s.Least = 5
		quick := Scan(s)
		if full.Score >= 5 && (math.Abs(quick.Score-full.Score) > 0.05 || len(quick.Places) != len(full.Places)) {
			t.Errorf("%.3f with %d places became %.3f with %d", full.Score, len(full.Places), quick.Score, len(quick.Places))
		}
		if full.Score < 5 && quick.Score != 0 {
			t.Errorf("%.3f became %.3f", full.Score, quick.Score)
		}
	}
}

func TestNothing(t *testing.T) {
	for _, s := range []*Scene{{}, {Cells: make([]Cell, 3)}} {
		if f := Scan(s); f.Score != 0 || len(f.Places) != 0 {
			t.Errorf("%+v", f)
		}
	}
}

func BenchmarkScan(b *testing.B) {
	for _, n := range []int{5, 60, 1000} {
		for _, least := range []float64{0, 5.5} {
			w := places(n, float64(n)/100)
			w.excess = 0.2
			s := w.scene(rand.New(rand.NewPCG(1, 1)), nil, 1, 0)
			s.Least = least
			b.Run(fmt.Sprintf("%d-%g", n, least), func(b *testing.B) {
				for b.Loop() {
					Scan(s)
				}
			})
		}
	}
}
