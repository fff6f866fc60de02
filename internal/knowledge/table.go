package knowledge

import (
	"slices"
	"strings"

	"faultline/outage"
)

// Table is all that is known, of one version. Its lists are sorted by id.
type Table struct {
	Version    string
	Title      string
	About      string
	Sources    []Source
	Groups     []Group
	Signs      []Sign
	Hypotheses []Hypothesis
	Pairs      []Pair
	Rules      Rules
}

// Rules are the thresholds of a verdict, part of the table so that a version says all
// of them.
type Rules struct {
	Attempts int `yaml:"attempts"` // fewest attempts that a verdict may rest on
	Vantages int `yaml:"vantages"` // fewest vantage points
	Networks int `yaml:"networks"` // fewest networks that these are in
	// Gained is what evidence must add to the leading hypothesis: without it the prior
	// would speak, and a prior is no observation.
	Gained float64 `yaml:"gained"`
	// Margin is the distance in log10 below which two hypotheses count as equal, Clear
	// the one from which the verdict is very likely, and Pair the one up to which those
	// that cannot be told apart are named together.
	Margin float64 `yaml:"margin"`
	Clear  float64 `yaml:"clear"`
	Pair   float64 `yaml:"pair"`
	// Support is the least share of all hypotheses of a verdict that is very likely.
	Support   float64   `yaml:"support"`
	Observers Observers `yaml:"observers"`
	Why       string    `yaml:"why"`
}

// Observers bounds what published measurements of others add to a hypothesis, in
// log10: we see neither their method nor their mistakes.
type Observers struct {
	Sign   float64 `yaml:"sign"`   // by one sign of one of them
	Source float64 `yaml:"source"` // by one of them
	All    float64 `yaml:"all"`    // together
}

// Source is something published that a number rests on.
type Source struct {
	ID   string `yaml:"id"`
	Text string `yaml:"text"` // who, what, when
	URL  string `yaml:"url"`
}

// Group is a set of signs that are wrong for the same reason, such as all that is
// seen of a connection: together they count no more than the cap.
type Group struct {
	ID   string  `yaml:"id"`
	Cap  float64 `yaml:"cap"` // log10
	Why  string  `yaml:"why"`
	Name string  `yaml:"name"` // for people: "what connections do"
}

// Range is a span of values, both ends in it; an end that is nil is open.
type Range struct {
	From *float64 `yaml:"from"`
	To   *float64 `yaml:"to"`
}

// Holds says whether a value lies in the range. An empty range holds nothing.
func (r Range) Holds(v float64) bool {
	if r.From == nil && r.To == nil {
		return false
	}
	return (r.From == nil || v >= *r.From) && (r.To == nil || v <= *r.To)
}

// Condition is a range that another feature must be in for a sign to be looked at.
type Condition struct {
	Feature string `yaml:"feature"`
	Range   `yaml:",inline"`
	// OrUnknown lets the sign be looked at while nothing is known of the feature.
	OrUnknown bool `yaml:"or_unknown"`
}

// Sign is a question to one feature that is answered by present, absent or unknown.
// A value between the ranges answers nothing.
type Sign struct {
	ID      string      `yaml:"id"`
	Group   string      `yaml:"group"`
	Feature string      `yaml:"feature"`
	Present Range       `yaml:"present"`
	Absent  Range       `yaml:"absent"`
	When    []Condition `yaml:"when"`     // all must hold, or else the sign does not apply
	Sample  int         `yaml:"sample"`   // smallest sample that counts
	Agents  int         `yaml:"vantages"` // fewest vantage points that count
	Says    Says        `yaml:"says"`
	Look    string      `yaml:"look"` // what to look at while it is unknown: "whether ..."
}

// Says are the sentences of a sign. They may hold {value}, {sample}, {vantages} and
// {networks}.
type Says struct {
	Present string `yaml:"present"`
	Absent  string `yaml:"absent"`
}

// Hypothesis is one competing explanation.
type Hypothesis struct {
	ID    string            `yaml:"-"`     // name of its file
	Title string            `yaml:"title"` // completes "consistent with ..."
	Class outage.CauseClass `yaml:"class"`
	Prior Prior             `yaml:"prior"`
	Prose string            `yaml:"prose"`
	Signs []Weight          `yaml:"signs"`
	Chain Chain             `yaml:"chain"`
	// Against says what would decide between this and a rival.
	Against []Rival `yaml:"against"`
}

