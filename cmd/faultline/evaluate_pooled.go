package main

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"faultline/internal/detect"
	"faultline/internal/trial"
	"faultline/outage"
)

// pooledCmd measures what the scan over places adds.
type pooledCmd struct {
	Trials int    `help:"Rises in each world." default:"100"`
	Quiet  int    `help:"Quiet days in each world, in which false alarms are counted." default:"60"`
	Seed   uint64 `help:"Seed of the draw." default:"1"`
}

// Help is what kong prints beyond the flags.
func (c *pooledCmd) Help() string {
	return `One large country and many small ones, some of which rise a little for 90
minutes, after four quiet weeks. Found means within the first hour; each way of looking has the
budget that it has in the pipeline. All countries share the noise of each minute.`
}

// Weeks of quiet before, and minutes that a rise lasts and may take to be found.
const (
	pooledPast  = 28 * outage.Day
	pooledWatch = 60
	pooledRise  = outage.Minute(90)
)

// pooledWays are the ways of looking that are compared, each with the detections that
// count for it.
var pooledWays = [...]struct {
	name   string
	counts func(*outage.Detection) bool
}{
	{"total", (*outage.Detection).Whole},
	{"best country", func(d *outage.Detection) bool { return d.Country != "" && d.Dimension == "" }},
	{"pooled", func(d *outage.Detection) bool { return d.Dimension == outage.DimensionCountries }},
	{"any", func(*outage.Detection) bool { return true }},
}

// pooledResult is what one world brought, by way of looking.
type pooledResult struct {
	delays      [len(pooledWays)][]int // of the rises that were found, sorted
	falseAlarms [len(pooledWays)]int
	named       int // places named in the first pooled detection of each rise
	right       int // of them, those that rose
	confirmed   int // rises whose pooled detection passed the second look while it lasted
}

// Run prints a table, a line for each world and way.
func (c *pooledCmd) Run(s streams) error {
	if c.Trials < 1 || c.Quiet < 0 {
		return fmt.Errorf("--trials %d --quiet %d: use at least one rise and no fewer than zero days", c.Trials, c.Quiet)
	}
	if _, err := fmt.Fprintf(s.out, "%-38s %-13s %6s %7s %15s %12s %10s\n", "countries that rise", "seen by", "found", "median",
		"false a month", "named right", "confirmed"); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	for _, w := range trial.WideWorlds() {
		w.Seed = c.Seed
		r, err := c.measure(&w)
		if err != nil {
			return err
		}
		for i, way := range &pooledWays {
			median, extra := "-", ""
			if n := len(r.delays[i]); n > 0 {
				median = fmt.Sprint(r.delays[i][n/2])
			}
			if way.name == "pooled" && r.named > 0 {
				extra = fmt.Sprintf(" %5d of %3d %9.2f", r.right, r.named, float64(r.confirmed)/float64(c.Trials))
			}
			falseMonth := float64(r.falseAlarms[i]) * 30 / max(1, float64(c.Quiet))
			if _, err := fmt.Fprintf(s.out, "%-38s %-13s %6.2f %7s %15.2f%s\n", w.String(), way.name,
				float64(len(r.delays[i]))/float64(c.Trials), median, falseMonth, extra); err != nil {
				return fmt.Errorf("write the table: %w", err)
			}
		}
	}
	return nil
}

// measure lets one world live through its quiet days and its rises.
func (c *pooledCmd) measure(w *trial.Wide) (pooledResult, error) {
	var out pooledResult
	r := rand.New(rand.NewPCG(w.Seed, uint64(w.Raised)))
	f, err := detect.New(detect.DefaultConfig())
	if err != nil {
		return out, err
	}
	m := trial.WideStart
	for ; m < trial.WideStart+pooledPast+outage.Minute(c.Quiet)*outage.Day; m++ {
		err := eachDetection(f, w.Minute(r, m, nil), func(d *outage.Detection) {
			for i, way := range &pooledWays {
				if m >= trial.WideStart+pooledPast && d.First == m && way.counts(d) {
					out.falseAlarms[i]++
				}
			}
		})
		if err != nil {
			return out, err
		}
	}
	state, err := f.Snapshot()
	if err != nil {
		return out, err
	}
	for range c.Trials {
		if err := f.Restore(state); err != nil {
			return out, err
		}
		if err := out.rise(f, w, r, m); err != nil {
			return out, err
		}
	}
	for i := range out.delays {
		slices.Sort(out.delays[i])
	}
	return out, nil
}

// rise begins a rise at a random time of the day that starts at m.
func (o *pooledResult) rise(f *detect.Fold, w *trial.Wide, r *rand.Rand, m outage.Minute) error {
	raised := w.Raise(r)
	at := m + outage.Minute(r.IntN(int(outage.Day)))
	var found [len(pooledWays)]bool
	confirmed := false
	for ; m < at+pooledRise; m++ {
		var now []bool
		if m >= at {
			now = raised
		}
		err := eachDetection(f, w.Minute(r, m, now), func(d *outage.Detection) {
			if m < at || d.First < at {
				return
			}
			for i, way := range &pooledWays {
				if found[i] || !way.counts(d) || m-at >= pooledWatch {
					continue
				}
				found[i] = true
				o.delays[i] = append(o.delays[i], int(m-at))
				if way.name == "pooled" {
					o.name(w, d, raised)
				}
			}
			if pooledWays[2].counts(d) && d.Confirm >= 4 && !confirmed {
				confirmed = true
				o.confirmed++
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// name counts the places of a first detection.
func (o *pooledResult) name(w *trial.Wide, d *outage.Detection, raised []bool) {
	for _, p := range d.Places {
		o.named++
		for i, up := range raised {
			if up && w.Name(i) == p.Name {
				o.right++
			}
		}
	}
}

// eachDetection passes a minute through the detector.
func eachDetection(f *detect.Fold, p *outage.MinutePoints, see func(*outage.Detection)) error {
	if err := f.Take(p); err != nil {
		return err
	}
	records, _ := f.Close(p.Minute, false)
	for i := range records {
		for j := range records[i].Detections {
			see(&records[i].Detections[j])
		}
	}
	return nil
}
