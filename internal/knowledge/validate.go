package knowledge

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"faultline/internal/feature"
	"faultline/internal/names"
	"faultline/outage"
)

var idPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// placeholders are what a sentence of a sign may hold.
var placeholders = regexp.MustCompile(`\{[a-z]*\}`)

// checking collects what is wrong with a table.
type checking struct {
	t      *Table
	faults []error
}

func (c *checking) wrong(format string, args ...any) {
	c.faults = append(c.faults, fmt.Errorf(format, args...))
}

// validate checks that every name refers to something and every number has a source.
func (t *Table) validate() error {
	c := &checking{t: t}
	c.head()
	c.unique("source", "sources.yaml", ids(t.Sources, func(s *Source) string { return s.ID }))
	c.unique("group", "table.yaml", ids(t.Groups, func(g *Group) string { return g.ID }))
	c.unique("sign", "signs", ids(t.Signs, func(s *Sign) string { return s.ID }))
	for i := range t.Sources {
		if s := &t.Sources[i]; s.Text == "" {
			c.wrong("sources.yaml: source %q has no text: say who published what and when", s.ID)
		}
	}
	for i := range t.Groups {
		if g := &t.Groups[i]; !(g.Cap > 0 && g.Cap <= 4) || g.Why == "" || g.Name == "" {
			c.wrong("table.yaml: group %q needs a name, a cap above 0 and up to 4, and a reason (why)", g.ID)
		}
	}
	for i := range t.Signs {
		c.sign(&t.Signs[i])
	}
	var sum float64
	for i := range t.Hypotheses {
		c.hypothesis(&t.Hypotheses[i])
		sum += t.Hypotheses[i].Prior.Share
	}
	if len(t.Hypotheses) > 0 && math.Abs(sum-1) > 0.02 {
		c.wrong("hypotheses: the shares of all priors add up to %.3f: make them 1, for one cause or another it is", sum)
	}
	for i := range t.Pairs {
		c.pair(&t.Pairs[i])
	}
	return errors.Join(c.faults...)
}

func (c *checking) head() {
	if c.t.Version == "" {
		c.wrong("table.yaml: no version: give it one, such as \"2026.1-mine\"")
	}
	r := c.t.Rules
	for _, n := range []float64{float64(r.Attempts), float64(r.Vantages), float64(r.Networks), r.Gained, r.Margin,
		r.Clear, r.Pair, r.Support, r.Observers.Sign, r.Observers.Source, r.Observers.All} {
		if !(n > 0) {
			c.wrong("table.yaml: a rule is missing or not above 0: give attempts, vantages, networks, gained, margin, clear, " +
				"pair, support and observers (sign, source, all)")
			break
		}
	}
	if len(c.t.Hypotheses) < 2 {
		c.wrong("hypotheses: %d found: a verdict needs at least two that compete", len(c.t.Hypotheses))
	}
}

// unique checks ids that are sorted.
func (c *checking) unique(what, where string, ids []string) {
	for i, id := range ids {
		if !idPattern.MatchString(id) {
			c.wrong("%s: %s %q: use lower case letters, digits and single hyphens", where, what, id)
		}
		if i > 0 && ids[i-1] == id {
			c.wrong("%s: %s %q appears twice: keep one", where, what, id)
		}
	}
}

func (c *checking) sign(s *Sign) {
	at := fmt.Sprintf("signs: %q", s.ID)
	if c.t.Group(s.Group) == nil {
		c.wrong("%s: unknown group %q%s", at, s.Group, names.Suggest(s.Group, ids(c.t.Groups, func(g *Group) string { return g.ID })))
	}
	c.feature(at, s.Feature)
	for _, w := range s.When {
		c.feature(at, w.Feature)
		c.span(at, w.Range, "when "+w.Feature)
	}
	c.span(at, s.Present, "present")
	if s.Absent.From != nil || s.Absent.To != nil {
		c.span(at, s.Absent, "absent")
		if s.Says.Absent == "" {
			c.wrong("%s: it can be absent and says nothing then: add says: absent", at)
		}
		if overlap(s.Present, s.Absent) {
			c.wrong("%s: a value can be both present and absent: leave a gap between the two", at)
		}
	}
	if s.Says.Present == "" || s.Look == "" {
		c.wrong("%s: needs says: present, and look (what to look at while it is unknown)", at)
	}
	for _, text := range []string{s.Says.Present, s.Says.Absent} {
		for _, p := range placeholders.FindAllString(text, -1) {
			if !slices.Contains([]string{"{value}", "{sample}", "{vantages}", "{networks}"}, p) {
				c.wrong("%s: unknown placeholder %s: use {value}, {sample}, {vantages} or {networks}", at, p)
			}
		}
	}
	if s.Sample < 0 || s.Agents < 0 {
		c.wrong("%s: sample and vantages cannot be negative", at)
	}
}

func (c *checking) span(at string, r Range, what string) {
	switch {
	case r.From == nil && r.To == nil:
		c.wrong("%s: %s holds no value: give it from, to or both", at, what)
	case r.From != nil && r.To != nil && *r.From > *r.To, r.From != nil && math.IsNaN(*r.From), r.To != nil && math.IsNaN(*r.To):
		c.wrong("%s: %s begins after it ends: swap from and to", at, what)
	}
}

