package view

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"faultline/internal/judge"
	"faultline/internal/store"
	"faultline/internal/web/chart"
	"faultline/internal/web/probed"
	"faultline/internal/web/words"
	"faultline/outage"
)

// IncidentFacts is what the store answered about one incident.
type IncidentFacts struct {
	Service   outage.Service
	Pulse     store.Pulse
	World     words.World
	Revisions []outage.Incident // oldest first, at least one
	Buckets   []store.Bucket
	Step      outage.Minute
	Rule      string // the severity rule in words
	Words     []outage.VendorWord
	Looks     []store.Look  // in the span of probed.LineSpan
	Agents    []store.Heard // that may have taken them
	// Name is what a service is called; nil: its id.
	Name func(service string) string
}

func (f *IncidentFacts) name(service string) string {
	if f.Name == nil {
		return service
	}
	return cmp.Or(f.Name(service), service)
}

// Incident is the incident page.
type Incident struct {
	ID, ServiceID, Service string
	State                  words.Status
	Title                  string
	Summary                string // one sentence: what, since when, how long
	Open                   bool
	Onset, Detected        words.Moment
	Confirmed, End, Closed *words.Moment
	Length                 string
	Peak, PeakAt, Total    string
	Score                  string
	Now                    string // reports of the last minute beside what was expected
	Severity               Severity
	Low                    string           // how uncertain it is what is usual, "" when it is normal
	Heard                  bool             // people take part in it
	Basis                  string           // signals other than reports that it rests on, "" when there are none
	Partly                 bool             // a verdict rests on attempts that failed or were slow
	Measured               *probed.Measured // what probes say; nil while no agent looks
	Vendor                 *Vendor          // nil: nobody reads its status page
	Probed                 *probed.Line     // nil: nobody looked in its time
	Wide                   string           // of what there are many that show it together only
	Line                   chart.Line
	Waves                  []Wave
	Countries, Categories  Cells
	Links                  []Link
	Carried                *Carried // what stands on it and fails; nil: nothing does together
	CarriedOnly            bool     // nothing else shows the incident
	Meant                  *Meant   // what people may mean who report it; nil: itself
	History                []Change
	HistoryLeft            int // changes beyond the limit
	Revision               int
	Reopened               string
	World                  words.World
	Say                    string
}

// Severity is the word with its rule.
type Severity struct{ Word, Value, Effect, Breadth, Duration, Rule string }

// Wave is one line of the table of waves.
type Wave struct {
	Number      int
	Onset, Peak words.Moment
	End         *words.Moment // nil while it lasts
	PeakCount   string
	Total       string
	Length      string
}

// Link is an incident that is tied to this one, with what ties it.
type Link struct{ Incident, Service, Tie string }

// IncidentSpan says which stretch of time the page of an incident shows and in
// which steps: an hour before the onset, an hour after the end, and no more than
// maxBuckets in between.
//
// Where minutes have aged out the steps are whole hours.
func IncidentSpan(i *outage.Incident, p store.Pulse) (from, to, step outage.Minute) {
	from, to = i.Onset-outage.Hour, p.Closed+1
	if i.End > 0 {
		to = min(to, max(i.End, i.Closed)+outage.Hour)
	}
	to = max(to, i.Onset+1)
	for _, step = range []outage.Minute{1, 5, 15, 60, 360, outage.Day} {
		if (to-from)/step <= maxBuckets && (step >= outage.Hour || from >= p.Oldest) {
			break
		}
	}
	from = from / step * step
	to = (to + step - 1) / step * step
	if to-from > maxBuckets*step {
		from = to - maxBuckets*step
	}
	return from, to, step
}

// maxBuckets bounds the timeline of an incident: more of them are neither seen
// on a phone nor worth their bytes.
const maxBuckets = 240

// IncidentOf builds the page of the last revision.
func IncidentOf(f IncidentFacts) Incident {
	i := &f.Revisions[len(f.Revisions)-1]
	ref := i.Onset
	v := Incident{
		ID: i.ID, ServiceID: i.Service, Service: cmp.Or(f.Service.Name, i.Service),
		State: words.StateOf(i.State), Open: i.State.Open(), Revision: i.Revision, World: f.World,
		Onset: words.At(i.Onset, 0), Detected: words.At(i.Detected, ref),
		Confirmed: words.Optional(i.Confirmed, ref), End: words.Optional(i.End, ref), Closed: words.Optional(i.Closed, ref),
		Peak: words.Count(i.Peak), Total: words.Count(i.Total), Score: fmt.Sprintf("%.1f", i.Score),
		Severity: severityOf(i.Severity, f.Rule), Low: lowConfidence(i.Confidence), Heard: judge.Heard(i.Basis), Basis: basis(i.Basis), Wide: wide(i.Wide),
		Line:  incidentLine(f, i),
		Waves: wavesOf(i, f.Pulse.Closed), Countries: affectedOf("Country", i.Countries, i, words.Country, ref),
		Categories: affectedOf("Problem", i.Categories, i, words.Category, ref),
	}
	v.Length = words.Span(endOf(i, f.Pulse.Closed) - i.Onset)
	v.Title = v.Service + ": incident of " + i.Onset.Time().Format("2 January 2006")
	v.Summary = summary(i, v.Length)
	v.Say = v.Service + ": " + v.State.Word + ". " + v.Summary
	if i.State.Open() && v.Heard {
		v.Now = fmt.Sprintf("%s in the minute %s, where %s would be usual", words.Plural(i.Count, "report"), i.Minute.Time().Format("15:04 UTC"), usual(i.Expected))
	}
	if i.Reopened > 0 {
		v.Reopened = words.Plural(i.Reopened, "time")
	}
	if p := peakWave(i.Waves); p != nil {
		v.PeakAt = p.Peak.Time().Format("15:04 UTC")
	}
	for _, l := range i.Links {
		v.Links = append(v.Links, Link{l.Incident, f.name(l.Service), tie(&l)})
	}
	v.Meant, v.Carried = meantOf(&f, i.Links), carriedOf(&f, i.Tenants)
	if !v.Heard {
		v.Low = "" // there is no baseline in it
	}
	v.Measured = probed.MeasuredOf(i)
	v.CarriedOnly = words.Carrier(i)
	v.Probed = probed.LineOf(&probed.LineFacts{Pulse: f.Pulse, Looks: f.Looks, Agents: f.Agents, Waves: waveSpans([]outage.Incident{*i}, f.Pulse.Closed)}, i)
	v.Vendor = VendorOf(VendorFacts{Words: f.Words, Of: i}, f.Pulse.Closed)
	v.History, v.HistoryLeft = HistoryOf(f.Revisions)
	return v
}

