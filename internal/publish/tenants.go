package publish

import (
	"fmt"

	"faultline/internal/siblings"
	"faultline/outage"
)

// carrier says whether an incident rests on the failures of services that stand on this
// one alone: then nothing is said of people who report, nor of probes of its own.
func carrier(i *outage.Incident) bool { return i.Tenants != nil && i.Basis == "tenants" }

// tenants counts those that fail together, and those elsewhere that do not: without
// the second number the first says nothing of what they share.
func tenants(t *outage.Tenants) string {
	elsewhere := "nothing elsewhere is watched"
	if t.Elsewhere > 0 {
		elsewhere = fmt.Sprintf("%d of %d watched elsewhere did not", t.Spared, t.Elsewhere)
	}
	return fmt.Sprintf("%d of the %d watched services that stand on it failed in the same way (%s), and %s",
		t.Count, t.Watched, siblings.Manner(t.Manner).Words(), elsewhere)
}

// carriedReason is the reason of an incident that only its tenants show, in a state.
func carriedReason(i *outage.Incident) string {
	w := i.Waves[len(i.Waves)-1]
	switch i.State {
	case outage.StateSuspected:
		return fmt.Sprintf("Since %s %s; a common cause is suspected and not yet confirmed.", at(i, w.Onset), tenants(i.Tenants))
	case outage.StateConfirmed:
		return fmt.Sprintf("Since %s %s; consistent with a fault at what they share.", at(i, w.Onset), tenants(i.Tenants))
	case outage.StateRecovering:
		return fmt.Sprintf("Services that stand on it have no longer failed together since %s; from %s on %s.", at(i, w.End), at(i, w.Onset), tenants(i.Tenants))
	case outage.StateResolved:
		return fmt.Sprintf("Services that stand on it no longer fail together; from %s to %s %s.", at(i, i.Onset), at(i, i.End), tenants(i.Tenants))
	}
	return fmt.Sprintf("The failures from %s on did not last: %s.", at(i, i.Onset), tenants(i.Tenants))
}

// carried adds to other reasons that services which stand on it fail together.
func carried(i *outage.Incident) string {
	if i.Tenants == nil || carrier(i) {
		return ""
	}
	return " Beside it, " + tenants(i.Tenants) + "."
}
