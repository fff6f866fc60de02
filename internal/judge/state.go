package judge

import "faultline/outage"

// State is what may be said of a service.
type State string

// States.
const (
	StateUnknown State = "unknown"          // nobody looked, or not for too long
	StateName    State = "name_resolves"    // and nothing more was tried
	StateEdge    State = "edge_answers"     // nothing was seen of the service behind it
	StateHealthy State = "healthy"          // a page or a journey is as it should be
	StatePartly  State = "partly_failing"   // some attempts fail, or some vantage points see them fail
	StateFailing State = "failing"          // attempts fail
	StateBlocked State = "possibly_blocked" // attempts fail in a way that may be meant for the monitor
)

// Words say a state as a page does.
func (s State) Words() string {
	switch s {
	case StateName:
		return "name resolves"
	case StateEdge:
		return "edge answers"
	case StateHealthy:
		return "healthy"
	case StatePartly:
		return "partly failing"
	case StateFailing:
		return "failing"
	case StateBlocked:
		return "possibly blocked"
	}
	return "unknown"
}

// Refusal says whether a failure may be meant for the monitor rather than for
// everybody: a 403, a 429, a challenge or a block page.
func Refusal(f outage.Failure) bool {
	switch f {
	case outage.FailureHTTP403, outage.FailureHTTP429, outage.FailureChallenge, outage.FailureBlockPage, outage.FailureMonitorBlocked:
		return true
	}
	return false
}

// mayBeRefusal also counts a failure of which nothing at all is told: no layer, no
// answer, no word of the closed set.
func mayBeRefusal(m *outage.Measurement) bool {
	if Refusal(m.Failure) {
		return true
	}
	return m.Layer == "" && m.HTTP == nil && !m.Failure.Closed()
}

// Counts says whether a measurement is evidence for or against its target: not
// what was skipped, and not what failed at the agent itself.
func Counts(m *outage.Measurement) bool {
	return m.Outcome != outage.OutcomeSkipped && m.Layer != outage.LayerMonitor && m.Target.Role != outage.RoleControl
}

// Failed says whether an attempt is evidence of a failure. A challenge or a queue
// is: the person behind it does not get what they came for. What is only slow is
// not.
func Failed(m *outage.Measurement) bool {
	return m.Outcome == outage.OutcomeFail || m.Outcome == outage.OutcomeDegraded && m.Failure != outage.FailureSlow
}
