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

// Run prints a line for each episode and a summary.
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
		fmt.Fprintln(t, "provider\tepisode\tstart\tpeak\tsurge\talarm\tdelay\tsimple rule\tfalse alarms\tsimple rule\tnote")
	}
	sums := []recordedSum{
		{rule: "detector", from: "surge"}, {rule: "three times the running mean", from: "surge"},
		{rule: "detector", from: "strong surge"}, {rule: "three times the running mean", from: "strong surge"},
	}
	for i := range episodes {
		e := &episodes[i]
		v, err := e.Detector(c.Budget)
		if err != nil {
			return err
		}
		w := e.Simple()
		sums[0].add(e, v, v.Surge)
		sums[1].add(e, w, w.Surge)
		sums[2].add(e, v, v.Strong)
		sums[3].add(e, w, w.Strong)
		if !c.Brief {
			note := ""
			if e.Overlaps {
				note = "overlaps another episode: false alarms not judged"
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\t%d\t%d\t%s\n", e.Provider, e.Event, e.Start.Format("2006-01-02T15:04Z"),
				slices.Max(e.Counts), orNever(v.Surge), orNever(v.Alarm), delayText(v), delayText(w), v.Early, w.Early, note)
		}
	}
	if !c.Brief {
		fmt.Fprintln(t)
	}
	fmt.Fprintln(t, "rule\tdelay from\tepisodes\twith one\tdelay below 0\t0\t1\t2\t3 to 8\tlater\tnever\tquiet parts judged\tfalse alarms")
	for i := range sums {
		sums[i].print(t)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	_, err = fmt.Fprintf(s.out, "\nBuckets are 15 minutes. Surge: the first bucket from %d on above %d x max(1, median of the buckets before); strong: above %d x.\n"+
		"A delay below 0 is an alarm before the surge reached that. False alarms: begun in the first %d buckets, where no\n"+
		"other episode of the provider overlaps. Confidence of the baseline: low in all %d (12 hours of history; a pooled prior serves).\n",
		trial.QuietBuckets, trial.SurgeFactor, trial.StrongFactor, trial.QuietBuckets, len(episodes))
	return err
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
func (s *recordedSum) add(e *trial.Recorded, v trial.Verdict, from int) {
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
func delayText(v trial.Verdict) string {
	if d, ok := v.Delay(v.Surge); ok && v.Surge >= 0 {
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
