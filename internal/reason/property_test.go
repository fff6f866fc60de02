package reason

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"faultline/internal/feature"
	"faultline/internal/knowledge"
	"faultline/outage"
)

// draw makes any set of features, some measured and some published.
func draw(t *rapid.T) []feature.Feature {
	words := feature.Words()
	var list []feature.Feature
	for range rapid.IntRange(0, 60).Draw(t, "features") {
		w := words[rapid.IntRange(0, len(words)-1).Draw(t, "word")]
		top := map[string]float64{"share": 1, "yes": 1, "ratio": 20, "ms": 3000, "min": 120, "s": 120, "hour": 23}[w.Unit]
		f := feature.Feature{
			Name: w.Name, Value: rapid.Float64Range(0, max(top, 1)).Draw(t, "value"),
			Sample: rapid.IntRange(0, 300).Draw(t, "sample"), Vantages: rapid.IntRange(0, 9).Draw(t, "vantages"),
			Networks: rapid.IntRange(0, 9).Draw(t, "networks"), Origin: outage.OriginProbes,
		}
		if rapid.IntRange(0, 3).Draw(t, "observer") == 0 {
			f.Origin = outage.OriginObserver
			f.Source = &outage.Source{Name: rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "source"), Kind: "measurer"}
		}
		same := func(o feature.Feature) bool {
			return o.Name == f.Name && (o.Source == nil) == (f.Source == nil) && (f.Source == nil || o.Source.Name == f.Source.Name)
		}
		if !slices.ContainsFunc(list, same) {
			list = append(list, f)
		}
	}
	return list
}

func setFrom(list []feature.Feature) *feature.Set {
	s := &feature.Set{Service: "s", Incident: "i", Onset: 100, At: 110, Own: map[string]feature.Feature{}}
	for _, f := range list {
		s.Put(f)
	}
	return s
}

