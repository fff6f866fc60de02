package assess

import (
	"slices"
	"strings"

	"faultline/internal/judge"
	"faultline/outage"
)

// Limits of what is remembered of an agent.
const (
	// maxControls of an agent are followed; of more, those that come first.
	maxControls = 32
	// controlLooks of each control are judged, the latest: with a minute's period an
	// agent that is cut off is known for it within two minutes.
	controlLooks = 3
	// controlStale is how many minutes old a look may be.
	controlStale = 30
	// silentAfter is the least silence, in minutes, after which an agent sees nothing;
	// one that speaks rarely may be silent for silentGaps of its usual distances.
	silentAfter = 4
	silentGaps  = 3
	// maxGap bounds that distance.
	maxGap = 24 * 60
)

// witness is what is known of an agent. Its exported fields are its saved state.
type witness struct {
	Vantage  outage.Vantage `json:"vantage"`
	Heard    int64          `json:"heard"` // minute, counted as the book does
	Gap      int64          `json:"gap"`   // last distance between minutes with measurements
	Controls []control      `json:"controls"`
	// Families are what its controls say of IPv4 and IPv6: failures in a row, or
	// reached; 0 where none was tried.
	Families [2]int `json:"families"`

	health judge.Health
	why    string
}

// control is one control target of an agent.
type control struct {
	Target string `json:"target"`
	Looks  []look `json:"looks"` // latest last
}

// look is a minute with attempts at a control.
type look struct {
	At int64 `json:"at"`
	OK bool  `json:"ok"` // one attempt succeeded: the others may be of a family that the agent has not
}

// hear notes that the agent has sent something.
func (w *witness) hear(v outage.Vantage, now int64) {
	v.Resolver = "" // each measurement says which one it asked
	w.Vantage = v
	if now > w.Heard && w.Heard > 0 {
		w.Gap = min(now-w.Heard, maxGap)
	}
	w.Heard = now
}

// control takes an attempt at a control target.
func (w *witness) control(m *outage.Measurement, now int64) {
	ok := !judge.Failed(m)
	switch m.Target.Family {
	case 4, 6:
		f := &w.Families[(m.Target.Family-4)/2]
		if *f = max(*f, 0) + 1; ok {
			*f = reached
		}
	}
	target := m.Target.URL
	if target == "" {
		target = m.Target.Host
	}
	i, found := slices.BinarySearchFunc(w.Controls, target, func(c control, t string) int { return strings.Compare(c.Target, t) })
	if !found {
		if len(w.Controls) >= maxControls {
			return
		}
		w.Controls = slices.Insert(w.Controls, i, control{Target: target})
	}
	c := &w.Controls[i]
	if n := len(c.Looks); n > 0 && c.Looks[n-1].At == now {
		c.Looks[n-1].OK = c.Looks[n-1].OK || ok
		return
	}
	c.Looks = append(c.Looks, look{now, ok})
	if len(c.Looks) > controlLooks {
		c.Looks = slices.Delete(c.Looks, 0, 1)
	}
}

// judge says whether the agent can be believed at the end of a minute.
func (w *witness) judge(now int64) {
	var list []judge.Control
	for i := range w.Controls {
		c := judge.Control{Target: w.Controls[i].Target}
		for _, l := range w.Controls[i].Looks {
			if now-l.At > max(controlStale, silentGaps*w.Gap) {
				continue
			}
			c.Tried++
			if !l.OK {
				c.Failed++
			}
		}
		list = append(list, c)
	}
	silent := now-w.Heard > max(silentAfter, silentGaps*w.Gap)
	w.health, w.why = judge.AgentHealth(list, silent)
}

// deadFamily is how many failures of controls in a row say that the agent has no way
// to a family of addresses.
const deadFamily = 2

// reached stands for a family over which a control has answered last.
const reached = -1

// dead says which families the agent cannot reach, while it reaches the other one.
// When it reaches neither, that is for its health to say.
func (w *witness) dead() [2]bool {
	four, six := w.Families[0], w.Families[1]
	return [2]bool{four >= deadFamily && six == reached, six >= deadFamily && four == reached}
}

// believed says whether what the agent sees fail is its target's failing.
func (w *witness) believed() bool { return w.health == judge.HealthHealthy }
