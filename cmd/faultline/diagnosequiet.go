package main

import (
	"fmt"
	"strings"

	"faultline/internal/judge"
	"faultline/internal/measured"
	"faultline/internal/pipeline"
	"faultline/internal/reason"
	"faultline/outage"
)

// quiet says why no incident of a service opened.
type quiet struct {
	Service string `json:"service"`
	// Instead is the incident that would have opened by itself, where the onset is given.
	Instead string `json:"instead,omitempty"`
	Why     string `json:"why"`
}

// quietOf finds the moment in which most of those that count failed, and says why that
// was not enough.
func quietOf(service string, p *pipeline.Played) quiet {
	q := quiet{Service: service}
	if n := len(p.Instead); n > 0 {
		i := &p.Instead[n-1]
		q.Instead = i.ID
		q.Why = fmt.Sprintf("by itself incident %s would have opened, with its onset at %s", i.ID, i.Onset)
		return q
	}
	var worst, latest *outage.ProbeState
	for k := range p.States {
		s := &p.States[k]
		if s.Service != service || len(s.Vantages) == 0 {
			continue
		}
		latest = s
		if believed(s) > 0 && (worst == nil || s.Failing > worst.Failing) {
			worst = s
		}
	}
	switch {
	case latest == nil:
		q.Why = "no attempt at it came as far as to be judged"
	case worst == nil:
		v := &latest.Vantages[0]
		who := fmt.Sprintf("none of its %s can", points(len(latest.Vantages)))
		if len(latest.Vantages) == 1 {
			who = "its one vantage point cannot"
		}
		q.Why = fmt.Sprintf("%s be believed, for an agent is believed by its controls (%s: %s); "+
			"say with --control which targets were well at the time", who, v.Agent, v.HealthWhy)
	case worst.Failing == 0:
		q.Why = fmt.Sprintf("no vantage point that can be believed saw it fail in two looks in a row (at the end %s of %d could be believed)", points(believed(latest)), len(latest.Vantages))
	default:
		q.Why = fmt.Sprintf("when most of them failed, at %s, %s", worst.Minute, worst.Why)
	}
	return q
}

// believed counts the vantage points whose controls answer.
func believed(s *outage.ProbeState) int {
	n := 0
	for i := range s.Vantages {
		if s.Vantages[i].Health == string(judge.HealthHealthy) {
			n++
		}
	}
	return n
}

func points(n int) string { return count(n, "vantage point") }

// count says how many there are of something.
func count(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}

// text is all of it for people.
func (o *ownVerdicts) text(asked []string) string {
	var b strings.Builder
	writePlayed(&b, &o.Played, asked)
	for i := range o.Incidents {
		o.Incidents[i].write(&b)
	}
	for _, q := range o.Quiet {
		switch {
		case q.Instead != "":
			fmt.Fprintf(&b, "\nThe onset was given: %s.\n", q.Why)
		case o.given:
			fmt.Fprintf(&b, "\nThe onset was given; no incident opens by itself: %s.\n", q.Why)
		default:
			fmt.Fprintf(&b, "\nNo incident of %s opens: %s.\n", q.Service, q.Why)
		}
	}
	if len(o.Incidents) == 0 {
		b.WriteString("With --onset TIME it is judged from there all the same.\n")
	}
	return b.String()
}

// writePlayed tells what there was to judge by.
func writePlayed(b *strings.Builder, s *measured.Summary, asked []string) {
	fmt.Fprintf(b, "%s from %s to %s, %d of them at controls", count(s.Records, "record"), s.From, s.To, s.AtControls)
	for _, l := range []struct {
		n    int
		text string
	}{
		{s.Twice, "that are there twice"}, {s.Nameless, "that name no service"}, {s.Changes, "of changes or states"}, {s.Lost, "that stand for lost ones"},
	} {
		if l.n > 0 {
			fmt.Fprintf(b, "; left out: %d %s", l.n, l.text)
		}
	}
	b.WriteString(".\n")
	for _, id := range asked {
		for i := range s.Services {
			if x := &s.Services[i]; x.Service == id {
				fmt.Fprintf(b, "%s: %s, of which %d failed, by %s in %s, in %s.\n",
					id, count(x.Attempts, "attempt"), x.Failed, points(len(x.Vantages)), networks(len(x.Networks)), count(x.Minutes, "minute"))
			}
		}
	}
}

func networks(n int) string {
	if n == 0 {
		return "networks that are not known"
	}
	return count(n, "network")
}

// write tells of one incident.
func (o *ownIncident) write(b *strings.Builder) {
	i := &o.latest
	fmt.Fprintf(b, "\nIncident %s: %s, from %s", i.ID, i.State, i.Onset)
	if i.End != 0 {
		fmt.Fprintf(b, " to %s", i.End)
	}
	if p := i.Probes; p != nil {
		fmt.Fprintf(b, ", %d of %s failing in %s", p.Failing, points(p.Looking), count(p.Networks, "network"))
	}
	if o.Given {
		b.WriteString(", as given")
	}
	b.WriteString(".\n\n")
	b.WriteString(reason.Explain(o.Verdict))
	writeRevisions(b, o.Revisions)
}
