package incident

import (
	"testing"

	"faultline/outage"
)

func TestSeverity(t *testing.T) {
	for _, c := range []struct {
		highest, expected float64
		countries         int
		minutes           outage.Minute
		want              outage.Severity
	}{
		{5, 0.02, 1, 5, outage.Severity{Word: "minor", Value: 2, Effect: 2, Breadth: 1, Duration: 1}},
		{60, 19, 1, 20, outage.Severity{Word: "minor", Value: 4, Effect: 2, Breadth: 1, Duration: 2}},
		{60, 1, 3, 20, outage.Severity{Word: "moderate", Value: 12, Effect: 3, Breadth: 2, Duration: 2}},
		{500, 20, 6, 61, outage.Severity{Word: "major", Value: 27, Effect: 3, Breadth: 3, Duration: 3}},
		{7000, 30, 25, 400, outage.Severity{Word: "critical", Value: 64, Effect: 4, Breadth: 4, Duration: 4}},
		{0, 0, 0, 0, outage.Severity{Word: "minor", Value: 1, Effect: 1, Breadth: 1, Duration: 1}},
	} {
		if got := Severity(c.highest, c.expected, c.countries, c.minutes); got != c.want {
			t.Errorf("Severity(%g, %g, %d, %d) = %+v, want %+v", c.highest, c.expected, c.countries, c.minutes, got, c.want)
		}
	}
}
