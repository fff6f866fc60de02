package incident

import (
	"testing"

	"faultline/outage"
)

// What probes see is graded by share, layer, countries and time.
func TestMeasuredSeverity(t *testing.T) {
	for _, c := range []struct {
		failing, looking, countries int
		layer                       outage.Layer
		minutes                     outage.Minute
		word                        string
		value                       float64
	}{
		{2, 2, 2, outage.LayerTCP, 5, "moderate", 8}, {2, 2, 2, outage.LayerTCP, 60, "major", 24}, {2, 2, 1, outage.LayerDNS, 240, "major", 16},
		{2, 2, 1, outage.LayerHTTP, 5, "minor", 3}, {2, 2, 1, outage.LayerApp, 5, "minor", 2}, {2, 20, 2, outage.LayerApp, 5, "minor", 2},
		{2, 20, 2, outage.LayerTLS, 5, "minor", 4}, {8, 20, 6, outage.LayerHTTP, 20, "moderate", 12}, {20, 20, 15, outage.LayerTCP, 60, "critical", 48},
		{0, 0, 0, "", 0, "minor", 1},
	} {
		got := measuredSeverity(&outage.Probes{Failing: c.failing, Looking: c.looking, Layer: c.layer}, c.countries, c.minutes)
		if got.Word != c.word || got.Value != c.value || got.Effect*got.Breadth*got.Duration != got.Value {
			t.Errorf("%+v: %+v", c, got)
		}
	}
}

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

// An incident that probes alone have seen is graded by them; one vantage point that
// recovers does not make it less, nor do reports that say less.
func TestSeverityOfProbes(t *testing.T) {
	f := New(DefaultConfig())
	word := ""
	minute := func(i int, d *outage.MinuteDetections, words ...string) {
		s := sees(noon+outage.Minute(i), noon, words...)
		for j := range s.Vantages {
			s.Vantages[j].Vantage.Country = []string{"DE", "FR", "US"}[j]
		}
		f.Probed(s)
		if d != nil {
			f.Observe(d)
		}
		for _, inc := range f.End(noon+outage.Minute(i), false) {
			word = inc.Severity.Word
		}
	}
	for i := range 10 {
		minute(i, nil, "fail", "fail", "ok")
	}
	if word != "moderate" { // 4 x 2 x 1
		t.Errorf("refused from two of three countries: %s", word)
	}
	for i := 10; i < 20; i++ {
		minute(i, nil, "fail", "ok", "ok")
	}
	if word != "moderate" {
		t.Errorf("after one of them is well again: %s", word)
	}
	for i := 20; i < 40; i++ { // reports that are as large as can be, of no country: 4 x 1 x 2
		d := crowd(noon + outage.Minute(i))
		d.Detections[0].Count = 4000
		minute(i, d, "ok", "ok", "ok")
	}
	if word != "major" { // 4 x 2 x 2 from probes is more
		t.Errorf("with reports: %s", word)
	}
}
