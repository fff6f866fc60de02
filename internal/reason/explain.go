package reason

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"faultline/outage"
)

// Explain writes the whole calculation of a verdict, line by line, so that anybody can
// add it up: the ground, the layer, each hypothesis with its prior and what each piece
// of evidence adds, what is missing, the chain, and what would change our mind.
func Explain(v *outage.Verdict) string {
	b := &strings.Builder{}
	fmt.Fprintf(b, "%s\n%s\n\n", v.Sentence, v.ConfidenceWhy)
	fmt.Fprintf(b, "Service %s, incident %s, %s. Knowledge table %s.\n", v.Service, v.Incident, whenText(v), v.Table)
	fmt.Fprintf(b, "In short: %s.\n", cmp.Or(v.Short, "nothing was said"))
	fmt.Fprintf(b, "State: %s. Leading: %s. Class: %s.\n", v.State, orNone(list(v.Leading)), orNone(string(v.Class)))
	fmt.Fprintf(b, "Layer: %s (%s): %s.\n", orNone(string(v.Layer.Layer)), v.Layer.State, v.Layer.Why)
	explainEvidence(b, v)
	explainHypotheses(b, v)
	fmt.Fprint(b, "\nClasses\n")
	for _, c := range v.Classes {
		fmt.Fprintf(b, "  %7.2f %%  %s\n", 100*c.Support, c.Class)
	}
	if len(v.Chain) > 0 {
		fmt.Fprint(b, "\nChain of causes\n")
		for _, l := range v.Chain {
			fmt.Fprintf(b, "  %-10s %s (confidence %s)\n", l.Role, l.Text, l.Confidence)
		}
	}
	if len(v.Wanted) > 0 {
		fmt.Fprint(b, "\nWhat would change our mind\n")
		for _, w := range v.Wanted {
			fmt.Fprintf(b, "  - %s%s\n", w.Text, betweenText(w.Between))
		}
	}
	if len(v.Moved) > 0 {
		fmt.Fprint(b, "\nWhat moved this revision\n")
		for _, m := range v.Moved {
			fmt.Fprintf(b, "  %+7.2f  %s (%s)\n", m.Weight, m.Text, m.For)
		}
	}
	return b.String()
}

// whenText is the time that was looked at; a file of facts need not say.
func whenText(v *outage.Verdict) string {
	if v.Onset == 0 {
		return "at a time that is not told"
	}
	return fmt.Sprintf("from %s to %s", v.Onset, v.Minute)
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func betweenText(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return " (" + strings.Join(ids, " or ") + ")"
}

func explainEvidence(b *strings.Builder, v *outage.Verdict) {
	if len(v.Evidence) == 0 {
		fmt.Fprint(b, "\nNo evidence.\n")
		return
	}
	fmt.Fprint(b, "\nEvidence\n")
	for _, e := range v.Evidence {
		fmt.Fprintf(b, "  %s  %s (%s)\n", e.ID[:min(len(e.ID), 8)], e.Sentence, e.Finding)
		fmt.Fprintf(b, "            sign %s of group %s; %s = %s, %s when %s; origin %s\n",
			e.Sign, e.Group, e.Feature, valueText(e.Value, e.Unit), e.Finding, e.Expected, e.Origin)
	}
}

func explainHypotheses(b *strings.Builder, v *outage.Verdict) {
	fmt.Fprint(b, "\nHypotheses: prior and evidence add up to the score, in log10; a score becomes a share of 10^score among all\n")
	for i := range v.Hypotheses {
		h := &v.Hypotheses[i]
		fmt.Fprintf(b, "\n  %s, %s (%s)\n", h.ID, h.Title, h.Class)
		fmt.Fprintf(b, "    %+8.4f  prior\n", h.Prior)
		for _, list := range [][]outage.Weighed{h.For, h.Against} {
			for _, w := range list {
				fmt.Fprintf(b, "    %+8.4f  %s %s%s\n", w.Weight, w.Evidence[:min(len(w.Evidence), 8)], w.Sign, cappedText(w))
			}
		}
		fmt.Fprintf(b, "    %+8.4f  score, a share of %.2f %%\n", h.Score, 100*h.Support)
		if len(h.Missing) > 0 {
			fmt.Fprintf(b, "              unknown, and would move it: %s\n", strings.Join(h.Missing, ", "))
		}
	}
}

// cappedText says where a weight is less than the table's band.
func cappedText(w outage.Weighed) string {
	if w.Weight == w.Band {
		return ""
	}
	return fmt.Sprintf(" (%+.1f in the table, capped)", w.Band)
}

// Difference says what two verdicts on the same features differ in, such as by another
// table; empty when nothing does.
func Difference(before, after *outage.Verdict) string {
	b := &strings.Builder{}
	line := func(what, was, is string) {
		if was != is {
			fmt.Fprintf(b, "%s: %s -> %s\n", what, orNone(was), orNone(is))
		}
	}
	line("table", before.Table, after.Table)
	line("state", string(before.State), string(after.State))
	line("leading", strings.Join(before.Leading, ", "), strings.Join(after.Leading, ", "))
	line("class", string(before.Class), string(after.Class))
	line("layer", string(before.Layer.Layer), string(after.Layer.Layer))
	line("confidence", string(before.Confidence), string(after.Confidence))
	for i := range after.Hypotheses {
		h := &after.Hypotheses[i]
		j := slices.IndexFunc(before.Hypotheses, func(o outage.Hypothesis) bool { return o.ID == h.ID })
		if j < 0 {
			fmt.Fprintf(b, "%s: new, score %+.2f\n", h.ID, h.Score)
			continue
		}
		if old := &before.Hypotheses[j]; old.Score != h.Score {
			fmt.Fprintf(b, "%s: score %+.2f -> %+.2f\n", h.ID, old.Score, h.Score)
		}
	}
	for i := range before.Hypotheses {
		h := &before.Hypotheses[i]
		if !slices.ContainsFunc(after.Hypotheses, func(o outage.Hypothesis) bool { return o.ID == h.ID }) {
			fmt.Fprintf(b, "%s: no longer in the table\n", h.ID)
		}
	}
	for _, m := range Moves(before, after) {
		fmt.Fprintf(b, "%+.2f %s (%s)\n", m.Weight, m.Text, m.For)
	}
	return b.String()
}