func text(t *rapid.T, v outage.Verdict) string {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The order in which features came does not matter.
func TestOrderDoesNotMatter(t *testing.T) {
	k := table(t)
	rapid.Check(t, func(t *rapid.T) {
		list := draw(t)
		a := Judge(setFrom(list), k)
		b := Judge(setFrom(rapid.Permutation(list).Draw(t, "order")), k)
		if text(t, a) != text(t, b) {
			t.Fatalf("the order of features changed the verdict:\n%s\n%s", text(t, a), text(t, b))
		}
	})
}

// Whatever is measured, the calculation adds up, no cap is passed, the shares are
// shares, and the states keep their promises.
func TestCalculationAddsUp(t *testing.T) {
	k := table(t)
	rapid.Check(t, func(t *rapid.T) {
		set := setFrom(draw(t))
		v := Judge(set, k)
		evidence := map[string]*outage.Evidence{}
		for i := range v.Evidence {
			evidence[v.Evidence[i].ID] = &v.Evidence[i]
		}
		var total float64
		for i := range v.Hypotheses {
			h := &v.Hypotheses[i]
			total += h.Support
			checkSums(t, h, evidence, k)
		}
		if math.Abs(total-1) > 0.01 {
			t.Fatalf("the shares add up to %v", total)
		}
		checkState(t, &v, set, k)
	})
}

func checkSums(t *rapid.T, h *outage.Hypothesis, evidence map[string]*outage.Evidence, k *knowledge.Table) {
	score := h.Prior
	groups, sources, all := map[string]float64{}, map[string]float64{}, 0.0
	for _, list := range [][]outage.Weighed{h.For, h.Against} {
		for _, w := range list {
			score += w.Weight
			e := evidence[w.Evidence]
			if e == nil {
				t.Fatalf("%s weighs evidence %s that the verdict does not hold", h.ID, w.Evidence)
			}
			if math.Abs(w.Weight) > 2 || math.Abs(w.Weight) > math.Abs(w.Band)+1e-9 {
				t.Fatalf("%s: %s weighs %v, the band is %v", h.ID, w.Sign, w.Weight, w.Band)
			}
			if e.Source == nil {
				groups[e.Group] += w.Weight
				continue
			}
			sources[e.Source.Name] += w.Weight
			all += w.Weight
		}
	}
	if math.Abs(score-h.Score) > 0.01 {
		t.Fatalf("%s: prior and weights are %v, the score is %v", h.ID, score, h.Score)
	}
	for g, sum := range groups {
		if math.Abs(sum) > k.Group(g).Cap+0.01 {
			t.Fatalf("%s: group %s adds %v, the cap is %v", h.ID, g, sum, k.Group(g).Cap)
		}
	}
	for s, sum := range sources {
		// the cap of all may scale the sources of either sign, never beyond their own cap
		if math.Abs(sum) > k.Rules.Observers.Source+0.01 {
			t.Fatalf("%s: source %s adds %v", h.ID, s, sum)
		}
	}
	if math.Abs(all) > k.Rules.Observers.All+0.01 {
		t.Fatalf("%s: observers add %v", h.ID, all)
	}
}

func checkState(t *rapid.T, v *outage.Verdict, set *feature.Set, k *knowledge.Table) {
	if v.Likelihood == mostSure && v.State == outage.VerdictLikely {
		t.Fatalf("the state is %s and the sentence says more: %s", v.State, v.Sentence)
	}
	if (v.State == outage.VerdictInsufficient) != (v.Short == "cannot tell") {
		t.Fatalf("%s in a few words is %q", v.State, v.Short)
	}
	probes := value(set, feature.Attempts) >= 10 && value(set, feature.AgentsLooking) >= 3 && value(set, feature.NetworksLooked) >= 2
	switch v.State {
	case outage.VerdictInsufficient:
		if len(v.Leading) > 0 || v.Class != "" || v.Likelihood != "" {
			t.Fatalf("a verdict that abstains names %v, class %q, %q", v.Leading, v.Class, v.Likelihood)
		}
	case outage.VerdictAmbiguous:
		if len(v.Leading) < 2 {
			t.Fatalf("an ambiguous verdict names %v", v.Leading)
		}
	case outage.VerdictVeryLikely:
		if !probes || v.Confidence == outage.TrustLow {
			t.Fatalf("very likely on weak ground: %s", v.ConfidenceWhy)
		}
	case outage.VerdictLikely:
		if len(v.Leading) == 0 || v.Class == "" {
			t.Fatalf("likely, and nothing leads")
		}
	}
	if !probes && len(set.Observed) == 0 && v.State != outage.VerdictInsufficient {
		t.Fatalf("state %s without enough probes or observers", v.State)
	}
}

// A further piece of evidence in favour of a hypothesis never lowers its score, and
// one against never raises it.
func TestMoreEvidenceIsNeverLess(t *testing.T) {
	k := table(t)
	rapid.Check(t, func(t *rapid.T) {
		list := draw(t)
		found, _ := look(setFrom(list), k)
		if len(found) == 0 {
			return
		}
		i := rapid.IntRange(0, len(found)-1).Draw(t, "piece")
		without := append(slices.Clone(found[:i]), found[i+1:]...)
		with, less := weigh(found, nil, k), weigh(without, nil, k)
		for j := range with {
			h := &with[j]
			n := slices.IndexFunc(less, func(o outage.Hypothesis) bool { return o.ID == h.ID })
			band := bandOf(k.Hypothesis(h.ID), &found[i])
			if d := h.Score - less[n].Score; band > 0 && d < -0.01 || band < 0 && d > 0.01 || band == 0 && math.Abs(d) > 0.01 {
				t.Fatalf("%s of band %v moved %s by %v", found[i].sign.ID, band, h.ID, d)
			}
		}
	})
}

// What anybody says of a cause is no feature, and a vendor's word has no weight.
func TestClaimsHaveNoWayIn(t *testing.T) {
	for _, w := range feature.Words() {
		if w.Name == "claims" || w.Name == "claimed_cause" {
			t.Errorf("a feature %s: what anybody says of a cause is no feature", w.Name)
		}
	}
	k := table(t)
	for i := range k.Hypotheses {
		if w := weightOf(&k.Hypotheses[i], "vendor-admits"); w != nil && (w.Present != 0 || w.Absent != 0) {
			t.Errorf("%s: a vendor's word raises the belief that something is wrong, never a cause", k.Hypotheses[i].ID)
		}
	}
}
