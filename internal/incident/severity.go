package incident

import "faultline/outage"

// SeverityRule is the rule as a page prints it.
const SeverityRule = "Severity = effect x breadth x duration. " +
	"Effect: reports in the highest minute over one more than expected; under 3 counts 1, under 10 counts 2, under 100 counts 3, from 100 counts 4. " +
	"Breadth: countries affected; none or one counts 1, two to four 2, five to fourteen 3, from fifteen 4. " +
	"Duration: minutes in waves; under 15 counts 1, under 60 counts 2, under 240 counts 3, from 240 counts 4. " +
	"The product reads: under 6 minor, under 16 moderate, under 36 major, from 36 critical. " +
	"Where enough vantage points fail to confirm it, the same is reckoned from them, and the higher of the two counts. " +
	"Effect: of the vantage points that look, under a quarter failing counts 1, under half 2, from half 3; " +
	"one more where nothing gets through to the service (name, route, connection or encryption), one less where pages come and only their content fails; never under 1 or over 4. " +
	"Breadth: countries of the vantage points that fail. Duration: the same."

// Bounds of the factors: a value at or above the n-th bound counts n+2, below
// the first it counts 1. The same bounds stand in SeverityRule.
var (
	effectBounds   = [3]float64{3, 10, 100}
	breadthBounds  = [3]float64{2, 5, 15}
	durationBounds = [3]float64{15, 60, 240}
	wordBounds     = [3]float64{6, 16, 36}
	words          = [4]string{"minor", "moderate", "major", "critical"}
)

// Severity applies the rule. The highest count of a minute is held against one
// more than expected there, so that five reports for a service that has none a
// day are not the end of the world.
func Severity(highest, expected float64, countries int, minutesInWaves outage.Minute) outage.Severity {
	return product(1+float64(steps(highest/(expected+1), effectBounds)), float64(countries), minutesInWaves)
}

// shareBounds are of the share of vantage points that fail.
var shareBounds = [3]float64{0.25, 0.5, 2}

// measuredSeverity applies the rule to what probes have seen at its worst: the share of
// vantage points that fail, how little still works behind what fails first, and the
// countries that it fails from.
func measuredSeverity(p *outage.Probes, countries int, minutesInWaves outage.Minute) outage.Severity {
	effect := 1 + steps(float64(p.Failing)/float64(max(1, p.Looking)), shareBounds)
	switch p.Layer {
	case outage.LayerDNS, outage.LayerRoute, outage.LayerTCP, outage.LayerTLS:
		effect++
	case outage.LayerApp:
		effect--
	}
	return product(float64(max(1, min(4, effect))), float64(countries), minutesInWaves)
}

// product completes a severity.
func product(effect, countries float64, minutesInWaves outage.Minute) outage.Severity {
	s := outage.Severity{
		Effect:   effect,
		Breadth:  1 + float64(steps(countries, breadthBounds)),
		Duration: 1 + float64(steps(float64(minutesInWaves), durationBounds)),
	}
	s.Value = s.Effect * s.Breadth * s.Duration
	s.Word = words[steps(s.Value, wordBounds)]
	return s
}

// steps counts the bounds that v has reached.
func steps(v float64, bounds [3]float64) int {
	n := 0
	for _, b := range bounds {
		if v >= b {
			n++
		}
	}
	return n
}
