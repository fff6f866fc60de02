package publish

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"faultline/internal/stream"
	"faultline/outage"
)

var update = flag.Bool("update", false, "write the goldens anew")

// day is 2025-03-10T00:00Z.
const day = outage.Minute(29026080)

func at0(h, m int) outage.Minute { return day + outage.Minute(h*60+m) }

// confirmed is the incident that most cases start from.
func confirmed() outage.Incident {
	return outage.Incident{
		ID: "x-20250310T0932Z", Revision: 3, Service: "x", State: outage.StateConfirmed, Minute: at0(9, 41),
		Detected: at0(9, 32), Onset: at0(9, 30), Confirmed: at0(9, 33),
		Waves:     []outage.Wave{{Onset: at0(9, 30), Peak: at0(9, 41), PeakCount: 1467, Total: 8120}},
		Countries: []outage.Affected{{Name: "GB", Total: 900}, {Name: "US", Total: 5000}, {Name: "IN", Total: 300}, {Name: "NZ", Total: 299}, {Name: "MT", Total: 4}},
		Peak:      1467, Total: 8120, Count: 1467, Expected: 43, Confidence: outage.ConfidenceNormal,
		Severity: outage.Severity{Word: "major"},
	}
}

// TestWords holds one golden line for every template and every branch in it.
func TestWords(t *testing.T) {
	cases := []struct {
		name   string
		change func(i *outage.Incident)
	}{
		{"confirmed", func(*outage.Incident) {}},
		{"confirmed, minor", func(i *outage.Incident) { i.Severity.Word = "minor" }},
		{"confirmed, second wave", func(i *outage.Incident) { i.Waves = append(i.Waves, i.Waves[0]) }},
		{"confirmed, sixth wave", func(i *outage.Incident) { i.Waves = make([]outage.Wave, 6) }},
		{"confirmed, few reports", func(i *outage.Incident) {
			i.Count, i.Expected, i.Waves[0].Total, i.Countries = 2, 0.02, 7, []outage.Affected{{Name: "MT", Total: 4}}
		}},
		{"confirmed, few reports in a minute, larger service", func(i *outage.Incident) {
			i.Count, i.Expected, i.Waves[0].Total = 9, 1.5, 80
		}},
		{"confirmed, little history", func(i *outage.Incident) { i.Confidence = outage.ConfidenceLow }},
		{"suspected", func(i *outage.Incident) {
			i.State, i.Confirmed, i.Count, i.Expected = outage.StateSuspected, 0, 61, 20.4
		}},
		{"suspected, one report", func(i *outage.Incident) {
			i.State, i.Confirmed, i.Count, i.Expected, i.Waves[0].Total, i.Countries = outage.StateSuspected, 0, 1, 0.001, 1, nil
		}},
		{"suspected again", func(i *outage.Incident) { i.State = outage.StateSuspected }},
		{"recovering", func(i *outage.Incident) {
			i.State, i.End, i.Minute = outage.StateRecovering, at0(10, 31), at0(10, 35)
			i.Waves[0].End = at0(10, 31)
		}},
		{"resolved", func(i *outage.Incident) {
			i.State, i.End, i.Minute = outage.StateResolved, at0(10, 31), at0(11, 40)
		}},
		{"resolved, the next day", func(i *outage.Incident) {
			i.State, i.End, i.Minute, i.Total = outage.StateResolved, at0(22, 31), at0(24, 5), 1604321
			i.Waves = append(i.Waves, i.Waves[0], i.Waves[0])
		}},
		{"rising in many countries", func(i *outage.Incident) {
			i.State, i.Wide, i.Count, i.Expected = outage.StateSuspected, outage.DimensionCountries, 14, 2
		}},
		{"many countries, all small", func(i *outage.Incident) {
			i.Wide, i.Count = outage.DimensionCountries, 4
			i.Countries = []outage.Affected{{Name: "JP", Total: 3}, {Name: "FR", Total: 2}}
		}},
		{"many networks", func(i *outage.Incident) { i.State, i.Wide = outage.StateSuspected, outage.DimensionNetworks }},
		{"many problems", func(i *outage.Incident) { i.Wide = outage.DimensionCategories }},
		{"with other signals", func(i *outage.Incident) { i.Basis = "crowd+operator+probes" }},
		{"dismissed", func(i *outage.Incident) { i.State, i.Total = outage.StateDismissed, 6 }},
		{"unknown state", func(i *outage.Incident) { i.State = "odd" }},
		{"no waves", func(i *outage.Incident) { i.Waves = nil }},
	}
	var b strings.Builder
	for _, c := range cases {
		i := confirmed()
		c.change(&i)
		w := Word("X", &i)
		fmt.Fprintf(&b, "%s\n  %s\n  %s\n  %s\n", c.name, w.Status, w.Headline, w.Reason)
	}
	const path = "testdata/words.txt"
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("words differ; run with -update to accept.\ngot:\n%s\nwant:\n%s", b.String(), want)
	}
}

// TestSpeaksOnlyOfChanges feeds revisions and counts the words.
func TestSpeaksOnlyOfChanges(t *testing.T) {
	f := New(Config{})
	say := func(change func(i *outage.Incident)) int {
		i := confirmed()
		change(&i)
		f.Observe(&i)
		return len(f.End(i.Minute, false))
	}
	same := func(*outage.Incident) {}
	steps := []struct {
		name   string
		change func(i *outage.Incident)
		want   int
	}{
		{"first word", same, 1},
		{"nothing new", same, 0},
		{"other numbers", func(i *outage.Incident) { i.Count, i.Revision = 3, 4 }, 0},
		{"worse", func(i *outage.Incident) { i.Severity.Word = "critical" }, 1},
		{"over", func(i *outage.Incident) { i.State = outage.StateResolved }, 1},
		{"another incident", func(i *outage.Incident) { i.ID = "x-20250311T0932Z" }, 1},
	}
	for _, s := range steps {
		if got := say(s.change); got != s.want {
			t.Errorf("%s: %d bulletins, want %d", s.name, got, s.want)
		}
	}
}

// TestRestoreAndTopics goes through the encoded doors.
func TestRestoreAndTopics(t *testing.T) {
	f := New(Config{Names: map[string]string{"x": "X"}})
	i := confirmed()
	e, err := stream.Incidents.Entry(i.Minute, &i)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Apply(stream.Incidents.Name, e.Record); err != nil {
		t.Fatal(err)
	}
	out, err := f.Tick(i.Minute, false)
	if err != nil || len(out) != 1 {
		t.Fatalf("%d bulletins, error %v; want 1", len(out), err)
	}
	b, err := stream.Bulletins.Decode(out[0].Record)
	if err != nil || b.Status != outage.StatusProblems || !strings.HasPrefix(b.Headline, "X: ") {
		t.Fatalf("bulletin %+v, error %v", b, err)
	}
	state, err := f.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	again := New(Config{Names: map[string]string{"x": "X"}})
	if err := again.Restore(state); err != nil {
		t.Fatal(err)
	}
	again.Observe(&i)
	if n := len(again.End(i.Minute, false)); n != 0 {
		t.Errorf("said again after a restore: %d bulletins", n)
	}
	for _, damaged := range []string{"", "null", "[]"} {
		if err := again.Restore([]byte(damaged)); err == nil {
			t.Errorf("state %q was taken", damaged)
		}
	}
	e.Data = []byte("{")
	if err := f.Apply(stream.Incidents.Name, e.Record); err == nil {
		t.Error("a damaged record was taken")
	}
}
