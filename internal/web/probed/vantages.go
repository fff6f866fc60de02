package probed

import (
	"cmp"

	"faultline/internal/judge"
	"faultline/internal/store"
	"faultline/internal/web/words"
	"faultline/outage"
)

// Vantage is one agent's view of a service.
type Vantage struct {
	Agent, Place string
	State        words.Status
	Since        *words.Moment
	Health       string
	Trusted      bool // what fails there counts
	Failure      string
	Strips       []Strip
}

// mostUnfolded is how many vantage points show all their strips at once: those of eight
// were two thirds of a page on a phone, and say the same of a fault that all see.
const mostUnfolded = 3

// vantagesOf joins what is said of each agent now with what it saw in the last day.
func vantagesOf(f *Facts, closed outage.Minute) []Vantage {
	looks := map[string][]store.Look{}
	for _, l := range f.Looks {
		looks[l.Agent] = append(looks[l.Agent], l)
	}
	var out []Vantage
	known := map[string]bool{}
	if f.State != nil {
		for i := range f.State.Vantages {
			s := &f.State.Vantages[i]
			known[s.Agent] = true
			out = append(out, Vantage{
				Agent: s.Agent, Place: PlaceOf(s.Vantage), State: probeStatus(judge.State(s.State)), Since: words.Optional(s.Since, closed),
				Health: healthWords(s.Health, s.HealthWhy), Trusted: s.Health == string(judge.HealthHealthy),
				Failure: cmp.Or(words.Sentence(s.Blocked), failureWords(s.Layer, s.Failure)),
				Strips:  stripsOf(f, s, looks[s.Agent], closed),
			})
		}
	}
	for _, l := range f.Looks {
		if !known[l.Agent] {
			known[l.Agent] = true
			gone := &outage.VantageState{Agent: l.Agent}
			one := Vantage{
				Agent: l.Agent, Place: "A vantage point that has gone silent", State: probeStatus(judge.StateUnknown),
				Strips: stripsOf(f, gone, looks[l.Agent], closed),
			}
			if source, ok := store.ImportedFrom(l.Agent); ok {
				one.Place, one.Health = "Imported from "+sourceName(source), importedWords
			}
			out = append(out, one)
		}
	}
	return out
}

// importedWords say what measurements of others are worth here.
const importedWords = "These are measurements of somebody else. They are shown, and count for nothing that is judged here."

// sourceName is what a source of imports is called.
func sourceName(source string) string {
	switch source {
	case "ooni":
		return "OONI"
	case "atlas":
		return "RIPE Atlas"
	case "blackbox":
		return "a blackbox exporter"
	case "csv":
		return "a table of somebody"
	case "statuspage":
		return "a log of a monitor"
	case "upptime":
		return "Upptime"
	}
	return source
}

// days say a span by its first and last day.
func days(first, last outage.Minute) string {
	from, to := first.Time().Format("2 January 2006"), last.Time().Format("2 January 2006")
	if from == to {
		return "on " + from
	}
	return "between " + from + " and " + to
}

// PlaceOf names a vantage point as its operator declared it.
func PlaceOf(v outage.Vantage) string {
	where := "Undeclared place"
	if v.Country != "" {
		where = words.Country(v.Country)
	}
	for _, more := range []string{v.Network, className(v.Class)} {
		if more != "" {
			where += ", " + more
		}
	}
	return where
}

func className(class string) string {
	switch class {
	case outage.ClassEyeball:
		return "a line at home"
	case outage.ClassDatacenter:
		return "a data centre"
	case outage.ClassMobile:
		return "a mobile network"
	case outage.ClassEducation:
		return "a university"
	case outage.ClassAnchor:
		return "a measuring anchor"
	}
	return class
}

// healthWords say whether an agent can be believed; empty when nothing is known.
func healthWords(health, why string) string {
	word := ""
	switch judge.Health(health) {
	case judge.HealthHealthy:
		word = "The agent is healthy"
	case judge.HealthImpaired:
		word = "The agent is impaired, so its failures do not count"
	case judge.HealthOffline:
		word = "The agent is offline, so nothing it says counts"
	case judge.HealthUnknown:
		word = "Whether the agent can be believed is not known, so its failures do not count"
	default:
		return ""
	}
	if why != "" {
		word += ": " + why
	}
	return word + "."
}
