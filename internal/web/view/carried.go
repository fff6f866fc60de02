package view

import (
	"fmt"

	"faultline/outage"
)

// carrier says whether an incident rests on the failures of services that stand on this
// one alone.
func carrier(i *outage.Incident) bool { return i.Tenants != nil && i.Basis == "tenants" }

// carriedText says a change of state of an incident that only its tenants show.
func carriedText(cur *outage.Incident) string {
	switch cur.State {
	case outage.StateSuspected:
		return "Suspected: services that stand on it fail together."
	case outage.StateConfirmed:
		return "Confirmed: services that stand on it went on failing together."
	case outage.StateRecovering:
		return "Recovering: services that stand on it no longer fail together."
	case outage.StateResolved:
		return "Resolved: an hour in which they did not."
	case outage.StateDismissed:
		return "Dismissed: half an hour without more."
	}
	return "State " + string(cur.State) + "."
}

// carriedSummary says in a sentence what became of an incident that only its tenants
// show.
func carriedSummary(i *outage.Incident, length string) string {
	t := i.Tenants
	began := fmt.Sprintf("About %s %d of %s that stand on it began to fail together", At(i.Onset, 0).Text, t.Count, Plural(t.Watched, "watched service"))
	if t.Elsewhere > 0 {
		began += fmt.Sprintf(", while %d of %d elsewhere did not", t.Spared, t.Elsewhere)
	}
	switch i.State {
	case outage.StateConfirmed:
		return began + ". That was " + length + " ago, and they still fail."
	case outage.StateRecovering:
		return began + "; " + length + " later they no longer did. After an hour without it counts as resolved."
	case outage.StateResolved:
		return began + ", for " + length + "."
	case outage.StateDismissed:
		return began + ", but nothing more came of it: it was never confirmed."
	}
	return began + ". It is not confirmed yet: they have to go on failing."
}
