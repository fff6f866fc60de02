package incident

import (
	"math"
	"slices"
	"strings"

	"faultline/outage"
)

// life is one incident with everything needed to carry it on. Its exported
// fields are its saved state.
type life struct {
	Inc        outage.Incident `json:"incident"`
	Waves      tracker         `json:"tracker"`
	Countries  []cell          `json:"countries"`
	Categories []cell          `json:"categories"`
	// Quiet counts listening minutes in a row without an alarm.
	Quiet outage.Minute `json:"quiet"`
	// Trial is set while a resolved incident is suspected again: Inc.Waves and
	// the fields below it as they were, to return to.
	Trial *trial `json:"trial,omitempty"`
	// Highest is the largest ratio that the severity is reckoned from, as the
	// count and the expectation of its minute.
	Highest  int     `json:"highest"`
	Expected float64 `json:"expected"`
	// Base is the service's own expected count, as last heard of.
	Base float64 `json:"base"`
	// Measured says that probes alone have begun it, and no report has been unusual yet.
	Measured bool `json:"measured,omitempty"`
	// Held counts minutes in a row with a quorum; Failed is the last minute in which
	// probes were out of the ordinary.
	Held   outage.Minute `json:"held,omitempty"`
	Failed outage.Minute `json:"failed,omitempty"`
	// Lands is the most countries that vantage points failed in at once.
	Lands int `json:"lands,omitempty"`
	// Said is the shape of the last revision.
	Said string `json:"said"`
}

// trial is what an incident goes back to when its reopening comes to nothing.
type trial struct {
	Inc        outage.Incident `json:"incident"`
	Countries  []cell          `json:"countries"`
	Categories []cell          `json:"categories"`
	Highest    int             `json:"highest"`
	Expected   float64         `json:"expected"`
	Lands      int             `json:"lands,omitempty"`
}

// born starts an incident at its first minute in alarm.
func born(service string, m outage.Minute, o observation) *life {
	l := &life{Inc: outage.Incident{
		ID:         outage.IncidentID(service, m),
		Service:    service,
		Detected:   m,
		Confidence: outage.ConfidenceNone,
	}, Measured: true}
	l.hear(o)
	l.suspect(max(o.onset(m), m-maxBackdating))
	return l
}

// hear notes that people report more than usual: from then on their counts carry it.
func (l *life) hear(o observation) {
	if !l.Measured || !o.alarm {
		return
	}
	l.Measured = false
	l.Inc.Confidence, l.Inc.Wide = o.lead.Baseline.Confidence, o.lead.Dimension
}

// suspect opens an unconfirmed wave.
func (l *life) suspect(onset outage.Minute) {
	l.Inc.State, l.Inc.End, l.Inc.Closed = outage.StateSuspected, 0, 0
	l.Inc.Waves = append(l.Inc.Waves, outage.Wave{Onset: onset})
	l.Waves = tracker{Dispersion: l.Waves.Dispersion}
	l.Quiet = 0
}

// retry opens a trial: an alarm soon after the incident was resolved.
func (l *life) retry(o observation) {
	inc := l.Inc
	inc.Waves = append([]outage.Wave(nil), l.Inc.Waves...)
	l.Trial = &trial{
		Inc: inc, Highest: l.Highest, Expected: l.Expected, Lands: l.Lands,
		Countries:  append([]cell(nil), l.Countries...),
		Categories: append([]cell(nil), l.Categories...),
	}
	l.Measured = !o.alarm
	l.suspect(max(o.onset(l.Inc.Minute), l.Inc.End))
}

// drop ends a trial that came to nothing.
func (l *life) drop() {
	t := l.Trial
	revision := l.Inc.Revision
	l.Inc, l.Countries, l.Categories = t.Inc, t.Countries, t.Categories
	l.Highest, l.Expected, l.Lands, l.Trial = t.Highest, t.Expected, t.Lands, nil
	l.Inc.Revision = revision
}

// wave is the latest wave.
func (l *life) wave() *outage.Wave { return &l.Inc.Waves[len(l.Inc.Waves)-1] }

