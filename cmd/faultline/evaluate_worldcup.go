package main

import (
	"fmt"
	"text/tabwriter"

	"faultline/internal/inject"
	"faultline/internal/scan"
)

// worldCupCmd lists what the detector finds in the World Cup's requests.
type worldCupCmd struct {
	File string `arg:"" help:"CSV of period,count by the minute, plain or gzip; - reads standard input."`
}

// Help is what kong prints beyond the flags.
func (c *worldCupCmd) Help() string {
	return `The requests of a minute are judged twice with the default configuration: as counts
and as values. The rises of 1998-06-30 and 1998-07-07 must be found; the other
findings are listed for reading.`
}

// Run prints both lists.
func (c *worldCupCmd) Run(s streams) error {
	in, err := openInput(c.File, s.in)
	if err != nil {
		return err
	}
	defer in.Close()
	b, err := inject.ReadBackground(c.File, in, 1)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, kind := range []scan.Kind{scan.Count, scan.Value} {
		found, rises, err := inject.WorldCup(&b, kind)
		if err != nil {
			return err
		}
		fmt.Fprintf(t, "as kind %s\tonset\tfirst alarm\tpeak\tend\tpeak value\texpected\teffect\tscore\tminutes after the rise\t\n", kind)
		for i := range found {
			f := &found[i]
			note := ""
			for j := range rises {
				if rises[j].Found == f {
					note = fmt.Sprintf("%d after %s", rises[j].Delay(), rises[j].Begin)
				}
			}
			fmt.Fprintf(t, "\t%s\t%s\t%s\t%s\t%.0f\t%.0f\t%.1f\t%.1f\t%s\t\n", f.Onset, f.First, f.Peak, f.End, f.PeakValue, f.Expected, f.Effect, f.Score, note)
		}
		for i := range rises {
			if rises[i].Found == nil {
				fmt.Fprintf(t, "NOT found\t%s\t\t\t\t\t\t\t\t\t\n", rises[i].Begin)
			}
		}
		fmt.Fprintln(t)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write the findings: %w", err)
	}
	return nil
}
