package view

import (
	"cmp"
	"fmt"

	"faultline/internal/web/words"
	"faultline/outage"
)

// What ties two incidents, or a service to the incident of another.
const (
	WhyProvider   = outage.LinkProvider
	WhyTenant     = outage.LinkTenant
	WhyCommon     = outage.LinkCommon
	WhyCollateral = outage.LinkCollateral
	WhyFamily     = outage.LinkFamily
	WhyLead       = "lead" // what most people report; no link of an incident, but asked about
)

// BesideFacts is an open incident that readers of another service's page may have met.
type BesideFacts struct {
	Service  outage.Service
	Incident *outage.Incident
	Why      string
}

// Beside is such an incident as the report page asks about it.
type Beside struct {
	ID, Name string
	Status   words.Status
	Text     string
	Since    words.Moment
	Incident string
}

// besideOf says in a sentence why it is asked.
func besideOf(name string, f *BesideFacts, now outage.Minute) Beside {
	other := cmp.Or(f.Service.Name, f.Service.ID)
	b := Beside{ID: f.Service.ID, Name: other, Incident: f.Incident.ID, Since: words.At(f.Incident.Onset, now)}
	b.Status = words.StateOf(f.Incident.State)
	switch f.Why {
	case WhyProvider:
		b.Text = fmt.Sprintf("%s stands on it.", name)
	case WhyCollateral, WhyLead:
		b.Text = "Many people report it right now."
	case WhyFamily:
		b.Text = fmt.Sprintf("It is of the same family as %s.", name)
	}
	return b
}

// tie says what ties an incident to another one. None of them is a cause.
func tie(l *outage.Link) string {
	switch l.Why {
	case WhyProvider:
		return "it carries this service, and has an incident at the same time"
	case WhyTenant:
		return "stands on this service, and has an incident at the same time"
	case WhyCommon:
		return "a common cause is suspected: they stand on the same, and fail alike in the same minutes"
	case WhyCollateral:
		if l.Ratio > 0 {
			return fmt.Sprintf("people may report this one because that one is out: it has %.0f reports for 1,000 there", 1000*l.Ratio)
		}
		return "people may report this one because that one is out"
	case WhyFamily:
		return "same family, open at the same time; linked, not merged"
	}
	return l.Why
}

// linked says it as a change of the history.
func linked(l *outage.Link) string {
	switch l.Why {
	case WhyProvider:
		return "Linked with " + l.Service + ", which carries this service."
	case WhyTenant:
		return "Linked with " + l.Service + ", which stands on this service."
	case WhyCommon:
		return "Linked with " + l.Service + ": a common cause is suspected."
	case WhyCollateral:
		return "Linked with " + l.Service + ", which people may mean."
	case WhyFamily:
		return "Linked with " + l.Service + ", of the same family."
	}
	return "Linked with " + l.Service + "."
}

// Meant is what people may mean who report a service.
type Meant struct{ Incident, Service string }

// meantOf finds it among the links; nil where nothing says so.
func meantOf(f *IncidentFacts, links []outage.Link) *Meant {
	for _, l := range links {
		if l.Why == WhyCollateral {
			return &Meant{l.Incident, f.name(l.Service)}
		}
	}
	return nil
}
