package judge

import (
	"slices"
	"strings"
)

// Agreement is what the crowd and the probes say of each other.
type Agreement string

// Agreements: the four states, and the one in which there is nothing to compare.
const (
	AgreeBoth     Agreement = "both"        // people report problems and probes fail
	AgreeCrowd    Agreement = "crowd_only"  // people report problems and probes succeed
	AgreeProbes   Agreement = "probes_only" // probes fail and hardly anybody reports
	AgreeNeither  Agreement = "neither"     // neither
	AgreeUnprobed Agreement = "unprobed"    // nobody probes: the crowd speaks alone
)

// Probing is the word of the probes, as far as there is one.
type Probing struct {
	Healthy int  // agents that look and can be believed
	Failing bool // the quorum is reached
	// Depth is how deep they look; see [CanBeHealthy].
	Deep bool
}

// Agree compares the crowd with the probes.
func Agree(crowd bool, p Probing) Agreement {
	switch {
	case p.Healthy == 0:
		return AgreeUnprobed
	case crowd && p.Failing:
		return AgreeBoth
	case crowd:
		return AgreeCrowd
	case p.Failing:
		return AgreeProbes
	}
	return AgreeNeither
}

// Heard says whether the crowd takes part in an incident with this basis, which names
// families of signals joined by "+".
func Heard(basis string) bool {
	return basis == "" || slices.Contains(strings.Split(basis, "+"), "crowd")
}

// Words are what a page says of an agreement: what is so, and what it may mean.
func (a Agreement) Words(deep bool) (title, meaning string) {
	switch a {
	case AgreeBoth:
		return "People and probes agree", "People report problems and independent probes fail. This is consistent with an outage of the service itself."
	case AgreeCrowd:
		if !deep {
			return "Reported, not seen by probes", "People report problems; probes only see that the edge answers, which says nothing of the service behind it."
		}
		return "Reported, not seen by probes", "People report problems and probes succeed. This is consistent with a fault in an app, a region or a network where no probe runs, or with reports meant for another service."
	case AgreeProbes:
		return "Seen by probes, not reported", "Probes fail and hardly anybody reports it. This is consistent with a fault that few people meet, with the first minutes of an outage, or with probes being turned away."
	case AgreeNeither:
		if !deep {
			return "Nothing unusual, seen from the edge", "Reports are as usual and the edge answers; nothing was seen of the service behind it."
		}
		return "Nothing unusual", "Reports are as usual and probes succeed."
	}
	return "Not probed", "No probe that can be believed looks at this service: what is said here rests on reports alone."
}
