package judge

import "fmt"

// Health is whether an agent can be believed.
type Health string

// Healths of agents.
const (
	HealthUnknown  Health = "unknown"  // too few controls were tried to tell
	HealthHealthy  Health = "healthy"  // its controls answer
	HealthImpaired Health = "impaired" // some of its controls fail: its failures do not count
	HealthOffline  Health = "offline"  // all of them fail, or it is silent: it cannot see anything
)

// Control is what an agent saw of one control target in the last minutes.
type Control struct {
	Target string
	Tried  int
	Failed int
}

// Limits of the judgement of an agent.
const (
	// MinControls is the number of control targets below which nothing is said: one
	// control that fails may be broken itself.
	MinControls = 2
	// impairedShare is the share of failed control attempts from which on the
	// agent's own network is suspected.
	impairedShare = 0.2
)

// AgentHealth judges an agent by its controls: targets that are known to be
// healthy. Silent says that nothing at all has come from it for longer than its
// period allows.
func AgentHealth(controls []Control, silent bool) (health Health, why string) {
	if silent {
		return HealthOffline, "it has sent nothing for longer than its period allows"
	}
	targets, dead, tried, failed := 0, 0, 0, 0
	for _, c := range controls {
		switch {
		case c.Tried == 0:
			continue
		case c.Failed >= c.Tried:
			dead++
		default: // a control that never answers may be broken itself
			tried, failed = tried+c.Tried, failed+c.Failed
		}
		targets++
	}
	switch {
	case targets < MinControls:
		return HealthUnknown, fmt.Sprintf("%d of the %d control targets that are needed were tried", targets, MinControls)
	case dead == targets:
		return HealthOffline, fmt.Sprintf("all of its %d control targets fail", targets)
	case 2*dead >= targets:
		return HealthImpaired, fmt.Sprintf("%d of its %d control targets never answer", dead, targets)
	case float64(failed) >= impairedShare*float64(tried):
		return HealthImpaired, fmt.Sprintf("%d of %d attempts at its control targets fail", failed, tried)
	}
	return HealthHealthy, fmt.Sprintf("%d of %d attempts at its control targets succeed", tried-failed, tried)
}
