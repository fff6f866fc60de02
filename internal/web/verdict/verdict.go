// Package verdict builds what pages show of a verdict: the sentence that may be
// quoted, the evidence with its weights, what lost and why, what would change our
// mind, and the revisions.
//
// It reads verdicts as the store keeps them and writes plain structures that a
// template prints without thinking. Method: it judges nothing; words, weights and
// ranks are those of the verdict. Likelihood and confidence
// are never in one sentence. Limits: of revisions it lists the newest, and of what
// moved one the first few; the API has them all.
package verdict

import (
	"cmp"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"

	"faultline/internal/web/words"
	"faultline/outage"
)

// Facts is what the store answered about the verdict on one incident.
type Facts struct {
	Service  string           // name
	Incident *outage.Incident // its latest revision
	Shown    *outage.Verdict  // the revision that is shown, whole
	Latest   int              // the newest revision
	Briefs   []outage.Verdict // newest first
	More     bool             // there are older ones
	// Look says in words what to look at for a sign; "" where it is not known any more.
	Look func(sign string) string
}

// View is a verdict as pages show it.
type View struct {
	State      words.Status
	Sentence   string
	Likelihood string // the word with its range; "" when it abstains
	Joint      bool   // it is of several explanations together
	Confidence string // a sentence of its own
	AsOf       words.Moment
	Revision   int
	Table      string
	Path       string // of the page of this revision
	Cite       string // to be copied
	Older      bool   // a later revision stands
	Incident   string // path of the incident
	Data       string // path of the revisions for programs
	Layer      Layer
	Class      string // the leading one, "" when undecided
	Classes    []Class
	Faint      string // the classes with next to no support
	Compared   []Compared
	Abstains   bool
	Evidence   []Evidence
	Ground     string    // what most rows of the evidence share; "" where there are few
	Missing    []Missing // beyond what is wanted
	Chain      []Link
	Wanted     []Wanted
	Apart      string // what each that is wanted would tell apart; "" where it differs
	Ranked     []Ranked
	History    History
	More       bool
	Say        string
}

// Layer answers the first question.
type Layer struct {
	Name, Sure, Why string
	Known           bool // one is named
}

// Class is one kind of cause with its support.
type Class struct {
	Name, Support string
	Percent       int // of the bar
	Leads         bool
}

// Compared is a hypothesis that evidence is set against.
type Compared struct{ Mark, Title, Class, Support string }

// Link is one link of a chain of causes.
type Link struct{ Role, Text, Sure string }

// Of builds the view; nil while nothing was said.
func Of(f Facts) *View {
	v := f.Shown
	if v == nil {
		return nil
	}
	out := &View{
		State: words.VerdictWord(v.State), Sentence: v.Sentence, Confidence: v.ConfidenceWhy,
		AsOf: words.At(v.Minute, 0), Revision: v.Revision, Table: v.Table, Older: v.Revision < f.Latest,
		Path: path(v), Incident: "/i/" + url.PathEscape(v.Incident),
		Data:     "/api/v1/incidents/" + url.PathEscape(v.Incident) + "/verdicts",
		Abstains: v.State == outage.VerdictInsufficient, Joint: v.State == outage.VerdictAmbiguous, More: f.More,
	}
	if out.Confidence == "" {
		out.Confidence = fmt.Sprintf("Confidence is %s.", v.Confidence)
	}
	out.Likelihood = likelihood(v.Likelihood)
	out.Cite = cite(&f, out)
	out.Say = f.Service + ": " + out.State.Word + ". " + v.Sentence
	out.Layer = layerOf(&v.Layer)
	out.Class = className(v.Class)
	out.Classes, out.Faint = classesOf(v)
	compared := comparedOf(v)
	for i, h := range compared {
		out.Compared = append(out.Compared, Compared{string(rune('A' + i)), h.Title, classWord(h.Class), share(h.Support)})
	}
	out.Evidence, out.Ground = evidenceOf(v, compared)
	out.Missing = missingOf(v, compared, f.Look)
	out.Chain = chainOf(v.Chain)
	out.Wanted, out.Apart = wantedOf(v, compared)
	out.Ranked = rankedOf(v)
	out.History = historyOf(f.Briefs, v.Revision)
	return out
}

