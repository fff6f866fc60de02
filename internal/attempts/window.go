package attempts

import (
	"slices"
	"time"

	"faultline/internal/judge"
	"faultline/outage"
)

// Limits of what is remembered.
const (
	// quietSpan is how many minutes of a service are kept; leastSpan of them stay when
	// there is too much: then ratios rest on less, and say so.
	quietSpan = 120
	leastSpan = 15
	// heldSpan is how many minutes from the onset of an incident on are kept beside
	// those before it: an incident that lasts longer is judged by its first day.
	heldSpan = outage.Day
	// maxBins bounds the bins of all services, 150 bytes each: ten thousand services that
	// one agent looks at every minute, for an hour and a half.
	maxBins = 1_000_000
	// maxSpots of a service are told apart; what is beyond is not looked at.
	maxSpots = 2000
	// maxCerts of a service are told apart; the last place is for all others.
	maxCerts = 16
	// maxAge is how long an attempt may have been on its way before it is filed under
	// the minute in which it came.
	maxAge = 5
	// forgetAfter is when an agent of which nothing was heard is forgotten.
	forgetAfter = 2 * outage.Day
)

// Window is the memory. It is not safe for concurrent use.
type Window struct {
	services map[string]*Past
	agents   map[string]*Agent
	bins     int
	span     outage.Minute // minutes kept of services without an incident
	told     map[look]told
}

// look is what a look-up is recognized by, when several attempts tell the same one.
type look struct{ agent, host, resolver string }

// told is a look-up as it was told last, with the addresses that it led to. One that
// leads to the same address again is another look, however alike its times are.
type told struct {
	span      outage.Span
	addresses []string
}

// Past is what is remembered of a service.
type Past struct {
	Spots   []Spot
	Minutes []Minute // rising
	Certs   []Cert
	Depth   outage.Depth
	Usual   map[string]*Usual // by agent: the times of a usual day

	held   outage.Minute // onset of the incident that is open; 0: none
	health map[string]bool
	index  map[Spot]int32
}

// Minute is one minute of a service.
type Minute struct {
	At   outage.Minute
	Bins []Bin // by spot
}

// New makes a memory of nothing.
func New() *Window {
	return &Window{services: map[string]*Past{}, agents: map[string]*Agent{}, span: quietSpan, told: map[look]told{}}
}

// Past of a service; nil: nothing is known.
func (w *Window) Past(service string) *Past { return w.services[service] }

// Agent that has been heard; nil: none.
func (w *Window) Agent(id string) *Agent { return w.agents[id] }

// Take takes in a measurement that was received in a minute.
func (w *Window) Take(received outage.Minute, m *outage.Measurement) {
	if m.Late || m.Gap != nil || m.Kind != "" || m.Outcome == outage.OutcomeSkipped || m.Layer == outage.LayerMonitor {
		return
	}
	at := m.Time
	if m.Clock.Synced {
		at = at.Add(time.Duration(m.Clock.OffsetMS * float64(time.Millisecond)))
	}
	minute := outage.MinuteOf(at)
	if minute > received || minute < received-maxAge {
		minute, at = received, received.Time()
	}
	w.hear(received, minute, m)
	if m.Target.Role == outage.RoleControl || m.Target.Service == "" {
		return
	}
	p := w.services[m.Target.Service]
	if p == nil {
		p = &Past{index: map[Spot]int32{}, health: map[string]bool{}, Usual: map[string]*Usual{}}
		w.services[m.Target.Service] = p
	}
	spot := p.spot(spotOf(m))
	if spot < 0 {
		return
	}
	b, fresh := p.bin(minute, spot)
	if fresh {
		w.bins++
	}
	b.take(m, &p.Spots[spot], at, w.first(m))
	if m.Attempt <= 1 && m.TLS != nil && m.TLS.Certificate != nil {
		b.add(Shaken, 1)
		b.add(CertCode(p.cert(m.TLS.Certificate, minute)), 1)
	}
}

// first says whether the look-up of a measurement has not been told by another one of
// the same look. That is remembered for the minute only.
func (w *Window) first(m *outage.Measurement) bool {
	if m.DNS == nil {
		return false
	}
	key := look{m.Agent, m.Target.Host, m.DNS.Resolver}
	t, known := w.told[key]
	if known && t.span == m.DNS.Span && !slices.Contains(t.addresses, m.Target.Address) {
		t.addresses = append(t.addresses, m.Target.Address)
		w.told[key] = t
		return false
	}
	w.told[key] = told{m.DNS.Span, []string{m.Target.Address}}
	return true
}

