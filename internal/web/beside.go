package web

import (
	"slices"

	"faultline/internal/siblings"
	"faultline/internal/web/view"
	"faultline/outage"
)

// Limits of what a report page asks about.
const (
	// mostBeside is how many other services are asked about: a list would be read by
	// nobody who wants to press a button.
	mostBeside = 3
	// leadReports is how many reports above the usual the highest minute of an incident
	// must have before every other page asks about it.
	leadReports = 50
	// leadRatio is how many times those of the service itself they must be: reports of
	// services beside an outage had up to 7.6 % of it (T-Mobile US and Verizon, 15 June
	// 2020).
	leadRatio = 10
)

// beside finds the open incidents of others that a reader of a service's page may have
// met instead: what the service stands on, what is tied to its own incident, its
// family, and what most people report right now.
func (s *snapshot) beside(service *outage.Service) []view.BesideFacts {
	var out []view.BesideFacts
	add := func(id, why string) {
		inc := s.openOf(id)
		known := func(f view.BesideFacts) bool { return f.Incident.Service == id }
		if inc == nil || id == service.ID || len(out) == mostBeside || slices.ContainsFunc(out, known) {
			return
		}
		out = append(out, view.BesideFacts{Service: serviceOf(s, id), Incident: inc, Why: why})
	}
	own := s.openOf(service.ID)
	if own != nil {
		for _, l := range own.Links {
			if l.Why == view.WhyProvider || l.Why == view.WhyCollateral {
				add(l.Service, l.Why)
			}
		}
	}
	for _, id := range slices.Concat(service.Providers, service.DependsOn) {
		add(id, view.WhyProvider)
	}
	for i := range s.rows {
		other := &s.rows[i].Service
		if inc := s.openOf(other.ID); service.Family != "" && other.Family == service.Family && inc != nil && inc.Confirmed != 0 {
			add(other.ID, view.WhyFamily)
		}
	}
	if lead := s.lead(); lead != nil {
		if most := siblings.Excess(lead); most >= leadReports && most >= leadRatio*siblings.Excess(own) {
			add(lead.Service, view.WhyLead)
		}
	}
	return out
}

// lead is the open incident that most people report.
func (s *snapshot) lead() *outage.Incident {
	var lead *outage.Incident
	for i := range s.open {
		inc := &s.open[i]
		if inc.State == outage.StateConfirmed && (lead == nil || siblings.Excess(inc) > siblings.Excess(lead)) {
			lead = inc
		}
	}
	return lead
}