func usual(v float64) string {
	if s := words.About(v); s != "about 0" {
		return s
	}
	return "none"
}

func endOf(i *outage.Incident, closed outage.Minute) outage.Minute {
	if i.End > 0 {
		return i.End
	}
	if i.Closed > 0 {
		return i.Closed
	}
	return max(closed+1, i.Minute+1)
}

func severityOf(s outage.Severity, rule string) Severity {
	return Severity{
		Word: s.Word, Value: factor(s.Value), Effect: factor(s.Effect),
		Breadth: factor(s.Breadth), Duration: factor(s.Duration), Rule: rule,
	}
}

// factor prints a whole number as one.
func factor(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func lowConfidence(c outage.Confidence) string {
	switch c {
	case outage.ConfidenceNone:
		return "What is usual is not known: when this began there was under an hour of history to compare with."
	case outage.ConfidenceLow:
		return "What is usual is uncertain: there were under two weeks of history to compare with, so it is partly borrowed from similar services."
	}
	return ""
}

func peakWave(ws []outage.Wave) *outage.Wave {
	var best *outage.Wave
	for i := range ws {
		if best == nil || ws[i].PeakCount > best.PeakCount {
			best = &ws[i]
		}
	}
	return best
}

func wavesOf(i *outage.Incident, closed outage.Minute) []Wave {
	out := make([]Wave, 0, len(i.Waves))
	for n, w := range i.Waves {
		v := Wave{
			Number: n + 1, Onset: words.At(w.Onset, i.Onset), Peak: words.At(w.Peak, i.Onset), End: words.Optional(w.End, i.Onset),
			PeakCount: words.Count(w.PeakCount), Total: words.Count(w.Total),
		}
		end := w.End
		if end == 0 {
			end = max(closed+1, w.Onset+1)
		}
		v.Length = words.Span(end - w.Onset)
		out = append(out, v)
	}
	return out
}

func incidentLine(f IncidentFacts, i *outage.Incident) chart.Line {
	spec := chart.Spec{
		ID: "timeline", Buckets: f.Buckets, Step: f.Step,
		Title: "Reports about " + cmp.Or(f.Service.Name, i.Service) + ", all countries, per " + perStep(f.Step),
		Waves: waveSpans([]outage.Incident{*i}, f.Pulse.Closed),
	}
	var desc strings.Builder
	fmt.Fprintf(&desc, "%s.", words.Plural(len(i.Waves), "wave"))
	for n, w := range i.Waves {
		fmt.Fprintf(&desc, " Wave %d begins at %s and has its highest minute, with %s, at %s.", n+1, w.Onset, words.Plural(w.PeakCount, "report"), w.Peak)
		spec.Marks = append(spec.Marks, chart.Mark{At: w.Peak, Label: strconv.Itoa(n + 1)})
	}
	spec.Desc = desc.String()
	l := chart.LineOf(spec)
	if len(l.Plot.Dots) > 0 {
		l.Dots = "highest minute of each wave"
	}
	if len(f.Buckets) > 0 && f.Buckets[0].Start < f.Pulse.Oldest && f.Pulse.Oldest > f.Pulse.Since {
		l.Notes = append(l.Notes, "Minutes before "+f.Pulse.Oldest.String()+" have aged out; only their hours are kept, so the line is coarser than the incident was.")
	}
	return l
}

func perStep(step outage.Minute) string {
	switch step {
	case 1:
		return "minute"
	case outage.Hour:
		return "hour"
	case outage.Day:
		return "day"
	}
	return words.Span(step)
}

// basis names the signals beside reports.
func basis(families string) string {
	words := map[string]string{"probes": "our own probes", "operator": "the operator's own word", "tenants": "failures of services that stand on it"}
	var out []string
	for family := range strings.SplitSeq(families, "+") {
		if family != "crowd" && family != "" {
			out = append(out, cmp.Or(words[family], family))
		}
	}
	return strings.Join(out, " and ")
}

// wide words what many places show together. Networks are counted and never named.
func wide(d outage.Dimension) string {
	switch d {
	case "":
		return ""
	case outage.DimensionCountries:
		return "countries"
	case outage.DimensionCategories:
		return "kinds of problem"
	}
	return "networks"
}
