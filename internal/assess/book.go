package assess

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"faultline/internal/judge"
	"faultline/internal/siblings"
	"faultline/outage"
)

// maxViews bounds the pairs of service and agent that are followed; what comes beyond
// is not judged and makes no point. Ten thousand services seen by twenty agents.
const maxViews = 200_000

// Book is the memory over all agents and services. It is not safe for concurrent use.
type Book struct {
	quorum judge.QuorumConfig
	state  state
	views  int
	minute outage.Minute // that is open, by the records that came; 0: none
	open   map[string]map[string]*sums
}

// state is what is saved.
type state struct {
	Listened int64               `json:"listened"` // minutes in which somebody did
	Agents   map[string]*witness `json:"agents"`
	Services map[string]*service `json:"services"`
}

// service is what is known of one service.
type service struct {
	Views []*view `json:"views"` // by agent
	Runs  []run   `json:"runs,omitempty"`
	// Day and Before are what probes got answers from in this half of a day and in
	// the one before it, Half is which one.
	Day    judge.Exercise `json:"day"`
	Before judge.Exercise `json:"before"`
	Half   outage.Minute  `json:"half"`
	// Footing is what its answers were seen to come from.
	Footing siblings.Footing `json:"footing,omitzero"`
	State   judge.State      `json:"state"`
	Since   outage.Minute    `json:"since"`
	Said    string           `json:"said,omitempty"` // shape of what was said last
	SaidAt  outage.Minute    `json:"said_at,omitempty"`
}

// New makes a book that has seen nothing.
func New(quorum judge.QuorumConfig) *Book {
	return &Book{quorum: quorum, state: newState(), open: map[string]map[string]*sums{}}
}

func newState() state {
	return state{Agents: map[string]*witness{}, Services: map[string]*service{}}
}

// Take takes in a measurement that was received in minute m. Of an older minute than
// one that has begun nothing is taken.
func (b *Book) Take(m outage.Minute, x *outage.Measurement) {
	if x.Late || x.Gap != nil || m < b.minute {
		return
	}
	if m > b.minute {
		clear(b.open) // of a minute that never ended: a log may begin within one
		b.minute = m
	}
	now := b.state.Listened + 1
	w := b.state.Agents[x.Agent]
	if w == nil {
		w = &witness{}
		b.state.Agents[x.Agent] = w
	}
	w.hear(x.Vantage, now)
	switch {
	case x.Outcome == outage.OutcomeSkipped || x.Layer == outage.LayerMonitor:
	case x.Target.Role == outage.RoleControl:
		w.control(x, now)
	case x.Target.Service != "":
		agents := b.open[x.Target.Service]
		if agents == nil {
			agents = map[string]*sums{}
			b.open[x.Target.Service] = agents
		}
		s := agents[x.Agent]
		if s == nil {
			s = &sums{cells: map[cell]*tally{}}
			agents[x.Agent] = s
		}
		s.take(x)
		s.footing.Take(x, now)
	}
}

// Close ends a minute. Points are by service, cells ordered; states are those that
// changed, by service. In a missing minute nothing is said and no time passes.
func (b *Book) Close(m outage.Minute, missing bool) (points map[string][]outage.Point, states []outage.ProbeState) {
	if missing || b.minute > 0 && b.minute != m {
		clear(b.open)
	}
	if missing {
		return nil, nil
	}
	b.state.Listened++
	now := b.state.Listened
	for id, w := range b.state.Agents {
		if w.judge(now); now-w.Heard > max(int64(outage.Day), 2*silentGaps*w.Gap) {
			delete(b.state.Agents, id)
		}
	}
	points = map[string][]outage.Point{}
	for _, id := range slices.Sorted(maps.Keys(b.open)) {
		if p := b.count(id, m, now); len(p) > 0 {
			points[id] = p
		}
	}
	for _, id := range slices.Sorted(maps.Keys(b.state.Services)) {
		s := b.state.Services[id]
		b.forget(s, now)
		if said, ok := b.say(id, s, m); ok {
			states = append(states, said)
		}
		if len(s.Views) == 0 {
			delete(b.state.Services, id)
		}
	}
	clear(b.open)
	return points, states
}

// count takes a service's attempts of the minute into its views and makes its points.
func (b *Book) count(id string, m outage.Minute, now int64) []outage.Point {
	s := b.state.Services[id]
	if s == nil {
		s = &service{State: judge.StateUnknown, Since: m, Half: m / halfDay}
		b.state.Services[id] = s
	}
	if half := m / halfDay; half != s.Half {
		s.Before, s.Day, s.Half = s.Day, judge.Exercise{}, half
	}
	agents := slices.Sorted(maps.Keys(b.open[id]))
	classes := map[string]asked{}
	for _, agent := range agents {
		sums, w := b.open[id][agent], b.state.Agents[agent]
		v := b.view(s, agent)
		if v == nil {
			delete(b.open[id], agent)
			continue
		}
		sums.settle(w.dead())
		v.take(sums, m, now)
		s.Day.Join(&sums.exercise)
		s.Footing.Join(&sums.footing)
		if t := sums.sum(""); w.health == judge.HealthHealthy || w.health == judge.HealthUnknown {
			a := classes[w.Vantage.Class]
			a.class = w.Vantage.Class
			a.ok, a.refused, a.other = a.ok+t.tried-t.failed, a.refused+t.refused, a.other+t.failed-t.refused
			classes[a.class] = a
		}
	}
	list := make([]asked, 0, len(classes))
	for _, class := range slices.Sorted(maps.Keys(classes)) {
		list = append(list, classes[class])
	}
	s.refuse(list, m, now)
	return b.points(id, s, agents, now)
}

