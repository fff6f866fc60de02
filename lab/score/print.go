package score

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"faultline/outage"
)

// Print writes all tables.
func (t *Table) Print(w io.Writer) error {
	t.runs(w)
	t.classes(w)
	t.hypotheses(w)
	t.summary(w)
	_, err := fmt.Fprintln(w)
	return err
}

// since is a time after the onset, in words.
func since(d time.Duration) string {
	if d == never {
		return "-"
	}
	return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

// runs says of each run what was said, and when.
func (t *Table) runs(w io.Writer) {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "scenario\ttruth\tincident\tright from\tstate\tsaid\tlayer\t")
	for i := range t.Said {
		s := &t.Said[i]
		name := s.Scenario
		if s.Seed != 0 || s.Magnitude != 1 {
			name += fmt.Sprintf(" (seed %d, x%g)", s.Seed, s.Magnitude)
		}
		state, said, layer := "-", "-", "-"
		if s.Last != nil {
			state, said, layer = string(s.Last.State), strings.Join(s.Last.Leading, ", "), string(s.Last.Layer.Layer)
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", name, s.Label.Hypothesis, since(s.Opened), since(s.First), state, said, layer, s.word())
	}
	_ = out.Flush() // its writer's errors come back with the last line
}

// word is how a run came out.
func (s *Said) word() string {
	switch {
	case len(s.Broken) > 0:
		return "FORBIDDEN " + strings.Join(s.Broken, ", ")
	case s.Last == nil && s.Label.Quiet:
		return "quiet, as it may be"
	case s.Last == nil:
		return "nothing was said"
	case !s.Gave:
		return "abstains"
	case !s.Right:
		return "WRONG"
	case !s.Exact:
		return "right class or pair"
	}
	return "right"
}

// nothing is the column of runs in which no verdict was given.
const nothing = "none"

// classes is the confusion matrix of classes. A verdict that names several classes
// counts for the truth when it is right, and for the first it names otherwise.
func (t *Table) classes(w io.Writer) {
	list := []string{string(outage.CauseAttack), string(outage.CauseInternal), string(outage.CauseUpstream), string(outage.CauseOverload), string(outage.CauseNoOutage), nothing}
	t.matrix(w, "truth \\ said", list, func(s *Said) (string, string) {
		truth := string(s.Label.Class)
		switch {
		case !s.Gave:
			return truth, nothing
		case s.Right:
			return truth, truth
		case s.Last.Class != outage.CauseUndecided:
			return truth, string(s.Last.Class)
		}
		return truth, string(first(s.Last))
	})
}

// first is the class that a verdict between classes gives the most support.
func first(v *outage.Verdict) outage.CauseClass {
	best, class := -1.0, outage.CauseUndecided
	for _, c := range v.Classes {
		if c.Support > best {
			best, class = c.Support, c.Class
		}
	}
	return class
}

// hypotheses is the confusion matrix of the leading hypothesis.
func (t *Table) hypotheses(w io.Writer) {
	var list []string
	add := func(h string) {
		if !slices.Contains(list, h) {
			list = append(list, h)
		}
	}
	lead := func(s *Said) string {
		if !s.Gave {
			return nothing
		}
		return s.Last.Leading[0]
	}
	for i := range t.Said {
		add(t.Said[i].Label.Hypothesis)
	}
	for i := range t.Said {
		add(lead(&t.Said[i]))
	}
	slices.Sort(list)
	t.matrix(w, "truth \\ first", list, func(s *Said) (string, string) { return s.Label.Hypothesis, lead(s) })
}

// matrix counts pairs. Columns are numbered where their names would be too wide.
func (t *Table) matrix(w io.Writer, title string, list []string, pair func(s *Said) (string, string)) {
	counts := map[[2]string]int{}
	for i := range t.Said {
		a, b := pair(&t.Said[i])
		counts[[2]string{a, b}]++
	}
	fmt.Fprintln(w)
	out := tabwriter.NewWriter(w, 0, 0, 1, ' ', tabwriter.AlignRight)
	fmt.Fprintf(out, "%s\t\t", title)
	for i := range list {
		fmt.Fprintf(out, "%d\t", i+1)
	}
	fmt.Fprintln(out)
	for i, row := range list {
		fmt.Fprintf(out, "%s\t%d\t", row, i+1)
		for _, column := range list {
			cell := "."
			if n := counts[[2]string{row, column}]; n > 0 {
				cell = fmt.Sprint(n)
			}
			fmt.Fprintf(out, "%s\t", cell)
		}
		fmt.Fprintln(out)
	}
	_ = out.Flush() // its writer's errors come back with the last line
}

// summary is what the lab has to reach, with what was reached.
func (t *Table) summary(w io.Writer) {
	share := func(a, b int) string {
		if b == 0 {
			return "none"
		}
		return fmt.Sprintf("%d of %d (%.0f %%)", a, b, 100*float64(a)/float64(b))
	}
	fmt.Fprintln(w)
	for _, row := range [][2]string{
		{"runs", fmt.Sprint(len(t.Said))},
		{"incident opened where one is expected", share(t.expected(), t.Expected)},
		{"coverage: verdicts that do not abstain (aim: 80 %)", share(t.Given, t.Asked)},
		{"right class or pair, of those given (aim: 95 %)", share(t.Right, t.Given)},
		{"leading hypothesis is the truth, of those given", share(t.Exact, t.Given)},
		{"attack verdicts on internal failures and crowds (aim: 0)", fmt.Sprintf("%d %s", len(t.FalseAttacks), strings.Join(t.FalseAttacks, " "))},
		{"verdicts that the label forbids", fmt.Sprint(t.Broken)},
		{"Brier score over classes, 0 to 2", fmt.Sprintf("%.3f", t.Brier)},
		{"median time from onset to the first right verdict (aim: 3:00)", since(t.First)},
	} {
		fmt.Fprintf(w, "%-62s %s\n", row[0], row[1])
	}
}

// expected counts runs with an incident that their label expects.
func (t *Table) expected() int {
	n := 0
	for i := range t.Said {
		if !t.Said[i].Label.Quiet && t.Said[i].Opened != never {
			n++
		}
	}
	return n
}
