package publish

import (
	"strings"
	"testing"

	"faultline/outage"
)

func TestProbesInWords(t *testing.T) {
	m := outage.Minute(29026650)
	for _, c := range []struct {
		name             string
		state            outage.State
		basis            string
		probes           outage.Probes
		headline, reason string
	}{
		{"probes alone, one of them", outage.StateSuspected, "probes",
			outage.Probes{Agreement: "neither", Looking: 1, Failing: 1, Networks: 1, Layer: outage.LayerTCP, Failure: outage.FailureTimeout, Note: "One vantage point alone proves nothing."},
			"X: some probes fail",
			"Since 09:28 UTC 1 of 1 agent fails, first when connecting (no answer in time); not yet confirmed; no unusual reports. One vantage point alone proves nothing."},
		{"a quorum of probes", outage.StateConfirmed, "probes",
			outage.Probes{Agreement: "probes_only", Looking: 3, Failing: 2, Networks: 2, Quorum: true, Layer: outage.LayerHTTP, Failure: outage.FailureHTTP5xx},
			"X: probes fail when asking for the page",
			"Since 09:28 UTC 2 of 3 agents fail, in 2 networks, first when asking for the page (http 5xx); consistent with a fault that few people meet, or with the first minutes of an outage; no unusual reports."},
		{"both", outage.StateConfirmed, "crowd+probes",
			outage.Probes{Agreement: "both", Looking: 3, Failing: 3, Networks: 3, Quorum: true, Layer: outage.LayerDNS, Failure: outage.FailureNXDOMAIN},
			"X: people report problems, and probes fail when looking up the name",
			"Probes agree: 3 of 3 agents fail, in 3 networks, first when looking up the name (dns nxdomain error)."},
		{"people alone", outage.StateConfirmed, "crowd",
			outage.Probes{Agreement: "crowd_only", Looking: 2, Note: "Probes see only that the edge answers."},
			"X: people report problems", "consistent with an outage. Crowd only: no probe that counts fails (2 agents look). Probes see only that the edge answers."},
		{"nobody looks", outage.StateConfirmed, "crowd", outage.Probes{Agreement: "unprobed"}, "X: people report problems", "Crowd only: no probe that can be believed looks at it."},
		{"over", outage.StateResolved, "probes",
			outage.Probes{Agreement: "probes_only", Looking: 3, Failing: 2, Networks: 2, Quorum: true, Layer: outage.LayerTCP},
			"X: no failing probes any more", "Probes succeed; they failed in one wave from 09:28 UTC to 09:40 UTC when connecting. No unusual reports came."},
	} {
		i := &outage.Incident{
			ID: "x", Service: "x", State: c.state, Minute: m, Onset: m - 2, End: m + 10, Waves: []outage.Wave{{Onset: m - 2, Total: 50}},
			Count: 50, Expected: 5, Basis: c.basis, Probes: &c.probes, Confidence: outage.ConfidenceNormal,
		}
		b := Word("X", i)
		if b.Headline != c.headline || !strings.HasSuffix(b.Reason, c.reason) {
			t.Errorf("%s:\n%s\n%s\nwant\n%s\n%s", c.name, b.Headline, b.Reason, c.headline, c.reason)
		}
	}
}
