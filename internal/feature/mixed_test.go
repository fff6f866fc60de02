package feature

import (
	"testing"

	"faultline/outage"
)

// What was fine until it failed is an onset; a mixture is what succeeds after it failed.
func TestMixed(t *testing.T) {
	type minute struct{ bad, good, back bool }
	cases := []struct {
		name    string
		minutes []minute
		want    bool
	}{
		{"an onset within a minute", []minute{{good: true}, {bad: true, good: true}, {bad: true}, {bad: true}}, false},
		{"good after bad within a minute", []minute{{bad: true, good: true, back: true}}, true},
		{"good in the minute after", []minute{{bad: true}, {good: true}}, true},
		{"good long after", []minute{{bad: true}, {}, {}, {good: true}}, false},
		{"both in every minute", []minute{{bad: true, good: true}, {bad: true, good: true}}, true},
		{"never bad", []minute{{good: true}, {good: true}}, false},
	}
	for _, c := range cases {
		var x mixed
		for i, m := range c.minutes {
			if m.bad || m.good {
				x.add(outage.Minute(100+i), m.bad, m.good, m.back)
			}
		}
		if x.both != c.want {
			t.Errorf("%s: %v", c.name, x.both)
		}
	}
}