// halfDay is the step in which what was exercised ages: a depth holds for half a day
// to a day after the last look that showed it.
const halfDay = outage.Day / 2

// view is how an agent sees a service; nil when there are too many.
func (b *Book) view(s *service, agent string) *view {
	i, found := slices.BinarySearchFunc(s.Views, agent, func(v *view, a string) int { return strings.Compare(v.Agent, a) })
	if !found {
		if b.views >= maxViews {
			return nil
		}
		b.views++
		s.Views = slices.Insert(s.Views, i, &view{Agent: agent})
	}
	return s.Views[i]
}

// points sums what agents that can be believed have tried: errors and times, by
// place, network, layer and family. Refusals that may be meant for monitors are left
// out, as if nobody had asked.
func (b *Book) points(id string, s *service, agents []string, now int64) []outage.Point {
	type spot struct {
		cell
		country, network string
	}
	all := map[spot]*tally{}
	for _, agent := range agents {
		sums, w := b.open[id][agent], b.state.Agents[agent]
		if sums == nil || !w.believed() {
			continue
		}
		aside, _ := s.refused(w.Vantage.Class, now)
		for c, t := range sums.cells {
			if aside {
				t.tried, t.failed = t.tried-t.refused, t.failed-t.refused
			}
			if t.tried == 0 {
				continue
			}
			p := spot{c, w.Vantage.Country, w.Vantage.Network}
			if all[p] == nil {
				all[p] = &tally{}
			}
			all[p].add(t)
		}
	}
	var out []outage.Point
	for p, t := range all {
		point := outage.Point{Country: p.country, Network: p.network, Layer: p.layer, Family: p.family}
		errs := point
		errs.Signal, errs.Count, errs.Trials = outage.SignalProbeErrors, t.failed, t.tried
		out = append(out, errs)
		if t.timed > 0 {
			point.Signal, point.Count, point.Sum = outage.SignalLatency, t.timed, t.logs
			out = append(out, point)
		}
	}
	slices.SortFunc(out, comparePoints)
	return out
}

// comparePoints is the order of points in a record.
func comparePoints(a, b outage.Point) int {
	return cmp.Or(cmp.Compare(a.Signal, b.Signal), cmp.Compare(a.Country, b.Country), cmp.Compare(a.Network, b.Network),
		cmp.Compare(place(a.Layer), place(b.Layer)), cmp.Compare(a.Family, b.Family))
}

// forget drops the views of agents that look no more.
func (b *Book) forget(s *service, now int64) {
	kept := s.Views[:0]
	for _, v := range s.Views {
		if v.forgotten(now) || b.state.Agents[v.Agent] == nil {
			b.views--
			continue
		}
		kept = append(kept, v)
	}
	clear(s.Views[len(kept):])
	s.Views = kept
}

// Snapshot encodes the memory; equal memories give equal bytes.
func (b *Book) Snapshot() ([]byte, error) {
	if len(b.open) > 0 {
		return nil, fmt.Errorf("save what agents say: %d services are in the middle of a minute", len(b.open))
	}
	data, err := json.Marshal(b.state)
	if err != nil {
		return nil, fmt.Errorf("save what agents say: %w", err)
	}
	return data, nil
}

// Restore replaces the memory.
func (b *Book) Restore(data []byte) error {
	s := newState()
	if len(data) > 0 {
		if err := json.Unmarshal(data, &s); err != nil {
			return fmt.Errorf("read what agents said: %w", err)
		}
	}
	if s.Agents == nil || s.Services == nil {
		return errors.New("read what agents said: agents or services are absent")
	}
	views := 0
	for id, service := range s.Services {
		if service == nil || slices.Contains(service.Views, nil) {
			return fmt.Errorf("read what agents said: service %q is not whole", id)
		}
		views += len(service.Views)
	}
	for id, w := range s.Agents {
		if w == nil {
			return fmt.Errorf("read what agents said: agent %q is not whole", id)
		}
	}
	b.state, b.views, b.minute = s, views, 0
	clear(b.open)
	return nil
}

// place is a layer's in a record: whole attempts come first.
func place(l outage.Layer) int {
	if l == "" {
		return -1
	}
	return order(l)
}
