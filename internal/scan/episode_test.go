package scan

import (
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// TestEpisodeIsItsSurge: a weak beginning and a weak rest, both outside the baseline,
// do not date an outage, neither its onset nor its peak nor its end. The week is known:
// in a first week twice the usual is not yet outside.
func TestEpisodeIsItsSurge(t *testing.T) {
	const day, weak, surge = int64(1440), 15*1440 + 400, 15*1440 + 600
	for _, c := range []struct {
		base, weakly, strongly float64
	}{{20, 2, 20}, {300, 3, 20}, {2, 3, 40}} {
		for seed := range uint64(5) {
			r := rand.New(rand.NewPCG(seed, 7))
			s, err := New(Config{})
			if err != nil {
				t.Fatal(err)
			}
			var last Episode
			for i := range 17 * day {
				mean := c.base
				switch {
				case i >= surge && i < surge+60:
					mean *= c.strongly
				case i >= weak && i < surge+240:
					mean *= c.weakly
				}
				e := s.Observe(i, Observation{Count: int(distuv.Poisson{Lambda: mean, Src: r}.Rand())}).Episode
				if e.Phase == Over && last.Phase != Over && e.Peak >= surge-60 {
					last = e
				}
			}
			if last.First >= surge || last.First < weak {
				t.Fatalf("base %g, seed %d: the weak beginning raised no alarm: %+v", c.base, seed, last)
			}
			if d := last.Onset - surge; d < -1 || d > 1 {
				t.Errorf("base %g, seed %d: onset %d minutes off", c.base, seed, d)
			}
			if d := last.Last + 1 - (surge + 60); d < -2 || d > 2 {
				t.Errorf("base %g, seed %d: end %d minutes off", c.base, seed, d)
			}
			if last.Peak < surge || last.Peak >= surge+60 {
				t.Errorf("base %g, seed %d: the peak lies %d minutes after the onset", c.base, seed, last.Peak-surge)
			}
		}
	}
}
