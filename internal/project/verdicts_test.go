package project_test

import (
	"encoding/json"
	"strings"
	"testing"

	"faultline/internal/store"
	"faultline/internal/stream"
	"faultline/outage"
)

// A verdict is kept as it is, and nobody is counted out of its evidence.
func TestVerdicts(t *testing.T) {
	w := newWorld(t)
	crowd := func(sign, feature string, value float64, sample int) (outage.Evidence, outage.Feature) {
		return outage.Evidence{ID: sign, Sign: sign, Finding: outage.FindingPresent, Sentence: "SECRET? " + sign, Feature: feature, Value: value, Sample: sample, Origin: outage.OriginCrowd},
			outage.Feature{Name: feature, Value: value, Sample: sample, Origin: outage.OriginCrowd}
	}
	v := outage.Verdict{Incident: "x-1", Revision: 1, Service: "x", Minute: start, State: outage.VerdictInsufficient, Classes: []outage.ClassSupport{}, Hypotheses: []outage.Hypothesis{}}
	for _, c := range []struct {
		sign, feature string
		value         float64
		sample        int
	}{
		{"fine", "report_app_share", .46, 50}, {"few", "report_login_share", .3, 10}, {"may", "report_top_country_share", .7, 60},
		{"total", "report_ratio", 12.34, 7}, {"none", "report_top_category_share", 0, 0},
	} {
		e, f := crowd(c.sign, c.feature, c.value, c.sample)
		v.Evidence, v.Features = append(v.Evidence, e), append(v.Features, f)
		v.Moved = append(v.Moved, outage.Moved{Sign: c.sign, Text: "new: " + e.Sentence})
	}
	w.append(catalog(t), entry(t, stream.Verdicts, start, &v), stream.Tick(stream.Verdicts.Name, start, false))
	w.drain()
	w.drain()
	for _, brief := range []bool{false, true} {
		got, err := w.store.Verdicts(t.Context(), store.VerdictQuery{Incident: "x-1", Limit: 9, Brief: brief})
		if err != nil || len(got) != 1 {
			t.Fatalf("%d verdicts, %v", len(got), err)
		}
		text, err := json.Marshal(got[0])
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"SECRET? fine", "SECRET? few", "0.46", "report_login_share\",\"value\":0.3"} {
			if strings.Contains(string(text), secret) {
				t.Errorf("brief %v: %q is told: %s", brief, secret, text)
			}
		}
		for _, open := range []string{"SECRET? may", "SECRET? total", "SECRET? none", "Held back"} {
			if !strings.Contains(string(text), open) {
				t.Errorf("brief %v: %q is missing: %s", brief, open, text)
			}
		}
	}
	if v.Evidence[0].Value != .46 || v.Moved[0].Text != "new: SECRET? fine" {
		t.Error("the fact itself was changed")
	}
}
