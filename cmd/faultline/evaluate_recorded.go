package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"faultline/internal/trial"
)

// downdetectorCmd judges the detector on recorded episodes.
type downdetectorCmd struct {
	File   string  `arg:"" help:"CSV of provider,event,ts_utc,reports_15min, plain or gzip; - reads standard input."`
	Budget float64 `help:"False episodes per month that are allowed." default:"1"`
	Brief  bool    `help:"Only the summary."`
}

// recordedRule is one rule at one setting.
type recordedRule struct {
	name    string
	verdict func(e *trial.Recorded) (trial.Verdict, error)
}

// recordedRules are the detector at a budget, and the rule at a factor.
func recordedRules(budgets, factors []float64) (out []recordedRule) {
	for _, b := range budgets {
		out = append(out, recordedRule{fmt.Sprintf("detector, budget %g", b),
			func(e *trial.Recorded) (trial.Verdict, error) { return e.Detector(b) }})
	}
	for _, f := range factors {
		out = append(out, recordedRule{fmt.Sprintf("%g times the running mean", f),
			func(e *trial.Recorded) (trial.Verdict, error) { return e.Simple(f), nil }})
	}
	return out
}

// recordedReferences are where delays are counted from.
var recordedReferences = []struct {
	name string
	find func(e *trial.Recorded) int
}{
	{"onset, 3 x", func(e *trial.Recorded) int { return e.Onset(trial.SurgeFactor) }},
	{"onset, 10 x", func(e *trial.Recorded) int { return e.Onset(trial.StrongFactor) }},
	{"first above 3 x", func(e *trial.Recorded) int { return e.FirstAbove(trial.SurgeFactor) }},
	{"first above 10 x", func(e *trial.Recorded) int { return e.FirstAbove(trial.StrongFactor) }},
}

// Settings that the curves are drawn through.
var (
	curveBudgets = []float64{0.3, 1, 3, 10, 30, 100, 300}
	curveFactors = []float64{3, 4, 6, 8, 12, 16, 24}
)

// Run prints a line for each episode, a summary and the curves.
func (c *downdetectorCmd) Run(s streams) error {
	in, err := openInput(c.File, s.in)
	if err != nil {
		return err
	}
	defer in.Close()
	episodes, err := trial.ReadRecorded(c.File, in)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	if !c.Brief {
		if err := c.list(t, episodes); err != nil {
			return err
		}
	}
	const head = "rule\tdelay from\tepisodes\twith one\tbelow 0\t0\t1\t2\t3 to 8\tlater\tnever\tquiet parts judged\tfalse alarms"
	fmt.Fprintln(t, head)
	for _, ref := range recordedReferences {
		if err := sumRecorded(t, recordedRules([]float64{c.Budget}, []float64{trial.SimpleFactor}), ref.name, ref.find, episodes); err != nil {
			return err
		}
	}
	fmt.Fprintln(t, "\nDelay against false alarms, over budgets and factors:\n"+head)
	for _, ref := range recordedReferences[:2] {
		if err := sumRecorded(t, recordedRules(curveBudgets, curveFactors), ref.name, ref.find, episodes); err != nil {
			return err
		}
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	_, err = fmt.Fprintf(s.out, "\nBuckets are 15 minutes; a month has 2880 of them, the quiet parts together %d. Onset: the first bucket of the stretch that\n"+
		"leads to the peak, all of it above so many times max(1, median of the first %d buckets). First above: the first bucket from\n"+
		"%d on above so many times max(1, median of all before), which is mostly no outage where that is 1. A delay below 0 is an\n"+
		"alarm that began before and was still on. False alarms: begun in the first %d buckets, where no other episode of the\n"+
		"provider overlaps. Confidence of the baseline: low in all %d (12 hours of history).\n",
		judgedBuckets(episodes), trial.QuietBuckets, trial.QuietBuckets, trial.QuietBuckets, len(episodes))
	return err
}

// judgedBuckets is how many quiet buckets are judged.
func judgedBuckets(episodes []trial.Recorded) (n int) {
	for i := range episodes {
		if !episodes[i].Overlaps {
			n += trial.QuietBuckets
		}
	}
	return n
}

// list prints a line for each episode.
func (c *downdetectorCmd) list(t io.Writer, episodes []trial.Recorded) error {
	fmt.Fprintln(t, "provider\tepisode\tstart\tpeak\tonset\tdelay\tsimple rule\tfalse alarms\tsimple rule\tnote")
	for i := range episodes {
		e := &episodes[i]
		v, err := e.Detector(c.Budget)
		if err != nil {
			return err
		}
		w, note, onset := e.Simple(trial.SimpleFactor), "", e.Onset(trial.SurgeFactor)
		if e.Overlaps {
			note = "overlaps another episode: false alarms not judged"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s\t%s\t%s\t%d\t%d\t%s\n", e.Provider, e.Event, e.Start.Format("2006-01-02T15:04Z"),
			slices.Max(e.Counts), orNever(onset), delayText(&v, onset), delayText(&w, onset), v.Early, w.Early, note)
	}
	fmt.Fprintln(t)
	return nil
}

// sumRecorded prints a line for each rule.
func sumRecorded(t io.Writer, rules []recordedRule, from string, find func(*trial.Recorded) int, episodes []trial.Recorded) error {
	for _, r := range rules {
		sum := recordedSum{rule: r.name, from: from}
		for i := range episodes {
			v, err := r.verdict(&episodes[i])
			if err != nil {
				return err
			}
			sum.add(&episodes[i], &v, find(&episodes[i]))
		}
		sum.print(t)
	}
	return nil
}

// recordedSum adds up verdicts.
type recordedSum struct {
	rule, from           string
	episodes, surges     int
	before, at, one, two int
	few, later, never    int
	judged, early        int
}

// add takes one verdict in.
func (s *recordedSum) add(e *trial.Recorded, v *trial.Verdict, from int) {
	s.episodes++
	if !e.Overlaps {
		s.judged++
		s.early += v.Early
	}
	if from < 0 {
		return
	}
	s.surges++
	d, ok := v.Delay(from)
	switch {
	case !ok:
		s.never++
	case d < 0:
		s.before++
	case d == 0:
		s.at++
	case d == 1:
		s.one++
	case d == 2:
		s.two++
	case d <= 8:
		s.few++
	default:
		s.later++
	}
}

func (s *recordedSum) print(w io.Writer) {
	fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n", s.rule, s.from, s.episodes, s.surges, s.before, s.at, s.one, s.two,
		s.few, s.later, s.never, s.judged, s.early)
}

