package reason

import (
	"bytes"
	"encoding/json"
	"testing"

	"faultline/internal/feature"
	"faultline/internal/knowledge"
	"faultline/outage"
)

func table(t testing.TB) *knowledge.Table {
	t.Helper()
	k, err := knowledge.Open(knowledge.Current)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// setOf makes a set of features as eight agents in six networks would measure them.
func setOf(values map[string]float64) *feature.Set {
	s := &feature.Set{Service: "photos", Incident: "photos-1", Onset: 29_000_000, At: 29_000_003, Own: map[string]feature.Feature{}}
	base := map[string]float64{
		feature.Attempts: 400, feature.AgentsLooking: 8, feature.NetworksLooked: 6, feature.BaselineMin: 60, feature.DepthReached: 4,
	}
	for _, m := range []map[string]float64{base, values} {
		for name, v := range m {
			s.Put(feature.Feature{Name: name, Value: v, From: s.Onset, To: s.At, Sample: 200, Vantages: 8, Networks: 6, Origin: outage.OriginProbes})
		}
	}
	return s
}

func TestFastUniformErrorsAreInternal(t *testing.T) {
	v := Judge(setOf(map[string]float64{
		feature.FailFrac: 0.9, feature.HTTPFailFrac: 0.9, feature.TCPFailFrac: 0, feature.RTTRatio: 1, feature.SYNLoss: 0,
		feature.FirstHTTPShare: 1, feature.FirstTCPShare: 0, feature.FirstDNSShare: 0, feature.FirstTLSShare: 0, feature.FirstAppShare: 0,
		feature.ErrorSpeed: 47, feature.NoAnswer: 0, feature.TopStatusShare: 1, feature.Status500Share: 1, feature.AgentFailShare: 1,
		feature.SiblingsWatched: 3, feature.SiblingFailShare: 0, feature.StaticOK: 0.1, feature.DynamicFail: 1,
	}), table(t))
	if v.Class != outage.CauseInternal || v.State != outage.VerdictVeryLikely {
		t.Errorf("class %q, state %s: %s", v.Class, v.State, v.Sentence)
	}
	if v.Layer.Layer != outage.LayerHTTP || v.Layer.State != outage.VerdictVeryLikely {
		t.Errorf("layer %+v", v.Layer)
	}
}

// The sentence says "more so than with": so what it compares with must stand behind all
// that lead, even one that leads for its pair alone.
func TestComparesWithWhatStandsBehind(t *testing.T) {
	h := func(id string, class outage.CauseClass, score float64) outage.Hypothesis {
		return outage.Hypothesis{ID: id, Title: id, Class: class, Score: score}
	}
	for name, c := range map[string]struct {
		ranked  []outage.Hypothesis
		leading int
		told    string
	}{
		"the rival":                              {[]outage.Hypothesis{h("a", outage.CauseInternal, 3), h("b", outage.CauseUpstream, 1), h("c", outage.CauseInternal, 0)}, 1, "b"},
		"the rival stands before one that leads": {[]outage.Hypothesis{h("a", outage.CauseInternal, 3), h("c", outage.CauseOverload, 1), h("b", outage.CauseUpstream, 1.5), h("d", outage.CauseUpstream, 0)}, 2, "d"},
		"own failure where an attack leads":      {[]outage.Hypothesis{h("a", outage.CauseAttack, 3), h("b", outage.CauseUpstream, 1), h("c", outage.CauseInternal, 0)}, 1, "c"},
		"no own failure stands behind":           {[]outage.Hypothesis{h("a", outage.CauseAttack, 3), h("b", outage.CauseUpstream, 1)}, 1, "b"},
	} {
		o := outcome{}
		for i := range c.leading {
			o.leading = append(o.leading, &c.ranked[i])
		}
		o.asked(c.ranked)
		if o.told == nil || o.told.ID != c.told {
			t.Errorf("%s: compares with %+v, want %s", name, o.told, c.told)
		}
	}
}

// The sentence stands without the page: it says which day, and of a single minute not
// "from" and "to".
func TestSpans(t *testing.T) {
	for got, want := range map[string]string{
		spanOf(0, 29026650):                  "So far",
		spanOf(29026650, 29026650):           "At 09:30 UTC on 10 March 2025",
		spanOf(29026650, 29026655):           "From 09:30 to 09:35 UTC on 10 March 2025",
		spanOf(29026650, 29026650+1440):      "From 10 March 2025, 09:30 to 11 March 2025, 09:30 UTC",
		many(1, "quiet minute"):              "1 quiet minute",
		many(2, "quiet minute"):              "2 quiet minutes",
		either([]string{"a"}):                "a",
		either([]string{"a, b", "c"}):        "a, b, or with c",
		either([]string{"a", "b", "c"}):      "a, with b, or with c",
		numberWord(3) + " " + numberWord(12): "three 12",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestSameFeaturesSameBytes(t *testing.T) {
	s := setOf(map[string]float64{feature.FailFrac: 0.5, feature.FirstTCPShare: 0.9, feature.SYNLoss: 0.4, feature.ConnectMixed: 0.9, feature.RTTRatio: 8, feature.RTTRise: 90})
	a, err := json.Marshal(Judge(s, table(t)))
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		b, err := json.Marshal(Judge(s, table(t)))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a, b) {
			t.Fatalf("two verdicts on the same features differ:\n%s\n%s", a, b)
		}
	}
}

// What people report is told by people, whoever publishes the count: two who do make no
// ground for a verdict.
func TestPublishedReportsAreNoGround(t *testing.T) {
	s := &feature.Set{Service: "photos", Incident: "photos-1", Onset: 29_000_000, At: 29_000_060, Own: map[string]feature.Feature{}}
	for _, by := range []string{"One Aggregator", "Another"} {
		for name, v := range map[string]float64{feature.ReportRatio: 40, feature.ReportApp: 0.8, feature.BGPUnchanged: 1} {
			s.Put(feature.Feature{Name: name, Value: v, Sample: 40_000, Vantages: 300, Networks: 100, Origin: outage.OriginObserver, Source: &outage.Source{Name: by, Kind: "press"}})
		}
	}
	if v := Judge(s, table(t)); v.State != outage.VerdictInsufficient {
		t.Errorf("%s: %s", v.State, v.Sentence)
	}
}
