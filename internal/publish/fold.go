package publish

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

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

// Fold remembers what was last said of each service, and of which incident.
type Fold struct {
	names   map[string]string
	told    map[string]*told // by service
	touched []*told          // in the minute that is being read, in order
}

// told is the last incident of a service, as far as it was said.
type told struct {
	Incident outage.Incident `json:"incident"` // its latest revision
	Verdict  *outage.Verdict `json:"verdict"`  // on it, brief; nil while there is none
	Said     said            `json:"said"`
	fresh    bool            // the incident itself was revised in this minute
}

// said is what must change before a service is spoken of again.
type said struct {
	Incident string        `json:"incident"`
	Status   outage.Status `json:"status"`
	Headline string        `json:"headline"`
	Verdict  string        `json:"verdict"` // what it comes to, "" while that is nothing
}

var _ stream.Fold = (*Fold)(nil)

// New returns a fold that has said nothing yet.
func New(c Config) *Fold { return &Fold{names: c.Names, told: map[string]*told{}} }

// NewFollower ties the fold to its topics.
func NewFollower(c Config) *stream.Follower {
	return &stream.Follower{
		Name: Name,
		In:   []string{stream.Incidents.Name, stream.Verdicts.Name},
		Out:  []string{stream.Bulletins.Name},
		Fold: New(c),
	}
}

// Apply takes in a revision of an incident or of a verdict.
func (f *Fold) Apply(topic string, r stream.Record) error {
	if topic == stream.Verdicts.Name {
		v, err := stream.Verdicts.Decode(r)
		if err != nil {
			return err
		}
		f.ObserveVerdict(v)
		return nil
	}
	i, err := stream.Incidents.Decode(r)
	if err != nil {
		return err
	}
	f.Observe(i)
	return nil
}

// Observe is Apply for an incident that is decoded already.
func (f *Fold) Observe(i *outage.Incident) {
	t := f.told[i.Service]
	if t == nil || t.Incident.ID != i.ID {
		t = &told{}
		f.told[i.Service] = t
	}
	t.Incident, t.fresh = *i, true
	f.touch(t)
}

// ObserveVerdict is Apply for a verdict that is decoded already. One on an incident
// that another has taken the place of is not spoken of: the page has it.
func (f *Fold) ObserveVerdict(v *outage.Verdict) {
	t := f.told[v.Service]
	if t == nil || t.Incident.ID != v.Incident {
		return
	}
	brief := *v
	brief.Hypotheses, brief.Evidence, brief.Features, brief.Wanted, brief.Chain, brief.Moved = nil, nil, nil, nil, nil, nil
	t.Verdict = &brief
	f.touch(t)
}

func (f *Fold) touch(t *told) {
	if !slices.Contains(f.touched, t) {
		f.touched = append(f.touched, t)
	}
}

// comesTo is what must change in a verdict before it is spoken of. To have no
// verdict and to be unable to tell are the same news: none.
func comesTo(v *outage.Verdict) string {
	if v == nil || v.State == outage.VerdictInsufficient {
		return ""
	}
	return string(v.State) + ": " + strings.Join(v.Leading, ", ")
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
func (f *Fold) End(m outage.Minute, _ bool) []outage.Bulletin {
	var out []outage.Bulletin
	for _, t := range f.touched {
		i := &t.Incident
		name := f.names[i.Service]
		if name == "" {
			name = i.Service
		}
		b := Word(name, i)
		if !t.fresh {
			b.Minute = m
		}
		if v := t.Verdict; v != nil {
			b.VerdictState, b.VerdictRevision, b.Verdict, b.Confidence = v.State, v.Revision, v.Sentence, v.ConfidenceWhy
		}
		now := said{Incident: b.Incident, Status: b.Status, Headline: b.Headline, Verdict: comesTo(t.Verdict)}
		t.fresh = false
		if t.Said != now {
			t.Said = now
			out = append(out, b)
		}
	}
	f.touched = nil
	return out
}

// Snapshot encodes the state; equal states give equal bytes.
func (f *Fold) Snapshot() ([]byte, error) {
	b, err := json.Marshal(f.told)
	if err != nil {
		return nil, fmt.Errorf("encode what was said: %w", err)
	}
	return b, nil
}

// Restore replaces the state.
func (f *Fold) Restore(b []byte) error {
	var s map[string]*told
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("decode what was said: %w", err)
	}
	if s == nil {
		return errors.New("decode what was said: nothing there")
	}
	for service, t := range s {
		if t == nil {
			return fmt.Errorf("decode what was said of %s: nothing there", service)
		}
	}
	f.told, f.touched = s, nil
	return nil
}
