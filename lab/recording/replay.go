package recording

import (
	"context"
	"slices"

	"faultline/internal/pipeline"
	"faultline/internal/stream"
	"faultline/internal/stream/memory"
	"faultline/outage"
)

// Replay plays a recording through the same parts as the hub's, on a log in memory,
// with a version of the knowledge table or the directory of one; empty: the present
// one.
func (r *Recording) Replay(ctx context.Context, table string) (*pipeline.Played, error) {
	services, err := r.Services()
	if err != nil {
		return nil, err
	}
	return pipeline.Play(ctx, memory.New(), r.Entries, pipeline.Config{Services: services, Table: table})
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

// SameAsLive says whether a replay has said what the hub said while it happened. A
// newer knowledge table, and times that were rounded, may make it say something else.
func (r *Recording) SameAsLive(p *pipeline.Played) bool {
	return slices.EqualFunc(r.Header.Live, words(p.Verdicts), func(a, b Word) bool {
		return a.Minute == b.Minute && a.Service == b.Service && a.State == b.State && slices.Equal(a.Leading, b.Leading)
	})
}
