package view

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"faultline/internal/judge"
	"faultline/internal/probe"
	"faultline/internal/store"
	"faultline/internal/web/chart"
	"faultline/outage"
)

// ProbeFacts is what the store answered about measurements of one service.
type ProbeFacts struct {
	State   *outage.ProbeState // that stands now; nil: it was never probed
	Looks   []store.Look       // of the last 24 hours
	Latency []store.Probed     // of the last 24 hours, by the quarter hour
	Imports []store.Import     // of others, of any time
	From    outage.Minute      // where those begin
	Span    string             // what that time is called; empty: the last 24 hours
}

// Probes is what independent measurement says of a service.
type Probes struct {
	State     Status
	Since     *Moment
	Why       string // the count of vantage points, in a sentence
	Failure   string // where and how, empty while nothing fails
	Agreement Agreement
	Depth     string
	Note      string // how little one vantage point proves, or that nobody can be believed
	Vantages  []Vantage
	Hours     []chart.Tick // below the strips
	Latency   *Line        // nil while nothing answered
	Imported  []string     // a sentence for each source
}

// Agreement is what the crowd and the probes say of each other.
type Agreement struct{ Title, Meaning string }

// Vantage is one agent's view of a service.
type Vantage struct {
	Agent, Place string
	State        Status
	Since        *Moment
	Health       string
	Trusted      bool // what fails there counts
	Failure      string
	Strips       []Strip
}

// Strip is one layer over the last 24 hours. Its cells say by their height what they
// are: low for what answered, half for what failed at times, full for what failed.
type Strip struct {
	ID, Layer      string
	Now            string // in a word
	Desc           string // what one would see in it
	Fine           string // paths, in slots by hundredths
	Partly, Failed string
	Width          int
}

// ProbesOf builds the view; nil when nobody has ever probed the service.
// The crowd takes part while an incident is open that rests on reports.
func ProbesOf(f *ProbeFacts, open *outage.Incident, closed outage.Minute) *Probes {
	if f.State == nil && len(f.Looks) == 0 && len(f.Imports) == 0 {
		return nil
	}
	v := &Probes{State: probeStatus(judge.StateUnknown), Note: "Nobody looks at it now, or not for long enough to say."}
	deep := false
	if s := f.State; s != nil {
		v.State, v.Since, v.Why = probeStatus(judge.State(s.State)), optional(s.Since, closed), sentence(s.Why)
		v.Failure = failureWords(s.Layer, s.Failure)
		deep = judge.CanBeHealthy(s.Depth)
		v.Depth, v.Note = depthWords(s.Depth, s.Score), vantageNote(s)
		a := judge.Agree(open != nil && judge.Heard(open.Basis), judge.Probing{Healthy: s.Looking, Failing: s.Quorum, Deep: deep})
		v.Agreement.Title, v.Agreement.Meaning = a.Words(deep)
	}
	for _, i := range f.Imports {
		v.Imported = append(v.Imported, fmt.Sprintf("%s from %s, made %s.", Plural(i.Count, "measurement"), sourceName(i.Source), days(i.First, i.Last)))
	}
	v.Vantages = vantagesOf(f, closed)
	v.Hours = chart.Hours(f.From, store.SlotWidth, slotsOf(f, closed))
	v.Latency = latencyLine(f)
	return v
}

// slotsOf is the number of slots up to now.
func slotsOf(f *ProbeFacts, closed outage.Minute) int {
	return int((closed + 1 - f.From + store.SlotWidth - 1) / store.SlotWidth)
}

// probeStatus finds word and shape for what probes see.
func probeStatus(s judge.State) Status {
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
	return Status{class, upper(word)}
}

func upper(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

// sentence ends a clause like one.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	return upper(s) + "."
}

// LayerName is what a layer is called.
func LayerName(l outage.Layer) string {
	switch l {
	case outage.LayerDNS:
		return "Name (DNS)"
	case outage.LayerRoute:
		return "Route"
	case outage.LayerTCP:
		return "Connection (TCP)"
	case outage.LayerTLS:
		return "Encryption (TLS)"
	case outage.LayerQUIC:
		return "QUIC"
	case outage.LayerHTTP:
		return "Answer (HTTP)"
	case outage.LayerApp:
		return "Content"
	case outage.LayerMonitor:
		return "The agent itself"
	case "":
		return "Whole attempt"
	}
	return string(l)
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
		return upper(how)
	}
	return LayerName(l) + ": " + how
}