// Heard takes in what probes say of a service: whom to believe, and how deep they look.
func (w *Window) Heard(s *outage.ProbeState) {
	p := w.services[s.Service]
	if p == nil {
		return
	}
	p.Depth = s.Depth
	clear(p.health)
	for i := range s.Vantages {
		p.health[s.Vantages[i].Agent] = judge.Health(s.Vantages[i].Health) == judge.HealthHealthy
	}
}

// Hold keeps the past of a service from before an onset on; 0 lets it go.
func (w *Window) Hold(service string, onset outage.Minute) {
	if p := w.services[service]; p != nil {
		p.held = onset
	}
}

// Close ends a minute: agents that cannot be believed are marked, and what is too old
// is forgotten. In a missing minute nobody was told anything.
func (w *Window) Close(m outage.Minute, missing bool) {
	clear(w.told)
	if !missing {
		for _, p := range w.services {
			p.doubt(m, w.agents)
			if (m+1)%outage.Hour == 0 && p.held == 0 {
				p.learn(m+1-outage.Hour, m)
			}
		}
	}
	w.forget(m)
}

// doubt marks what agents did in a minute, and in the one before, when they cannot be
// believed at its end: it takes some looks to know of an agent that it is cut off, or
// has no way to a family of addresses.
func (p *Past) doubt(m outage.Minute, agents map[string]*Agent) {
	for i := len(p.Minutes) - 1; i >= 0 && p.Minutes[i].At >= m-1; i-- {
		for j := range p.Minutes[i].Bins {
			b := &p.Minutes[i].Bins[j]
			s := &p.Spots[b.Spot]
			b.Doubted = b.Doubted || !p.health[s.Agent] || agents[s.Agent].dead(s.Family)
		}
	}
}

// forget drops what is too old, and more of it when there is too much.
func (w *Window) forget(m outage.Minute) {
	switch {
	case w.bins > maxBins:
		w.span = max(leastSpan, w.span/2)
	case w.bins < maxBins/4:
		w.span = min(quietSpan, 2*w.span)
	}
	for id, p := range w.services {
		w.bins -= p.forget(m, w.span)
		if len(p.Minutes) == 0 && len(p.Usual) == 0 {
			delete(w.services, id)
		}
	}
	for id, a := range w.agents {
		a.Controls = slices.DeleteFunc(a.Controls, func(c Control) bool { return c.At < m-heldSpan-quietSpan })
		if a.Heard < m-forgetAfter {
			delete(w.agents, id)
		}
	}
}

// forget drops minutes that are neither recent nor of the incident that is open, and
// what was usual for agents that are gone, and says how many bins went.
func (p *Past) forget(m, span outage.Minute) int {
	for agent, u := range p.Usual {
		if u.Last < m-usualLife {
			delete(p.Usual, agent)
		}
	}
	gone := 0
	keep := func(at outage.Minute) bool {
		return at > m-span || p.held != 0 && at >= p.held-span && at <= p.held+heldSpan
	}
	if len(p.Minutes) == 0 || keep(p.Minutes[0].At) && p.held == 0 {
		return 0
	}
	p.Minutes = slices.DeleteFunc(p.Minutes, func(x Minute) bool {
		if keep(x.At) {
			return false
		}
		gone += len(x.Bins)
		return true
	})
	return gone
}

// spot finds the place of a spot, or makes it; -1 where there are too many. A spot at
// which nothing is remembered any more gives its place to a new one.
func (p *Past) spot(s Spot) int32 {
	if i, ok := p.index[s]; ok {
		return i
	}
	if len(p.Spots) < maxSpots {
		p.Spots = append(p.Spots, s)
		p.index[s] = int32(len(p.Spots) - 1)
		return p.index[s]
	}
	used := make([]bool, len(p.Spots))
	for i := range p.Minutes {
		for j := range p.Minutes[i].Bins {
			used[p.Minutes[i].Bins[j].Spot] = true
		}
	}
	i := slices.Index(used, false)
	if i < 0 {
		return -1
	}
	delete(p.index, p.Spots[i])
	p.Spots[i], p.index[s] = s, int32(i)
	return int32(i)
}

// bin finds a spot's bin of a minute, or makes it.
func (p *Past) bin(minute outage.Minute, spot int32) (b *Bin, fresh bool) {
	i, found := slices.BinarySearchFunc(p.Minutes, minute, func(x Minute, t outage.Minute) int { return int(x.At - t) })
	if !found {
		p.Minutes = slices.Insert(p.Minutes, i, Minute{At: minute})
	}
	bins := &p.Minutes[i].Bins
	j, found := slices.BinarySearchFunc(*bins, spot, func(x Bin, s int32) int { return int(x.Spot - s) })
	if !found {
		*bins = slices.Insert(*bins, j, Bin{Spot: spot, FirstFail: None, LastFine: None})
	}
	return &(*bins)[j], !found
}
