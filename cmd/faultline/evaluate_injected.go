package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"faultline/internal/detect"
	"faultline/internal/incident"
	"faultline/internal/inject"
	"faultline/internal/nab"
	"faultline/internal/scan"
	"faultline/internal/trial"
	"faultline/outage"
)

// injectedCmd injects outages into recorded backgrounds.
type injectedCmd struct {
	Data  string `help:"Folder with worldcup98/per_minute.csv.gz and nab/nab-data.tar.gz; what is absent is left out." required:"" placeholder:"DIR"`
	Seeds int    `help:"Draws of each background and rate." default:"8"`
	Half  string `help:"Which half of the draws: tune, check or both." enum:"tune,check,both" default:"both"`
	Each  bool   `help:"List the outages with a wave too many or too few, or a time that is off by more than ten minutes."`
}

// Help is what kong prints beyond the flags.
func (c *injectedCmd) Help() string {
	return `One to three waves of 20 minutes to 3 hours are added to recorded backgrounds, with
ramps of 0, 5 or 15 minutes, 3, 10 or 30 times as high as the background's hour and
at least 2 reports a minute. The World Cup's requests are thinned to 0.5, 5 and 50 a
minute and pass detection and the incident rule; counts of tweets keep their step
of 5 minutes and pass the detector of one series. Times are in minutes.`
}

// Run prints the tables.
func (c *injectedCmd) Run(s streams) error {
	if c.Seeds < 1 {
		return fmt.Errorf("--seeds %d: must be at least 1", c.Seeds)
	}
	line, series, err := c.measure()
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\toutages\tfound\twaves exact\tonset error median\t90 %\tend error median\t90 %\tpeak inside\tfound after median\t90 %\tother findings\t")
	printInjected(t, "World Cup", line)
	printInjected(t, "tweets, 5 min", series)
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	if !c.Each {
		return nil
	}
	for _, table := range []*inject.Table{line, series} {
		if table == nil {
			continue
		}
		for i := range table.Outcomes {
			if err := explain(s.out, &table.Outcomes[i]); err != nil {
				return fmt.Errorf("list the outages: %w", err)
			}
		}
	}
	return nil
}

// measure runs the trial; a table is nil where its data is absent.
func (c *injectedCmd) measure() (line, series *inject.Table, err error) {
	g := inject.Trial{Seeds: c.Seeds, Tune: c.Half != "check", Check: c.Half != "tune"}
	world, err := readWorldCup(c.Data)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	if err == nil {
		if line, err = g.Minutes(world, lineRule); err != nil {
			return nil, nil, err
		}
	}
	corpus, err := readBenchmark(c.Data)
	if err != nil {
		if line != nil && errors.Is(err, fs.ErrNotExist) {
			return line, nil, nil
		}
		return nil, nil, err
	}
	tweets, err := inject.Tweets(corpus)
	if err != nil {
		return nil, nil, err
	}
	series, err = g.Steps(tweets, inject.ScanRule(scan.Config{Step: 5 * time.Minute, GapsMissing: true}))
	return line, series, err
}

// readWorldCup reads the World Cup's requests from a folder of data.
func readWorldCup(dir string) (*inject.Background, error) {
	name := filepath.Join(dir, "worldcup98", "per_minute.csv.gz")
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open the background: %w", err)
	}
	defer f.Close()
	b, err := inject.ReadBackground(name, f, 1)
	return &b, err
}

// readBenchmark reads the Numenta benchmark from a folder of data.
func readBenchmark(dir string) (*nab.Corpus, error) {
	if _, err := os.Stat(filepath.Join(dir, "nab")); err != nil {
		return nil, fmt.Errorf("look for the benchmark: %w", err)
	}
	return nab.Read(dir)
}

// printInjected writes a table's lines.
func printInjected(w io.Writer, name string, table *inject.Table) {
	if table == nil {
		fmt.Fprintf(w, "%s: no data\t\t\t\t\t\t\t\t\t\t\t\t\n", name)
		return
	}
	for i := range table.Groups {
		g := &table.Groups[i]
		fmt.Fprintf(w, "%s: %s\t%d\t%s\t%s\t%d\t%d\t%d\t%d\t%s\t%d\t%d\t%d\t\n", name, g.Name, g.Outages, percent(g.Found, g.Outages),
			percent(g.Exact, g.Outages), trial.Quantile(g.Onsets, 0.5), trial.Quantile(g.Onsets, 0.9),
			trial.Quantile(g.Ends, 0.5), trial.Quantile(g.Ends, 0.9), percent(g.PeaksIn, g.Matched),
			trial.Quantile(g.Delays, 0.5), trial.Quantile(g.Delays, 0.9), g.Others)
	}
}

// percent writes a share.
func percent(n, of int) string {
	if of == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(of))
}

// farOff is the error in minutes from which an outage is listed.
const farOff = 10

// explain writes a line about an outage that did not come out right.
func explain(w io.Writer, o *inject.Outcome) error {
	bad := o.Waves != len(o.Outage.Waves)
	for i := range o.Onsets {
		bad = bad || max(o.Onsets[i], -o.Onsets[i], o.Ends[i], -o.Ends[i]) > farOff
	}
	if !bad {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s at %.2g a minute, base %.2g, %g times: added", o.Background, o.Scale, o.Base, o.Factor)
	for _, v := range o.Outage.Waves {
		fmt.Fprintf(&b, " %s..%s (ramp %d, fall %d, +%.3g)", v.Onset, v.End(), v.Ramp, v.Fall, v.Height)
	}
	b.WriteString("; found")
	for _, v := range o.Claims {
		fmt.Fprintf(&b, " %s..%s", v.Onset, v.End)
	}
	_, err := fmt.Fprintln(w, b.String())
	return err
}

// lineRule passes a background through detection and the incident rule; what was
// confirmed counts.
func lineRule(b *inject.Background) ([]inject.Found, error) {
	detector, err := detect.New(detect.DefaultConfig())
	if err != nil {
		return nil, err
	}
	incidents := incident.New(incident.DefaultConfig())
	r := rand.New(rand.NewPCG(1, uint64(b.Begin)))
	last := map[string]outage.Incident{}
	for i, n := range b.Counts {
		m := b.Begin + outage.Minute(i)
		if n > 0 {
			if err := detector.Take(inject.Cells(r, m, n)); err != nil {
				return nil, err
			}
		}
		detections, _ := detector.Close(m, n < 0)
		for j := range detections {
			incidents.Observe(&detections[j])
		}
		for _, inc := range incidents.End(m, n < 0) {
			last[inc.ID] = inc
		}
	}
	var out []inject.Found
	for _, inc := range last {
		if inc.Confirmed != 0 {
			out = append(out, foundIn(&inc))
		}
	}
	slices.SortFunc(out, func(a, b inject.Found) int { return int(a.Detected - b.Detected) })
	return out, nil
}

// foundIn is what an incident claims.
func foundIn(inc *outage.Incident) inject.Found {
	f := inject.Found{Detected: inc.Detected}
	for _, w := range inc.Waves {
		end := w.End
		if end == 0 {
			end = inc.Minute + 1
		}
		f.Waves = append(f.Waves, inject.FoundWave{Onset: w.Onset, Peak: w.Peak, End: end})
	}
	return f
}
