package smallcell_test

import (
	"maps"
	"testing"

	"pgregory.net/rapid"

	"faultline/internal/smallcell"
)

func TestTake(t *testing.T) {
	type counts = map[string]int
	for name, c := range map[string]struct {
		pools smallcell.Pools
		in    counts
		out   counts
		waits counts
	}{
		"nothing":             {smallcell.Pools{}, counts{}, counts{}, counts{}},
		"zero and less":       {smallcell.Pools{}, counts{"US": 0, "GB": -1}, counts{}, counts{}},
		"under five waits":    {smallcell.Pools{}, counts{"US": 4}, counts{}, counts{"US": 4}},
		"five go":             {smallcell.Pools{}, counts{"US": 5}, counts{"US": 5}, counts{}},
		"what waited goes":    {smallcell.Pools{"US": 4}, counts{"US": 2}, counts{"US": 6}, counts{}},
		"rest is five alone":  {smallcell.Pools{"GB": 3, "DE": 2}, counts{"US": 5}, counts{"US": 5}, counts{"GB": 3, "DE": 2}},
		"largest gives":       {smallcell.Pools{}, counts{"US": 20, "FR": 6, "GB": 1}, counts{"US": 16, "FR": 6}, counts{"US": 4, "GB": 1}},
		"smallest stays":      {smallcell.Pools{}, counts{"US": 6, "FR": 5, "GB": 2}, counts{"US": 6}, counts{"FR": 5, "GB": 2}},
		"the only one stays":  {smallcell.Pools{}, counts{"US": 6, "GB": 2}, counts{}, counts{"US": 6, "GB": 2}},
		"released afterwards": {smallcell.Pools{"US": 6, "GB": 2}, counts{"GB": 3}, counts{"US": 6, "GB": 5}, counts{}},
	} {
		t.Run(name, func(t *testing.T) {
			out := c.pools.Take(c.in)
			if !maps.Equal(out, c.out) || !maps.Equal(c.pools, c.waits) {
				t.Errorf("released %v and keeps %v, want %v and %v", out, c.pools, c.out, c.waits)
			}
		})
	}
}

// TestNobodyIsRevealed plays random minutes and looks at everything a reader sees:
// each cell and the exact total, at every minute, and all differences over time.
func TestNobodyIsRevealed(t *testing.T) {
	minute := rapid.MapOfN(rapid.SampledFrom([]string{"", "DE", "GB", "US", "ZA"}), rapid.IntRange(0, 12), 0, 5)
	rapid.Check(t, func(t *rapid.T) {
		pools := smallcell.Pools{}
		came, published := map[string]int{}, map[string]int{}
		total := 0
		for _, counts := range rapid.SliceOfN(minute, 1, 40).Draw(t, "minutes") {
			for name, n := range counts {
				came[name] += n
				total += n
			}
			out := pools.Take(counts)
			rest := total
			for name, n := range out {
				// Every change of a cell is one release, so sums and differences over
				// any span are sums of these.
				if n < smallcell.K {
					t.Fatalf("released %d of %q", n, name)
				}
				published[name] += n
			}
			for name, n := range came {
				if got := published[name] + pools[name]; got != n {
					t.Fatalf("%q: %d came and %d are released or wait", name, n, got)
				}
				rest -= published[name]
			}
			if rest != pools.Total() {
				t.Fatalf("total less cells is %d and %d wait", rest, pools.Total())
			}
			if len(out) > 0 && rest > 0 && rest < smallcell.K {
				t.Fatalf("a release of %v leaves a rest of %d", out, rest)
			}
		}
	})
}
