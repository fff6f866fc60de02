package publish

import (
	"testing"

	"faultline/internal/stream"
	"faultline/outage"
)

func verdict(rev int, state outage.VerdictState, leading ...string) *outage.Verdict {
	return &outage.Verdict{
		Incident: "x-20250310T0932Z", Service: "x", Revision: rev, State: state, Leading: leading,
		Sentence: "What was measured.", ConfidenceWhy: "Confidence is low.",
		Evidence: []outage.Evidence{{ID: "e"}}, Features: []outage.Feature{{Name: "fail_frac"}},
	}
}

// A verdict is spoken of when what it comes to changes, and with its incident at once.
func TestSpeaksOfVerdicts(t *testing.T) {
	f := New(Config{})
	i := confirmed()
	m := i.Minute
	steps := []struct {
		name     string
		incident func(*outage.Incident) // nil: no new revision
		verdict  *outage.Verdict
		want     int
	}{
		{"both in one minute are one bulletin", func(*outage.Incident) {}, verdict(1, outage.VerdictInsufficient), 1},
		{"still nothing to tell", nil, verdict(2, outage.VerdictInsufficient), 0},
		{"a cause", nil, verdict(3, outage.VerdictLikely, "code-deploy"), 1},
		{"other numbers", nil, verdict(4, outage.VerdictLikely, "code-deploy"), 0},
		{"another leads", nil, verdict(5, outage.VerdictLikely, "edge-config"), 1},
		{"surer", nil, verdict(6, outage.VerdictVeryLikely, "edge-config"), 1},
		{"two", nil, verdict(7, outage.VerdictAmbiguous, "edge-config", "dependency"), 1},
		{"over", func(i *outage.Incident) { i.State = outage.StateResolved }, nil, 1},
		{"an observer publishes afterwards", nil, verdict(8, outage.VerdictLikely, "edge-config"), 1},
		{"one on another incident", nil, func() *outage.Verdict {
			v := verdict(9, outage.VerdictLikely, "own-dns")
			v.Incident = "x-20240310T0932Z"
			return v
		}(), 0},
		{"another incident begins without a verdict", func(i *outage.Incident) { i.ID = "x-20250311T0932Z" }, nil, 1},
	}
	for _, s := range steps {
		m++
		if s.incident != nil {
			s.incident(&i)
			i.Minute = m
			f.Observe(&i)
		}
		if s.verdict != nil {
			f.ObserveVerdict(s.verdict)
		}
		state, err := f.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		got := f.End(m, false)
		if len(got) != s.want {
			t.Fatalf("%s: %d bulletins, want %d", s.name, len(got), s.want)
		}
		for _, b := range got {
			if b.Minute != m || s.verdict != nil && (b.Verdict != "What was measured." || b.VerdictRevision != s.verdict.Revision || b.Confidence == "") {
				t.Errorf("%s: %+v", s.name, b)
			}
		}
		if s.name == "another incident begins without a verdict" && got[0].Verdict != "" {
			t.Errorf("%s: it has the verdict on the one before: %+v", s.name, got[0])
		}
		if len(state) > 4000 {
			t.Errorf("%s: a state of %d bytes for one service", s.name, len(state))
		}
	}
}

// The verdicts come from a topic of their own, and a state begun anew goes on.
func TestVerdictTopic(t *testing.T) {
	f := New(Config{})
	i := confirmed()
	f.Observe(&i)
	f.End(i.Minute, false)
	state, err := f.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	again := New(Config{})
	if err := again.Restore(state); err != nil {
		t.Fatal(err)
	}
	e, err := stream.Verdicts.Entry(i.Minute+1, verdict(1, outage.VerdictLikely, "own-dns"))
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Apply(stream.Verdicts.Name, e.Record); err != nil {
		t.Fatal(err)
	}
	out, err := again.Tick(i.Minute+1, false)
	if err != nil || len(out) != 1 {
		t.Fatalf("%d bulletins, %v", len(out), err)
	}
	e.Data = []byte("{")
	if err := again.Apply(stream.Verdicts.Name, e.Record); err == nil {
		t.Error("a damaged verdict was taken")
	}
	if err := again.Restore([]byte(`{"x":null}`)); err == nil {
		t.Error("a state with nothing in it was taken")
	}
}
