package incident

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"faultline/internal/siblings"
	"faultline/internal/stream"
	"faultline/outage"
)

// Name of the follower.
const Name = "incident"

// Fold is the state of all incidents that may still change.
type Fold struct {
	config   Config
	services map[string]*outage.Service          // of the catalog
	pending  map[string]*outage.MinuteDetections // of the minute that is being read
	book     *siblings.Book                      // what stands beside services
	state    state
}

// state is what a snapshot holds.
type state struct {
	Lives map[string]*life           `json:"lives"` // by service
	Last  map[string]outage.Incident `json:"last"`  // by service: last revision said
	// Probes is what probes say, by service, as last heard of.
	Probes map[string]*outage.ProbeState `json:"probes,omitempty"`
	// Turns has services that agents see in trouble and have seen well before.
	Turns map[string]*turn `json:"turns,omitempty"`
	// Beside is the book's own snapshot.
	Beside json.RawMessage `json:"beside,omitempty"`
}

var _ stream.Fold = (*Fold)(nil)

// New returns a fold that knows no incident yet.
func New(c Config) *Fold {
	f := &Fold{
		config: c, services: map[string]*outage.Service{}, pending: map[string]*outage.MinuteDetections{},
		book: siblings.New(c.Services), state: newState(),
	}
	for i := range c.Services {
		f.services[c.Services[i].ID] = &c.Services[i]
	}
	return f
}

func newState() state {
	return state{Lives: map[string]*life{}, Last: map[string]outage.Incident{}, Probes: map[string]*outage.ProbeState{}, Turns: map[string]*turn{}}
}

// NewFollower ties the fold to its topics.
func NewFollower(c Config) *stream.Follower {
	return &stream.Follower{
		Name: Name,
		In:   []string{stream.Detections.Name, stream.ProbeStates.Name},
		Out:  []string{stream.Incidents.Name},
		Fold: New(c),
	}
}

// Apply takes in the detections of a service's minute, or what probes say of it.
func (f *Fold) Apply(topic string, r stream.Record) error {
	if topic == stream.ProbeStates.Name {
		s, err := stream.ProbeStates.Decode(r)
		if err != nil {
			return err
		}
		f.Probed(s)
		return nil
	}
	d, err := stream.Detections.Decode(r)
	if err != nil {
		return err
	}
	f.Observe(d)
	return nil
}

// Observe is Apply for a fact that is decoded already.
func (f *Fold) Observe(d *outage.MinuteDetections) { f.pending[d.Service] = d }

// Probed is Apply for what probes say, decoded already.
func (f *Fold) Probed(s *outage.ProbeState) {
	f.book.Probed(s)
	if t := f.config.turned(f.state.Turns[s.Service], f.state.Probes[s.Service], s); t != nil {
		f.state.Turns[s.Service] = t
	} else {
		delete(f.state.Turns, s.Service)
	}
	if len(s.Vantages) == 0 {
		delete(f.state.Probes, s.Service)
		return
	}
	f.state.Probes[s.Service] = s
}

