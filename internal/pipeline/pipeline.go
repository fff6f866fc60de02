// Package pipeline ties the parts together that make facts from facts: what a running
// hub, a replay and a file of measurements all go through.
//
// It reads and writes nothing by itself: each part says which topics are its own, and
// whoever plays entries brings the log. Method: the parts are listed in flow order, so
// that one after the other may be drained; no engine is named here.
//
// Limits: a play keeps all that it was given, and all that follows from it, in the log
// that was brought.
package pipeline

import (
	"context"
	"fmt"

	"faultline/internal/detect"
	"faultline/internal/diagnose"
	"faultline/internal/feature"
	"faultline/internal/incident"
	"faultline/internal/knowledge"
	"faultline/internal/reason"
	"faultline/internal/rollup"
	"faultline/internal/stream"
	"faultline/outage"
)

// ToIncidents are the parts from reports and measurements to incidents, in flow order;
// the services are those of the catalog.
func ToIncidents(services []outage.Service) ([]*stream.Follower, error) {
	detector, err := detect.New(detect.DefaultConfig())
	if err != nil {
		return nil, err
	}
	incidents := incident.DefaultConfig()
	incidents.Services = services
	return []*stream.Follower{
		rollup.Follower(),
		{Name: detect.Name, In: []string{stream.Points.Name}, Out: []string{stream.Detections.Name, stream.Baselines.Name}, Fold: detector},
		incident.NewFollower(incidents),
	}, nil
}

// ToVerdicts is the part that says what an incident is consistent with, by a version of
// the knowledge table or the directory of one; empty: the present one.
func ToVerdicts(services []outage.Service, table string) (*stream.Follower, error) {
	if table == "" {
		table = knowledge.Current
	}
	known, err := knowledge.Open(table)
	if err != nil {
		return nil, err
	}
	cfg := diagnose.DefaultConfig()
	cfg.Services = services
	cfg.Judge = func(set *feature.Set) outage.Verdict { return reason.Judge(set, known) }
	cfg.Moved = reason.Moves
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return diagnose.NewFollower(cfg), nil
}

// Config of a play. The zero value knows no service beside those that facts name.
type Config struct {
	Services []outage.Service
	Table    string // version of the knowledge table, or the directory of one; empty: the present one
	Given    *Given // nil: incidents open by what is measured and reported alone
}

// Played is what the parts made: every revision, in order.
type Played struct {
	States    []outage.ProbeState
	Incidents []outage.Incident
	Verdicts  []outage.Verdict
	// Instead are revisions of the incidents that would have been opened by themselves
	// at a service whose onset was given.
	Instead []outage.Incident
}

// Play appends entries to an empty log and lets every part take them. A record that
// cannot be decoded ends it.
func Play(ctx context.Context, log stream.Log, entries []stream.Entry, c Config) (*Played, error) {
	parts, err := ToIncidents(c.Services)
	if err != nil {
		return nil, err
	}
	judge, err := ToVerdicts(c.Services, c.Table)
	if err != nil {
		return nil, err
	}
	var fold *givenFold
	if c.Given != nil {
		last := parts[len(parts)-1]
		fold = &givenFold{Fold: last.Fold, given: *c.Given}
		last.Fold = fold
	}
	if err := log.Append(ctx, entries, nil); err != nil {
		return nil, fmt.Errorf("play facts: %w", err)
	}
	for _, p := range append(parts, judge) {
		p.Strict = true
		if err := p.Drain(ctx, log); err != nil {
			return nil, fmt.Errorf("play facts through %s: %w", p.Name, err)
		}
	}
	out := &Played{}
	if fold != nil {
		out.Instead = fold.instead
	}
	return out, out.collect(ctx, log)
}

// collect reads what was made.
func (p *Played) collect(ctx context.Context, log stream.Reader) (err error) {
	if p.States, err = All(ctx, log, stream.ProbeStates); err != nil {
		return err
	}
	if p.Incidents, err = All(ctx, log, stream.Incidents); err != nil {
		return err
	}
	p.Verdicts, err = All(ctx, log, stream.Verdicts)
	return err
}

// All are the facts of a topic, in order.
func All[T any](ctx context.Context, log stream.Reader, topic stream.Topic[T]) (out []T, err error) {
	err = stream.EachFact(ctx, log, topic.Name, 0, func(rec stream.Record) error {
		fact, err := topic.Decode(rec)
		if err == nil {
			out = append(out, *fact)
		}
		return err
	})
	return out, err
}
