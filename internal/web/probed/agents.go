package probed

import (
	"fmt"
	"math"

	"faultline/internal/store"
	"faultline/internal/web/words"
	"faultline/outage"
)

// Agents is the page of vantage points.
type Agents struct {
	List  []Agent
	World words.World
}

// Agent is one of them.
type Agent struct {
	ID, Place, Resolver string
	Status              words.Status // whether it can be believed
	Why                 string
	Clock               string
	Seen                *words.Moment // last time that it was heard of
	Registered          words.Moment
	Records             string
	Moved               string // the network that it is heard from, where that is not the declared one
	Version             string
}

// AgentsOf builds the page from the agents and from what is said of each service.
func AgentsOf(list []store.Heard, states []outage.ProbeState, w words.World, closed outage.Minute) Agents {
	judged, at := map[string]*outage.VantageState{}, map[string]outage.Minute{}
	for i := range states {
		for j := range states[i].Vantages {
			s := &states[i].Vantages[j]
			if judged[s.Agent] == nil || states[i].Minute > at[s.Agent] {
				judged[s.Agent], at[s.Agent] = s, states[i].Minute
			}
		}
	}
	v := Agents{World: w}
	for i := range list {
		a := &list[i]
		one := Agent{
			ID: a.ID, Place: PlaceOf(a.Vantage), Resolver: a.Vantage.Resolver, Clock: clockWords(a.Clock),
			Seen: words.Optional(max(a.Seen, a.Measured), closed), Registered: words.At(a.Registered, closed),
			Records: words.Count(int(min(a.Sequence, math.MaxInt32))), Version: a.Version,
		}
		if a.Observed != "" && a.Vantage.Network != "" && a.Observed != a.Vantage.Network {
			one.Moved = a.Observed
		}
		one.Status, one.Why = agentStatus(a, judged[a.ID], closed)
		v.List = append(v.List, one)
	}
	return v
}

// silentAfter is how long an agent may be silent before the page says so, whatever
// was said of it before.
const silentAfter outage.Minute = 10

func agentStatus(a *store.Heard, s *outage.VantageState, closed outage.Minute) (words.Status, string) {
	heard := max(a.Seen, a.Measured)
	switch {
	case a.Revoked != 0:
		why := "Its operator has withdrawn it at " + words.At(a.Revoked, closed).Text
		if a.RevokedWhy != "" {
			why += ": " + a.RevokedWhy
		}
		return words.Status{Class: "unknown", Word: "Revoked"}, why + ". What it measured before stays."
	case closed-heard > silentAfter:
		return words.Status{Class: "problems", Word: "Away"}, "Nothing was heard of it for " + words.Span(closed-heard) + "."
	case s == nil:
		return words.Status{Class: "unknown", Word: "Not judged yet"}, "It has measured no service for long enough."
	case s.Health == "healthy":
		return words.Status{Class: "quiet", Word: "Healthy"}, words.Sentence(s.HealthWhy)
	case s.Health == "impaired":
		return words.Status{Class: "rising", Word: "Impaired"}, words.Sentence(s.HealthWhy)
	case s.Health == "offline":
		return words.Status{Class: "problems", Word: "Offline"}, words.Sentence(s.HealthWhy)
	}
	return words.Status{Class: "unknown", Word: "Not known"}, words.Sentence(s.HealthWhy)
}

// clockWords say how far an agent's clock is off.
func clockWords(c outage.Clock) string {
	ms := math.Abs(c.OffsetMS)
	switch {
	case !c.Synced:
		return "not measured yet"
	case ms < 1:
		return "right within 1 ms"
	case c.OffsetMS > 0:
		return length(ms) + " behind ours"
	}
	return length(ms) + " ahead of ours"
}

func length(ms float64) string {
	if ms < 1000 {
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.1f s", ms/1000)
}
