package verdict

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"faultline/internal/feature"
	"faultline/internal/web/words"
	"faultline/outage"
)

// mostCompared is how many hypotheses evidence is set against side by side: more
// columns are not read on a phone.
const mostCompared = 3

// Evidence is one row of the table.
type Evidence struct {
	Sentence string
	Expected string // where the line is drawn, "" where the table draws none
	Sample   string
	From     string // how many vantage points in how many networks
	Window   string
	Source   Source
	Weights  []Weight // one for each hypothesis that is compared
}

// Rests says what a row rests on, but for a source that is a link.
func (e *Evidence) Rests() string {
	parts := []string{e.Sample, e.From, e.Window}
	if e.Source.URL == "" {
		parts = append(parts, e.Source.Text)
	}
	if e.Expected != "" {
		parts = append(parts, "threshold "+e.Expected)
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "; ")
}

// Source says who measured or said it.
type Source struct{ Text, URL string }

// Weight is what a row adds to one hypothesis.
type Weight struct {
	Text  string // "+1", "−0.5", or "0"
	Kind  string // for, against or none
	value float64
}

// comparedOf are the hypotheses that evidence is set against: those that lead and, where
// there is room, the one that the sentence compares them with. While none leads it is the
// first two.
func comparedOf(v *outage.Verdict) []*outage.Hypothesis {
	byID := make(map[string]*outage.Hypothesis, len(v.Hypotheses))
	for i := range v.Hypotheses {
		byID[v.Hypotheses[i].ID] = &v.Hypotheses[i]
	}
	var out []*outage.Hypothesis
	taken := map[string]bool{}
	take := func(h *outage.Hypothesis) {
		if h != nil && !taken[h.ID] && len(out) < mostCompared {
			out, taken[h.ID] = append(out, h), true
		}
	}
	for _, id := range v.Leading {
		take(byID[id])
	}
	most := max(2, len(out)+1)
	if slices.ContainsFunc(out, classed(outage.CauseAttack)) && !slices.ContainsFunc(out, classed(outage.CauseInternal)) {
		for i := range v.Hypotheses { // attack or own failure is what everybody wants to know
			if h := &v.Hypotheses[i]; h.Class == outage.CauseInternal {
				take(h)
				break
			}
		}
	}
	for i := range v.Hypotheses {
		if len(out) < most {
			take(&v.Hypotheses[i])
		}
	}
	return out
}

// classed says whether a hypothesis is of a class.
func classed(class outage.CauseClass) func(*outage.Hypothesis) bool {
	return func(h *outage.Hypothesis) bool { return h.Class == class }
}

// weighs finds what a piece of evidence adds to a hypothesis.
func weighs(h *outage.Hypothesis, evidence string) float64 {
	sum := 0.0
	for _, list := range [][]outage.Weighed{h.For, h.Against} {
		for _, w := range list {
			if w.Evidence == evidence {
				sum += w.Weight
			}
		}
	}
	return sum
}

// evidenceOf lists what weighs for or against one of those that are compared, the
// weightiest first, and says once what most rows rest on.
func evidenceOf(v *outage.Verdict, compared []*outage.Hypothesis) (out []Evidence, ground string) {
	for i := range v.Evidence {
		e := &v.Evidence[i]
		row := Evidence{Sentence: words.Upper(e.Sentence), Expected: expected(e), Sample: sample(e), From: places(e), Source: sourceOf(e), Window: window(e.From, e.To)}
		counts := false
		for _, h := range compared {
			w := weightOf(weighs(h, e.ID))
			counts = counts || w.Kind != "none"
			row.Weights = append(row.Weights, w)
		}
		if counts {
			out = append(out, row)
		}
	}
	slices.SortStableFunc(out, func(a, b Evidence) int { return cmp.Compare(b.most(), a.most()) })
	return out, common(out)
}

// fewRows is the number of rows from which it helps to say once what they share.
const fewRows = 2

// common takes what most rows rest on out of them, to be said once: on a phone it would
// be half of every row. Rows of which any of it differs keep all of theirs.
func common(rows []Evidence) string {
	type rests struct{ source, from, window string }
	of := func(e *Evidence) rests { return rests{e.Source.Text, e.From, e.Window} }
	times := map[rests]int{}
	var most rests
	for i := range rows {
		r := of(&rows[i])
		times[r]++
		if rows[i].Source.URL == "" && times[r] > times[most] {
			most = r
		}
	}
	if times[most] < fewRows {
		return ""
	}
	for i := range rows {
		if e := &rows[i]; of(e) == most && e.Source.URL == "" {
			e.Source, e.From, e.Window = Source{}, "", ""
		}
	}
	said := most.source
	for _, s := range []string{most.from, most.window} {
		if s != "" {
			said += ", " + s
		}
	}
	return said
}

// most is the largest weight of a row, for or against.
func (e *Evidence) most() float64 {
	most := 0.0
	for _, w := range e.Weights {
		most = max(most, math.Abs(w.value))
	}
	return most
}

func weightOf(w float64) Weight {
	switch r := math.Round(100*w) / 100; {
	case r > 0:
		return Weight{"+" + strconv.FormatFloat(r, 'f', -1, 64), "for", r}
	case r < 0:
		return Weight{"−" + strconv.FormatFloat(-r, 'f', -1, 64), "against", r}
	}
	return Weight{"0", "none", 0}
}

// sample says of how much a value is, in the words of the vocabulary of features.
func sample(e *outage.Evidence) string {
	word, known := feature.Find(e.Feature)
	switch {
	case e.Sample == 0 || known && strings.HasPrefix(word.Sample, "one "):
		return ""
	case !known:
		return words.Plural(e.Sample, "value")
	case e.Sample == 1:
		return "sample of 1: " + word.Sample
	}
	return words.Count(e.Sample) + " " + word.Sample
}

// expected is the threshold; a yes or no has none that a reader would miss.
func expected(e *outage.Evidence) string {
	if e.Unit == "yes" {
		return ""
	}
	return e.Expected
}

// places says from where; "" for what was not measured from anywhere.
func places(e *outage.Evidence) string {
	switch {
	case e.Vantages == 0:
		return ""
	case e.Networks == 0: // an observer need not say
		return "from " + words.Plural(e.Vantages, "vantage point")
	}
	return fmt.Sprintf("from %s in %s", words.Plural(e.Vantages, "vantage point"), words.Plural(e.Networks, "network"))
}

// window is the time that a value is of.
func window(from, to outage.Minute) string {
	switch {
	case from == 0 && to == 0:
		return ""
	case from == 0 || from == to:
		return words.At(to, to).Text
	case from/outage.Day == to/outage.Day:
		return from.Time().Format("15:04") + " to " + to.Time().Format("15:04 UTC")
	}
	return words.At(from, 0).Text + " to " + words.At(to, 0).Text
}

func sourceOf(e *outage.Evidence) Source {
	switch e.Origin {
	case outage.OriginProbes:
		return Source{Text: "our probes"}
	case outage.OriginCrowd:
		return Source{Text: "reports"}
	case outage.OriginVendor:
		return Source{Text: "the vendor's status page"}
	case outage.OriginCatalog:
		return Source{Text: "what stands on what, and what fails there"}
	}
	if e.Source == nil {
		return Source{Text: "published by somebody else"}
	}
	text := "published by " + e.Source.Name
	if r := e.Source.Reliability; r != "" {
		text += ", reliability " + r
	}
	return Source{text, words.WebURL(e.Source.URL)}
}