func path(v *outage.Verdict) string {
	return "/i/" + url.PathEscape(v.Incident) + "/verdicts/" + strconv.Itoa(v.Revision)
}

// cite is how somebody may quote it: what was said, when, on which ground.
func cite(f *Facts, v *View) string {
	on := f.Service
	if f.Incident != nil {
		on += ", incident of " + f.Incident.Onset.Time().Format("2 January 2006")
	}
	return fmt.Sprintf("“%s” %s Faultline, verdict on %s, revision %d as of %s, knowledge table %s.",
		v.Sentence, v.Confidence, on, v.Revision, words.At(f.Shown.Minute, 0).Text, cmp.Or(v.Table, "unknown"))
}

// ranges are the shares that the words of ICD 203 stand for.
var ranges = map[string]string{
	"almost no chance": "1 to 5 %", "very unlikely": "5 to 20 %", "unlikely": "20 to 45 %", "roughly even chance": "45 to 55 %",
	"likely": "55 to 80 %", "very likely": "80 to 95 %", "almost certain": "95 to 99 %",
}

// likelihood adds its range to a word.
func likelihood(word string) string {
	if r := ranges[word]; r != "" {
		return word + ", " + r
	}
	return word
}

func layerOf(l *outage.LayerVerdict) Layer {
	out := Layer{Name: "No single layer", Why: words.Upper(l.Why), Known: l.Layer != ""}
	switch l.State {
	case outage.VerdictInsufficient:
		out.Name = "Cannot tell"
	case outage.VerdictLikely:
		out.Sure = "likely"
	case outage.VerdictVeryLikely:
		out.Sure = "very likely"
	}
	out.Name = cmp.Or(words.LayersName(l), out.Name)
	return out
}

// className is a kind of cause as pages say it. None of them names anybody.
func className(c outage.CauseClass) string {
	switch c {
	case outage.CauseAttack:
		return "An attack"
	case outage.CauseInternal:
		return "Internal: configuration, code, own names or machines"
	case outage.CauseUpstream:
		return "Upstream: a provider, the way there, or a region"
	case outage.CauseOverload:
		return "More demand than it bears"
	case outage.CauseNoOutage:
		return "No outage of this service"
	}
	return string(c)
}

// classWord is a kind of cause in a word or two.
func classWord(c outage.CauseClass) string {
	switch c {
	case outage.CauseAttack:
		return "an attack"
	case outage.CauseOverload:
		return "overload"
	case outage.CauseNoOutage:
		return "no outage"
	}
	return string(c)
}

// faint is the support below which a class is named without a bar of its own.
const faint = 0.01

func classesOf(v *outage.Verdict) (shown []Class, rest string) {
	var left []string
	for _, c := range v.Classes {
		if c.Support < faint {
			left = append(left, classWord(c.Class))
			continue
		}
		shown = append(shown, Class{className(c.Class), share(c.Support), int(math.Round(100 * c.Support)), c.Class == v.Class && v.Class != ""})
	}
	return shown, strings.Join(left, ", ")
}

// chainOf lists the links; those that say the same are one line.
func chainOf(links []outage.ChainLink) []Link {
	var out []Link
	for _, l := range links {
		text, sure := words.Upper(l.Text), string(l.Confidence)
		if n := len(out) - 1; n >= 0 && out[n].Text == text && out[n].Sure == sure {
			out[n].Role += " and " + l.Role
			continue
		}
		out = append(out, Link{roleName(l.Role), text, sure})
	}
	return out
}

// roleName is what a link of a chain does.
func roleName(role string) string {
	switch role {
	case "visible":
		return "What is seen"
	}
	return words.Upper(role)
}

// share prints a support. It is never said to be nothing or everything.
func share(p float64) string {
	switch {
	case p < 0.01:
		return "under 1 %"
	case p > 0.99:
		return "over 99 %"
	}
	return fmt.Sprintf("%.0f %%", 100*p)
}
