package feature

import (
	"fmt"
	"time"

	"faultline/internal/attempts"
	"faultline/outage"
)

// begin is a quiet minute of a Monday morning.
const begin = outage.Minute(29026600)

// event is what one attempt meets. Its zero value is a page that is fine.
type event struct {
	dns, tcp, tls outage.Failure
	retrans       int
	rtt           float64 // ms; 0: 20
	status        int     // 0: 200
	noAnswer      bool    // the request times out
	body          outage.BodyClass
	first         float64 // ms to the first byte; 0: 60
	control       outage.Failure
	cert          string // hash; empty: the usual one
	expired       bool
	nowhere       bool // the agent is not given this address
}

// try is what is tried.
type try struct {
	agent   int
	address string
	path    string
	at      time.Time
	second  int // since begin
}

// world makes measurements.
type world struct {
	agents    int
	addresses []string
	paths     []string
	period    int // seconds between two looks of an agent
	see       func(try) event
	doubted   map[int]bool // agents whose health is bad from the beginning
	window    *attempts.Window
	seq       uint64
}

func newWorld(see func(try) event) *world {
	return &world{agents: 6, addresses: []string{"192.0.2.1", "192.0.2.2"}, paths: []string{"/"}, period: 10, see: see, window: attempts.New()}
}

func vantage(agent int) outage.Vantage {
	return outage.Vantage{
		Country: []string{"DE", "US", "JP"}[agent%3], Network: fmt.Sprintf("AS6450%d", agent%5),
		Class: []string{"eyeball", "datacenter"}[agent%2], Resolver: "system",
	}
}

func name(agent int) string { return fmt.Sprintf("agent-%d", agent) }

// play runs minutes from the beginning on.
func (w *world) play(minutes int) *world {
	for m := range minutes {
		for s := 0; s < 60; s += w.period {
			for a := range w.agents {
				w.look(begin+outage.Minute(m), a, m*60+s+a%w.period)
			}
		}
		w.health(begin + outage.Minute(m))
		w.window.Close(begin+outage.Minute(m), false)
	}
	return w
}

func (w *world) health(m outage.Minute) {
	state := &outage.ProbeState{Service: "x", Minute: m, Depth: outage.DepthJourney}
	for a := range w.agents {
		word := "healthy"
		if w.doubted[a] {
			word = "impaired"
		}
		state.Vantages = append(state.Vantages, outage.VantageState{Agent: name(a), Vantage: vantage(a), Health: word})
	}
	w.window.Heard(state)
}

// look is what an agent does at a second: a control, and every page at every address.
func (w *world) look(m outage.Minute, agent, second int) {
	at := begin.Time().Add(time.Duration(second) * time.Second)
	control := w.see(try{agent: agent, at: at, second: second}).control
	x := w.measurement(agent, at, outage.Target{URL: "https://control.example/", Host: "control.example", Role: outage.RoleControl, Family: 4}, event{tcp: control})
	w.window.Take(m, x)
	dns := outage.Span{T0: 0, T: 4 + float64(second%7)/10}
	for _, p := range w.paths {
		for _, a := range w.addresses {
			e := w.see(try{agent, a, p, at, second})
			if e.nowhere {
				continue
			}
			t := outage.Target{Service: "x", URL: "https://x.example" + p, Host: "x.example", Address: a, Family: 4, Port: 443}
			if e.dns != "" {
				t.Address, t.Family = "", 0
			}
			x := w.measurement(agent, at, t, e)
			x.DNS.Span = dns
			w.window.Take(m, x)
			if e.dns != "" {
				break
			}
		}
	}
}

func (w *world) measurement(agent int, at time.Time, t outage.Target, e event) *outage.Measurement {
	w.seq++
	x := &outage.Measurement{
		Agent: name(agent), Sequence: w.seq, Attempt: 1, Time: at, Vantage: vantage(agent), Target: t, Outcome: outage.OutcomeOK,
		DNS: &outage.DNS{Span: outage.Span{T: 5}, Resolver: "system", Failure: e.dns},
	}
	fail := func(l outage.Layer, op outage.Operation, f outage.Failure) *outage.Measurement {
		x.Outcome, x.Layer, x.Operation, x.Failure = outage.OutcomeFail, l, op, f
		return x
	}
	if e.dns != "" {
		return fail(outage.LayerDNS, outage.OperationResolve, e.dns)
	}
	rtt := e.rtt
	if rtt == 0 {
		rtt = 20 + float64(w.seq%5)
	}
	x.TCP = &outage.TCP{Span: outage.Span{T0: 5, T: 5 + rtt}, Known: true, Retransmits: e.retrans, RTTMS: rtt, Failure: e.tcp}
	if e.tcp != "" {
		x.TCP.RTTMS = 0
		return fail(outage.LayerTCP, outage.OperationConnect, e.tcp)
	}
	sha := e.cert
	if sha == "" {
		sha = "0123456789abcdef"
	}
	end := at.AddDate(0, 2, 0)
	if e.expired {
		end = begin.Time().Add(5 * time.Minute)
	}
	x.TLS = &outage.TLS{Span: outage.Span{T0: x.TCP.T, T: x.TCP.T + rtt}, Failure: e.tls, Certificate: &outage.Certificate{SHA256: sha, NotAfter: end}}
	if e.tls != "" {
		return fail(outage.LayerTLS, outage.OperationTLSHandshake, e.tls)
	}
	return w.answer(x, e, fail)
}

func (w *world) answer(x *outage.Measurement, e event, fail func(outage.Layer, outage.Operation, outage.Failure) *outage.Measurement) *outage.Measurement {
	first := e.first
	if first == 0 {
		first = 60 + float64(w.seq%9)
	}
	h := &outage.HTTP{Span: outage.Span{T0: x.TLS.T, T: x.TLS.T + first}, FirstByte: first, Status: e.status, BodyClass: e.body}
	x.HTTP = h
	if h.Status == 0 {
		h.Status = 200
	}
	if h.BodyClass == "" {
		h.BodyClass = outage.BodyOK
	}
	failure := outage.Failure("")
	switch {
	case e.noAnswer:
		h.Status, h.FirstByte, failure = 0, 0, outage.FailureTimeout
	case h.BodyClass == outage.BodyChallenge:
		failure = outage.FailureChallenge
	case h.Status == 429:
		failure = outage.FailureHTTP429
	case h.Status == 403:
		failure = outage.FailureHTTP403
	case h.Status >= 500:
		failure = outage.FailureHTTP5xx
	}
	if failure != "" {
		h.Failure = failure
		return fail(outage.LayerHTTP, outage.OperationRoundTrip, failure)
	}
	return x
}

// judge takes the features of an incident with an onset some minutes after the
// beginning.
func (w *world) judge(onset, at int) *Set {
	inc := &outage.Incident{
		ID: "x-1", Service: "x", State: outage.StateConfirmed, Onset: begin + outage.Minute(onset),
		Waves: []outage.Wave{{Onset: begin + outage.Minute(onset)}},
	}
	return Extract(Case{Incident: inc, At: begin + outage.Minute(at), Window: w.window})
}
