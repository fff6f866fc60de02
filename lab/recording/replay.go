package recording

import (
	"context"
	"fmt"
	"slices"

	"faultline/internal/detect"
	"faultline/internal/diagnose"
	"faultline/internal/feature"
	"faultline/internal/incident"
	"faultline/internal/knowledge"
	"faultline/internal/reason"
	"faultline/internal/rollup"
	"faultline/internal/stream"
	"faultline/internal/stream/memory"
	"faultline/outage"
)

// Replayed is what the parts of the hub make of a recording.
type Replayed struct {
	Log       *memory.Log
	Incidents []outage.Incident // every revision, in order
	Verdicts  []outage.Verdict  // every revision, in order
}

// Replay plays a recording through the same parts as the hub's, on a log in memory,
// with a version of the knowledge table or the directory of one; empty: the present
// one.
func (r *Recording) Replay(ctx context.Context, table string) (*Replayed, error) {
	log := memory.New()
	if err := log.Append(ctx, r.Entries, nil); err != nil {
		return nil, fmt.Errorf("play a recording: %w", err)
	}
	parts, err := r.parts(table)
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		p.Strict = true
		if err := p.Drain(ctx, log); err != nil {
			return nil, fmt.Errorf("play a recording through %s: %w", p.Name, err)
		}
	}
	out := &Replayed{Log: log}
	return out, out.collect(ctx)
}

// parts of the hub that make facts from facts, in flow order.
func (r *Recording) parts(table string) ([]*stream.Follower, error) {
	detector, err := detect.New(detect.DefaultConfig())
	if err != nil {
		return nil, err
	}
	services, err := r.Services()
	if err != nil {
		return nil, err
	}
	incidents := incident.DefaultConfig()
	incidents.Services = services
	judge, err := judging(services, table)
	if err != nil {
		return nil, err
	}
	return []*stream.Follower{
		rollup.Follower(),
		{Name: detect.Name, In: []string{stream.Points.Name}, Out: []string{stream.Detections.Name, stream.Baselines.Name}, Fold: detector},
		incident.NewFollower(incidents),
		judge,
	}, nil
}

// judging is the part that says what an incident is consistent with.
func judging(services []outage.Service, version string) (*stream.Follower, error) {
	if version == "" {
		version = knowledge.Current
	}
	table, err := knowledge.Open(version)
	if err != nil {
		return nil, err
	}
	cfg := diagnose.DefaultConfig()
	cfg.Services = services
	cfg.Judge = func(set *feature.Set) outage.Verdict { return reason.Judge(set, table) }
	cfg.Moved = reason.Moves
	return diagnose.NewFollower(cfg), nil
}

// Services of the recorded hub.
func (r *Recording) Services() ([]outage.Service, error) {
	var out []outage.Service
	for i := range r.Entries {
		e := &r.Entries[i]
		if e.Topic != stream.Services.Name || e.Kind != stream.KindFact {
			continue
		}
		s, err := stream.Services.Decode(e.Record)
		if err != nil {
			return nil, err
		}
		out = append(out, *s)
	}
	return out, nil
}

// collect reads what was made.
func (p *Replayed) collect(ctx context.Context) error {
	err := stream.EachFact(ctx, p.Log, stream.Incidents.Name, 0, func(rec stream.Record) error {
		i, err := stream.Incidents.Decode(rec)
		if err == nil {
			p.Incidents = append(p.Incidents, *i)
		}
		return err
	})
	if err != nil {
		return err
	}
	p.Verdicts, err = verdicts(ctx, p.Log)
	return err
}

// verdicts of a log, every revision.
func verdicts(ctx context.Context, log stream.Reader) (out []outage.Verdict, err error) {
	err = stream.EachFact(ctx, log, stream.Verdicts.Name, 0, func(rec stream.Record) error {
		v, err := stream.Verdicts.Decode(rec)
		if err == nil {
			out = append(out, *v)
		}
		return err
	})
	return out, err
}

// SameAsLive says whether a replay has said what the hub said while it happened. A
// newer knowledge table, and times that were rounded, may make it say something else.
func (r *Recording) SameAsLive(p *Replayed) bool {
	return slices.EqualFunc(r.Header.Live, words(p.Verdicts), func(a, b Word) bool {
		return a.Minute == b.Minute && a.Service == b.Service && a.State == b.State && slices.Equal(a.Leading, b.Leading)
	})
}
