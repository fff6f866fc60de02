package casefile

import (
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"faultline/internal/feature"
	"faultline/outage"
)

const good = `title: a case
onset: 2025-03-10T09:45Z
until: 2025-03-10T10:00Z
sources:
  - {id: a, name: An Observer, kind: measurer}
measured:
  - {feature: attempts, value: 12, sample: 12}
published:
  - {feature: syn_loss, value: 0.2, source: a}
`

func TestRead(t *testing.T) {
	c, err := Read("x/good.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	s := c.Set()
	if f, ok := s.Get(feature.Attempts); !ok || f.Value != 12 || f.Origin != outage.OriginProbes {
		t.Errorf("attempts: %+v, %v", f, ok)
	}
	if len(s.Observed) != 1 || s.Observed[0].Source.Name != "An Observer" || s.Observed[0].Origin != outage.OriginObserver {
		t.Errorf("observed: %+v", s.Observed)
	}
	if s.Incident != "good" || s.Onset.String() != "2025-03-10T09:45Z" {
		t.Errorf("incident %q from %s", s.Incident, s.Onset)
	}
}

func TestReadJSON(t *testing.T) {
	c, err := Read("x.json", []byte(`{"title": "a", "measured": [{"feature": "attempts", "value": 3}]}`))
	if err != nil || c.Set().Own[feature.Attempts].Value != 3 {
		t.Errorf("%+v, %v", c, err)
	}
}

// The case of the page that says how one is written is one.
func TestReadThePage(t *testing.T) {
	page, err := os.ReadFile("../../docs/how-to/add-a-hypothesis.md")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(page), "```yaml\n")
	text, _, _ := strings.Cut(parts[len(parts)-1], "```")
	c, err := Read("page.yaml", []byte(text))
	if err != nil || len(c.Measured) == 0 || len(c.Published) == 0 || len(c.Accept) == 0 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestMistakes(t *testing.T) {
	cases := []struct{ name, old, new, want string }{
		{"unknown feature", "syn_loss", "sin_loss", `unknown feature "sin_loss": did you mean "syn_loss"?`},
		{"far from any word", "syn_loss", "weather", `unknown feature "weather": did you mean "`},
		{"unknown source", "source: a", "source: b", `unknown source "b": list it below sources:`},
		{"no value", "value: 12, ", "", `feature "attempts" has no value`},
		{"unknown key", "title:", "titel:", "x.yaml:1: unknown field"},
		{"twice", "- {feature: attempts, value: 12, sample: 12}", "- {feature: attempts, value: 12}\n  - {feature: attempts, value: 13}", "is measured twice"},
		{"an observer that measures for us", "sample: 12}", "sample: 12, origin: observer}", `origin "observer"`},
		{"not YAML", "measured:", "measured: {", "x.yaml:"},
		{"a share in percent", "value: 0.2", "value: 20", "published 1: syn_loss is a share, and 20 is none: write 0.62"},
		{"less than none", "value: 12", "value: -12", "measured 1: attempts is -12"},
		{"no feature", "feature: attempts, ", "", "measured 1: it has no feature"},
		{"a word for a number", "value: 12", "value: twelve", "x.yaml:7: here stands a word and not a number"},
		{"an end before the onset", "10:00Z", "09:00Z", "the earlier first"},
		{"no end", "until: 2025-03-10T10:00Z", "claims: []", "until not given: write both"},
		{"kind of a source", "kind: measurer", "kind: attacker", `source "a" is of kind "attacker": use one of measurer,`},
		{"accepted state", "title: a case", "accept: [{state: [likley]}]", `accept 1: state "likley": use one of [insufficient`},
		{"accepted class", "title: a case", "accept: [{}, {class: [assault]}]", `accept 2: class "assault"`},
		{"accepted layer", "title: a case", "accept: [{layer: [water]}]", `layer "water"`},
		{"bad time", "2025-03-10T09:45Z", "yesterday", "yesterday"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := Read("x.yaml", []byte(strings.ReplaceAll(good, c.old, c.new)))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
	if _, err := Read("x.yaml", []byte("title: nothing known\n")); err == nil {
		t.Error("a case without facts is read")
	}
}

func TestCheck(t *testing.T) {
	v := &outage.Verdict{
		Table: "7", State: outage.VerdictAmbiguous, Leading: []string{"overload", "application-attack"},
		Layer:      outage.LayerVerdict{Layer: outage.LayerHTTP},
		Hypotheses: []outage.Hypothesis{{ID: "overload", Score: 1}, {ID: "application-attack", Score: 0.5}},
	}
	cases := []struct {
		accept Accept
		ok     bool
	}{
		{Accept{}, true},
		{Accept{State: []outage.VerdictState{outage.VerdictLikely}}, false},
		{Accept{Class: []outage.CauseClass{"none"}}, true},
		{Accept{Class: []outage.CauseClass{outage.CauseAttack}}, false},
		{Accept{Leading: []string{"overload"}}, false},
		{Accept{Leading: []string{"overload", "application-attack", "dependency"}}, true},
		{Accept{First: []string{"application-attack"}}, false},
		{Accept{Layer: []outage.Layer{outage.LayerTCP}}, false},
		{Accept{Above: []Above{{"overload", "application-attack"}}}, true},
		{Accept{Above: []Above{{"application-attack", "overload"}}}, false},
		{Accept{Above: []Above{{"overload", "nothing"}}}, false},
	}
	for _, c := range cases {
		known := &Case{Accept: []Accept{c.accept}}
		if err := known.Check(v); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c.accept, err)
		}
	}
	odd := &Case{Accept: []Accept{{Leading: []string{"overlaod"}, Above: []Above{{"overlaod", "x"}}}}}
	if err := odd.Check(v); err == nil || strings.Count(err.Error(), "overlaod is no hypothesis of table 7") != 1 {
		t.Errorf("a hypothesis that there is not: %v", err)
	}
	either := &Case{Accept: []Accept{{State: []outage.VerdictState{outage.VerdictLikely}}, {First: []string{"overload"}}}}
	if err := either.Check(v); err != nil {
		t.Errorf("one of two accepted verdicts: %v", err)
	}
}

// No file makes the program stop, and what is read can be judged.
func FuzzRead(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(`{"measured": [{"feature": "attempts", "value": 1e999}]}`))
	f.Add([]byte("accept:\n  - {state: [likely]}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Read("x.yaml", data)
		if err != nil {
			if !utf8.ValidString(err.Error()) && utf8.Valid(data) {
				t.Fatalf("the error is not text: %q", err)
			}
			return
		}
		if c.Set() == nil || len(c.Set().Own)+len(c.Set().Observed) == 0 {
			t.Fatal("a case without facts is read")
		}
	})
}
