package diagnose

import (
	"maps"
	"slices"

	"faultline/internal/attempts"
	"faultline/internal/feature"
	"faultline/internal/siblings"
	"faultline/internal/stream"
	"faultline/outage"
)

// Name of the follower.
const Name = "diagnose"

// Fold is the memory of what was tried, and of all verdicts that may still change.
type Fold struct {
	config Config
	names  map[string]string // of services, by id
	window *attempts.Window
	book   *siblings.Book
	state  state
}

// state is the part of the memory that is saved as it is.
type state struct {
	Lives map[string]*life `json:"lives"` // by incident
	// Crowd is what people reported, by service; minutes without a report are absent.
	Crowd map[string][]feature.CrowdMinute `json:"crowd"`
	// Observed is what observers published, by service.
	Observed map[string][]outage.Observation `json:"observed"`
	// Fresh are services of which an observer has published something in the open
	// minute.
	Fresh map[string]bool `json:"fresh,omitempty"`
}

var _ stream.Fold = (*Fold)(nil)

// New returns a fold that knows no incident yet. The configuration must be valid.
func New(c Config) *Fold {
	names := make(map[string]string, len(c.Services))
	for i := range c.Services {
		names[c.Services[i].ID] = c.Services[i].Name
	}
	return &Fold{config: c, names: names, window: attempts.New(), book: siblings.New(c.Services), state: newState()}
}

func newState() state {
	return state{
		Lives: map[string]*life{}, Crowd: map[string][]feature.CrowdMinute{},
		Observed: map[string][]outage.Observation{}, Fresh: map[string]bool{},
	}
}

// NewFollower ties the fold to its topics.
func NewFollower(c Config) *stream.Follower {
	return &stream.Follower{
		Name: Name,
		In: []string{
			stream.Measurements.Name, stream.Points.Name, stream.ProbeStates.Name, stream.Observations.Name, stream.Incidents.Name,
		},
		Out:  []string{stream.Verdicts.Name},
		Fold: New(c),
	}
}

// Apply implements [stream.Fold].
func (f *Fold) Apply(topic string, r stream.Record) error {
	switch topic {
	case stream.Measurements.Name:
		return apply(stream.Measurements, r, func(m *outage.Measurement) { f.window.Take(r.Minute, m) })
	case stream.Points.Name:
		return apply(stream.Points, r, f.Reported)
	case stream.ProbeStates.Name:
		return apply(stream.ProbeStates, r, f.Probed)
	case stream.Observations.Name:
		return apply(stream.Observations, r, f.Observe)
	}
	return apply(stream.Incidents, r, f.Incident)
}

func apply[T any](t stream.Topic[T], r stream.Record, take func(*T)) error {
	fact, err := t.Decode(r)
	if err != nil {
		return err
	}
	take(fact)
	return nil
}

// Probed takes in what probes say of a service.
func (f *Fold) Probed(s *outage.ProbeState) {
	f.window.Heard(s)
	f.book.Probed(s)
}

// Reported takes in what people reported in a minute. A corrected record, which comes
// late, is passed over.
func (f *Fold) Reported(p *outage.MinutePoints) {
	if p.Revision > 0 || p.Total() == 0 {
		return
	}
	c := feature.CrowdMinute{At: p.Minute, Countries: map[string]int{}, Categories: map[string]int{}}
	for i := range p.Points {
		if x := &p.Points[i]; x.Signal == outage.SignalReports && x.Count > 0 {
			c.Total += x.Count
			c.Countries[x.Country] += x.Count
			c.Categories[x.Category] += x.Count
		}
	}
	f.state.Crowd[p.Service] = append(f.state.Crowd[p.Service], c)
}

// maxObserved bounds what is kept of one service; of more the oldest go.
const maxObserved = 500

// Observe takes in what an observer has published.
func (f *Fold) Observe(o *outage.Observation) {
	list := append(f.state.Observed[o.Service], *o)
	f.state.Observed[o.Service] = list[max(0, len(list)-maxObserved):]
	f.state.Fresh[o.Service] = true
}

// Incident takes in a revision of an incident.
func (f *Fold) Incident(i *outage.Incident) {
	f.book.Incident(i)
	l := f.state.Lives[i.ID]
	if l == nil {
		l = &life{}
		f.state.Lives[i.ID] = l
	}
	l.Stirred = l.Inc.State != i.State || len(l.Inc.Waves) != len(i.Waves)
	l.Inc = *i
}

// Tick implements [stream.Fold].
func (f *Fold) Tick(m outage.Minute, missing bool) ([]stream.Entry, error) {
	verdicts := f.End(m, missing)
	entries := make([]stream.Entry, 0, len(verdicts))
	for i := range verdicts {
		e, err := stream.Verdicts.Entry(m, &verdicts[i])
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// End is Tick without the encoding: revisions in the order of their incidents.
func (f *Fold) End(m outage.Minute, missing bool) []outage.Verdict {
	f.window.Close(m, missing)
	if missing {
		return nil
	}
	f.glimpse(m)
	var out []outage.Verdict
	for _, id := range slices.Sorted(maps.Keys(f.state.Lives)) {
		l := f.state.Lives[id]
		if v, ok := f.look(l, m); ok {
			out = append(out, v)
		}
		if l.Inc.Closed > 0 && m-l.Inc.Closed > f.config.KeepClosed {
			delete(f.state.Lives, id)
		}
	}
	f.book.End(m)
	f.forget(m)
	return out
}

// glimpse shows the book what agents had in the minute that ends: states of probes say
// so only after two looks in a row, and the first verdict comes before.
func (f *Fold) glimpse(m outage.Minute) {
	judged := false
	for _, l := range f.state.Lives {
		judged = judged || l.Inc.State.Open() || !l.Ended
	}
	if !judged {
		return
	}
	for service, list := range f.window.Glimpses(m) {
		seen := make([]siblings.Glimpse, len(list))
		for i := range list {
			seen[i] = siblings.Glimpse(list[i])
		}
		f.book.Glimpse(service, m, seen)
	}
}

// Spans of what is kept beside the attempts.
const (
	// crowdSpan covers the longest that an onset lies before its detection.
	crowdSpan = 2*outage.Hour + 30
	// heldCrowd is how long reports are kept while an incident lasts: as long as its
	// attempts are looked at.
	heldCrowd = outage.Day + crowdSpan
)

// forget drops what is too old.
func (f *Fold) forget(m outage.Minute) {
	clear(f.state.Fresh)
	held := map[string]bool{}
	for _, l := range f.state.Lives {
		if l.Inc.State.Open() {
			held[l.Inc.Service] = true
		}
	}
	for service, list := range f.state.Crowd {
		span := crowdSpan
		if held[service] {
			span = heldCrowd
		}
		i := 0
		for i < len(list) && list[i].At < m-span {
			i++
		}
		if f.state.Crowd[service] = list[i:]; i == len(list) {
			delete(f.state.Crowd, service)
		}
	}
	for service, list := range f.state.Observed {
		i := 0
		for i < len(list) && list[i].Minute < m-f.config.KeepClosed {
			i++
		}
		if f.state.Observed[service] = list[i:]; i == len(list) {
			delete(f.state.Observed, service)
		}
	}
}
