package storetest

import (
	"fmt"
	"testing"

	"faultline/internal/store"
	"faultline/outage"
)

// verdict is a revision that has something in every part that a list leaves out.
func verdict(incident string, rev int) outage.Verdict {
	return outage.Verdict{
		Incident: incident, Revision: rev, Service: incident[:1], Minute: start + outage.Minute(rev), Table: "1", State: outage.VerdictLikely,
		Class: outage.CauseInternal, Leading: []string{"code-deploy"}, Sentence: fmt.Sprintf("Sentence %d.", rev), Confidence: outage.TrustLow,
		Classes:    []outage.ClassSupport{{Class: outage.CauseInternal, Support: .8}},
		Hypotheses: []outage.Hypothesis{{ID: "code-deploy", For: []outage.Weighed{{Evidence: "e", Sign: "s", Band: 1, Weight: 1}}}},
		Evidence:   []outage.Evidence{{ID: "e", Sign: "s", Finding: outage.FindingPresent, Sentence: "x < 1 & y > \"2\"", Value: 1.5, Origin: outage.OriginProbes}},
		Moved:      []outage.Moved{{Sign: "s", Text: "new: s", For: "code-deploy", Weight: 1}},
		Onset:      start, Features: []outage.Feature{{Name: "fail_frac", Value: 1.5, Sample: 20, Origin: outage.OriginProbes}},
	}
}

// Every revision is kept, and only what lists show is in a brief one.
func testVerdicts(t *testing.T, h *harness) {
	open, over := incident("x-new", 1, outage.StateConfirmed, start+500), incident("y-old", 1, outage.StateResolved, start)
	first, second, third, old := verdict("x-new", 1), verdict("x-new", 2), verdict("x-new", 3), verdict("y-old", 1)
	h.save(&store.Batch{Incidents: []outage.Incident{open, over}, Verdicts: []outage.Verdict{first, second, old}})
	h.save(&store.Batch{Verdicts: []outage.Verdict{third}})
	h.save(&store.Batch{Verdicts: []outage.Verdict{first}}) // again, as after a crash
	ask := func(t *testing.T, q store.VerdictQuery) []outage.Verdict {
		t.Helper()
		got, err := h.Verdicts(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	h.twice(func(t *testing.T) {
		equal(t, "all", ask(t, store.VerdictQuery{Incident: "x-new", Limit: 9}), []outage.Verdict{third, second, first})
		equal(t, "the latest", ask(t, store.VerdictQuery{Incident: "x-new", Limit: 1}), []outage.Verdict{third})
		equal(t, "before", ask(t, store.VerdictQuery{Incident: "x-new", Before: 2, Limit: 9}), []outage.Verdict{first})
		equal(t, "brief", ask(t, store.VerdictQuery{Incident: "x-new", Before: 3, Limit: 1, Brief: true}), []outage.Verdict{store.Brief(&second)})
		equal(t, "of nobody", ask(t, store.VerdictQuery{Incident: "nobody", Limit: 9}), nil)
		latest := func(f store.IncidentFilter) []outage.Verdict {
			t.Helper()
			got, err := h.LatestVerdicts(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		equal(t, "open", latest(store.IncidentFilter{OpenOnly: true}), []outage.Verdict{store.Brief(&third)})
		equal(t, "all", latest(store.IncidentFilter{}), []outage.Verdict{store.Brief(&third), store.Brief(&old)})
		equal(t, "of one service", latest(store.IncidentFilter{Service: "y"}), []outage.Verdict{store.Brief(&old)})
		equal(t, "the newest incident", latest(store.IncidentFilter{Limit: 1}), []outage.Verdict{store.Brief(&third)})
	})
	h.save(&store.Batch{Incidents: []outage.Incident{incident("x-new", 2, outage.StateResolved, start+500)}})
	if got, err := h.LatestVerdicts(t.Context(), store.IncidentFilter{OpenOnly: true}); err != nil || len(got) != 0 {
		t.Errorf("after the last incident is over: %v, %v", got, err)
	}
}
