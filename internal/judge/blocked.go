package judge

import (
	"fmt"
	"time"

	"faultline/outage"
)

// BlockedAfter is how long refusals must last before they are held for a block of
// the monitor.
const BlockedAfter = 30 * time.Minute

// Refused is what is known of one service's refusals when a block is decided.
type Refused struct {
	Class     string        // network class of the agents that are refused: datacenter, ...
	Since     outage.Minute // of the first refusal of an unbroken row
	Now       outage.Minute
	Refusals  int  // attempts from the class that were refused, since then
	Failures  int  // attempts from the class that failed in another way
	Successes int  // attempts from the class that succeeded
	ElseOK    int  // attempts from other classes that succeeded, since then
	ElseBad   int  // attempts from other classes that failed or were refused
	Reports   bool // the crowd reports more than usual
}

// Blocked is the answer to whether a monitor is blocked, with the reason.
type Blocked struct {
	Blocked bool
	// Certain is false while no other network class shows that the service answers:
	// then the words are "possibly blocked".
	Certain bool
	Why     string
}

// MonitorBlocked decides whether a service refuses the monitor and not people: a
// 403, a 429 or a challenge, from one network class only, without reports, and
// without an end for BlockedAfter. A blocked monitor never opens an incident.
func MonitorBlocked(r Refused) Blocked {
	lasted := time.Duration(r.Now-r.Since) * time.Minute
	switch {
	case r.Refusals == 0:
		return Blocked{Why: "no attempt was refused"}
	case r.Reports:
		return Blocked{Why: "people report problems too, so it is not the monitor alone"}
	case r.ElseBad > r.ElseOK:
		return Blocked{Why: "agents in other kinds of network fail too"}
	case r.Successes > 0:
		return Blocked{Why: "some attempts from the same kind of network succeed"}
	case r.Failures > r.Refusals:
		return Blocked{Why: "most failures are no refusals"}
	case lasted < BlockedAfter:
		return Blocked{Why: fmt.Sprintf("refused for %d minutes; it is decided after %d", int(lasted.Minutes()), int(BlockedAfter.Minutes()))}
	case r.ElseOK > 0:
		return Blocked{Blocked: true, Certain: true, Why: fmt.Sprintf(
			"%d attempts from %s networks were refused in %d minutes, and %d from others succeeded",
			r.Refusals, className(r.Class), int(lasted.Minutes()), r.ElseOK)}
	}
	return Blocked{Blocked: true, Why: fmt.Sprintf(
		"%d attempts from %s networks were refused in %d minutes; no agent in another kind of network looks",
		r.Refusals, className(r.Class), int(lasted.Minutes()))}
}

func className(class string) string {
	if class == "" {
		return "unknown"
	}
	return class
}
