package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"faultline/internal/store"
	"faultline/outage"
)

// verdict is a revision on the incident of the probed service.
func verdict(rev int, state outage.VerdictState) outage.Verdict {
	m := start + 45 + outage.Minute(rev)
	v := outage.Verdict{
		Incident: "probed-20250310T0945Z", Revision: rev, Service: "probed", Minute: m, IncidentRevision: 2, Table: "2026.1", State: state,
		Layer:    outage.LayerVerdict{State: outage.VerdictVeryLikely, Layer: outage.LayerTCP, Share: 1, Why: "20 of 20 failures are connects"},
		Sentence: "Too little was measured to say.", Confidence: outage.TrustLow, ConfidenceWhy: "Confidence is low: 20 attempts from 2 networks.",
		Classes: []outage.ClassSupport{{Class: outage.CauseInternal, Support: .7}, {Class: outage.CauseAttack, Support: .3}}, Onset: start + 44,
		Hypotheses: []outage.Hypothesis{
			{ID: "code-deploy", Title: "a fault in code", Class: outage.CauseInternal, Prior: -.4, Score: .6, Support: .7, For: []outage.Weighed{{Evidence: "e1", Sign: "refused", Band: 1, Weight: 1}}},
			{ID: "network-dos", Title: "a flood", Class: outage.CauseAttack, Prior: -1.5, Score: -2, Support: .3, Against: []outage.Weighed{{Evidence: "e1", Sign: "refused", Band: -.5, Weight: -.5}}, Missing: []string{"flow-surge"}},
		},
		Evidence: []outage.Evidence{{ID: "e1", Sign: "refused", Group: "connect", Finding: outage.FindingPresent, Sentence: "All failed connects were refused.", Feature: "connect_refused_share", Value: 1, Unit: "share", Expected: "above 0.9", From: start + 44, To: m, Sample: 20, Vantages: 2, Networks: 2, Origin: outage.OriginProbes}},
		Wanted:   []outage.Wanted{{Sign: "flow-surge", Text: "traffic at an exchange", Between: []string{"code-deploy", "network-dos"}}},
		Features: []outage.Feature{{Name: "connect_refused_share", Value: 1, Sample: 20, Origin: outage.OriginProbes}},
	}
	if state == outage.VerdictLikely {
		v.Class, v.Leading, v.Likelihood = outage.CauseInternal, []string{"code-deploy"}, "likely"
		v.Sentence = "What was measured is consistent with a fault in code."
	}
	return v
}

func verdicts() []outage.Verdict {
	return []outage.Verdict{verdict(1, outage.VerdictInsufficient), verdict(2, outage.VerdictLikely)}
}

// Revisions of a verdict come newest first, and pages of them join.
func TestVerdictPages(t *testing.T) {
	srv, s := newAPI(t)
	if err := s.Save(t.Context(), &store.Batch{Verdicts: []outage.Verdict{verdict(3, outage.VerdictLikely)}}); err != nil {
		t.Fatal(err)
	}
	var seen []int
	after := ""
	for range 9 {
		res, body := get(t, srv, "/api/v1/incidents/probed-20250310T0945Z/verdicts?limit=2&after="+after)
		if res.StatusCode != http.StatusOK {
			t.Fatal(body)
		}
		var page struct {
			Next     string
			Verdicts []struct{ Revision int }
		}
		if err := json.Unmarshal([]byte(body), &page); err != nil {
			t.Fatal(err)
		}
		for _, v := range page.Verdicts {
			seen = append(seen, v.Revision)
		}
		if after = page.Next; after == "" {
			break
		}
	}
	if fmt.Sprint(seen) != "[3 2 1]" {
		t.Errorf("pages give %v", seen)
	}
}
