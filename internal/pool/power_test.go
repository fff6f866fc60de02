package pool

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mathext"
)

// rival is another way to judge a scene: a statistic that is large when something is
// unusual. Each is calibrated on quiet scenes of the world it is judged in, which is
// more than anybody has in practice; the pooled score is taken as it is, too.
type rival struct {
	name string
	stat func(*Scene) float64
}

func rivals() []rival {
	return []rival{
		{"mixture", func(s *Scene) float64 { return Scan(s).Score }},
		{"total", func(s *Scene) float64 { return windows(s, totalStat) }},
		{"best cell", func(s *Scene) float64 { return windows(s, bestCell) }},
		{"best subset", func(s *Scene) float64 { return windows(s, bestSubset) }},
		{"subset, union bound", func(s *Scene) float64 { return windows(s, unionSubset) }},
		{"Berk-Jones", func(s *Scene) float64 { return windows(s, berkJones) }},
		{"higher criticism", func(s *Scene) float64 { return windows(s, higherCriticism) }},
	}
}

func windows(s *Scene, stat func(*Scene, int) float64) float64 {
	top := 0.0
	for w := range Looks {
		top = math.Max(top, stat(s, w))
	}
	return top
}

// tail is P(X >= n) of a negative binomial of mean m and relative variance v.
func tail(n int, m, v float64) float64 {
	if n == 0 {
		return 1
	}
	if v*m < 1e-6 {
		return mathext.GammaIncReg(float64(n), m)
	}
	return mathext.RegIncBeta(float64(n), 1/v, v*m/(1+v*m))
}

func cellTail(s *Scene, i, w int) float64 {
	c := &s.Cells[i]
	return tail(c.Count[w], c.Expected[w], s.Common[w]+c.Spread+s.Excess/c.Expected[w])
}

func totalStat(s *Scene, w int) float64 {
	n, m := s.RestCount[w], s.RestExpected[w]
	for i := range s.Cells {
		n, m = n+s.Cells[i].Count[w], m+s.Cells[i].Expected[w]
	}
	return -math.Log10(tail(n, m, s.Common[w]+s.Excess/m))
}

func bestCell(s *Scene, w int) float64 {
	top := 0.0
	for i := range s.Cells {
		top = math.Max(top, -math.Log10(cellTail(s, i, w)))
	}
	return top
}

// prefixes visits the subsets of the linear-time scan (Neill 2012): the k cells with
// the highest count over expected.
func prefixes(s *Scene, w int, visit func(k, n int, m float64)) {
	order := make([]int, len(s.Cells))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		x := float64(s.Cells[a].Count[w]) / s.Cells[a].Expected[w]
		y := float64(s.Cells[b].Count[w]) / s.Cells[b].Expected[w]
		return int(math.Copysign(1, y-x))
	})
	n, m := 0, 0.0
	for k, i := range order {
		n, m = n+s.Cells[i].Count[w], m+s.Cells[i].Expected[w]
		visit(k+1, n, m)
	}
}

func bestSubset(s *Scene, w int) float64 {
	top := 0.0
	prefixes(s, w, func(_, n int, m float64) {
		if float64(n) > m {
			top = math.Max(top, (float64(n)*math.Log(float64(n)/m)-float64(n)+m)/(1+s.Excess))
		}
	})
	return top
}

func unionSubset(s *Scene, w int) float64 {
	top := 0.0
	prefixes(s, w, func(k, n int, m float64) {
		choose, _ := math.Lgamma(float64(len(s.Cells) + 1))
		a, _ := math.Lgamma(float64(k + 1))
		b, _ := math.Lgamma(float64(len(s.Cells) - k + 1))
		top = math.Max(top, -math.Log10(tail(n, m, s.Common[w]+s.Excess/m))-(choose-a-b)/math.Ln10)
	})
	return top
}

func sortedTails(s *Scene, w int) []float64 {
	p := make([]float64, len(s.Cells))
	for i := range p {
		p[i] = cellTail(s, i, w)
	}
	slices.Sort(p)
	return p
}

