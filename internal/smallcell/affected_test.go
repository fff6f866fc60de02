package smallcell_test

import (
	"testing"

	"pgregory.net/rapid"

	"faultline/internal/smallcell"
	"faultline/outage"
)

func TestShowAffected(t *testing.T) {
	type cell struct {
		total           int // -1: hidden
		hidePeak, least bool
	}
	for name, c := range map[string]struct {
		totals, peaks []int
		total         int
		open          bool
		want          []cell
	}{
		"all large":              {[]int{60, 17}, []int{9, 8}, 77, false, []cell{{60, false, false}, {17, false, false}}},
		"open":                   {[]int{64, 17}, []int{9, 8}, 81, true, []cell{{60, false, true}, {15, false, true}}},
		"small peak":             {[]int{12}, []int{4}, 12, false, []cell{{12, true, false}}},
		"small with much beside": {[]int{60, 3}, []int{9, 2}, 90, false, []cell{{60, false, false}, {-1, true, false}}},
		"small with none beside": {[]int{60, 3}, []int{9, 2}, 63, false, []cell{{55, false, true}, {-1, true, false}}},
		"two small ones":         {[]int{60, 3, 4}, []int{9, 2, 1}, 67, false, []cell{{60, false, false}, {-1, true, false}, {-1, true, false}}},
		"withheld":               {[]int{6, 3}, []int{5, 2}, 9, false, []cell{{-1, true, false}, {-1, true, false}}},
		"only a small one":       {[]int{3}, []int{2}, 3, false, []cell{{-1, true, false}}},
		"other spans of time":    {[]int{60, 3}, []int{9, 2}, 40, false, []cell{{60, false, false}, {-1, true, false}}},
		"none":                   {nil, nil, 9, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			all := make([]outage.Affected, len(c.totals))
			for i := range all {
				all[i] = outage.Affected{Total: c.totals[i], Peak: c.peaks[i]}
			}
			for i, s := range smallcell.ShowAffected(all, c.total, c.open) {
				got := cell{s.Total, s.HidePeak, s.AtLeast}
				if s.HideTotal {
					got.total = -1
				}
				if got != c.want[i] {
					t.Errorf("cell %d: got %+v, want %+v", i, got, c.want[i])
				}
			}
		})
	}
}

// TestAffectedRevealNothing takes breakdowns that add up to the total, the worst
// case, and subtracts.
func TestAffectedRevealNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := []outage.Affected{}
		total := 0
		for _, n := range rapid.SliceOfN(rapid.IntRange(1, 40), 0, 6).Draw(t, "totals") {
			all = append(all, outage.Affected{Total: n, Peak: rapid.IntRange(1, n).Draw(t, "peak")})
			total += n
		}
		rest, hidden := total, 0
		for i, s := range smallcell.ShowAffected(all, total, rapid.Bool().Draw(t, "open")) {
			if !s.HidePeak && s.Peak < smallcell.K {
				t.Fatalf("a peak of %d is shown", s.Peak)
			}
			if s.HideTotal {
				hidden++
				continue
			}
			if s.Total < smallcell.K || s.Total > all[i].Total || (!s.AtLeast && s.Total != all[i].Total) {
				t.Fatalf("a total of %d is shown as %d (at least: %t)", all[i].Total, s.Total, s.AtLeast)
			}
			rest -= s.Total
		}
		if hidden > 0 && hidden < len(all) && rest < smallcell.K {
			t.Fatalf("%v of %d leave a rest of %d", all, total, rest)
		}
	})
}
