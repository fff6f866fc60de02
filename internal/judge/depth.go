package judge

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"faultline/outage"
)

// Exercise is what probes of a service have truly got an answer from, over the
// time that its user chooses; a day is usual. Its zero value has seen nothing.
type Exercise struct {
	Name       bool // a name was resolved
	Connection bool // an address accepted a connection, or answered an echo
	TLS        bool // a handshake was completed, of TLS or QUIC
	Redirect   bool // a redirect came
	Answer     bool // an answer came that is none, but nobody looked at its page
	Page       bool // a page came, was looked at and is what it should be
	// Steps are the steps of journeys that passed, by journey and order.
	Steps map[string]bool
	// Declared is the depth that an import without phases claims for itself.
	Declared outage.Depth
}

// Add takes a measurement in. What failed adds only what came before the failure.
func (e *Exercise) Add(m *outage.Measurement) {
	ok := m.Outcome == outage.OutcomeOK
	e.Name = e.Name || m.DNS != nil && m.DNS.Failure == ""
	e.Connection = e.Connection || m.TCP != nil && m.TCP.Failure == "" || m.Echo != nil && m.Echo.Received > 0
	e.TLS = e.TLS || m.TLS != nil && m.TLS.Failure == "" || m.QUIC != nil && m.QUIC.Failure == ""
	if h := m.HTTP; ok && h != nil {
		switch {
		case redirects(h.Status):
			e.Redirect = true
		case h.Status >= 200 && h.Status < 300 && h.BodyClass == outage.BodyOK:
			e.Page = true
		case h.Status != 0:
			e.Answer = true
		}
	}
	e.step(m)
	if ok && rank(m.Depth) > rank(e.Declared) {
		e.Declared = m.Depth
	}
}

// step notes a step of a journey that passed. One that is content with a redirect
// shows the edge, like any other redirect.
func (e *Exercise) step(m *outage.Measurement) {
	j := m.Journey
	if m.Outcome != outage.OutcomeOK || j == nil || j.Failure != "" || len(j.Failed) > 0 || len(j.Passed) == 0 {
		return
	}
	if m.HTTP == nil || redirects(m.HTTP.Status) {
		return
	}
	if e.Steps == nil {
		e.Steps = map[string]bool{}
	}
	if key := fmt.Sprintf("%s/%d", m.Target.Journey, j.Order); len(e.Steps) < maxSteps || e.Steps[key] {
		e.Steps[key] = true
	}
}

// Join adds what another has seen.
func (e *Exercise) Join(o *Exercise) {
	e.Name, e.Connection, e.TLS = e.Name || o.Name, e.Connection || o.Connection, e.TLS || o.TLS
	e.Redirect, e.Answer, e.Page = e.Redirect || o.Redirect, e.Answer || o.Answer, e.Page || o.Page
	for _, step := range slices.Sorted(maps.Keys(o.Steps)) {
		if e.Steps == nil {
			e.Steps = map[string]bool{}
		}
		if len(e.Steps) < maxSteps {
			e.Steps[step] = true
		}
	}
	if rank(o.Declared) > rank(e.Declared) {
		e.Declared = o.Declared
	}
}

// maxSteps bounds the steps that are remembered; beyond it nobody is graded deeper.
const maxSteps = 64

// redirects says whether a status sends the client elsewhere.
func redirects(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// Depth is the grade. An answer whose page nobody looked at is graded as the edge:
// error pages come with status 200 too.
func (e *Exercise) Depth() outage.Depth {
	own := outage.DepthNone
	switch {
	case len(e.Steps) > 0:
		own = outage.DepthJourney
	case e.Page:
		own = outage.DepthPage
	case e.Connection, e.TLS, e.Redirect, e.Answer:
		own = outage.DepthEdge
	case e.Name:
		own = outage.DepthName
	}
	if rank(e.Declared) > rank(own) {
		return e.Declared
	}
	return own
}

// Points of the depth score: what each layer adds.
const (
	namePoints, connectionPoints, tlsPoints, answerPoints = 1, 1, 1, 1

	pagePoints, stepPoints, maxStepPoints = 3, 1, 3
	// MaxScore is the score of a service whose every layer is exercised.
	MaxScore = namePoints + connectionPoints + tlsPoints + answerPoints + pagePoints + maxStepPoints
)

// Score is the depth as a number from 0 to MaxScore: a point for each layer that
// answered, three for a page that was looked at, one for each of the first three
// steps of journeys. It orders services; the grade is what may be said of one.
func (e *Exercise) Score() int {
	score := 0
	for _, p := range []struct {
		seen   bool
		points int
	}{
		{e.Name, namePoints}, {e.Connection, connectionPoints}, {e.TLS, tlsPoints},
		{e.Redirect || e.Answer || e.Page, answerPoints}, {e.Page, pagePoints},
	} {
		if p.seen {
			score += p.points
		}
	}
	return score + min(maxStepPoints, stepPoints*len(e.Steps))
}

// rank orders depths; what is not known is none.
func rank(d outage.Depth) int {
	switch d {
	case outage.DepthName:
		return 1
	case outage.DepthEdge:
		return 2
	case outage.DepthPage:
		return 3
	case outage.DepthJourney:
		return 4
	}
	return 0
}

// CanBeHealthy says whether a depth allows the word healthy at all.
func CanBeHealthy(d outage.Depth) bool { return rank(d) >= rank(outage.DepthPage) }

// GoodState is what may be said of a service whose probes succeed, at a depth.
func GoodState(d outage.Depth) State {
	switch {
	case CanBeHealthy(d):
		return StateHealthy
	case d == outage.DepthEdge:
		return StateEdge
	case d == outage.DepthName:
		return StateName
	}
	return StateUnknown
}
