package knowledge

import (
	"testing"

	"faultline/outage"
)

// A pair is decided by a sign that is known, or by one that is known the way it must be.
func TestDecided(t *testing.T) {
	p := Pair{DecidedBy: []string{"routes-gone", "siblings-fine present", "connects-clean absent"}}
	for _, c := range []struct {
		sign  string
		found outage.Finding
		want  bool
	}{
		{"routes-gone", outage.FindingPresent, true},
		{"routes-gone", outage.FindingAbsent, true},
		{"siblings-fine", outage.FindingPresent, true},
		{"siblings-fine", outage.FindingAbsent, false},
		{"connects-clean", outage.FindingPresent, false},
		{"connects-clean", outage.FindingAbsent, true},
		{"something-else", outage.FindingPresent, false},
	} {
		got := p.Decided(func(sign string) outage.Finding {
			if sign == c.sign {
				return c.found
			}
			return ""
		})
		if got != c.want {
			t.Errorf("%s %s: %v", c.sign, c.found, got)
		}
	}
}
