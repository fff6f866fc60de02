package attempts

import (
	"slices"

	"faultline/internal/judge"
	"faultline/outage"
)

// Agent is what is known of an agent, over all services.
type Agent struct {
	Vantage  outage.Vantage
	Heard    outage.Minute
	Controls []Control // rising
	// Families are what its controls say of IPv4 and IPv6: failures in a row, or
	// reached; 0 where none was tried.
	Families [2]int
}

const (
	// deadFamily is how many failures of controls in a row say that an agent has no way
	// to a family of addresses.
	deadFamily = 2
	// reached stands for a family over which a control has answered last.
	reached = -1
)

// dead says whether an agent cannot reach a family of addresses by itself, while it
// reaches the other one. When it reaches neither, its health says so.
func (a *Agent) dead(family int) bool {
	if a == nil || family != 4 && family != 6 {
		return false
	}
	i := (family - 4) / 2
	return a.Families[i] >= deadFamily && a.Families[1-i] == reached
}

// Control is what an agent had of its control targets in a minute.
type Control struct {
	At            outage.Minute
	Tried, Failed uint16
}

// hear notes that an agent has sent something, and what of it is of a control.
func (w *Window) hear(received, minute outage.Minute, m *outage.Measurement) {
	a := w.agents[m.Agent]
	if a == nil {
		a = &Agent{}
		w.agents[m.Agent] = a
	}
	a.Vantage, a.Heard = m.Vantage, received
	a.Vantage.Resolver = ""
	if m.Target.Role != outage.RoleControl || m.Attempt > 1 {
		return
	}
	if f := m.Target.Family; f == 4 || f == 6 {
		n := &a.Families[(f-4)/2]
		if *n = max(*n, 0) + 1; !judge.Failed(m) {
			*n = reached
		}
		if a.dead(f) {
			return // it says nothing of the agent's way to the other one
		}
	}
	i, found := slices.BinarySearchFunc(a.Controls, minute, func(c Control, t outage.Minute) int { return int(c.At - t) })
	if !found {
		a.Controls = slices.Insert(a.Controls, i, Control{At: minute})
	}
	a.Controls[i].Tried++
	if judge.Failed(m) {
		a.Controls[i].Failed++
	}
}

// Doubted says whether an agent's own controls mostly failed in a minute.
func (a *Agent) Doubted(minute outage.Minute) bool {
	tried, failed := a.Control(minute, minute)
	return tried >= judge.MinControls && 2*failed >= tried
}

// Control adds up what an agent had of its controls from one minute up to another.
func (a *Agent) Control(from, to outage.Minute) (tried, failed int) {
	i, _ := slices.BinarySearchFunc(a.Controls, from, func(c Control, t outage.Minute) int { return int(c.At - t) })
	for ; i < len(a.Controls) && a.Controls[i].At <= to; i++ {
		tried, failed = tried+int(a.Controls[i].Tried), failed+int(a.Controls[i].Failed)
	}
	return tried, failed
}
