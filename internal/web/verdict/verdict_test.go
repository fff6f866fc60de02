package verdict

import (
	"strings"
	"testing"

	"faultline/internal/feature"
	"faultline/outage"
)

func TestWords(t *testing.T) {
	for got, want := range map[string]string{
		share(0): "under 1 %", share(.004): "under 1 %", share(.126): "13 %", share(.999): "over 99 %",
		weightOf(1).Text: "+1", weightOf(-.5).Text: "−0.5", weightOf(.001).Text: "0", weightOf(.3333).Text: "+0.33",
		likelihood("likely"): "likely, 55 to 80 %", likelihood(""): "", likelihood("odd"): "odd",
		places(&outage.Evidence{Vantages: 10}): "from 10 vantage points", places(&outage.Evidence{Vantages: 1, Networks: 1}): "from 1 vantage point in 1 network",
		window(0, 0): "", window(29026620, 29026620): "09:00 UTC", window(29026620, 29026625): "09:00 to 09:05 UTC",
		window(29026620, 29026620+outage.Day): "10 Mar 2025, 09:00 UTC to 11 Mar 2025, 09:00 UTC",
		sample(&outage.Evidence{Sample: 1, Feature: feature.ReportRatio, Origin: outage.OriginCrowd}): "sample of 1: reports",
		sample(&outage.Evidence{Sample: 1200, Feature: feature.FailFrac, Vantages: 3, Networks: 1}):   "1,200 attempts",
		sample(&outage.Evidence{Sample: 7, Feature: "of another version"}):                            "7 values", sample(&outage.Evidence{Feature: feature.FailFrac}): "",
		sample(&outage.Evidence{Sample: 9, Feature: feature.DependencyOut}): "", places(&outage.Evidence{Vantages: 2, Networks: 1}): "from 2 vantage points in 1 network", places(&outage.Evidence{}): "",
		className("new"): "new", classWord(outage.CauseUpstream): "upstream", classWord(outage.CauseNoOutage): "no outage", roleName("visible"): "What is seen", roleName("trigger"): "Trigger",
		layerOf(&outage.LayerVerdict{State: outage.VerdictLikely, Layer: outage.LayerTCP, Second: outage.LayerTLS}).Name: "Connection (TCP) and Encryption (TLS)",
		layerOf(&outage.LayerVerdict{State: outage.VerdictLikely}).Name:                                                  "No single layer",
		layerOf(&outage.LayerVerdict{State: outage.VerdictInsufficient}).Name:                                            "Cannot tell",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A source that is no address of the web is no link: what observers publish comes from
// outside.
func TestSource(t *testing.T) {
	for address, want := range map[string]string{"https://o.example/1": "https://o.example/1", "javascript:alert(1)": "", "": ""} {
		got := sourceOf(&outage.Evidence{Origin: outage.OriginObserver, Source: &outage.Source{Name: "O", URL: address}})
		if got.URL != want || got.Text != "published by O" {
			t.Errorf("%q: %+v", address, got)
		}
	}
	if got := sourceOf(&outage.Evidence{Origin: outage.OriginObserver}); got.Text == "" {
		t.Error("an observer without a source has no words")
	}
}

// sample of a verdict in which a piece of evidence, one hypothesis and one sign are
// missing, as in a log that another version wrote.
func odd() *outage.Verdict {
	return &outage.Verdict{
		Incident: "x-1", Revision: 4, State: outage.VerdictLikely, Leading: []string{"b", "gone"}, Confidence: outage.TrustLow,
		Hypotheses: []outage.Hypothesis{
			{ID: "a", Title: "A", For: []outage.Weighed{{Evidence: "e1", Weight: 1}, {Evidence: "gone", Weight: 1}}, Missing: []string{"s1"}},
			{ID: "b", Title: "B", Support: .7, Against: []outage.Weighed{{Evidence: "e1", Weight: -.5}}, Missing: []string{"s1", "s2-x"}},
		},
		Evidence: []outage.Evidence{{ID: "e1", Sentence: "seen", Origin: outage.OriginProbes}, {ID: "e2", Sentence: "weighs nothing", Origin: outage.OriginProbes}},
		Wanted:   []outage.Wanted{{Text: "look", Between: []string{"a", "gone"}}},
	}
}

func TestOf(t *testing.T) {
	if Of(Facts{}) != nil {
		t.Error("there is a view of nothing")
	}
	v := Of(Facts{Service: "X", Shown: odd(), Latest: 5, Look: func(sign string) string { return map[string]string{"s1": "whether it is so"}[sign] }})
	if !v.Older || v.Confidence != "Confidence is low." || v.Path != "/i/x-1/verdicts/4" || !strings.Contains(v.Cite, "revision 4") {
		t.Errorf("%+v", v)
	}
	if len(v.Compared) != 2 || v.Compared[0].Title != "B" || v.Compared[1].Title != "A" {
		t.Errorf("compared: %+v", v.Compared)
	}
	if len(v.Evidence) != 1 || v.Evidence[0].Weights[0].Kind != "against" || v.Evidence[0].Weights[1].Kind != "for" {
		t.Errorf("evidence: %+v", v.Evidence)
	}
	if len(v.Missing) != 2 || v.Missing[0] != (Missing{"Whether it is so", "A, B"}) || v.Missing[1] != (Missing{"S2 x", "A"}) {
		t.Errorf("missing: %+v", v.Missing)
	}
	if v.Wanted[0].Between != "B" || len(v.Ranked[0].For) != 1 || !v.Ranked[1].Leads {
		t.Errorf("wanted %+v, ranked %+v", v.Wanted, v.Ranked)
	}
}

// What moved a revision is cut, and says how much is left out; the first has moved from
// nothing. Of many revisions the last are seen at once, and the one that is shown.
func TestHistory(t *testing.T) {
	var briefs []outage.Verdict
	for rev := mostOpen + 2; rev > 0; rev-- {
		brief := outage.Verdict{Incident: "x-1", Revision: rev}
		for range mostMoved + 3 {
			brief.Moved = append(brief.Moved, outage.Moved{Text: "new: seen"})
		}
		briefs = append(briefs, brief)
	}
	got := historyOf(briefs, mostOpen+2)
	if c := got.Latest[0]; len(got.Latest) != mostOpen || len(c.Moved) != mostMoved || c.Rest != 3 || !c.Shown || got.Unfold {
		t.Errorf("%+v", got)
	}
	if first := got.Earlier[1]; len(got.Earlier) != 2 || len(first.Moved) != 0 || first.Rest != 0 {
		t.Errorf("%+v", got.Earlier)
	}
	if !historyOf(briefs, 1).Unfold {
		t.Error("the revision that is shown is folded away")
	}
}

// What most rows rest on is said once, and no row that rests on something else loses it.
func TestCommonGround(t *testing.T) {
	ours := Evidence{From: "from 3 vantage points in 2 networks", Window: "09:00 UTC", Source: Source{Text: "our probes"}, Sample: "9 attempts"}
	other, linked := ours, ours
	other.Window = "09:01 UTC"
	linked.Source = Source{"published by O", "https://o.example/1"}
	rows := []Evidence{ours, other, linked, ours, ours}
	if got, want := common(rows), "our probes, from 3 vantage points in 2 networks, 09:00 UTC"; got != want {
		t.Errorf("the ground is %q, want %q", got, want)
	}
	for i, want := range []string{
		"9 attempts", "9 attempts; from 3 vantage points in 2 networks; 09:01 UTC; our probes", "9 attempts; from 3 vantage points in 2 networks; 09:00 UTC",
		"9 attempts", "9 attempts",
	} {
		if got := rows[i].Rests(); got != want {
			t.Errorf("row %d rests on %q, want %q", i, got, want)
		}
	}
	few := []Evidence{ours, other}
	if got := common(few); got != "" || few[0].From == "" {
		t.Errorf("of two unlike rows %q is said once, and %+v is left", got, few[0])
	}
	expected := Evidence{Expected: "at least 50 %"}
	if got := expected.Rests(); got != "threshold at least 50 %" {
		t.Errorf("%q", got)
	}
}

// Links that say the same are one line, and classes without support share one.
func TestSaidOnce(t *testing.T) {
	got := chainOf([]outage.ChainLink{
		{Role: "trigger", Text: "not decided", Confidence: outage.TrustLow}, {Role: "mechanism", Text: "not decided", Confidence: outage.TrustLow},
		{Role: "visible", Text: "errors", Confidence: outage.TrustHigh},
	})
	if len(got) != 2 || got[0].Role != "Trigger and mechanism" || got[1] != (Link{"What is seen", "Errors", "high"}) {
		t.Errorf("%+v", got)
	}
	shown, rest := classesOf(&outage.Verdict{Classes: []outage.ClassSupport{
		{Class: outage.CauseAttack, Support: .99}, {Class: outage.CauseOverload, Support: .006}, {Class: outage.CauseInternal, Support: .004},
	}})
	if len(shown) != 1 || shown[0].Percent != 99 || rest != "overload, internal" {
		t.Errorf("%+v, %q", shown, rest)
	}
}

// What is wanted most is not listed as missing once more.
func TestMissingBeyondWanted(t *testing.T) {
	v := odd()
	v.Wanted = append(v.Wanted, outage.Wanted{Sign: "s1", Text: "look at s1"})
	if got := missingOf(v, comparedOf(v), nil); len(got) != 1 || got[0] != (Missing{"S2 x", "A"}) {
		t.Errorf("%+v", got)
	}
}

// Those that lead are set against the one that comes next, and what all that is wanted
// would tell apart is said once.
func TestComparedWithTheNext(t *testing.T) {
	v := &outage.Verdict{
		Leading: []string{"a", "b"}, Hypotheses: []outage.Hypothesis{{ID: "a"}, {ID: "b"}, {ID: "c"}, {ID: "d"}},
		Wanted: []outage.Wanted{{Text: "one", Between: []string{"a", "c"}}, {Text: "two", Between: []string{"a", "c"}}},
	}
	compared := comparedOf(v)
	if len(compared) != 3 || compared[2].ID != "c" {
		t.Errorf("%+v", compared)
	}
	if list, all := wantedOf(v, compared); all != "A and C" || list[1] != (Wanted{Text: "Two"}) {
		t.Errorf("%+v, %q", list, all)
	}
	v.Wanted[1].Between = []string{"a", "b"}
	if list, all := wantedOf(v, compared); all != "" || list[0].Between != "A and C" || list[1].Between != "A and B" {
		t.Errorf("%+v, %q", list, all)
	}
	v.Leading, v.Hypotheses[0].Class, v.Hypotheses[3].Class = []string{"a"}, outage.CauseAttack, outage.CauseInternal
	if compared := comparedOf(v); len(compared) != 2 || compared[1].ID != "d" {
		t.Errorf("an attack is not set against an own failure: %+v", compared)
	}
	if v.Leading = nil; len(comparedOf(v)) != 2 {
		t.Errorf("%+v", comparedOf(v))
	}
	if got := expected(&outage.Evidence{Unit: "yes", Expected: "no"}); got != "" {
		t.Errorf("%q", got)
	}
}
