package feature

import (
	"testing"

	"faultline/outage"
)

// People of a country report, and its agents cannot look: that is one thing to know, and
// another that they look as well as others.
func TestCutOff(t *testing.T) {
	const onset = 600
	for _, c := range []struct {
		name    string
		country string
		cut     []int // agents whose controls fail too
		want    float64
		known   bool
	}{
		{"all agents there are cut off", "DE", []int{0, 3}, 1, true}, // agents 0 and 3 stand in DE
		{"one of two is", "DE", []int{0}, 0, true},
		{"none is", "DE", nil, 0, true},
		{"everybody is", "DE", []int{0, 1, 2, 3, 4, 5}, 0, true},
		{"no agent stands there", "FR", []int{0, 3}, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			away := map[int]bool{}
			for _, a := range c.cut {
				away[a] = true
			}
			w := newWorld(func(x try) event {
				if x.second >= onset && away[x.agent] {
					return event{tcp: outage.FailureTimeout, control: outage.FailureTimeout}
				}
				return event{}
			})
			w.play(18)
			inc := &outage.Incident{ID: "x-1", Service: "x", Onset: begin + 10, Expected: 0.5, Waves: []outage.Wave{{Onset: begin + 10}}}
			crowd := []CrowdMinute{{At: begin + 12, Total: 40, Countries: map[string]int{c.country: 38, "US": 2}, Categories: map[string]int{"app": 40}}}
			got, known := Extract(Case{Incident: inc, At: begin + 17, Window: w.window, Crowd: crowd}).Get(ReportCountryCut)
			if known != c.known || got.Value != c.want {
				t.Errorf("%v %v, want %v %v", got.Value, known, c.want, c.known)
			}
		})
	}
}
