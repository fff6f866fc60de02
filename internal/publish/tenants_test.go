package publish

import (
	"strings"
	"testing"

	"faultline/outage"
)

func TestTenantsInWords(t *testing.T) {
	m := outage.Minute(29026650)
	tenants := &outage.Tenants{Failing: []string{"a", "b", "c"}, Count: 3, Watched: 5, Elsewhere: 9, Spared: 8, Manner: "error"}
	alone := &outage.Tenants{Failing: []string{"a", "b", "c"}, Count: 3, Watched: 3, Manner: "unreachable"}
	const count = "3 of the 5 watched services that stand on it failed in the same way (they answer with errors), and 8 of 9 watched elsewhere did not"
	quorum := &outage.Probes{Agreement: "probes_only", Looking: 3, Failing: 2, Networks: 2, Quorum: true, Layer: outage.LayerHTTP, Failure: outage.FailureHTTP5xx}
	for _, c := range []struct {
		name             string
		state            outage.State
		basis            string
		tenants          *outage.Tenants
		probes           *outage.Probes
		headline, reason string
	}{
		{"suspected", outage.StateSuspected, "tenants", tenants, nil, "CDN: services that stand on it begin to fail",
			"Since 09:28 UTC " + count + "; a common cause is suspected and not yet confirmed."},
		{"confirmed", outage.StateConfirmed, "tenants", tenants, nil, "CDN: services that stand on it fail together",
			"Since 09:28 UTC " + count + "; consistent with a fault at what they share."},
		{"nothing elsewhere", outage.StateConfirmed, "tenants", alone, nil, "CDN: services that stand on it fail together",
			"Since 09:28 UTC 3 of the 3 watched services that stand on it failed in the same way (nothing answers), and nothing elsewhere is watched; consistent with a fault at what they share."},
		{"its own probes are well", outage.StateConfirmed, "tenants", tenants, &outage.Probes{Looking: 3}, "CDN: services that stand on it fail together",
			"Since 09:28 UTC " + count + "; consistent with a fault at what they share."},
		{"recovering", outage.StateRecovering, "tenants", tenants, nil, "CDN: services that stand on it recover",
			"Services that stand on it have no longer failed together since 09:40 UTC; from 09:28 UTC on " + count + "."},
		{"resolved", outage.StateResolved, "tenants", tenants, nil, "CDN: no common failure of services that stand on it any more",
			"Services that stand on it no longer fail together; from 09:28 UTC to 09:40 UTC " + count + "."},
		{"dismissed", outage.StateDismissed, "tenants", tenants, nil, "CDN: no common failure of services that stand on it",
			"The failures from 09:28 UTC on did not last: " + count + "."},
		{"probes of its own", outage.StateConfirmed, "probes+tenants", tenants, quorum, "CDN: probes fail when asking for the page",
			"no unusual reports. Beside it, " + count + "."},
		{"and people", outage.StateConfirmed, "crowd+tenants", tenants, nil, "CDN: people report problems",
			" Beside it, " + count + "."},
	} {
		i := &outage.Incident{
			ID: "x", Service: "cdn", State: c.state, Minute: m, Onset: m - 2, End: m + 10, Waves: []outage.Wave{{Onset: m - 2, End: m + 10, Total: 50}},
			Count: 50, Expected: 5, Basis: c.basis, Probes: c.probes, Tenants: c.tenants, Confidence: outage.ConfidenceNormal,
		}
		b := Word("CDN", i)
		if b.Headline != c.headline || !strings.HasSuffix(b.Reason, c.reason) {
			t.Errorf("%s:\n%s\n%s\nwant\n%s\n%s", c.name, b.Headline, b.Reason, c.headline, c.reason)
		}
		if c.basis == "tenants" && strings.Contains(b.Headline+b.Reason, "eport") {
			t.Errorf("%s speaks of reports that nobody has made: %s", c.name, b.Reason)
		}
	}
	for _, word := range []string{"name", "unreachable", "refused", "certificate", "error", "denied", "misled", "content", "no_answer", "?"} {
		tenants.Manner = word
		if text := carriedReason(&outage.Incident{State: outage.StateConfirmed, Waves: []outage.Wave{{}}, Tenants: tenants}); (word == "?") != strings.Contains(text, "in a way that is not known") {
			t.Errorf("%s: %s", word, text)
		}
	}
}
