package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"faultline/internal/store"
	"faultline/outage"
)

// judged is the day of X as probes saw it, with a verdict in its third revision that
// names two explanations.
func judged() *fakeStore {
	f := probedDay()
	f.verdicts = map[string][]outage.Verdict{"x-20250310T0932Z": {
		cannotTell(1, minute("15:02"), "There is too little to say what the trouble with X is consistent with: 6 attempts, and 10 are needed."),
		consistent(2, minute("15:06"), outage.VerdictLikely), consistent(3, minute("15:20"), outage.VerdictAmbiguous),
	}}
	return f
}

// crowdAlone is the same day where nobody looked.
func crowdAlone() *fakeStore {
	f := xDay()
	v := cannotTell(1, minute("09:38"), "There is too little to say what the trouble with X is consistent with: only people's reports, and no probe that looked.")
	v.Layer.Why = "nobody looked"
	v.Wanted = []outage.Wanted{{Text: "attempts from at least 3 vantage points in 2 networks"}}
	f.verdicts = map[string][]outage.Verdict{"x-20250310T0932Z": {v}}
	return f
}

func cannotTell(rev int, m outage.Minute, why string) outage.Verdict {
	v := consistent(rev, m, outage.VerdictInsufficient)
	v.Sentence, v.Short, v.Likelihood, v.Class, v.Leading, v.Chain, v.Moved, v.Evidence = why, "cannot tell", "", "", nil, nil, nil, nil
	v.Confidence, v.ConfidenceWhy = outage.TrustLow, "Confidence is low: there is no ground for a judgement."
	v.Layer = outage.LayerVerdict{State: outage.VerdictInsufficient, Why: "too few failed attempts to say"}
	for i := range v.Hypotheses {
		h := &v.Hypotheses[i]
		h.For, h.Against, h.Score = nil, nil, h.Prior
	}
	return v
}