func overlap(a, b Range) bool {
	from, to := math.Inf(-1), math.Inf(1)
	for _, r := range []Range{a, b} {
		if r.From != nil {
			from = max(from, *r.From)
		}
		if r.To != nil {
			to = min(to, *r.To)
		}
	}
	return from <= to
}

func (c *checking) hypothesis(h *Hypothesis) {
	at := "hypotheses/" + h.ID + ".yaml"
	if !idPattern.MatchString(h.ID) {
		c.wrong("%s: the name of the file is the id: use lower case letters, digits and single hyphens", at)
	}
	if h.Title == "" || strings.TrimSpace(h.Prose) == "" {
		c.wrong("%s: needs a title that completes \"consistent with ...\", and prose", at)
	}
	classes := []string{string(outage.CauseAttack), string(outage.CauseInternal), string(outage.CauseUpstream),
		string(outage.CauseOverload), string(outage.CauseNoOutage)}
	if !slices.Contains(classes, string(h.Class)) {
		c.wrong("%s: unknown class %q: use one of %s", at, h.Class, strings.Join(classes, ", "))
	}
	if !(h.Prior.Share > 0 && h.Prior.Share < 1) || h.Prior.Why == "" {
		c.wrong("%s: the prior needs a share above 0 and below 1 and a reason (why)", at)
	}
	c.source(at, "the prior", h.Prior.Source)
	for i, w := range h.Signs {
		c.weight(at, w)
		if i > 0 && h.Signs[i-1].Sign == w.Sign {
			c.wrong("%s: sign %q appears twice: keep one", at, w.Sign)
		}
	}
	for _, l := range []*Link{h.Chain.Trigger, h.Chain.Mechanism, h.Chain.Amplifier, h.Chain.Visible} {
		if l == nil {
			continue
		}
		if l.Text == "" {
			c.wrong("%s: a link of the chain has no text", at)
		}
		for _, id := range l.Seen {
			c.known(at, id)
		}
	}
	if h.Chain.Mechanism == nil || h.Chain.Visible == nil {
		c.wrong("%s: the chain needs at least a mechanism and what is visible", at)
	}
	for _, r := range h.Against {
		if r.Hypothesis == h.ID || c.t.Hypothesis(r.Hypothesis) == nil || r.Look == "" {
			c.wrong("%s: against %q: name another hypothesis and what to look at", at, r.Hypothesis)
		}
	}
}

func (c *checking) weight(at string, w Weight) {
	c.known(at, w.Sign)
	for _, band := range []float64{w.Present, w.Absent} {
		if !slices.Contains(Bands[:], band) {
			c.wrong("%s: sign %q: %v is no band: use -2, -1, -0.5, 0, 0.5, 1 or 2", at, w.Sign, band)
		}
	}
	if s := c.t.Sign(w.Sign); s != nil && w.Absent != 0 && s.Absent.From == nil && s.Absent.To == nil {
		c.wrong("%s: sign %q is never absent: remove absent or give the sign a range for it", at, w.Sign)
	}
	if w.Why == "" {
		c.wrong("%s: sign %q has no reason: add why", at, w.Sign)
	}
	c.source(at, fmt.Sprintf("sign %q", w.Sign), w.Source)
}

func (c *checking) pair(p *Pair) {
	at := fmt.Sprintf("table.yaml: pair %s", strings.Join(p.Between, " and "))
	if len(p.Between) != 2 || p.Between[0] == p.Between[1] {
		c.wrong("%s: a pair is of two hypotheses", at)
		return
	}
	for _, id := range p.Between {
		if c.t.Hypothesis(id) == nil {
			c.wrong("%s: unknown hypothesis %q%s", at, id, names.Suggest(id, ids(c.t.Hypotheses, func(h *Hypothesis) string { return h.ID })))
		}
	}
	for _, by := range p.DecidedBy {
		id, how, _ := strings.Cut(by, " ")
		c.known(at, id)
		if how != "" && how != string(outage.FindingPresent) && how != string(outage.FindingAbsent) {
			c.wrong("%s: decided by %q: write the sign alone, or %s or %s behind it", at, by, outage.FindingPresent, outage.FindingAbsent)
		}
	}
	if p.Decide == "" || p.Why == "" {
		c.wrong("%s: say why they cannot be told apart, and what would decide", at)
	}
	c.source(at, "it", p.Source)
}

// known checks that a sign exists.
func (c *checking) known(at, id string) {
	if c.t.Sign(id) == nil {
		c.wrong("%s: unknown sign %q%s", at, id, names.Suggest(id, ids(c.t.Signs, func(s *Sign) string { return s.ID })))
	}
}

// source checks that what a number rests on is cited.
func (c *checking) source(at, what, id string) {
	switch {
	case id == "":
		c.wrong("%s: %s has no source: add one of sources.yaml", at, what)
	case c.t.Source(id) == nil:
		c.wrong("%s: %s rests on unknown source %q%s", at, what, id, names.Suggest(id, ids(c.t.Sources, func(s *Source) string { return s.ID })))
	}
}

func ids[T any](list []T, of func(*T) string) []string {
	found := make([]string, len(list))
	for i := range list {
		found[i] = of(&list[i])
	}
	return found
}

// feature checks that the vocabulary has a word.
func (c *checking) feature(at, name string) {
	if _, ok := feature.Find(name); ok {
		return
	}
	words := feature.Words()
	c.wrong("%s: unknown feature %q%s", at, name, names.Suggest(name, ids(words, func(w *feature.Word) string { return w.Name })))
}
