package view

import (
	"fmt"
	"strings"

	"faultline/internal/judge"
	"faultline/outage"
)

// Measured is what measurements bring to an incident, beside what was heard.
type Measured struct {
	Agreement Agreement
	Count     string // vantage points that fail, of those that look
	Quorum    string
	Failure   string // where and how, empty while nothing fails
	Depth     string
	Note      string
}

func measuredOf(i *outage.Incident) *Measured {
	p := i.Probes
	if p == nil {
		return nil
	}
	m := &Measured{Failure: failureWords(p.Layer, p.Failure), Depth: upper(depthWord(p.Depth)), Note: sentence(strings.TrimSuffix(p.Note, "."))}
	m.Agreement.Title, m.Agreement.Meaning = judge.Agreement(p.Agreement).Words(judge.CanBeHealthy(p.Depth))
	switch {
	case p.Looking == 0:
		m.Count = "No agent that can be believed looked."
	case p.Failing == 0:
		m.Count = fmt.Sprintf("None of the %s that looked failed.", Plural(p.Looking, "vantage point"))
	default:
		m.Count = fmt.Sprintf("%d of %s failed, in %s.", p.Failing, Plural(p.Looking, "vantage point"), Plural(p.Networks, "network"))
	}
	m.Quorum = "That would not be enough to confirm an incident on measurements alone."
	if p.Quorum {
		m.Quorum = "That is enough to confirm an incident on measurements alone."
	}
	return m
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