// depthWords say a grade with its score.
func depthWords(d outage.Depth, score int) string {
	return fmt.Sprintf("%s (%d of %d)", upper(depthWord(d)), score, judge.MaxScore)
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

// vantagesOf joins what is said of each agent now with what it saw in the last day.
func vantagesOf(f *ProbeFacts, closed outage.Minute) []Vantage {
	looks := map[string][]store.Look{}
	for _, l := range f.Looks {
		looks[l.Agent] = append(looks[l.Agent], l)
	}
	var out []Vantage
	known := map[string]bool{}
	if f.State != nil {
		for i := range f.State.Vantages {
			s := &f.State.Vantages[i]
			known[s.Agent] = true
			out = append(out, Vantage{
				Agent: s.Agent, Place: PlaceOf(s.Vantage), State: probeStatus(judge.State(s.State)), Since: optional(s.Since, closed),
				Health: healthWords(s.Health, s.HealthWhy), Trusted: s.Health == string(judge.HealthHealthy),
				Failure: cmp.Or(sentence(s.Blocked), failureWords(s.Layer, s.Failure)),
				Strips:  stripsOf(f, s, looks[s.Agent], closed),
			})
		}
	}
	for _, l := range f.Looks {
		if !known[l.Agent] {
			known[l.Agent] = true
			gone := &outage.VantageState{Agent: l.Agent}
			one := Vantage{
				Agent: l.Agent, Place: "A vantage point that has gone silent", State: probeStatus(judge.StateUnknown),
				Strips: stripsOf(f, gone, looks[l.Agent], closed),
			}
			if source, ok := store.ImportedFrom(l.Agent); ok {
				one.Place, one.Health = "Imported from "+sourceName(source), importedWords
			}
			out = append(out, one)
		}
	}
	return out
}

// importedWords say what measurements of others are worth here.
const importedWords = "These are measurements of somebody else. They are shown, and count for nothing that is judged here."

// sourceName is what a source of imports is called.
func sourceName(source string) string {
	switch source {
	case "ooni":
		return "OONI"
	case "atlas":
		return "RIPE Atlas"
	case "blackbox":
		return "a blackbox exporter"
	case "csv":
		return "a table of somebody"
	case "statuspage":
		return "a log of a monitor"
	case "upptime":
		return "Upptime"
	}
	return source
}

// days say a span by its first and last day.
func days(first, last outage.Minute) string {
	from, to := first.Time().Format("2 January 2006"), last.Time().Format("2 January 2006")
	if from == to {
		return "on " + from
	}
	return "between " + from + " and " + to
}

// PlaceOf names a vantage point as its operator declared it.
func PlaceOf(v outage.Vantage) string {
	where := "Undeclared place"
	if v.Country != "" {
		where = country(v.Country)
	}
	for _, more := range []string{v.Network, className(v.Class)} {
		if more != "" {
			where += ", " + more
		}
	}
	return where
}

func className(class string) string {
	switch class {
	case outage.ClassEyeball:
		return "a line at home"
	case outage.ClassDatacenter:
		return "a data centre"
	case outage.ClassMobile:
		return "a mobile network"
	case outage.ClassEducation:
		return "a university"
	case outage.ClassAnchor:
		return "a measuring anchor"
	}
	return class
}

// healthWords say whether an agent can be believed; empty when nothing is known.
func healthWords(health, why string) string {
	word := ""
	switch judge.Health(health) {
	case judge.HealthHealthy:
		word = "The agent is healthy"
	case judge.HealthImpaired:
		word = "The agent is impaired, so its failures do not count"
	case judge.HealthOffline:
		word = "The agent is offline, so nothing it says counts"
	case judge.HealthUnknown:
		word = "Whether the agent can be believed is not known, so its failures do not count"
	default:
		return ""
	}
	if why != "" {
		word += ": " + why
	}
	return word + "."
}

// layerOrder is the order in which a request passes the layers.
var layerOrder = []outage.Layer{
	outage.LayerDNS, outage.LayerRoute, outage.LayerTCP, outage.LayerTLS, outage.LayerQUIC, outage.LayerHTTP, outage.LayerApp, "",
}

// stripsOf draws the last day of one agent, a strip for each layer it tried.
func stripsOf(f *ProbeFacts, s *outage.VantageState, looks []store.Look, closed outage.Minute) []Strip {
	var out []Strip
	for _, layer := range layerOrder {
		var mine []store.Look
		for _, l := range looks {
			if l.Layer == layer {
				mine = append(mine, l)
			}
		}
		if len(mine) == 0 {
			continue
		}
		out = append(out, stripOf(f, s, layer, mine, slotsOf(f, closed)))
	}
	return out
}

func stripOf(f *ProbeFacts, s *outage.VantageState, layer outage.Layer, looks []store.Look, width int) Strip {
	cells := make([]chart.Cell, width)
	tried, failed, bad := 0, 0, 0
	var first, last outage.Minute
	for _, l := range looks {
		i := int((l.Slot - f.From) / store.SlotWidth)
		if i < 0 || i >= width {
			continue
		}
		tried, failed = tried+l.Tried, failed+l.Failed
		switch {
		case l.Failed == 0:
			cells[i] = chart.CellFine
			continue
		case l.Failed < l.Tried:
			cells[i] = chart.CellPartly
		default:
			cells[i] = chart.CellFailed
		}
		bad++
		if first == 0 {
			first = l.Slot
		}
		last = l.Slot
	}
	id := strings.ReplaceAll(s.Agent, " ", "_") // of an import anything may be in it
	v := Strip{ID: "strip-" + id + "-" + cmp.Or(string(layer), "all"), Layer: LayerName(layer), Width: width}
	v.Fine, v.Partly, v.Failed = chart.Strip(cells)
	span := cmp.Or(f.Span, "in the last 24 hours")
	v.Desc = fmt.Sprintf("%s %s, none failed.", Plural(tried, "attempt"), span)
	if failed > 0 {
		v.Desc = fmt.Sprintf("%s of %s failed %s, between %s and %s.",
			Count(failed), Plural(tried, "attempt"), span, first.Time().Format("15:04"), At(last+store.SlotWidth, last).Text)
	}
	if i := slices.IndexFunc(s.Layers, func(l outage.LayerState) bool { return l.Layer == layer }); i >= 0 {
		v.Now = layerWord(s.Layers[i].State)
	}
	return v
}

func layerWord(state string) string {
	switch state {
	case outage.LayerFine:
		return "answers"
	case outage.LayerSlow:
		return "slow"
	case outage.LayerPartly:
		return "fails at times"
	case outage.LayerFailing:
		return "fails"
	}
	return state
}

// latencyLine is the typical time to an answer; nil when nothing answered.
func latencyLine(f *ProbeFacts) *Line {
	spec := chart.Spec{ID: "latency", Step: DayStep, Title: "Milliseconds to the first byte, typical of each quarter hour, all vantage points"}
	any, low, high := false, 0, 0
	for _, p := range f.Latency {
		b := store.Bucket{Start: p.Start}
		if p.Count == 0 {
			b.Missing = int(DayStep)
		} else {
			b.Count = int(math.Round(Typical(p)))
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
	spec.Desc = fmt.Sprintf("Between %s and %s milliseconds.", Count(low), Count(high))
	l := LineOf(spec)
	l.What, l.Column, l.Gap = "milliseconds", "Milliseconds", "nothing answered"
	l.Notes = []string{"The geometric mean of attempts that did not fail. Where nothing answered, or nobody looked, there is a gap."}
	for i := range l.Rows {
		if l.Rows[i].Note != "" {
			l.Rows[i].Count, l.Rows[i].Note = "none", "nothing answered"
		}
	}
	return &l
}

// Typical is the geometric mean of a step of latencies, in milliseconds; 0 when it
// has none.
func Typical(p store.Probed) float64 {
	if p.Count == 0 {
		return 0
	}
	return math.Exp(p.Sum / float64(p.Count))
}
