package incident

import (
	"strings"
	"testing"

	"faultline/outage"
)

// wideMinute is a minute of a wide episode that began at day.
func wideMinute(m outage.Minute, dimension outage.Dimension, confirm float64) outage.Detection {
	return outage.Detection{
		Signal: outage.SignalReports, Dimension: dimension, Phase: outage.PhaseAlarm, Count: 6, Score: 5.5, Effect: 6,
		Baseline: outage.Baseline{Expected: 1, Dispersion: 1.1, Confidence: outage.ConfidenceNormal},
		First:    day, Onset: day - 5, OnsetCount: 12 + int(m-day), Confirm: confirm, Networks: 3,
		Places: []outage.Place{{Name: "JP", Count: 7, Expected: 1, Last: 3}, {Name: "FR", Count: 5, Expected: 0.5, Last: 3}},
	}
}

// TestWide lets places, signals and both make incidents.
func TestWide(t *testing.T) {
	combined := outage.Detection{
		Signal: outage.SignalCombined, Phase: outage.PhaseAlarm, Count: 9, Score: 7, First: day, Onset: day - 2, OnsetCount: 20,
		Baseline: outage.Baseline{Expected: 4, Dispersion: 2}, Networks: 4, Confirm: 5,
		Parts: []outage.Part{{Family: "crowd", Signal: outage.SignalReports, Score: 3}, {Family: "operator", Signal: outage.SignalStatus, Score: 0.2}, {Family: "probes", Signal: outage.SignalLatency, Score: 4}},
	}
	whole := outage.Detection{Signal: outage.SignalReports, Phase: outage.PhaseAlarm, Count: 50, OnsetCount: 50, Score: 8, First: day, Onset: day, Baseline: outage.Baseline{Expected: 4}}
	few := wideMinute(day, outage.DimensionCountries, 9)
	few.OnsetCount = 4
	lonely := wideMinute(day, outage.DimensionCountries, 9)
	lonely.Networks = 1
	probes := outage.Detection{Signal: outage.SignalProbeErrors, Phase: outage.PhaseAlarm, Count: 900, OnsetCount: 900, Score: 50, Confirm: 50, Networks: 9, First: day, Onset: day}
	for _, c := range []struct {
		name       string
		detections []outage.Detection
		state      outage.State
		basis      string
		wide       outage.Dimension
		countries  string
		categories string
	}{
		{"countries, first look", []outage.Detection{wideMinute(day, outage.DimensionCountries, 0)}, outage.StateSuspected, "crowd", outage.DimensionCountries, "FR JP", ""},
		{"countries, second look", []outage.Detection{wideMinute(day, outage.DimensionCountries, 4.5)}, outage.StateConfirmed, "crowd", outage.DimensionCountries, "FR JP", ""},
		{"too few people", []outage.Detection{few}, outage.StateSuspected, "crowd", outage.DimensionCountries, "FR JP", ""},
		{"one network", []outage.Detection{lonely}, outage.StateSuspected, "crowd", outage.DimensionCountries, "FR JP", ""},
		{"categories", []outage.Detection{wideMinute(day, outage.DimensionCategories, 9)}, outage.StateConfirmed, "crowd", outage.DimensionCategories, "", "FR JP"},
		{"networks are not named", []outage.Detection{wideMinute(day, outage.DimensionNetworks, 9)}, outage.StateConfirmed, "crowd", outage.DimensionNetworks, "", ""},
		{"the whole shows it too", []outage.Detection{whole, wideMinute(day, outage.DimensionCountries, 9)}, outage.StateConfirmed, "crowd", "", "FR JP", ""},
		{"signals together", []outage.Detection{combined}, outage.StateConfirmed, "crowd+probes", "", "", ""},
		{"probes alone", []outage.Detection{probes}, "", "", "", "", ""},
	} {
		f := New(DefaultConfig())
		f.Observe(&outage.MinuteDetections{Service: "x", Minute: day, Detections: c.detections})
		said := f.End(day, false)
		if c.state == "" {
			if len(said) != 0 {
				t.Errorf("%s: %+v", c.name, said)
			}
			continue
		}
		if len(said) != 1 {
			t.Fatalf("%s: %d revisions", c.name, len(said))
		}
		i := said[0]
		if i.State != c.state || i.Basis != c.basis || i.Wide != c.wide || names(i.Countries) != c.countries || names(i.Categories) != c.categories {
			t.Errorf("%s: %s on %s, wide %q, countries %q, categories %q", c.name, i.State, i.Basis, i.Wide, names(i.Countries), names(i.Categories))
		}
	}
}

func names(list []outage.Affected) string {
	var out []string
	for _, a := range list {
		out = append(out, a.Name)
	}
	return strings.Join(out, " ")
}

// TestWideNumbers: an affected place has its own numbers, and the count of the incident
// is that of its places.
func TestWideNumbers(t *testing.T) {
	f := New(DefaultConfig())
	var last outage.Incident
	for m := day; m < day+6; m++ {
		f.Observe(&outage.MinuteDetections{Service: "x", Minute: m, Detections: []outage.Detection{wideMinute(m, outage.DimensionCountries, 0)}})
		for _, i := range f.End(m, false) {
			last = i
		}
	}
	jp := last.Countries[1]
	if jp.Name != "JP" || jp.Total != 7 || jp.Peak != 3 || jp.Effect != 7 || jp.FirstSeen != day-5 || last.Count != 6 || last.Expected != 1 || last.Onset != day-5 {
		t.Errorf("%+v", last)
	}
}