func berkJones(s *Scene, w int) float64 {
	top := 0.0
	p := sortedTails(s, w)
	n := float64(len(p))
	for i, x := range p {
		if share := float64(i+1) / n; share > x && share < 1 {
			top = math.Max(top, n*(share*math.Log(share/x)+(1-share)*math.Log((1-share)/(1-x))))
		}
	}
	return top
}

func higherCriticism(s *Scene, w int) float64 {
	top := 0.0
	p := sortedTails(s, w)
	n := float64(len(p))
	for i, x := range p[:len(p)/2] {
		if x > 1/n/n && x < 1 {
			top = math.Max(top, math.Sqrt(n)*(float64(i+1)/n-x)/math.Sqrt(x*(1-x)))
		}
	}
	return top
}

// sceneries are the worlds of the comparison, each with a rise that is neither lost
// nor plain.
func sceneries() []struct {
	name   string
	world  world
	raised int
	factor float64
	hot    int
} {
	big := func(n int, each, first float64) world {
		w := world{means: slices.Repeat([]float64{each}, n), excess: 0.1, common: 0.02}
		w.means[0] = first
		return w
	}
	return []struct {
		name   string
		world  world
		raised int
		factor float64
		hot    int
	}{
		{"10 of 60 at 0.02 beside 40", big(60, 0.02, 40), 10, 8, 15},
		{"10 of 60 at 0.5 beside 100", big(60, 0.5, 100), 10, 2, 15},
		{"20 of 60 at 0.02 beside 40", big(60, 0.02, 40), 20, 6, 10},
		{"3 of 8 at 1 beside 30", big(8, 1, 30), 3, 2.5, 15},
		{"50 of 500 at 0.001 beside 20", big(500, 0.001, 20), 50, 12, 20},
		{"1 of 60 at 0.02 beside 40", big(60, 0.02, 40), 1, 40, 15},
		{"all of 60 at 0.02 beside 1", big(60, 0.02, 1), 59, 4, 10},
	}
}

// TestSoakPower prints how often each method sees a rise at one false alarm in 500
// scenes, and wants the mixture, which needs no calibration, near the best one.
func TestSoakPower(t *testing.T) {
	if os.Getenv("FAULTLINE_SOAK") == "" {
		t.Skip("takes minutes: set FAULTLINE_SOAK=1")
	}
	const quiet, trials = 4000, 300
	for _, sc := range sceneries() {
		raised := make([]int, sc.raised)
		for i := range raised {
			raised[i] = 1 + i*(len(sc.world.means)-1)/sc.raised
		}
		methods := rivals()
		nulls := make([][]float64, len(methods))
		r := rand.New(rand.NewPCG(11, 2))
		for range quiet {
			s := sc.world.scene(r, nil, 1, 0)
			for k, m := range methods {
				nulls[k] = append(nulls[k], m.stat(s))
			}
		}
		found := make([]float64, len(methods))
		asIs := 0.0
		for range trials {
			s := sc.world.scene(r, raised, sc.factor, sc.hot)
			for k, m := range methods {
				stat := m.stat(s)
				if stat > limit(nulls[k], 0.002) {
					found[k] += 1.0 / trials
				}
				if k == 0 && stat >= math.Log10(500) {
					asIs += 1.0 / trials
				}
			}
		}
		best := 0.0
		for k, m := range methods {
			t.Logf("%-32s %-20s %.2f", sc.name, m.name, found[k])
			if m.name != "best cell" || sc.raised > 1 {
				best = math.Max(best, found[k])
			}
		}
		t.Logf("%-32s %-20s %.2f", sc.name, "mixture as it is", asIs)
		if sc.raised > 2 && found[0] < best-0.15 {
			t.Errorf("%s: the mixture finds %.2f, the best method %.2f", sc.name, found[0], best)
		}
	}
}

// limit is the value that a share of the sorted nulls lies above.
func limit(nulls []float64, share float64) float64 {
	slices.Sort(nulls)
	return nulls[int(float64(len(nulls))*(1-share))]
}
