package view

import (
	"fmt"

	"faultline/internal/siblings"
	"faultline/internal/web/words"
	"faultline/outage"
)

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
	began := fmt.Sprintf("About %s %d of %s that stand on it began to fail together", words.At(i.Onset, 0).Text, t.Count, words.Plural(t.Watched, "watched service"))
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

// Carried is what fails together of those that stand on a service.
type Carried struct {
	Text     string
	Services []Named
	More     int // beyond those
}

// Named is a service by its name.
type Named struct{ ID, Name string }

// carriedOf is nil where nothing fails together.
func carriedOf(f *IncidentFacts, t *outage.Tenants) *Carried {
	if t == nil {
		return nil
	}
	c := &Carried{More: t.Count - len(t.Failing)}
	c.Text = fmt.Sprintf("At the worst %d of the %d watched services that stand on it failed in the same way: %s.", t.Count, t.Watched, siblings.Manner(t.Manner).Words())
	if t.Elsewhere > 0 {
		c.Text += fmt.Sprintf(" Of %d watched elsewhere %d did not fail.", t.Elsewhere, t.Spared)
	} else {
		c.Text += " Nothing elsewhere is watched, so it is not known whether others failed too."
	}
	for _, id := range t.Failing {
		c.Services = append(c.Services, Named{id, f.name(id)})
	}
	return c
}
