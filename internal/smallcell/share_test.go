package smallcell_test

import (
	"testing"

	"pgregory.net/rapid"

	"faultline/internal/smallcell"
)

// TestShare holds what a share says against what it may say: other counts of the same
// total read the same.
func TestShare(t *testing.T) {
	if s, ok := smallcell.Share(40, 49); ok {
		t.Errorf("the share of 40 in 49 is told: %v", s)
	}
	if s, ok := smallcell.Share(23, 50); !ok || s != .5 {
		t.Errorf("the share of 23 in 50: %v, %v", s, ok)
	}
	if s, ok := smallcell.Share(57, 100); !ok || s != .55 {
		t.Errorf("the share of 57 in 100: %v, %v", s, ok)
	}
	if s, ok := smallcell.Share(5734, 9661); !ok || s != .59 {
		t.Errorf("the share of 5,734 in 9,661: %v, %v", s, ok)
	}
	if smallcell.Tellable(.46, 50) || smallcell.Tellable(.57, 499) || smallcell.Tellable(.5, 49) || !smallcell.Tellable(.3, 50) {
		t.Error("what may be told is not what Share tells")
	}
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.IntRange(1, 5000).Draw(t, "total")
		count := rapid.IntRange(0, total).Draw(t, "count")
		share, ok := smallcell.Share(count, total)
		if !ok {
			return
		}
		if !smallcell.Tellable(share, total) {
			t.Fatalf("%v of %d is told and not tellable", share, total)
		}
		same := 0
		for n := range total + 1 {
			if s, _ := smallcell.Share(n, total); s == share {
				same++
			}
		}
		if same < smallcell.K-2 { // none and all are half as wide as the steps between
			t.Fatalf("the share %v of %d says that the count is one of %d", share, total, same)
		}
	})
}
