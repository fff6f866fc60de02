package pool

import (
	"cmp"
	"math"
	"slices"
)

// refineRounds of re-estimating the share of hot cells: the grid of shares is
// coarse, and the chance that a cell is hot depends on it.
const refineRounds = 5

// finding names the hot cells of the window under its best hypothesis: each with the
// chance that it is hot, the share of hot ones being fitted (an empirical Bayes
// estimate by expectation and maximisation). The three hottest are always named, for fewer cannot have fired.
func (l *look) finding() Finding {
	s, w := l.scene, l.window
	share := l.bestShare
	ratios := make([]float64, len(l.active))
	for n, i := range l.active {
		ratios[n] = l.hot(i, l.bestFactor, math.Log(l.bestFactor), l.bestLevel)
	}
	for range refineRounds {
		sum := 0.0
		for _, r := range ratios {
			sum += chance(share, r)
		}
		share = math.Min(0.9, math.Max(1/float64(len(s.Cells)+1), sum/float64(len(s.Cells))))
	}
	places := make([]Place, len(l.active))
	for n, i := range l.active {
		c := &s.Cells[i]
		places[n] = Place{
			Cell: i, Count: c.Count[w], Expected: c.Expected[w] * l.bestLevel, Chance: chance(share, ratios[n]),
		}
	}
	slices.SortFunc(places, func(a, b Place) int {
		return cmp.Or(cmp.Compare(b.Chance, a.Chance), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Cell, b.Cell))
	})
	n := 0
	for n < len(places) && (n < 3 || places[n].Chance >= hotChance) {
		n++
	}
	f := Finding{Window: Windows()[w], Places: places[:n]}
	for _, p := range f.Places {
		f.Count += p.Count
		f.Expected += p.Expected
	}
	f.Effect = float64(f.Count) / f.Expected
	return f
}

// chance is the posterior chance of being hot.
func chance(share, ratio float64) float64 {
	return share * ratio / (1 - share + share*ratio)
}
