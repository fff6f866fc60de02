package reason

import (
	"path/filepath"
	"strings"
	"testing"

	"faultline/internal/feature"
	"faultline/internal/knowledge"
	"faultline/outage"
)

// other makes another version of the table: fewer hypotheses and other weights.
func other(t *testing.T, change func(k *knowledge.Table)) *knowledge.Table {
	t.Helper()
	k := table(t)
	k.Version = "next"
	change(k)
	return k
}

func without(k *knowledge.Table, id string) {
	var left []knowledge.Hypothesis
	for _, h := range k.Hypotheses {
		if h.ID != id {
			left = append(left, h)
		}
	}
	k.Hypotheses = left
}

// errorsAt is what fast errors of everybody look like.
func errorsAt(more map[string]float64) *feature.Set {
	values := map[string]float64{
		feature.FailFrac: 0.9, feature.HTTPFailFrac: 0.9, feature.TCPFailFrac: 0, feature.RTTRatio: 1, feature.SYNLoss: 0,
		feature.FirstHTTPShare: 1, feature.FirstTCPShare: 0, feature.FirstDNSShare: 0, feature.FirstTLSShare: 0, feature.FirstAppShare: 0,
		feature.ErrorSpeed: 47, feature.NoAnswer: 0, feature.TopStatusShare: 1, feature.Status500Share: 1, feature.AgentFailShare: 1,
	}
	for name, v := range more {
		values[name] = v
	}
	return setOf(values)
}

// A newer table shows what it changes: state, who leads, scores, hypotheses that came
// and went, and which evidence weighs otherwise. The same table changes nothing.
func TestDifference(t *testing.T) {
	set := errorsAt(nil)
	before := Judge(set, table(t))
	newer := other(t, func(k *knowledge.Table) {
		without(k, "edge-config")
		without(k, "client-version")
		h := k.Hypothesis("dependency")
		for i := range h.Signs {
			if h.Signs[i].Sign == "errors-fast" {
				h.Signs[i].Present = 2
			}
		}
	})
	after := Judge(set, newer)
	golden(t, filepath.Join("testdata", "difference.golden"), Difference(&before, &after)+"\nand back\n"+Difference(&after, &before))
	if again := Judge(set, table(t)); Difference(&before, &again) != "" {
		t.Errorf("the same table differs:\n%s", Difference(&before, &again))
	}
}

// A revision tells what moved it: evidence that is new, that turned round and that went.
func TestMoved(t *testing.T) {
	k := table(t)
	first := Judge(errorsAt(map[string]float64{feature.SiblingsWatched: 3, feature.SiblingFailShare: 0}), k)
	second := Judge(errorsAt(map[string]float64{feature.SiblingsWatched: 3, feature.SiblingFailShare: 1, feature.ElsewhereFail: 0.5, feature.ErrorSpeed: 1000}), k)
	second.Moved = Moves(&first, &second)
	golden(t, filepath.Join("testdata", "verdict-moved.golden"), Explain(&second))
	if len(Moves(&first, &first)) != 0 {
		t.Error("what stays as it is moves")
	}
}

// What people reported and is gone is told without its number: what may be published of
// it is looked up in the evidence, where it is not any more.
func TestMovedWithoutANumberOfReports(t *testing.T) {
	k := table(t)
	set := errorsAt(nil)
	for name, v := range map[string]float64{feature.ReportRatio: 9, feature.ReportApp: 0.75} {
		set.Put(feature.Feature{Name: name, Value: v, Sample: 12, Origin: outage.OriginCrowd})
	}
	first, second := Judge(set, k), Judge(errorsAt(nil), k)
	var got []string
	for _, m := range Moves(&first, &second) {
		got = append(got, m.Text)
	}
	if text := strings.Join(got, "; "); text != "no longer: people name the app; no longer: nobody reports" {
		t.Errorf("it moved by %s", text)
	}
}

// A table of somebody's own may have two hypotheses alone: then there is nothing that
// the leading ones could be set against.
func TestSentenceWithoutARival(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{"edge-config", "code-deploy", "consistent with an internal failure, in configuration or in code. It is"},
		{"application-attack", "overload", "; from outside these cannot be told apart. It is"},
		{"code-deploy", "provider-outage", "; between these it does not decide. It is"},
	} {
		k := other(t, func(k *knowledge.Table) {
			for _, h := range table(t).Hypotheses {
				if h.ID != c.a && h.ID != c.b {
					without(k, h.ID)
				}
			}
			k.Rules.Gained, k.Rules.Margin = 0.1, 3
		})
		set := errorsAt(nil)
		if c.a == "application-attack" {
			set = errorsAt(map[string]float64{feature.TTFBRatio: 8, feature.NoAnswer: 0.6, feature.TTFBRampMin: 3, feature.FailFrac: 0.3, feature.HTTPFailFrac: 0.3})
			k.Rules.Margin = 1
		}
		v := Judge(set, k)
		if !strings.Contains(v.Sentence, c.want) || strings.Contains(v.Sentence, "more so") || v.State == outage.VerdictInsufficient {
			t.Errorf("%s or %s: %s, %s", c.a, c.b, v.State, v.Sentence)
		}
	}
}
