package incident

import (
	"math"
	"testing"
)

func TestChances(t *testing.T) {
	near := func(name string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-9+1e-6*want {
			t.Errorf("%s = %g, want %g", name, got, want)
		}
	}
	near("no report of 3", belowChance(0, 3, 1), math.Exp(-3))
	near("at most one of 2", belowChance(1, 2, 1), 3*math.Exp(-2))
	near("nothing expected", belowChance(0, 0, 1), 1)
	near("twice the dispersion halves the evidence", belowChance(0, 6, 2), math.Exp(-3))
	near("all six in the second half", riseChance(span{0, 10}, span{6, 10}, 1), math.Pow(0.5, 6))
	near("nothing after", riseChance(span{4, 10}, span{0, 10}, 1), 1)
	near("nothing before to compare with", riseChance(span{}, span{6, 10}, 1), 1)
}

func TestChangePoint(t *testing.T) {
	for _, c := range []struct {
		xs    []float64
		level float64
		want  int
	}{
		{nil, 1, 0},
		{[]float64{0, 0, 5, 6, 7}, 1, 2},
		{[]float64{0, 9, 0, 5, 6, 7}, 4, 1},
		{[]float64{0, 5, 0, 5, 6, 7}, 4, 3},
		{[]float64{5, 5, 0}, 1, 0},
		{[]float64{0, 0, 0}, 1, 3},
	} {
		if got := changePoint(c.xs, c.level); got != c.want {
			t.Errorf("changePoint(%v, %g) = %d, want %d", c.xs, c.level, got, c.want)
		}
	}
}
