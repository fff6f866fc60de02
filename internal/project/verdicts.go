package project

import (
	"strings"

	"faultline/internal/smallcell"
	"faultline/internal/store"
	"faultline/outage"
)

// heldBack stands for a sentence that would tell of fewer people than may be told of.
const heldBack = "Held back: it tells of too few reports of one country or kind."

// keepVerdict keeps what may be published of a verdict: as it is, but for shares of a
// country or category that are finer than the small-cell rule allows. What they weigh
// stays, for it is of all reports.
func keepVerdict(b *store.Batch, v *outage.Verdict) {
	kept := *v
	kept.Features, kept.Evidence, kept.Moved = nil, nil, nil
	for _, f := range v.Features {
		if tellable(f.Name, f.Origin, f.Value, f.Sample) {
			kept.Features = append(kept.Features, f)
		}
	}
	hidden := map[string]bool{} // by sign
	for _, e := range v.Evidence {
		if !tellable(e.Feature, e.Origin, e.Value, e.Sample) {
			hidden[e.Sign] = true
			e.Sentence, e.Value, e.Sample = heldBack, 0, 0
		}
		kept.Evidence = append(kept.Evidence, e)
	}
	for _, m := range v.Moved {
		if hidden[m.Sign] {
			m.Text = heldBack
		}
		kept.Moved = append(kept.Moved, m)
	}
	b.Verdicts = append(b.Verdicts, kept)
}

// tellable says whether a number may be published: all that are no share of a cell of
// our reports.
func tellable(feature string, origin outage.EvidenceOrigin, value float64, sample int) bool {
	cell := origin == outage.OriginCrowd && strings.HasPrefix(feature, "report_") && strings.HasSuffix(feature, "_share")
	return !cell || sample == 0 || smallcell.Tellable(value, sample)
}