// take brings in what a listening minute showed. d is nil when nothing did.
func (l *life) take(m outage.Minute, d *outage.MinuteDetections, o observation) {
	l.hear(o)
	l.note(m, d, o)
	l.probe(m, &o.probes)
	inWave := l.wave().End == 0
	l.Waves.add(l.sample(m, o), inWave)
	if inWave {
		l.grow(m, o)
	}
	if o.any() {
		l.Quiet = 0
	} else {
		l.Quiet++
	}
}

// sample is the minute as the waves see it: relative to the service's own
// baseline also where only cells of it were heard of.
func (l *life) sample(m outage.Minute, o observation) sample {
	return sample{Minute: m, Count: l.Base + o.excess, Expected: l.Base}
}

// note updates what holds for the whole life.
func (l *life) note(m outage.Minute, d *outage.MinuteDetections, o observation) {
	l.Inc.Minute = m
	if !o.known {
		return
	}
	l.Inc.Count, l.Inc.Expected = o.count, o.expected
	if o.whole {
		l.Base = o.expected
	}
	for i := range d.Detections {
		if ours(&d.Detections[i]) {
			l.noteOne(&d.Detections[i], m)
		}
	}
	if float64(o.count)*(l.Expected+1) > float64(l.Highest)*(o.expected+1) {
		l.Highest, l.Expected = o.count, o.expected
	}
	l.Inc.Peak = max(l.Inc.Peak, o.count)
}

// noteOne takes in one detection: the cells that it names, and what the incident rests
// on. Networks are never named.
func (l *life) noteOne(d *outage.Detection, m outage.Minute) {
	switch {
	case d.Whole():
		l.Waves.Dispersion = d.Baseline.Dispersion
		if d.Phase == outage.PhaseAlarm {
			l.Inc.Wide = "" // what the whole shows needs no places to be seen
		}
	case d.Dimension == outage.DimensionCountries:
		l.Countries = affectPlaces(l.Countries, d, m)
	case d.Dimension == outage.DimensionCategories:
		l.Categories = affectPlaces(l.Categories, d, m)
	case d.Dimension != "" || d.Signal == outage.SignalCombined:
	case d.Category == "":
		l.Countries = affect(l.Countries, d.Country, d, m)
	case d.Country == "":
		l.Categories = affect(l.Categories, d.Category, d, m)
	}
	if d.Phase != outage.PhaseAlarm {
		return
	}
	l.Inc.Score = math.Max(l.Inc.Score, d.Score)
	if d.Signal == outage.SignalReports {
		l.rest("crowd")
	}
	for _, p := range d.Parts {
		if p.Score >= partSpeaks {
			l.rest(p.Family)
		}
	}
}

// partSpeaks is the score from which a family of signals counts as part of what a
// combined detection rests on: one in ten quiet minutes has as much.
const partSpeaks = 1.0

// rest notes a family of signals that the incident rests on.
func (l *life) rest(family string) {
	if l.Inc.Basis == "" {
		l.Inc.Basis = family
		return
	}
	families := strings.Split(l.Inc.Basis, "+")
	if !slices.Contains(families, family) {
		families = append(families, family)
		slices.Sort(families)
		l.Inc.Basis = strings.Join(families, "+")
	}
}

// grow adds the minute to the wave that lasts. A detection that dates itself
// back brings the reports since then with it.
func (l *life) grow(m outage.Minute, o observation) {
	w := l.wave()
	w.Total += o.count
	if o.lead != nil && o.lead.Onset >= w.Onset {
		w.Total = max(w.Total, o.lead.OnsetCount)
	}
	if o.count > w.PeakCount || w.Peak == 0 {
		w.Peak, w.PeakCount = m, o.count
	}
	if l.Inc.State != outage.StateSuspected || o.lead == nil || o.lead.Onset >= w.Onset {
		return
	}
	if floor := l.floor(); o.lead.Onset >= floor {
		w.Onset = o.lead.Onset
		w.Total = max(w.Total, o.lead.OnsetCount)
	}
}

// floor is the earliest minute that the latest wave may be dated back to.
func (l *life) floor() outage.Minute {
	if n := len(l.Inc.Waves); n > 1 {
		return l.Inc.Waves[n-2].End
	}
	return l.Inc.Detected - maxBackdating
}

// maxBackdating keeps a slow drift from dating an incident to yesterday: the
// longest that an onset may lie before the first detection.
const maxBackdating = 2 * outage.Hour
