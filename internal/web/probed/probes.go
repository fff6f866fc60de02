package probed

import (
	"cmp"
	"fmt"
	"math"

	"faultline/internal/judge"
	"faultline/internal/probe"
	"faultline/internal/store"
	"faultline/internal/web/chart"
	"faultline/internal/web/words"
	"faultline/outage"
)

// Facts is what the store answered about measurements of one service.
type Facts struct {
	State   *outage.ProbeState // that stands now; nil: it was never probed
	Looks   []store.Look       // of the last 24 hours
	Latency []store.Probed     // of the last 24 hours, by LatencyStep
	Imports []store.Import     // of others, of any time
	From    outage.Minute      // where those begin
	Span    string             // what that time is called; empty: the last 24 hours
}

// Probes is what independent measurement says of a service.
type Probes struct {
	State     words.Status
	Since     *words.Moment
	Why       string // the count of vantage points, in a sentence
	Failure   string // where and how, empty while nothing fails
	Agreement Agreement
	Depth     string
	Note      string // how little one vantage point proves, or that nobody can be believed
	Vantages  []Vantage
	Fold      bool         // the strips of all but the first are folded away
	Hours     []chart.Tick // below the strips
	Latency   *chart.Line  // nil while nothing answered
	Imported  []string     // a sentence for each source
}

// Agreement is what the crowd and the probes say of each other.
type Agreement struct{ Title, Meaning string }

// ProbesOf builds the view; nil when nobody has ever probed the service.
// The crowd takes part while an incident is open that rests on reports.
func ProbesOf(f *Facts, open *outage.Incident, closed outage.Minute) *Probes {
	if f.State == nil && len(f.Looks) == 0 && len(f.Imports) == 0 {
		return nil
	}
	v := &Probes{State: probeStatus(judge.StateUnknown), Note: "Nobody looks at it now, or not for long enough to say."}
	deep := false
	if s := f.State; s != nil {
		v.State, v.Since, v.Why = probeStatus(judge.State(s.State)), words.Optional(s.Since, closed), words.Sentence(s.Why)
		v.Failure = failureWords(s.Layer, s.Failure)
		deep = judge.CanBeHealthy(s.Depth)
		v.Depth, v.Note = depthWords(s.Depth, s.Score), vantageNote(s)
		a := judge.Agree(open != nil && judge.Heard(open.Basis), judge.Probing{Healthy: s.Looking, Failing: s.Quorum, Deep: deep})
		v.Agreement.Title, v.Agreement.Meaning = a.Words(deep)
	}
	for _, i := range f.Imports {
		v.Imported = append(v.Imported, fmt.Sprintf("%s from %s, made %s.", words.Plural(i.Count, "measurement"), sourceName(i.Source), days(i.First, i.Last)))
	}
	v.Vantages = vantagesOf(f, closed)
	v.Fold = len(v.Vantages) > mostUnfolded
	v.Hours = chart.Hours(f.From, store.SlotWidth, slotsOf(f, closed))
	v.Latency = latencyLine(f)
	return v
}

// slotsOf is the number of slots up to now.
func slotsOf(f *Facts, closed outage.Minute) int {
	return int((closed + 1 - f.From + store.SlotWidth - 1) / store.SlotWidth)
}

// probeStatus finds word and shape for what probes see.
func probeStatus(s judge.State) words.Status {
	class := "unknown"
	switch s {
	case judge.StateHealthy:
		class = "quiet"
	case judge.StateFailing:
		class = "problems"
	case judge.StatePartly:
		class = "rising"
	}
	word := s.Words()
	return words.Status{Class: class, Word: words.Upper(word)}
}

// operations are what is done at a layer, for the words on a timeout.
var operations = map[outage.Layer]outage.Operation{
	outage.LayerDNS: outage.OperationResolve, outage.LayerTCP: outage.OperationConnect, outage.LayerTLS: outage.OperationTLSHandshake,
	outage.LayerQUIC: outage.OperationQUICHandshake, outage.LayerHTTP: outage.OperationRoundTrip, outage.LayerRoute: outage.OperationEcho,
	outage.LayerApp: outage.OperationRoundTrip, outage.LayerMonitor: outage.OperationConnect,
}

// failureWords say where something fails and how; empty when nothing does.
func failureWords(l outage.Layer, f outage.Failure) string {
	if f == "" && l == "" {
		return ""
	}
	how := "it fails"
	if f != "" {
		how = probe.Words(&outage.Measurement{Failure: f, Operation: cmp.Or(operations[l], outage.OperationRoundTrip)})
	}
	if l == "" {
		return words.Upper(how)
	}
	return words.LayerName(l) + ": " + how
}

// depthWords say a grade with its score.
func depthWords(d outage.Depth, score int) string {
	return fmt.Sprintf("%s (%d of %d)", words.Upper(depthWord(d)), score, judge.MaxScore)
}

func depthWord(d outage.Depth) string {
	word := "nothing has answered yet"
	switch d {
	case outage.DepthName:
		word = "name only: probes see that the name resolves, and nothing of the service"
	case outage.DepthEdge:
		word = "edge only: probes see that something answers, which says nothing of the service behind it"
	case outage.DepthPage:
		word = "page: a page of the service comes and is looked at"
	case outage.DepthJourney:
		word = "journey: probes take steps that a person would take"
	}
	return word
}

// vantageNote says how much the vantage points prove together.
func vantageNote(s *outage.ProbeState) string {
	networks := map[string]bool{}
	for i := range s.Vantages {
		networks[s.Vantages[i].Vantage.Network] = true
	}
	switch {
	case s.Looking == 0:
		return "No agent that can be believed looks at it now, so nothing here counts."
	case s.Looking == 1:
		return "One vantage point alone proves nothing: its own network may be at fault, or it may be turned away. It confirms no incident."
	case len(networks) == 1:
		return "All vantage points are in one network: what they see may be that network's own trouble. They confirm no incident by themselves."
	}
	return ""
}

// LatencyStep is the width of a step of Facts.Latency.
const LatencyStep outage.Minute = 15

// latencyLine is the typical time to an answer; nil when nothing answered.
func latencyLine(f *Facts) *chart.Line {
	spec := chart.Spec{ID: "latency", Step: LatencyStep, Title: "Milliseconds to the first byte, typical of each quarter hour, all vantage points"}
	any, low, high := false, 0, 0
	for _, p := range f.Latency {
		b := store.Bucket{Start: p.Start}
		if p.Count == 0 {
			b.Missing = int(LatencyStep)
		} else {
			b.Count = int(math.Round(typical(p)))
			if !any || b.Count < low {
				low = b.Count
			}
			any, high = true, max(high, b.Count)
		}
		spec.Buckets = append(spec.Buckets, b)
	}
	if !any {
		return nil
	}
	spec.Desc = fmt.Sprintf("Between %s and %s milliseconds.", words.Count(low), words.Count(high))
	l := chart.LineOf(spec)
	l.What, l.Column, l.Gap = "milliseconds", "Milliseconds", "nothing answered"
	l.Notes = []string{"The geometric mean of attempts that did not fail. Where nothing answered, or nobody looked, there is a gap."}
	for i := range l.Rows {
		if l.Rows[i].Note != "" {
			l.Rows[i].Count, l.Rows[i].Note = "none", "nothing answered"
		}
	}
	return &l
}

// typical is the geometric mean of a step of latencies, in milliseconds; 0 when it
// has none.
func typical(p store.Probed) float64 {
	if p.Count == 0 {
		return 0
	}
	return math.Exp(p.Sum / float64(p.Count))
}