// consistent is a verdict of the shape that the engine gives, in a state.
func consistent(rev int, m outage.Minute, state outage.VerdictState) outage.Verdict {
	weigh := func(evidence string, weight float64) outage.Weighed {
		return outage.Weighed{Evidence: evidence, Sign: evidence, Band: weight, Weight: weight}
	}
	features := map[string]string{
		"partial-loss": "connect_fail_frac", "step-everywhere": "onset_spread_s", "rtt-up": "rtt_ratio",
		"controls-fine": "control_fail_share", "new-upstream": "bgp_new_upstream",
	}
	seen := func(sign, text, unit string, value float64, expected string, sample int) outage.Evidence {
		return outage.Evidence{
			ID: sign, Sign: sign, Finding: outage.FindingPresent, Sentence: text, Feature: features[sign], Value: value, Unit: unit, Expected: expected,
			From: minute("15:01"), To: m, Sample: sample, Vantages: 4, Networks: 3, Origin: outage.OriginProbes,
		}
	}
	published := seen("new-upstream", "a new upstream network appeared on the way to it", "yes", 1, "", 0)
	published.Origin, published.Vantages, published.Networks, published.From = outage.OriginObserver, 0, 0, 0
	published.Source = &outage.Source{Name: "Example Observatory", URL: "https://observatory.example/1", Kind: "measurer", Reliability: "B"}
	v := outage.Verdict{
		Incident: "x-20250310T0932Z", Revision: rev, Service: "x", Minute: m, IncidentRevision: 6, Table: "2026.1", State: state,
		Layer:    outage.LayerVerdict{State: outage.VerdictVeryLikely, Layer: outage.LayerTCP, Share: .96, Why: "96 % of 212 failed attempts failed first at the connection"},
		Sentence: "From 15:01 to 15:20 UTC on 10 March 2025, what 4 vantage points in 3 networks measured of X is consistent with a flood of the network, or with a mistake in a provider's network configuration, and more so than with a fault in code or its deployment; from outside the first two cannot be told apart. It is very likely that one of them is the explanation.",
		Short:    "consistent with a flood of the network, or with a mistake in a provider's network configuration",
		Class:    outage.CauseUndecided, Leading: []string{"network-dos", "provider-network"}, Likelihood: "very likely",
		Confidence: outage.TrustModerate, ConfidenceWhy: "Confidence is moderate: 410 attempts from 4 vantage points in 3 networks, set against 60 quiet minutes before, and the evidence agrees.",
		Classes: []outage.ClassSupport{{Class: outage.CauseAttack, Support: .52}, {Class: outage.CauseUpstream, Support: .41}, {Class: outage.CauseInternal, Support: .066}, {Class: outage.CauseNoOutage, Support: .004}},
		Hypotheses: []outage.Hypothesis{
			{ID: "network-dos", Title: "a flood of the network", Class: outage.CauseAttack, Prior: -1.5, Score: 1.25, Support: .52, For: []outage.Weighed{weigh("partial-loss", 2), weigh("rtt-up", .5), weigh("new-upstream", .5)}, Against: []outage.Weighed{weigh("step-everywhere", -.5)}, Missing: []string{"flow-surge", "siblings-fail"}},
			{ID: "provider-network", Title: "a mistake in a provider's network configuration", Class: outage.CauseUpstream, Prior: -.5, Score: 1.1, Support: .41, For: []outage.Weighed{weigh("partial-loss", 1), weigh("step-everywhere", .5)}, Missing: []string{"siblings-fail"}},
			{ID: "code-deploy", Title: "a fault in code or its deployment", Class: outage.CauseInternal, Prior: -.4, Score: -1.9, Support: .062, For: []outage.Weighed{weigh("step-everywhere", .5)}, Against: []outage.Weighed{weigh("partial-loss", -2)}},
			{ID: "monitor-fault", Title: "a fault of the monitor", Class: outage.CauseNoOutage, Prior: -1, Score: -3, Support: .004, Against: []outage.Weighed{weigh("controls-fine", -2)}},
		},
		Evidence: []outage.Evidence{
			seen("partial-loss", "62 % of connects failed, and others got through at the same time", "share", .62, "between 5 % and 95 %", 410),
			published, seen("step-everywhere", "80 % of vantage points saw it begin within 40 s", "s", 40, "at most 60 s", 212),
			seen("rtt-up", "connections that succeed take 2.4 times as long as before", "ratio", 2.4, "at least 1.5 times", 156),
			seen("controls-fine", "0 % of looks at controls failed", "share", 0, "at most 5 %", 300),
		},
		Wanted: []outage.Wanted{
			{Text: "traffic towards the target from flow data or an exchange", Between: []string{"network-dos", "provider-network"}},
			{Sign: "siblings-fail", Text: "whether others on the same provider fail in the same minutes", Between: []string{"network-dos", "provider-network"}},
		},
		Chain: []outage.ChainLink{{Role: "trigger", Text: "not decided: a flood of the network, or a mistake in a provider's network configuration", Confidence: outage.TrustLow}, {Role: "visible", Text: "connections lose packets", Confidence: outage.TrustHigh}},
		Moved: []outage.Moved{{Sign: "rtt-up", Text: "new: connections that succeed take 2.4 times as long as before", For: "network-dos", Weight: .5}},
	}
	if state == outage.VerdictLikely {
		v.Class, v.Leading, v.Likelihood = outage.CauseAttack, []string{"network-dos"}, "likely"
		v.Short = "consistent with a flood of the network, likely"
		v.Sentence = "From 15:01 to 15:06 UTC on 10 March 2025, what 4 vantage points in 3 networks measured of X is consistent with a flood of the network, and more so than with a mistake in a provider's network configuration. It is likely the explanation. Who is behind an attack cannot be measured."
	}
	return v
}

func (f *fakeStore) Verdicts(_ context.Context, q store.VerdictQuery) ([]outage.Verdict, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	var out []outage.Verdict
	for _, v := range slices.Backward(f.verdicts[q.Incident]) {
		if (q.Before == 0 || v.Revision < q.Before) && len(out) < q.Limit {
			if q.Brief {
				v = store.Brief(&v)
			}
			out = append(out, v)
		}
	}
	return out, f.err
}

func (f *fakeStore) LatestVerdicts(ctx context.Context, q store.IncidentFilter) ([]outage.Verdict, error) {
	listed, err := f.Incidents(ctx, q)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	var out []outage.Verdict
	for i := range listed {
		if list := f.verdicts[listed[i].ID]; len(list) > 0 {
			out = append(out, store.Brief(&list[len(list)-1]))
		}
	}
	return out, err
}