// orNever prints a bucket.
func orNever(i int) string {
	if i < 0 {
		return "-"
	}
	return fmt.Sprint(i)
}

// delayText prints a delay.
func delayText(v *trial.Verdict, from int) string {
	if d, ok := v.Delay(from); ok && from >= 0 {
		return fmt.Sprint(d)
	}
	return "-"
}

// surgesCmd measures simulated outages.
type surgesCmd struct {
	Trials int     `help:"Outages of each sort." default:"200"`
	Budget float64 `help:"False episodes per month that are allowed; the series of all reports of a service has 0.3." default:"0.3"`
	Seed   uint64  `help:"Seed of the draw." default:"1"`
}

// Run prints a line for each sort of outage.
func (c *surgesCmd) Run(s streams) error {
	if c.Trials < 1 {
		return fmt.Errorf("--trials %d: must be at least 1", c.Trials)
	}
	t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "base\tsurge\tnoise\tramp\t<= 2 min\t<= 5 min\tmedian\t90 %\tonset 5 %\tmedian\t95 %\tconfirmed median\t90 %\t")
	for _, g := range trial.Surges() {
		m, err := g.Measure(c.Trials, c.Budget, c.Seed)
		if err != nil {
			return err
		}
		noise := fmt.Sprintf("%g x", g.Dispersion)
		if g.K > 0 {
			noise = fmt.Sprintf("k = %g", g.K)
		}
		fmt.Fprintf(t, "%g\t+%g\t%s\t%d\t%.2f\t%.2f\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", g.Base, g.Extra, noise, g.Ramp,
			trial.Within(m.First, 2), trial.Within(m.First, 5), trial.Quantile(m.First, 0.5), trial.Quantile(m.First, 0.9),
			trial.Quantile(m.Onset, 0.05), trial.Quantile(m.Onset, 0.5), trial.Quantile(m.Onset, 0.95),
			trial.Quantile(m.Confirm, 0.5), trial.Quantile(m.Confirm, 0.9))
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	_, err := fmt.Fprintf(s.out, "\nReports a minute; delays in minutes after the surge began, %d: not within 90. Minute 0 is known a minute later, when it closes.\n", trial.Never)
	return err
}
