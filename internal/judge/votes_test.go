package judge

import (
	"strings"
	"testing"

	"faultline/outage"
)

func TestAgentHealth(t *testing.T) {
	cases := []struct {
		name     string
		controls []Control
		silent   bool
		want     Health
	}{
		{"no controls", nil, false, HealthUnknown},
		{"one control", []Control{{"a", 9, 0}}, false, HealthUnknown},
		{"untried", []Control{{"a", 9, 0}, {"b", 0, 0}}, false, HealthUnknown},
		{"well", []Control{{"a", 9, 0}, {"b", 9, 1}}, false, HealthHealthy},
		{"one control of three is broken itself", []Control{{"a", 9, 0}, {"b", 9, 0}, {"c", 9, 9}}, false, HealthHealthy},
		{"one of two cannot be told apart", []Control{{"a", 9, 0}, {"b", 9, 9}}, false, HealthImpaired},
		{"lossy", []Control{{"a", 10, 3}, {"b", 10, 2}}, false, HealthImpaired},
		{"uplink cut", []Control{{"a", 5, 5}, {"b", 5, 5}, {"c", 5, 5}}, false, HealthOffline},
		{"silent", []Control{{"a", 9, 0}, {"b", 9, 0}}, true, HealthOffline},
	}
	for _, c := range cases {
		got, why := AgentHealth(c.controls, c.silent)
		if got != c.want || why == "" {
			t.Errorf("%s: %s (%s), want %s", c.name, got, why, c.want)
		}
	}
}

func TestQuorum(t *testing.T) {
	voice := func(network string, health Health, failing bool) Voice {
		return Voice{Agent: "a", Network: network, Health: health, Failing: failing}
	}
	blocked := voice("AS3", HealthHealthy, true)
	blocked.Blocked = true
	cases := []struct {
		name      string
		voices    []Voice
		confirmed bool
		why       string
	}{
		{"nobody", nil, false, "no agent that counts fails"},
		{"all well", []Voice{voice("AS1", HealthHealthy, false), voice("AS2", HealthHealthy, false)}, false, "no agent that counts fails"},
		{"single vantage", []Voice{voice("AS1", HealthHealthy, true)}, false, "single vantage"},
		{"one of three", []Voice{voice("AS1", HealthHealthy, true), voice("AS2", HealthHealthy, false), voice("AS3", HealthHealthy, false)}, false, "1 agent of 3 healthy ones fails, and 2 are needed"},
		{"two networks", []Voice{voice("AS1", HealthHealthy, true), voice("AS2", HealthHealthy, true)}, true, "2 agents in 2 networks fail"},
		{"one network", []Voice{voice("AS1", HealthHealthy, true), voice("AS1", HealthHealthy, true)}, false, "all in 1 network"},
		{"unknown networks are one", []Voice{voice("", HealthHealthy, true), voice("", HealthHealthy, true)}, false, "all in 1 network"},
		{"an unknown network may be the known one", []Voice{voice("AS1", HealthHealthy, true), voice("", HealthHealthy, true)}, false, "all in 1 network"},
		{"unknown beside two", []Voice{voice("AS1", HealthHealthy, true), voice("", HealthHealthy, true), voice("AS2", HealthHealthy, true)}, true, "3 agents in 2 networks fail"},
		{"offline does not count", []Voice{voice("AS1", HealthHealthy, true), voice("AS2", HealthOffline, true)}, false, "single vantage"},
		{"impaired does not count", []Voice{voice("AS1", HealthImpaired, true), voice("AS2", HealthImpaired, true)}, false, "2 agents are not counted"},
		{"unjudged does not count", []Voice{voice("AS1", HealthUnknown, true), voice("AS2", HealthUnknown, true)}, false, "2 agents are not counted"},
		{"blocked does not count", []Voice{blocked, voice("AS2", HealthHealthy, true)}, false, "single vantage"},
	}
	for _, c := range cases {
		got := Quorum(c.voices, DefaultQuorum())
		if got.Confirmed != c.confirmed || !strings.Contains(got.Why, c.why) {
			t.Errorf("%s: confirmed %v: %s; want %v, %s", c.name, got.Confirmed, got.Why, c.confirmed, c.why)
		}
	}
}

func TestMonitorBlocked(t *testing.T) {
	base := Refused{Class: "datacenter", Since: 100, Now: 130, Refusals: 30, ElseOK: 20}
	cases := []struct {
		name             string
		change           func(r *Refused)
		blocked, certain bool
		why              string
	}{
		{"blocked", func(*Refused) {}, true, true, "20 from others succeeded"},
		{"nobody else looks", func(r *Refused) { r.ElseOK = 0 }, true, false, "no agent in another kind of network looks"},
		{"too early", func(r *Refused) { r.Now = 129 }, false, false, "refused for 29 minutes; it is decided after 30"},
		{"people report", func(r *Refused) { r.Reports = true }, false, false, "people report"},
		{"others fail", func(r *Refused) { r.ElseOK, r.ElseBad = 1, 19 }, false, false, "other kinds of network fail too"},
		{"some succeed", func(r *Refused) { r.Successes = 1 }, false, false, "some attempts"},
		{"not refused", func(r *Refused) { r.Refusals, r.Failures = 3, 30 }, false, false, "no refusals"},
		{"never", func(r *Refused) { r.Refusals = 0 }, false, false, "no attempt was refused"},
	}
	for _, c := range cases {
		r := base
		c.change(&r)
		got := MonitorBlocked(r)
		if got.Blocked != c.blocked || got.Certain != c.certain || !strings.Contains(got.Why, c.why) {
			t.Errorf("%s: %+v, want %v, %v, %s", c.name, got, c.blocked, c.certain, c.why)
		}
	}
	for f, want := range map[outage.Failure]bool{
		outage.FailureHTTP403: true, outage.FailureHTTP429: true, outage.FailureChallenge: true, outage.FailureBlockPage: true,
		outage.FailureHTTP5xx: false, outage.FailureTimeout: false, "": false,
	} {
		if Refusal(f) != want {
			t.Errorf("refusal %s: %v", f, !want)
		}
	}
}

func TestAgreement(t *testing.T) {
	for _, c := range []struct {
		crowd bool
		p     Probing
		want  Agreement
		title string
	}{
		{true, Probing{Healthy: 3, Failing: true, Deep: true}, AgreeBoth, "People and probes agree"},
		{true, Probing{Healthy: 3, Deep: true}, AgreeCrowd, "Reported, not seen by probes"},
		{false, Probing{Healthy: 3, Failing: true}, AgreeProbes, "Seen by probes, not reported"},
		{false, Probing{Healthy: 3, Deep: true}, AgreeNeither, "Nothing unusual"},
		{false, Probing{Healthy: 3}, AgreeNeither, "Nothing unusual, seen from the edge"},
		{true, Probing{}, AgreeUnprobed, "Not probed"},
		{false, Probing{Failing: true}, AgreeUnprobed, "Not probed"},
	} {
		got := Agree(c.crowd, c.p)
		title, meaning := got.Words(c.p.Deep)
		if got != c.want || title != c.title || meaning == "" {
			t.Errorf("%v, %+v: %s, %q; want %s, %q", c.crowd, c.p, got, title, c.want, c.title)
		}
		if !c.p.Deep && strings.Contains(strings.ToLower(meaning), "healthy") {
			t.Errorf("%s calls a service healthy that nobody looked into: %s", got, meaning)
		}
	}
}