// Tick ends a minute and returns the revisions it brought.
func (f *Fold) Tick(m outage.Minute, missing bool) ([]stream.Entry, error) {
	revisions := f.End(m, missing)
	entries := make([]stream.Entry, 0, len(revisions))
	for i := range revisions {
		e, err := stream.Incidents.Entry(m, &revisions[i])
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// End is Tick without the encoding: revisions in the order of their services.
func (f *Fold) End(m outage.Minute, missing bool) []outage.Incident {
	if missing {
		clear(f.pending)
		return nil
	}
	seen := map[string]observation{}
	for _, service := range f.awake() {
		seen[service] = f.look(service, m)
	}
	causes := f.book.Causes(func(service string) bool { return seen[service].probes.alarm })
	for i := range causes {
		f.carry(seen, &causes[i], m)
	}
	for _, service := range slices.Sorted(maps.Keys(seen)) {
		f.advance(service, m, seen[service])
	}
	clear(f.pending)
	f.book.End(m)
	f.link(causes)
	return f.say(m)
}

// awake lists the services to look at in this minute, sorted.
func (f *Fold) awake() []string {
	set := make(map[string]struct{}, len(f.pending)+len(f.state.Lives))
	for s := range f.pending {
		set[s] = struct{}{}
	}
	for s := range f.state.Lives {
		set[s] = struct{}{}
	}
	for s, p := range f.state.Probes {
		if p.Quorum || f.hasTurned(s) {
			set[s] = struct{}{}
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// look is what a minute shows of one service.
func (f *Fold) look(service string, m outage.Minute) observation {
	d := f.pending[service]
	o := observe(d)
	l := f.state.Lives[service]
	crowd := o.alarm || l != nil && l.Inc.State.Open() && !l.Measured
	o.probes = f.config.probed(f.state.Probes[service], d, m, crowd, f.hasTurned(service))
	return o
}

// advance carries one service over a listening minute.
func (f *Fold) advance(service string, m outage.Minute, o observation) {
	d := f.pending[service]
	l := f.state.Lives[service]
	switch {
	case l == nil && !o.any():
		return
	case l == nil:
		l = born(service, m, o)
		f.state.Lives[service] = l
	case !l.Inc.State.Open() && m-l.Inc.Closed > f.config.ReopenWithin:
		f.forget(service)
		f.advance(service, m, o)
		return
	case !l.Inc.State.Open() && !o.any():
		return
	case !l.Inc.State.Open():
		l.retry(o)
	}
	l.take(m, d, o)
	l.step(&f.config, m, d, o)
}

func (f *Fold) forget(service string) {
	delete(f.state.Lives, service)
	delete(f.state.Last, service)
}

// say collects the revisions of the minute and lets go of what was dismissed.
func (f *Fold) say(m outage.Minute) []outage.Incident {
	var out []outage.Incident
	for _, service := range slices.Sorted(maps.Keys(f.state.Lives)) {
		l := f.state.Lives[service]
		if f.worthSaying(l, m) {
			l.Inc.Revision++
			l.Inc.Minute = m
			l.Said = l.shape()
			said := l.Inc
			said.Waves = slices.Clone(said.Waves)
			f.state.Last[service] = said
			out = append(out, said)
		}
		if l.Inc.State == outage.StateDismissed {
			f.forget(service)
		}
	}
	return out
}

// worthSaying holds the rule of revisions.
func (f *Fold) worthSaying(l *life, m outage.Minute) bool {
	last, ok := f.state.Last[l.Inc.Service]
	if !ok || l.shape() != l.Said {
		return true
	}
	if !l.Inc.State.Open() || m-last.Minute < f.config.RunningEvery {
		return false
	}
	now := l.Inc
	now.Minute = last.Minute
	return !reflect.DeepEqual(now, last)
}

// Snapshot encodes the state; equal states give equal bytes.
func (f *Fold) Snapshot() ([]byte, error) {
	beside, err := f.book.Snapshot()
	if err != nil {
		return nil, err
	}
	s := f.state
	s.Beside = beside
	b, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode the state of incidents: %w", err)
	}
	return b, nil
}

// Restore replaces the state.
func (f *Fold) Restore(b []byte) error {
	var s state
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("decode the state of incidents: %w", err)
	}
	if s.Probes == nil {
		s.Probes = map[string]*outage.ProbeState{}
	}
	if s.Turns == nil {
		s.Turns = map[string]*turn{}
	}
	for service, p := range s.Probes {
		if p == nil || p.Service != service {
			return fmt.Errorf("decode the state of incidents: what probes say of %q is not whole", service)
		}
	}
	for service, t := range s.Turns {
		if t == nil {
			return fmt.Errorf("decode the state of incidents: who saw %q turn is not whole", service)
		}
	}
	if s.Lives == nil || s.Last == nil {
		return errors.New("decode the state of incidents: lives or last revisions are absent")
	}
	for service, l := range s.Lives {
		if l == nil || l.Inc.Service != service || len(l.Inc.Waves) == 0 || len(l.Waves.Samples) == 0 {
			return fmt.Errorf("decode the state of incidents: that of %q is not whole", service)
		}
	}
	if err := f.recall(s.Beside, s.Probes); err != nil {
		return err
	}
	s.Beside, f.state = nil, s
	clear(f.pending)
	return nil
}
