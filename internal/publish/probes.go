package publish

import (
	"fmt"
	"strings"

	"faultline/internal/judge"
	"faultline/outage"
)

// measured says whether an incident rests on probes alone: then nothing is said of
// people who report.
func measured(i *outage.Incident) bool {
	return i.Probes != nil && !judge.Heard(i.Basis) && !carrier(i)
}

func recoveringHeadline(name string, i *outage.Incident) string {
	switch {
	case measured(i):
		return name + ": probes succeed again"
	case carrier(i):
		return name + ": services that stand on it recover"
	}
	return name + ": reports are falling"
}

func quietHeadline(name string, i *outage.Incident) string {
	switch {
	case measured(i):
		return name + ": no failing probes"
	case carrier(i):
		return name + ": no common failure of services that stand on it"
	}
	return name + ": no unusual reports"
}

// failingReason is the sentence of an incident that probes alone have seen.
func failingReason(i *outage.Incident, so string) string {
	w := i.Waves[len(i.Waves)-1]
	return fmt.Sprintf("Since %s %s%s; %s; no unusual reports.%s", at(i, w.Onset), voices(i.Probes), how(i.Probes), so, noteOf(i.Probes))
}

// beside says what probes add to reports: the label of an incident that the crowd
// alone has seen, or that both have.
func beside(i *outage.Incident) string {
	p := i.Probes
	if p == nil {
		return ""
	}
	switch judge.Agreement(p.Agreement) {
	case judge.AgreeBoth:
		return fmt.Sprintf(" Probes agree: %s%s.%s", voices(p), how(p), noteOf(p))
	case judge.AgreeCrowd:
		if p.Failing > 0 {
			return fmt.Sprintf(" Crowd only: %s, fewer than it takes to say so by probes.%s", voices(p), noteOf(p))
		}
		return fmt.Sprintf(" Crowd only: no probe that counts fails (%s).%s", looking(p), noteOf(p))
	}
	return " Crowd only: no probe that can be believed looks at it."
}

// voices counts the agents that fail.
func voices(p *outage.Probes) string {
	if p.Failing == 0 {
		return "no probe that counts failed"
	}
	if p.Failing == 1 {
		return fmt.Sprintf("1 of %s fails", agents(p.Looking))
	}
	return fmt.Sprintf("%d of %s fail, in %d networks", p.Failing, agents(p.Looking), p.Networks)
}

func looking(p *outage.Probes) string {
	if p.Looking == 1 {
		return "1 agent looks"
	}
	return agents(p.Looking) + " look"
}

func agents(n int) string {
	if n == 1 {
		return "1 agent"
	}
	return fmt.Sprintf("%d agents", n)
}

// noteOf is what a reader must know of the numbers.
func noteOf(p *outage.Probes) string {
	if p.Note == "" {
		return ""
	}
	return " " + p.Note
}

// where names the layer that fails first, as what was being done there.
func where(p *outage.Probes) string {
	switch p.Layer {
	case outage.LayerDNS:
		return " when looking up the name"
	case outage.LayerRoute:
		return " on the way there"
	case outage.LayerTCP:
		return " when connecting"
	case outage.LayerTLS:
		return " when securing the connection"
	case outage.LayerQUIC:
		return " when connecting by QUIC"
	case outage.LayerHTTP:
		return " when asking for the page"
	case outage.LayerApp:
		return " in what the page should hold"
	}
	return ""
}

// how adds the failure to where it is met first.
func how(p *outage.Probes) string {
	w := where(p)
	if w == "" {
		return ""
	}
	return ", first" + w + failure(p.Failure)
}

// failure puts a word of the closed set into a reader's.
func failure(f outage.Failure) string {
	switch {
	case f == "":
		return ""
	case f == outage.FailureTimeout:
		return " (no answer in time)"
	case !f.Closed():
		return ""
	}
	return " (" + strings.ReplaceAll(strings.TrimPrefix(string(f), "x_"), "_", " ") + ")"
}
