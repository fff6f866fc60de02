package view

import (
	"fmt"

	"faultline/internal/judge"
	"faultline/internal/web/words"
	"faultline/outage"
)

func summary(i *outage.Incident, length string) string {
	began := "Reports began to rise about " + words.At(i.Onset, 0).Text
	if !judge.Heard(i.Basis) {
		began = "Probes began to fail about " + words.At(i.Onset, 0).Text
	}
	if words.Carrier(i) {
		return carriedSummary(i, length)
	}
	if !judge.Heard(i.Basis) {
		return measuredSummary(i, began, length)
	}
	switch i.State {
	case outage.StateSuspected:
		return began + ". It is not confirmed: more reports, from a later span and from several networks, are needed."
	case outage.StateConfirmed:
		if len(i.Waves) > 1 {
			return began + ", " + length + " ago, and are above the usual in " + lastWave(i) + "."
		}
		return began + ", " + length + " ago, and are still above the usual."
	case outage.StateRecovering:
		return began + "; " + lastWave(i) + " ended " + length + " later. After an hour near the usual it counts as resolved."
	case outage.StateResolved:
		return began + "; " + lastWave(i) + " ended " + length + " later, and an hour near the usual has passed since."
	case outage.StateDismissed:
		return began + ", but nothing more came of it: it was never confirmed."
	}
	return began + "."
}

// lastWave names the last wave where there was more than one.
func lastWave(i *outage.Incident) string {
	if n := len(i.Waves); n > 1 {
		return fmt.Sprintf("wave %d", n)
	}
	return "the wave"
}

// measuredSummary says in a sentence what became of an incident that nobody reported.
func measuredSummary(i *outage.Incident, began, length string) string {
	switch i.State {
	case outage.StateConfirmed:
		return began + ", " + length + " ago, and still fail. Hardly anybody has reported it."
	case outage.StateRecovering:
		return began + " and " + length + " later they got through again. After an hour without failures it counts as resolved."
	case outage.StateResolved:
		return began + ", for " + length + ". Hardly anybody reported it."
	case outage.StateDismissed:
		return began + ", but nothing more came of it: it was never confirmed."
	}
	if i.Probes != nil && i.Probes.Quorum {
		return began + ". It is not confirmed yet: they have to go on failing."
	}
	return began + ". It is not confirmed: healthy agents in more networks, or reports, are needed."
}
