package main

import (
	"fmt"
	"text/tabwriter"

	"faultline/internal/trial"
)

// sparseCmd measures the detector beside its peers on sparse counts.
type sparseCmd struct {
	Outbreaks int     `help:"Outbreaks of each row." default:"1500"`
	Months    int     `help:"Quiet series-months at each base, to set the thresholds by." default:"120"`
	Budget    float64 `help:"False episodes a series-month that every method may have." default:"1"`
	Seed      uint64  `help:"Seed of the draw." default:"1"`
}

// Run prints a block for each sort of outbreak.
func (c *sparseCmd) Run(s streams) error {
	tables, err := trial.Sparse{Outbreaks: c.Outbreaks, Months: c.Months, Budget: c.Budget, Seed: c.Seed}.Run(trial.SparseRows())
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "base\tsurge\tmethod\t<= 2 min\t+-\t<= 5 min\t+-\tfalse a month\tthreshold\t")
	for i := range tables {
		r := &tables[i]
		for k := range r.Methods {
			m := &r.Methods[k]
			fmt.Fprintf(t, "%g\t+%g\t%s\t%.3f\t%.3f\t%.3f\t%.3f\t%.2f\t%.2f\t\n", r.Row.Base, r.Row.Extra, m.Name,
				m.Within2, r.Error(m.Within2), m.Within5, r.Error(m.Within5), m.Quiet, m.Threshold)
			if k == 0 {
				fmt.Fprintf(t, "%g\t+%g\t%s\t%.3f\t%.3f\t%.3f\t%.3f\t%.2f\tits own\t\n", r.Row.Base, r.Row.Extra, "as it ships",
					m.Own2, r.Error(m.Own2), m.Own5, r.Error(m.Own5), m.OwnQuiet)
			}
		}
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	_, err = fmt.Fprintf(s.out, "\nReports a minute: negative binomial (k = 5) with a day of +-80 %% and a drift of 15 %% from day to day; four weeks\n"+
		"to learn; the surge is Poisson and flat from a random minute on. Share of outbreaks found within two and within\n"+
		"five minutes, that is with as many minutes of them seen, +- one standard error. Every method's threshold is set on %d other, quiet months of each\n"+
		"base to %g false episodes a month (alarms within an hour are one); \"as it ships\" is ours at the threshold of that budget.\n", c.Months, c.Budget)
	if err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return nil
}
