package publish

import (
	"encoding/json"
	"errors"
	"fmt"

	"faultline/internal/stream"
	"faultline/outage"
)

// Name of the follower.
const Name = "publish"

// Config is what publish needs to know of the world.
type Config struct {
	// Names maps a service's id to the name people know; an id without a name
	// stands for itself.
	Names map[string]string
}

// Fold remembers what was last said of each service that has an open incident.
type Fold struct {
	names map[string]string
	said  map[string]said
	out   []outage.Bulletin // of the minute that is being read
}

// said is what must change before a service is spoken of again.
type said struct {
	Incident string        `json:"incident"`
	Status   outage.Status `json:"status"`
	Headline string        `json:"headline"`
}

var _ stream.Fold = (*Fold)(nil)

// New returns a fold that has said nothing yet.
func New(c Config) *Fold { return &Fold{names: c.Names, said: map[string]said{}} }

// NewFollower ties the fold to its topics.
func NewFollower(c Config) *stream.Follower {
	return &stream.Follower{
		Name: Name,
		In:   []string{stream.Incidents.Name},
		Out:  []string{stream.Bulletins.Name},
		Fold: New(c),
	}
}

// Apply takes in a revision of an incident.
func (f *Fold) Apply(_ string, r stream.Record) error {
	i, err := stream.Incidents.Decode(r)
	if err != nil {
		return err
	}
	f.Observe(i)
	return nil
}

// Observe is Apply for a fact that is decoded already.
func (f *Fold) Observe(i *outage.Incident) {
	name := f.names[i.Service]
	if name == "" {
		name = i.Service
	}
	b := Word(name, i)
	now := said{Incident: b.Incident, Status: b.Status, Headline: b.Headline}
	if f.said[i.Service] == now {
		return
	}
	if i.State.Open() {
		f.said[i.Service] = now
	} else {
		delete(f.said, i.Service)
	}
	f.out = append(f.out, b)
}

// Tick ends a minute and returns what there is to say.
func (f *Fold) Tick(m outage.Minute, missing bool) ([]stream.Entry, error) {
	bulletins := f.End(m, missing)
	entries := make([]stream.Entry, 0, len(bulletins))
	for i := range bulletins {
		e, err := stream.Bulletins.Entry(m, &bulletins[i])
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// End is Tick without the encoding.
func (f *Fold) End(outage.Minute, bool) []outage.Bulletin {
	out := f.out
	f.out = nil
	return out
}

// Snapshot encodes the state; equal states give equal bytes.
func (f *Fold) Snapshot() ([]byte, error) {
	b, err := json.Marshal(f.said)
	if err != nil {
		return nil, fmt.Errorf("encode what was said: %w", err)
	}
	return b, nil
}

// Restore replaces the state.
func (f *Fold) Restore(b []byte) error {
	var s map[string]said
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("decode what was said: %w", err)
	}
	if s == nil {
		return errors.New("decode what was said: nothing there")
	}
	f.said, f.out = s, nil
	return nil
}
