package sqlite

import (
	"testing"

	"pgregory.net/rapid"

	"faultline/outage"
)

// TestDay holds the ring against a plain map.
func TestDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, all := &day{}, map[outage.Minute]int{}
		last := outage.Minute(29026620)
		for range rapid.IntRange(1, 60).Draw(t, "saves") {
			m := last + outage.Minute(rapid.IntRange(-100, 700).Draw(t, "ahead"))
			n := rapid.IntRange(0, 9).Draw(t, "count")
			d.set(m, n)
			all[m] = n
			last = max(last, m)
		}
		to := d.last + outage.Minute(rapid.IntRange(-1500, 100).Draw(t, "to"))
		from := to - outage.Minute(rapid.IntRange(-1, 2000).Draw(t, "width"))
		want := 0
		for m, n := range all {
			if m >= from && m <= to && m > d.last-outage.Day {
				want += n
			}
		}
		if got := d.sum(from, to); got != want {
			t.Fatalf("from %d to %d before the last minute: got %d, want %d", d.last-from, d.last-to, got, want)
		}
	})
}
