package incident

import (
	"maps"
	"math"
	"slices"

	"faultline/internal/judge"
	"faultline/outage"
)

// turn is who has seen a service turn from well to trouble. Its fields are its saved
// state.
type turn struct {
	Agents map[string]outage.Minute `json:"agents"`          // since when each that still does
	Since  outage.Minute            `json:"since,omitempty"` // of the first, once they were enough; 0: they are not
}

// turned carries on who sees a service in trouble that they had seen well before, each
// of them perhaps some attempts alone. Half of the attempts that fail prove nothing at
// one agent, and as little at many that never knew it otherwise; many that turn in the
// same minutes saw something happen. Nil: nobody does.
func (c *Config) turned(t *turn, before, now *outage.ProbeState) *turn {
	well := map[string]bool{}
	if before != nil {
		for i := range before.Vantages {
			well[before.Vantages[i].Agent] = seesWell(&before.Vantages[i])
		}
	}
	next := &turn{Agents: map[string]outage.Minute{}}
	networks := map[string]bool{}
	looking := 0
	for i := range now.Vantages {
		v := &now.Vantages[i]
		if v.Health != string(judge.HealthHealthy) || v.State == string(judge.StateUnknown) {
			continue
		}
		looking++
		since, known := v.Since, well[v.Agent]
		if t != nil && !known {
			since, known = t.Agents[v.Agent], t.Agents[v.Agent] != 0
		}
		if troubled(v) && known {
			next.Agents[v.Agent] = since
			networks[v.Vantage.Network] = true
		}
	}
	if len(next.Agents) == 0 {
		return nil
	}
	need := max(c.Turn.Agents, int(math.Ceil(c.TurnShare*float64(looking))))
	if len(next.Agents) < need || len(networks) < c.Turn.Networks {
		return next
	}
	if t != nil && t.Since != 0 {
		next.Since = t.Since // it lasts, whoever joins
		return next
	}
	at := slices.Sorted(maps.Values(next.Agents))
	for i := range len(at) - need + 1 {
		if at[i+need-1]-at[i] <= c.TurnWithin {
			next.Since = at[i]
			break
		}
	}
	return next
}

// troubled says whether an agent sees a service in trouble that is not meant for it.
func troubled(v *outage.VantageState) bool {
	return !v.Refused && (v.State == string(judge.StateFailing) || v.State == string(judge.StatePartly))
}

// seesWell says whether an agent that can be believed sees a service without trouble.
func seesWell(v *outage.VantageState) bool {
	switch judge.State(v.State) {
	case judge.StateHealthy, judge.StateEdge, judge.StateName:
		return v.Health == string(judge.HealthHealthy)
	}
	return false
}

// hasTurned says whether enough agents have seen a service turn.
func (f *Fold) hasTurned(service string) bool {
	t := f.state.Turns[service]
	return t != nil && t.Since != 0
}
