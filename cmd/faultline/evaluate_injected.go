package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"faultline/internal/detect"
	"faultline/internal/incident"
	"faultline/internal/scan"
	"faultline/internal/trial"
	"faultline/outage"
)

// injectedCmd injects outages into recorded backgrounds.
type injectedCmd struct {
	Data  string `help:"Directory with worldcup98/per_minute.csv.gz and nab/nab-data.tar.gz." default:"../shared/data" placeholder:"DIR"`
	Seeds int    `help:"Draws of each background and rate." default:"4"`
	Half  string `help:"Which half of the seeds: tune, check or both." enum:"tune,check,both" default:"both"`
	Each  bool   `help:"Print every outage that was missed or has the wrong waves or times."`
}

// Run prints the table.
func (c *injectedCmd) Run(s streams) error {
	sums, err := c.measure(s.out)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "what\toutages\tfound\twaves exact\twaves matched\tonset median\t90 %\tfirst onset median\t90 %\tend median\t90 %\tpeak inside\tdelay median\t90 %\tonset 5..50..95 %\tend 5..50..95 %\tothers\t")
	for _, g := range sums {
		g.sum.Sort()
		q := &g.sum
		pct := func(a, b int) string { return fmt.Sprintf("%.1f %%", 100*float64(a)/float64(max(1, b))) }
		tail := func(l []int) string {
			return fmt.Sprintf("%d..%d..%d", trial.Quantile(l, 0.05), trial.Quantile(l, 0.5), trial.Quantile(l, 0.95))
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%d\t%d\t%s\t%s\t%d\t\n", g.name, q.Outages, pct(q.Found, q.Outages),
			pct(q.Exact, q.Outages), pct(q.Matched, q.Waves),
			trial.Quantile(q.Onsets, 0.5), trial.Quantile(q.Onsets, 0.9), trial.Quantile(q.Firsts, 0.5), trial.Quantile(q.Firsts, 0.9),
			trial.Quantile(q.Ends, 0.5), trial.Quantile(q.Ends, 0.9), pct(q.PeaksIn, q.Matched),
			trial.Quantile(q.Delays, 0.5), trial.Quantile(q.Delays, 0.9), tail(q.SignedOnsets), tail(q.SignedEnds), q.Others)
	}
	return t.Flush()
}

// injectedGroup is one line of the table.
type injectedGroup struct {
	name string
	sum  trial.InjectedSum
}

// groups adds outcomes by name, in the order in which names first come.
type groups struct{ list []*injectedGroup }

func (g *groups) at(name string) *trial.InjectedSum {
	for _, l := range g.list {
		if l.name == name {
			return &l.sum
		}
	}
	g.list = append(g.list, &injectedGroup{name: name})
	return &g.list[len(g.list)-1].sum
}

// measure runs everything.
func (c *injectedCmd) measure(w io.Writer) ([]*injectedGroup, error) {
	var g groups
	world, err := c.worldCup()
	if err != nil {
		return nil, err
	}
	for seed := range c.Seeds {
		if c.Half == "tune" && seed%2 == 1 || c.Half == "check" && seed%2 == 0 {
			continue
		}
		for _, scale := range []float64{0.5, 5, 50} {
			for _, from := range []int{0, 7, 14, 21, 53, 60, 67} {
				raw := world.Part(from*1440, (from+21)*1440)
				thin := raw.Thin(scale/raw.Mean(), uint64(seed))
				in := trial.Injected{Learn: 14 * outage.Day, LeastGap: 30, Seed: uint64(seed)<<8 | uint64(from)}
				r, err := in.Run(&thin, &raw, lineRule)
				if err != nil {
					return nil, err
				}
				name := fmt.Sprintf("World Cup at %g a minute", scale)
				for i := range r.Outcomes {
					o := &r.Outcomes[i]
					g.at("all by the minute").Add(o)
					g.at(name).Add(o)
					g.at(fmt.Sprintf("x%g", o.Factor)).Add(o)
					g.at(fmt.Sprintf("waves %d", len(o.Outage.Waves))).Add(o)
					if c.Each {
						explain(w, o)
					}
				}
				g.at("all by the minute").Others += r.Others
				g.at(name).Others += r.Others
			}
		}
	}
	if err := c.tweets(w, &g); err != nil {
		return nil, err
	}
	return g.list, nil
}

func explain(w io.Writer, o *trial.Outcome) {
	bad := o.Waves != len(o.Outage.Waves)
	for i := range o.Onsets {
		bad = bad || o.Onsets[i] > 10 || o.Onsets[i] < -10 || o.Ends[i] > 10 || o.Ends[i] < -10
	}
	if !bad {
		return
	}
	fmt.Fprintf(w, "%s scale %.3g base %.3g x%g found %v delay %d waves %d/%d onsets %v ends %v:", o.Background, o.Scale, o.Base, o.Factor, o.Found, o.Delay, o.Waves, len(o.Outage.Waves), o.Onsets, o.Ends)
	for _, v := range o.Outage.Waves {
		fmt.Fprintf(w, " [%s r%d h%d f%d +%.3g]", v.Onset, v.Ramp, v.Hold, v.Fall, v.Height)
	}
	for _, v := range o.Claims {
		fmt.Fprintf(w, " (%s..%s)", v.Onset, v.End)
	}
	fmt.Fprintln(w)
}

// tweets runs the counts of tweets at their own step of five minutes.
func (c *injectedCmd) tweets(w io.Writer, g *groups) error {
	f, err := os.Open(filepath.Join(c.Data, "nab", "nab-data.tar.gz"))
	if err != nil {
		return fmt.Errorf("open the backgrounds: %w", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !strings.Contains(h.Name, "realTweets/") || !strings.HasSuffix(h.Name, ".csv") {
			continue
		}
		b, err := trial.ReadBackground(path.Base(h.Name), t, 5)
		if err != nil {
			return err
		}
		for seed := range c.Seeds {
			if c.Half == "tune" && seed%2 == 1 || c.Half == "check" && seed%2 == 0 {
				continue
			}
			in := trial.Injected{Learn: 14 * outage.Day, LeastGap: 60, Seed: uint64(seed)}
			r, err := in.Run(&b, &b, trial.ScanRule(scan.Config{Step: 5 * time.Minute}))
			if err != nil {
				return err
			}
			for i := range r.Outcomes {
				g.at("tweets by 5 minutes").Add(&r.Outcomes[i])
				if c.Each {
					explain(w, &r.Outcomes[i])
				}
			}
			g.at("tweets by 5 minutes").Others += r.Others
		}
	}
}

func (c *injectedCmd) worldCup() (trial.Background, error) {
	name := filepath.Join(c.Data, "worldcup98", "per_minute.csv.gz")
	f, err := os.Open(name)
	if err != nil {
		return trial.Background{}, fmt.Errorf("open the background: %w", err)
	}
	defer f.Close()
	return trial.ReadBackground("worldcup", f, 1)
}

// lineRule passes a background through detection and the incident rule.
func lineRule(b *trial.Background) ([]trial.Found, error) {
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
			if err := detector.Take(trial.Cells(r, m, n)); err != nil {
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
	var out []trial.Found
	for _, inc := range last {
		if inc.Confirmed == 0 {
			continue
		}
		f := trial.Found{Detected: inc.Detected}
		for _, w := range inc.Waves {
			end := w.End
			if end == 0 {
				end = inc.Minute + 1
			}
			f.Waves = append(f.Waves, trial.FoundWave{Onset: w.Onset, Peak: w.Peak, End: end})
		}
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b trial.Found) int { return int(a.Detected - b.Detected) })
	return out, nil
}
