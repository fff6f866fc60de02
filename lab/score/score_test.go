package score

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"faultline/lab/scenario"
	"faultline/outage"
)

var onset = time.Date(2026, 3, 10, 9, 31, 20, 0, time.UTC)

func verdict(minute int, state outage.VerdictState, class outage.CauseClass, leading ...string) outage.Verdict {
	v := outage.Verdict{Service: "feed", Minute: outage.MinuteOf(onset) + outage.Minute(minute), State: state, Class: class, Leading: leading}
	for _, c := range []outage.CauseClass{outage.CauseAttack, outage.CauseInternal, outage.CauseOverload} {
		support := 0.0
		if c == class {
			support = 1
		}
		v.Classes = append(v.Classes, outage.ClassSupport{Class: c, Support: support})
	}
	return v
}

var attack = scenario.Label{
	Class: outage.CauseAttack, Hypothesis: "application-attack", Pairs: [][]string{{"application-attack", "overload"}}, Never: []string{"certificate", "internal"},
}

// What is right: the class, or a pair that cannot be told apart with the truth in it.
func TestRight(t *testing.T) {
	for name, c := range map[string]struct {
		v     outage.Verdict
		right bool
	}{
		"the truth":              {verdict(0, outage.VerdictLikely, outage.CauseAttack, "application-attack"), true},
		"the class":              {verdict(0, outage.VerdictLikely, outage.CauseAttack, "network-dos"), true},
		"two of the class":       {verdict(0, outage.VerdictAmbiguous, outage.CauseAttack, "network-dos", "application-attack"), true},
		"the pair":               {verdict(0, outage.VerdictAmbiguous, "", "overload", "application-attack"), true},
		"the pair and a third":   {verdict(0, outage.VerdictAmbiguous, "", "overload", "application-attack", "code-deploy"), false},
		"the other of the pair":  {verdict(0, outage.VerdictLikely, outage.CauseOverload, "overload"), false},
		"a pair without truth":   {verdict(0, outage.VerdictAmbiguous, "", "overload", "code-deploy"), false},
		"abstains":               {verdict(0, outage.VerdictInsufficient, ""), false},
		"abstains, with a word":  {verdict(0, outage.VerdictInsufficient, outage.CauseAttack, "network-dos"), false},
		"something else":         {verdict(0, outage.VerdictVeryLikely, outage.CauseInternal, "certificate"), false},
		"likely of nothing":      {verdict(0, outage.VerdictLikely, outage.CauseAttack), false},
		"its class and the pair": {verdict(0, outage.VerdictAmbiguous, "", "network-dos", "overload", "application-attack"), true},
	} {
		if got := Right(&attack, &c.v); got != c.right {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// The last verdict counts, and the time is that from which on all were right.
func TestJudge(t *testing.T) {
	r := &Run{Label: attack, Onset: onset, Incidents: []outage.Incident{{Service: "bank", Minute: outage.MinuteOf(onset)}, {Service: "feed", Minute: outage.MinuteOf(onset) + 1}}}
	right, wrong := verdict(1, outage.VerdictLikely, outage.CauseAttack, "application-attack"), verdict(2, outage.VerdictLikely, outage.CauseInternal, "certificate")
	early := verdict(-2, outage.VerdictLikely, outage.CauseInternal, "certificate")
	other := wrong
	other.Service, other.Minute = "bank", wrong.Minute+9
	again := verdict(3, outage.VerdictLikely, outage.CauseAttack, "network-dos")
	r.Verdicts = []outage.Verdict{early, right, wrong, again, other}
	s := Judge(r)
	if !s.Gave || !s.Right || s.Exact || s.Opened != 130*time.Second || s.First != 250*time.Second || len(s.Broken) > 0 {
		t.Errorf("%+v", s)
	}
	r.Verdicts = []outage.Verdict{right, wrong}
	if s = Judge(r); s.Right || s.First != never || strings.Join(s.Broken, " ") != "certificate internal" {
		t.Errorf("%+v", s)
	}
	r.Verdicts = nil
	if s = Judge(r); s.Last != nil || s.Gave || s.Right {
		t.Errorf("%+v", s)
	}
}

func TestBrier(t *testing.T) {
	v := verdict(0, outage.VerdictLikely, outage.CauseAttack, "network-dos")
	if Brier(outage.CauseAttack, &v) != 0 || Brier(outage.CauseInternal, &v) != 2 {
		t.Error(Brier(outage.CauseAttack, &v), Brier(outage.CauseInternal, &v))
	}
	v.Classes = []outage.ClassSupport{{Class: outage.CauseAttack, Support: 0.7}, {Class: outage.CauseOverload, Support: 0.3}}
	if got := Brier(outage.CauseAttack, &v); math.Abs(got-0.18) > 1e-12 {
		t.Error(got)
	}
}

// The sums are what the lab has to reach. An attack that was said of an internal
// failure counts even when it was taken back.
func TestSum(t *testing.T) {
	internal := scenario.Label{Class: outage.CauseInternal, Hypothesis: "code-deploy"}
	quiet := scenario.Label{Class: outage.CauseNoOutage, Hypothesis: "collateral", Quiet: true}
	open := []outage.Incident{{Service: "feed", Minute: outage.MinuteOf(onset)}}
	table := Sum([]Run{
		{Scenario: "a", Label: attack, Onset: onset, Incidents: open, Magnitude: 1, Verdicts: []outage.Verdict{verdict(1, outage.VerdictLikely, outage.CauseAttack, "application-attack")}},
		{Scenario: "b", Label: internal, Onset: onset, Incidents: open, Magnitude: 1, Verdicts: []outage.Verdict{
			verdict(0, outage.VerdictLikely, outage.CauseAttack, "network-dos"), verdict(2, outage.VerdictLikely, outage.CauseInternal, "edge-config"),
		}},
		{Scenario: "c", Label: internal, Onset: onset, Incidents: open, Seed: 4, Magnitude: 2, Verdicts: []outage.Verdict{verdict(1, outage.VerdictInsufficient, "")}},
		{Scenario: "d", Label: internal, Onset: onset, Magnitude: 1},
		{Scenario: "e", Label: quiet, Onset: onset, Magnitude: 1},
	})
	if table.Expected != 4 || table.Opened != 3 || table.WithVerdict != 3 || table.Asked != 4 || table.Given != 2 || table.Right != 2 || table.Exact != 1 || strings.Join(table.FalseAttacks, " ") != "b" {
		t.Errorf("%+v", table)
	}
	if table.First != 190*time.Second {
		t.Errorf("%s", table.First)
	}
	var b bytes.Buffer
	if err := table.Print(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"c (seed 4, x2)", "abstains", "quiet, as it may be", "nothing was said", "right class or pair", "2 of 4 (50 %)", "2 of 2 (100 %)", "3 of 4 (75 %)", "1 b", "3:10",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	empty := Sum(nil)
	if b.Reset(); empty.Print(&b) != nil || !strings.Contains(b.String(), "none") {
		t.Errorf("of no runs:\n%s", b.String())
	}
}
