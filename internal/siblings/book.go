package siblings

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"faultline/internal/judge"
	"faultline/outage"
)

// Limits of the memory.
const (
	// maxServices bounds the services that are followed; what comes beyond is beside
	// nothing. It is that of a catalog.
	maxServices = 20_000
	// maxSpans of trouble are kept of a service, and of each vantage point at it; of
	// more the oldest go. A configuration that flaps every ten minutes is remembered
	// for five hours.
	maxSpans = 32
	// keepTrouble is how long after its end trouble is remembered, and keepIncident
	// the same of an incident.
	keepTrouble  = outage.Day
	keepIncident = outage.Day
)

// span is a stretch of trouble. Its fields are its saved state.
type span struct {
	From   outage.Minute `json:"from"`
	To     outage.Minute `json:"to,omitempty"` // first minute after it; 0 while it lasts
	Manner Manner        `json:"manner,omitempty"`
}

// condition is how a service is, by its probes. Its fields are its saved state.
type condition struct {
	Watched bool     `json:"watched,omitempty"` // somebody who can be believed looks
	Looking []string `json:"looking,omitempty"` // agents that look and can be believed, sorted
	Stands  []string `json:"stands,omitempty"`  // measured ground, sorted
	// Trouble is that of the service, Agents that of each vantage point that had any.
	Trouble []span            `json:"trouble,omitempty"`
	Agents  map[string][]span `json:"agents,omitempty"`

	fresh       span // what was glimpsed in the minute that ends; To is 0: nothing
	freshAgents map[string]span
}

// Book is the memory over all services. It is not safe for concurrent use.
type Book struct {
	ground     *ground
	conditions map[string]*condition
	incidents  map[string]*outage.Incident // by service: the latest one, as last heard of
	looks      map[string]int              // by agent: services that it looks at
	suspected  map[string]bool             // causes of the last minute
}

// New makes a book that knows the catalog and has seen nothing.
func New(services []outage.Service) *Book {
	return &Book{
		ground: newGround(services), conditions: map[string]*condition{},
		incidents: map[string]*outage.Incident{}, looks: map[string]int{},
		suspected: map[string]bool{},
	}
}

// Probed takes in what probes say of a service.
func (b *Book) Probed(s *outage.ProbeState) {
	c := b.conditions[s.Service]
	if c == nil {
		if len(b.conditions) >= maxServices || len(s.Vantages) == 0 {
			return
		}
		c = &condition{}
		b.conditions[s.Service] = c
	}
	b.count(c, -1)
	c.take(s)
	b.count(c, +1)
	c.Stands = s.Stands
	b.ground.measure(s.Service, c.Stands)
}

// count keeps how many services each agent looks at.
func (b *Book) count(c *condition, by int) {
	for _, a := range c.Looking {
		if b.looks[a] += by; b.looks[a] == 0 {
			delete(b.looks, a)
		}
	}
}

// Incident takes in a revision of an incident.
func (b *Book) Incident(i *outage.Incident) {
	if i.State == outage.StateDismissed {
		delete(b.incidents, i.Service)
		return
	}
	copied := *i
	copied.Links = nil // whoever looks at neighbours needs to know of the incident alone
	b.incidents[i.Service] = &copied
}

// troubleShare is the share of vantage points that must see a service fail before it
// is in trouble as a whole: fewer may have trouble of their own.
const troubleShare = 1.0 / 3

// take brings in a state. Only vantage points that can be believed count; refusals
// that are held to be meant for the monitor do not.
func (c *condition) take(s *outage.ProbeState) {
	c.Looking = c.Looking[:0]
	var failing []*outage.VantageState
	well := outage.Minute(0)
	for i := range s.Vantages {
		v := &s.Vantages[i]
		state := judge.State(v.State)
		if v.Health != string(judge.HealthHealthy) || state == judge.StateUnknown || state == judge.StateBlocked {
			continue
		}
		c.Looking = append(c.Looking, v.Agent)
		if state == judge.StateFailing || state == judge.StatePartly {
			failing = append(failing, v)
		} else {
			well = max(well, v.Since)
		}
	}
	slices.Sort(c.Looking)
	c.Watched = len(c.Looking) > 0
	since := s.Minute
	bad := map[string]*outage.VantageState{}
	for _, v := range failing {
		bad[v.Agent] = v
		if v.Since > 0 {
			since = min(since, v.Since)
		}
	}
	whole := len(failing) > 0 && float64(len(failing)) >= troubleShare*float64(len(c.Looking))
	c.Trouble = follow(c.Trouble, whole, since, well, s.Minute, MannerOf(s.Layer, s.Failure))
	for agent := range c.Agents {
		if bad[agent] == nil {
			if c.Agents[agent] = follow(c.Agents[agent], false, 0, well, s.Minute, ""); len(c.Agents[agent]) == 0 {
				delete(c.Agents, agent)
			}
		}
	}
	for agent, v := range bad {
		if c.Agents == nil {
			c.Agents = map[string][]span{}
		}
		from := s.Minute
		if v.Since > 0 {
			from = min(from, v.Since)
		}
		c.Agents[agent] = follow(c.Agents[agent], true, from, 0, s.Minute, MannerOf(v.Layer, v.Failure))
	}
}

