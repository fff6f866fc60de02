package store

import (
	"context"

	"faultline/outage"
)

// VerdictQuery asks for revisions of the verdict on one incident, newest first.
type VerdictQuery struct {
	Incident string
	Before   int // only revisions before this one; 0: all
	Limit    int // at least 1
	// Brief leaves out hypotheses, evidence and features, which are nine tenths of a
	// verdict and in no list of revisions.
	Brief bool
}

// Judgements answers for what incidents are consistent with. What the small-cell
// rule holds back is not in them: project has seen to it.
type Judgements interface {
	// Verdicts are none where the incident is unknown, or nothing was said of it.
	Verdicts(ctx context.Context, q VerdictQuery) ([]outage.Verdict, error)
	// LatestVerdicts are those that stand on the incidents that the same filter lists,
	// brief, by incident: one question for a whole list.
	LatestVerdicts(ctx context.Context, f IncidentFilter) ([]outage.Verdict, error)
}

// Brief is a verdict as lists show it.
func Brief(v *outage.Verdict) outage.Verdict {
	brief := *v
	brief.Hypotheses, brief.Evidence, brief.Features = nil, nil, nil
	return brief
}
