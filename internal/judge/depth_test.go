package judge

import (
	"testing"

	"faultline/outage"
)

// seen makes a successful measurement out of its phases.
func seen(change func(m *outage.Measurement)) outage.Measurement {
	m := outage.Measurement{Outcome: outage.OutcomeOK}
	change(&m)
	return m
}

func TestDepth(t *testing.T) {
	web := func(status int, class outage.BodyClass) func(m *outage.Measurement) {
		return func(m *outage.Measurement) {
			m.DNS, m.TCP, m.TLS = &outage.DNS{}, &outage.TCP{}, &outage.TLS{}
			m.HTTP = &outage.HTTP{Status: status, BodyClass: class}
		}
	}
	step := func(order, status int) func(m *outage.Measurement) {
		return func(m *outage.Measurement) {
			web(status, outage.BodyOK)(m)
			m.Target.Journey, m.Journey = "read", &outage.Journey{Order: order, Passed: []string{"status"}}
		}
	}
	cases := []struct {
		name    string
		changes []func(m *outage.Measurement)
		want    outage.Depth
		state   State
		score   int
	}{
		{"nothing", nil, outage.DepthNone, StateUnknown, 0},
		{"name", []func(m *outage.Measurement){func(m *outage.Measurement) { m.DNS = &outage.DNS{} }}, outage.DepthName, StateName, 1},
		{"echo", []func(m *outage.Measurement){func(m *outage.Measurement) { m.Echo = &outage.Echo{Received: 1} }}, outage.DepthEdge, StateEdge, 1},
		{"connection", []func(m *outage.Measurement){func(m *outage.Measurement) { m.TCP = &outage.TCP{} }}, outage.DepthEdge, StateEdge, 1},
		{"redirect", []func(m *outage.Measurement){web(301, outage.BodyOK)}, outage.DepthEdge, StateEdge, 4},
		{"answer nobody looked at", []func(m *outage.Measurement){web(200, "")}, outage.DepthEdge, StateEdge, 4},
		{"empty page", []func(m *outage.Measurement){web(200, outage.BodyEmpty)}, outage.DepthEdge, StateEdge, 4},
		{"page", []func(m *outage.Measurement){web(301, ""), web(200, outage.BodyOK)}, outage.DepthPage, StateHealthy, 7},
		{"journey", []func(m *outage.Measurement){step(1, 200), step(2, 200)}, outage.DepthJourney, StateHealthy, 9},
		{"whole journey", []func(m *outage.Measurement){step(1, 200), step(2, 200), step(3, 200), step(4, 200)}, outage.DepthJourney, StateHealthy, MaxScore},
		{"step content with a redirect", []func(m *outage.Measurement){step(1, 302)}, outage.DepthEdge, StateEdge, 4},
		{"declared", []func(m *outage.Measurement){func(m *outage.Measurement) { m.Depth = outage.DepthEdge }}, outage.DepthEdge, StateEdge, 0},
		{"failed at tls", []func(m *outage.Measurement){func(m *outage.Measurement) {
			m.DNS, m.TCP, m.TLS = &outage.DNS{}, &outage.TCP{}, &outage.TLS{Failure: outage.FailureCertExpired}
			m.Outcome = outage.OutcomeFail
		}}, outage.DepthEdge, StateEdge, 2},
		{"failed page", []func(m *outage.Measurement){func(m *outage.Measurement) {
			web(500, outage.BodyErrorPage)(m)
			m.Outcome = outage.OutcomeFail
		}}, outage.DepthEdge, StateEdge, 3},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var e Exercise
			for _, change := range c.changes {
				m := seen(change)
				e.Add(&m)
			}
			if e.Depth() != c.want || GoodState(e.Depth()) != c.state || e.Score() != c.score {
				t.Errorf("depth %s, state %s, score %d; want %s, %s, %d", e.Depth(), GoodState(e.Depth()), e.Score(), c.want, c.state, c.score)
			}
			if e.Depth() == outage.DepthEdge && CanBeHealthy(e.Depth()) {
				t.Error("edge only may be called healthy")
			}
		})
	}
}
