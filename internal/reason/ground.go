package reason

import (
	"slices"
	"strconv"
	"strings"

	"faultline/internal/feature"
	"faultline/internal/knowledge"
	"faultline/outage"
)

// ground is how much a verdict rests on.
type ground struct {
	attempts, vantages, networks int
	baseline                     int
	sources                      []string // observers that measured the service itself
	probes                       bool     // our own probes are enough
	enough                       bool     // they are, or observers make up for it
	unreported                   bool     // people were listened to, and reported nothing
}

// Observers make up for probes of our own when two of them measured the service, or
// when one did from as many places as we would ask of ourselves.
const observersEnough = 2

// noLook says whether a feature tells nothing of whether the service worked: how the way
// to it was announced, what was counted at it, what people report, and when.
func noLook(name string) bool {
	return strings.HasPrefix(name, "bgp_") || strings.HasPrefix(name, "report_") ||
		slices.Contains([]string{feature.FlowSurge, feature.OwnLogsSurge, feature.OnsetHour, feature.OnTheHour, feature.Duration, feature.WaveCount}, name)
}

// groundOf counts what there is.
func groundOf(set *feature.Set, t *knowledge.Table) ground {
	g := ground{
		attempts: int(value(set, feature.Attempts)), vantages: int(value(set, feature.AgentsLooking)),
		networks: int(value(set, feature.NetworksLooked)), baseline: int(value(set, feature.BaselineMin)),
	}
	reports, listened := set.Get(feature.ReportTotal)
	g.unreported = listened && reports.Value == 0
	g.probes = g.attempts >= t.Rules.Attempts && g.vantages >= t.Rules.Vantages && g.networks >= t.Rules.Networks
	wide := false
	for _, v := range views(set)[1:] {
		measured := false
		for name, f := range v.at {
			if noLook(name) {
				continue
			}
			measured = true
			wide = wide || f.Vantages >= t.Rules.Vantages && f.Networks >= t.Rules.Networks
		}
		if measured {
			g.sources = append(g.sources, v.source)
		}
	}
	g.enough = g.probes || len(g.sources) >= observersEnough || len(g.sources) > 0 && wide
	return g
}

// shortage says what is missing for a verdict.
func (g ground) shortage(service string, t *knowledge.Table) string {
	switch {
	case g.attempts == 0 && len(g.sources) > 0:
		return fill("one-observer", "service", service, "sources", list(g.sources))
	case g.attempts == 0 && g.unreported:
		return fill("nobody", "service", service)
	case g.attempts == 0:
		return fill("crowd-alone", "service", service)
	case g.vantages < t.Rules.Vantages || g.networks < t.Rules.Networks:
		return fill("few-vantages", "service", service, "places", many(g.vantages, "vantage point")+" in "+many(g.networks, "network"),
			"needed", strconv.Itoa(t.Rules.Vantages), "needednetworks", strconv.Itoa(t.Rules.Networks))
	}
	return fill("few-attempts", "service", service, "tries", many(g.attempts, "attempt"), "needed", strconv.Itoa(t.Rules.Attempts))
}

// who says whose measurements the sentence is about, and of what.
func (g ground) who(service string) string {
	if g.probes {
		return fill("probes", "service", service, "vantages", strconv.Itoa(g.vantages), "networks", strconv.Itoa(g.networks))
	}
	return fill("observers", "service", service, "sources", list(g.sources))
}

// What makes confidence high: as much as lets one vantage point, one network or one
// bad minute be wrong without changing the picture.
const (
	highVantages = 5
	highNetworks = 3
	highAttempts = 100
	highBaseline = 30
)

// trust judges the ground, apart from how likely anything is, and says why. Nothing
// leads while the verdict abstains.
func (g ground) trust(lead *outage.Hypothesis) (outage.Trust, string) {
	if lead == nil {
		return outage.TrustLow, fill("confidence", "trust", string(outage.TrustLow), "reasons", fill("no-ground"))
	}
	if !g.probes {
		return outage.TrustLow, fill("confidence", "trust", string(outage.TrustLow), "reasons", fill("observers-only"))
	}
	reasons := []string{fill("sample", "attempts", strconv.Itoa(g.attempts), "vantages", strconv.Itoa(g.vantages), "networks", strconv.Itoa(g.networks))}
	level := outage.TrustModerate
	if g.baseline > 0 {
		reasons = append(reasons, fill("baseline", "minutes", many(g.baseline, "quiet minute")))
	} else {
		level = outage.TrustLow
		reasons = append(reasons, fill("no-baseline"))
	}
	conflict := sum(lead.Against) < -sum(lead.For)/2
	if conflict {
		reasons = append(reasons, fill("mixed"))
	} else {
		reasons = append(reasons, fill("agrees"))
	}
	if g.vantages >= highVantages && g.networks >= highNetworks && g.attempts >= highAttempts && g.baseline >= highBaseline && !conflict {
		level = outage.TrustHigh
	}
	return level, fill("confidence", "trust", string(level), "reasons", join(reasons, ", ", ", and "))
}

// many counts things.
func many(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}

// sum adds up weights.
func sum(w []outage.Weighed) float64 {
	var s float64
	for i := range w {
		s += w[i].Weight
	}
	return s
}