// A list says what every incident in it is consistent with, and asks once for all.
func TestListsAskOnce(t *testing.T) {
	f := judged()
	current := f.incidents["x-20250310T0932Z"]
	for i := range 9 {
		old := current[0]
		old.ID, old.State, old.Onset = fmt.Sprintf("x-old%d", i), outage.StateResolved, old.Onset-outage.Minute(i+1)*outage.Day
		f.incidents[old.ID] = []outage.Incident{old}
		v := consistent(1, old.Onset+5, outage.VerdictLikely)
		v.Incident, v.Short = old.ID, fmt.Sprintf("consistent with fault %d, likely", i)
		f.verdicts[old.ID] = []outage.Verdict{v}
	}
	page := get(t, newTestWeb(f, nil), "/s/x").Body.String()
	for i := range 9 {
		if want := fmt.Sprintf("Connection (TCP) · consistent with fault %d, likely", i); !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if !strings.Contains(page, "Connection (TCP) · consistent with a flood of the network, or with a mistake") {
		t.Error("the open incident has no verdict in the list")
	}
	if f.asked != 2 { // the open incidents of the snapshot, and the list
		t.Errorf("%d questions for the verdicts of one page", f.asked)
	}
	if home := get(t, newTestWeb(f, nil), "/").Body.String(); !strings.Contains(home, "Connection (TCP) · consistent with a flood") {
		t.Error("the home page does not say what the open incident is consistent with")
	}
}

// Where no vantage point counts as failing and yet a layer does, the page says how both
// can be.
func TestSaysHowProbesPassAndALayerFails(t *testing.T) {
	const id, told = "x-20250310T0932Z", "Single attempts did fail or were slow"
	f := judged()
	if page := get(t, newTestWeb(f, nil), "/i/"+id).Body.String(); strings.Contains(page, told) {
		t.Error("it is said where vantage points fail")
	}
	last := &f.incidents[id][len(f.incidents[id])-1]
	probes := *last.Probes
	probes.Failing, last.Probes = 0, &probes
	if page := get(t, newTestWeb(f, nil), "/i/"+id).Body.String(); !strings.Contains(page, told) || !strings.Contains(page, "counts as failing") {
		t.Error("it is not said where none fails")
	}
	delete(f.verdicts, id)
	if page := get(t, newTestWeb(f, nil), "/i/"+id).Body.String(); strings.Contains(page, told) {
		t.Error("it is said without a verdict")
	}
}

// A quotation can point at the revision that it quotes for ever.
func TestRevisions(t *testing.T) {
	w := newTestWeb(judged(), nil)
	for path, want := range map[string]struct {
		code       int
		says, hush string
	}{
		"/i/x-20250310T0932Z/verdicts/2":      {http.StatusOK, "A later revision stands.", "the first two cannot be told apart"},
		"/i/x-20250310T0932Z/verdicts/3":      {http.StatusOK, "the first two cannot be told apart", "A later revision stands."},
		"/i/x-20250310T0932Z/verdicts/1":      {http.StatusOK, "Cannot tell", "Likelihood of"},
		"/i/x-20250310T0932Z/verdicts/4":      {http.StatusNotFound, "no such page", ""},
		"/i/x-20250310T0932Z/verdicts/0":      {http.StatusNotFound, "no such page", ""},
		"/i/x-20250310T0932Z/verdicts/x":      {http.StatusNotFound, "no such page", ""},
		"/i/nobody-20250310T0932Z/verdicts/1": {http.StatusNotFound, "no such page", ""},
		"/i/x-20250211T1801Z/verdicts/1":      {http.StatusNotFound, "no such page", ""},
	} {
		rec := get(t, w, path)
		_, top, _ := strings.Cut(rec.Body.String(), "<main")
		top, _, _ = strings.Cut(top, "Revisions of this verdict")
		if rec.Code != want.code || !strings.Contains(top, want.says) || want.hush != "" && strings.Contains(top, want.hush) {
			t.Errorf("%s: %d, wants %d with %q and without %q:\n%s", path, rec.Code, want.code, want.says, want.hush, top)
		}
	}
}