// Prior is how often incidents have this cause, before anybody looks.
type Prior struct {
	Share  float64 `yaml:"share"` // of incidents, 0 to 1
	Source string  `yaml:"source"`
	Why    string  `yaml:"why"`
}

// Weight is what a sign adds, as log10 of a likelihood ratio against outages at
// large: one of -2, -1, -0.5, 0, 0.5, 1 and 2.
type Weight struct {
	Sign    string  `yaml:"sign"`
	Present float64 `yaml:"present"`
	Absent  float64 `yaml:"absent"`
	Source  string  `yaml:"source"`
	Why     string  `yaml:"why"`
}

// Chain are the links of a chain of causes as far as the hypothesis has them.
type Chain struct {
	Trigger   *Link `yaml:"trigger"`
	Mechanism *Link `yaml:"mechanism"`
	Amplifier *Link `yaml:"amplifier"`
	Visible   *Link `yaml:"visible"`
}

// Link is one link and the signs that show it; without any it cannot be seen from
// outside.
type Link struct {
	Text string   `yaml:"text"`
	Seen []string `yaml:"seen"`
}

// Rival is another hypothesis and what would decide between the two.
type Rival struct {
	Hypothesis string `yaml:"hypothesis"`
	Look       string `yaml:"look"`
}

// Pair are two hypotheses that cannot be told apart from outside.
type Pair struct {
	Between []string `yaml:"between"`
	// Title replaces both titles where they mean the same to a reader, so that the two
	// are no contradiction; empty: the verdict is ambiguous and names both.
	Title string `yaml:"title"`
	// DecidedBy are signs that tell them apart; while one of them is known the scores
	// decide. "siblings-fine present" and "siblings-fine absent" tell only so. Without any
	// the two are always named together.
	DecidedBy []string `yaml:"decided_by"`
	Decide    string   `yaml:"decide"` // what would
	Why       string   `yaml:"why"`
	Source    string   `yaml:"source"`
}

// Decided says whether something that was found tells the two apart. What is not found
// is an empty finding.
func (p *Pair) Decided(found func(sign string) outage.Finding) bool {
	return slices.ContainsFunc(p.DecidedBy, func(by string) bool {
		sign, how, _ := strings.Cut(by, " ")
		f := found(sign)
		return f != "" && (how == "" || f == outage.Finding(how))
	})
}

// Bands are the steps of a likelihood.
var Bands = [...]float64{-2, -1, -0.5, 0, 0.5, 1, 2}

// Sign finds a sign, nil when there is none of that id.
func (t *Table) Sign(id string) *Sign { return find(t.Signs, id, func(s *Sign) string { return s.ID }) }

// Hypothesis finds a hypothesis, nil when there is none of that id.
func (t *Table) Hypothesis(id string) *Hypothesis {
	return find(t.Hypotheses, id, func(h *Hypothesis) string { return h.ID })
}

// Group finds a group, nil when there is none of that id.
func (t *Table) Group(id string) *Group {
	return find(t.Groups, id, func(g *Group) string { return g.ID })
}

// Source finds a source, nil when there is none of that id.
func (t *Table) Source(id string) *Source {
	return find(t.Sources, id, func(s *Source) string { return s.ID })
}

// Pair finds the pair of two hypotheses, nil when they can be told apart.
func (t *Table) Pair(a, b string) *Pair {
	for i := range t.Pairs {
		if p := &t.Pairs[i]; slices.Contains(p.Between, a) && slices.Contains(p.Between, b) && a != b {
			return p
		}
	}
	return nil
}

// find looks an id up in a sorted list.
func find[T any](list []T, id string, of func(*T) string) *T {
	i, ok := slices.BinarySearchFunc(list, id, func(e T, id string) int {
		switch have := of(&e); {
		case have < id:
			return -1
		case have > id:
			return 1
		}
		return 0
	})
	if !ok {
		return nil
	}
	return &list[i]
}
