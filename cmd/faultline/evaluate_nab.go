package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"faultline/internal/nab"
	"faultline/internal/trial"
)

// nabCmd scores the detector of values on the Numenta Anomaly Benchmark.
type nabCmd struct {
	Data string `help:"The benchmark's archive, its folder, or a folder with nab/nab-data.tar.gz." required:"" placeholder:"PATH"`
}

// Help is what kong prints beyond the flags.
func (c *nabCmd) Help() string {
	return `Scores are 0 for a detector that says nothing and 100 for a perfect one, in the
profiles standard, low FP and low FN. As published, a profile has one threshold
for the whole corpus, the best one in hindsight; beside it stand the threshold
that is best on one half of the files and one fixed threshold for everything.`
}

// Run scores and prints.
func (c *nabCmd) Run(s streams) error {
	corpus, err := nab.Read(c.Data)
	if err != nil {
		return err
	}
	judge := nab.NewJudge(corpus)
	scores, err := corpus.Run(trial.NABDetector)
	if err != nil {
		return err
	}
	report, err := judge.Evaluate(scores, trial.NABThreshold)
	if err != nil {
		return err
	}
	gauss, err := corpus.Run(nab.WindowedGaussian)
	if err != nil {
		return err
	}
	check, err := judge.Evaluate(gauss, 1)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	printNAB(t, &report)
	fmt.Fprintln(t, "\nstandard / low FP / low FN, whole corpus\t\trange of the whole file known beforehand\tsource")
	fmt.Fprintf(t, "this detector\t%s\tno\tabove\n", triple(report.Lines[0].Published))
	for _, p := range nab.Peers() {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", p.Name, triple(p.Scores[:]), map[bool]string{true: "yes", false: "no"}[p.Range], p.Note)
	}
	fmt.Fprintf(t, "windowed Gaussian\t%s\tno\trecomputed, to check the scoring\n", triple(check.Lines[0].Published))
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}

// printNAB writes a report's lines.
func printNAB(w io.Writer, r *nab.Report) {
	fmt.Fprintf(w, "standard / low FP / low FN\twindows\tbest over the corpus\tbest over the tuning half\tscore >= %g\tfound there\tfalse rows\n", r.Fixed)
	for i := range r.Lines {
		l := &r.Lines[i]
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%d\t%d\n", l.Part, l.Windows, triple(l.Published), triple(l.Split), triple(l.Fixed), l.AtFixed.Found, l.AtFixed.FalseRows)
	}
	fmt.Fprintf(w, "thresholds\t\t%s\t%s\t%g\t\t\n", triple(r.Thresholds), triple(r.Half), r.Fixed)
}

// triple writes three scores; parts without windows have none.
func triple(x []float64) string {
	var out []string
	for _, v := range x {
		switch {
		case math.IsNaN(v) || math.IsInf(v, 0):
			out = append(out, "-")
		default:
			out = append(out, fmt.Sprintf("%.1f", v))
		}
	}
	return strings.Join(out, " / ")
}