// follow carries stretches of trouble on to a minute: it begins one, ends one, or
// lets the one that lasts go on, and forgets those that are long over.
func follow(spans []span, bad bool, since, well, now outage.Minute, manner Manner) []span {
	for len(spans) > 0 && spans[0].To > 0 && now-spans[0].To > keepTrouble {
		spans = spans[1:]
	}
	n := len(spans)
	lasts := n > 0 && spans[n-1].To == 0
	switch {
	case bad && lasts:
		if manner != MannerUnknown {
			spans[n-1].Manner = manner
		}
	case bad:
		if n > 0 {
			since = max(since, spans[n-1].To)
		}
		if spans = append(spans, span{From: since, Manner: manner}); len(spans) > maxSpans {
			spans = spans[1:]
		}
	case lasts:
		end := now // when nobody looks any more, for instance
		if well > 0 {
			end = min(well, now)
		}
		spans[n-1].To = max(spans[n-1].From+1, end)
	}
	return spans
}

// now is the trouble that lasts; ok is false where there is none.
func (c *condition) now() (span, bool) {
	if n := len(c.Trouble); n > 0 && c.Trouble[n-1].To == 0 {
		return c.Trouble[n-1], true
	}
	return span{}, false
}

// saved is what a snapshot holds; the catalog is not part of it.
type saved struct {
	Conditions map[string]*condition       `json:"conditions"`
	Incidents  map[string]*outage.Incident `json:"incidents"`
	Suspected  map[string]bool             `json:"suspected,omitempty"`
}

// Snapshot encodes the memory; equal memories give equal bytes.
func (b *Book) Snapshot() ([]byte, error) {
	data, err := json.Marshal(saved{b.conditions, b.incidents, b.suspected})
	if err != nil {
		return nil, fmt.Errorf("save what stands beside services: %w", err)
	}
	return data, nil
}

// Restore replaces the memory; the catalog stays.
func (b *Book) Restore(data []byte) error {
	var s saved
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("read what stands beside services: %w", err)
	}
	for id, c := range s.Conditions {
		if c == nil || len(c.Trouble) > maxSpans {
			return fmt.Errorf("read what stands beside services: that of %q is not whole; fold the log again", id)
		}
	}
	for id, i := range s.Incidents {
		if i == nil || i.Service != id {
			return fmt.Errorf("read what stands beside services: the incident of %q is not whole; fold the log again", id)
		}
	}
	b.conditions, b.incidents, b.looks = map[string]*condition{}, map[string]*outage.Incident{}, map[string]int{}
	b.suspected = map[string]bool{}
	maps.Copy(b.incidents, s.Incidents)
	maps.Copy(b.suspected, s.Suspected)
	b.ground.forget()
	for id, c := range s.Conditions {
		b.conditions[id] = c
		b.count(c, +1)
		b.ground.measure(id, c.Stands)
	}
	return nil
}

// End ends a minute: what was glimpsed in it is forgotten, and so are incidents that
// have been over for a day and services that nobody has looked at for as long.
func (b *Book) End(m outage.Minute) {
	for id, c := range b.conditions {
		c.fresh, c.freshAgents = span{}, nil
		if n := len(c.Trouble); !c.Watched && len(c.Looking) == 0 && (n == 0 || c.Trouble[n-1].To > 0 && m-c.Trouble[n-1].To > keepTrouble) {
			delete(b.conditions, id)
			b.ground.measure(id, nil)
		}
	}
	for id, i := range b.incidents {
		if i.Closed > 0 && m-i.Closed > keepIncident {
			delete(b.incidents, id)
		}
	}
}
