package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"faultline/internal/inject"
	"faultline/internal/nab"
	"faultline/internal/scan"
	"faultline/internal/scoreboard"
	"faultline/internal/trial"
)

// scoreboardCmd measures everything and prints one table.
type scoreboardCmd struct {
	Data  string   `help:"Folder of recorded data; what is absent is left out with a word." default:"../shared/data" placeholder:"DIR"`
	Parts []string `help:"Parts to measure, such as nab,speed. Default: all." placeholder:"PART,..."`
	Small bool     `help:"Few draws of everything, to see that it runs; the figures mean little."`
}

// Help is what kong prints beyond the flags.
func (c *scoreboardCmd) Help() string {
	return `Every measure with its floor, its aim, our figure and what others have published, in
Markdown. All draws have fixed seeds, so that the same program prints the same table
again; only the part speed differs from run to run. docs/benchmarks.md explains it.`
}

// boardParts are the parts in the order of the table.
func boardParts() []boardPart {
	return []boardPart{
		{"nab", (*scoreboardCmd).nab},
		{"sparse", (*scoreboardCmd).sparse},
		{"downdetector", (*scoreboardCmd).downdetector},
		{"worldcup", (*scoreboardCmd).worldCup},
		{"injected", (*scoreboardCmd).injected},
		{"pooled", (*scoreboardCmd).pooled},
		{"speed", (*scoreboardCmd).speed},
	}
}

// boardPart is one trial with what brings it into the table.
type boardPart struct {
	name string
	run  func(*scoreboardCmd, *scoreboard.Board) error
}

// Run measures part by part and prints the table.
func (c *scoreboardCmd) Run(s streams) error {
	parts := boardParts()
	for _, name := range c.Parts {
		if !slices.ContainsFunc(parts, func(p boardPart) bool { return p.name == name }) {
			return fmt.Errorf("--parts %s: there is no such part", name)
		}
	}
	var b scoreboard.Board
	for _, p := range parts {
		if len(c.Parts) > 0 && !slices.Contains(c.Parts, p.name) {
			continue
		}
		if err := p.run(c, &b); err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("measure %s: %w", p.name, err)
			}
			b.Skip(p.name, "its data is not in "+c.Data)
		}
	}
	if c.Small {
		b.Notes = append(b.Notes, "Few draws: these figures only show that the trials run.")
	}
	return b.Markdown(s.out)
}

// nab scores the benchmark.
func (c *scoreboardCmd) nab(b *scoreboard.Board) error {
	corpus, err := readBenchmark(c.Data)
	if err != nil {
		return err
	}
	judge := nab.NewJudge(corpus)
	ours, err := reportOn(corpus, judge, trial.NABDetector, trial.NABThreshold)
	if err != nil {
		return err
	}
	check, err := reportOn(corpus, judge, nab.WindowedGaussian, 1)
	if err != nil {
		return err
	}
	b.Add(scoreboard.NAB(&ours, &check)...)
	return nil
}

func reportOn(corpus *nab.Corpus, judge *nab.Judge, d nab.Detector, fixed float64) (nab.Report, error) {
	scores, err := corpus.Run(d)
	if err != nil {
		return nab.Report{}, err
	}
	return judge.Evaluate(scores, fixed)
}

// sparse compares methods on simulated counts.
func (c *scoreboardCmd) sparse(b *scoreboard.Board) error {
	s := trial.Sparse{Outbreaks: 1500, Months: 120, Budget: 1, Seed: 1}
	rows := trial.SparseRows()
	if c.Small {
		s.Outbreaks, s.Months, rows = 25, 4, rows[:1]
	}
	tables, err := s.Run(rows)
	if err != nil {
		return err
	}
	b.Add(scoreboard.Sparse(tables)...)
	return nil
}

// downdetector judges the recorded episodes beside the simple rule.
func (c *scoreboardCmd) downdetector(b *scoreboard.Board) error {
	name := filepath.Join(c.Data, "downdetector", "cloud_15min.csv.gz")
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	episodes, err := trial.ReadRecorded(name, f)
	if err != nil {
		return err
	}
	last := len(curveFactors) - 1
	cmp := scoreboard.Comparison{Simple: simpleRule(episodes, trial.SimpleFactor)}
	if cmp.Ours, err = detectorRule(episodes, 1); err != nil {
		return err
	}
	for i, factor := range curveFactors {
		if cmp.Equal, cmp.Factor = simpleRule(episodes, factor), factor; cmp.Equal.False <= cmp.Ours.False || i == last {
			break
		}
	}
	for _, budget := range curveBudgets {
		loose, err := detectorRule(episodes, budget)
		if err != nil {
			return err
		}
		if loose.False <= cmp.Simple.False {
			cmp.Loose, cmp.Budget = loose, budget
		}
	}
	b.Add(scoreboard.Downdetector(&cmp)...)
	return nil
}

// detectorRule judges the episodes by the detector at a budget.
func detectorRule(episodes []trial.Recorded, budget float64) (sum scoreboard.Recorded, err error) {
	for i := range episodes {
		v, err := episodes[i].Detector(budget)
		if err != nil {
			return sum, err
		}
		sum.Add(episodes[i].Overlaps, v)
	}
	return sum, nil
}

// simpleRule judges the episodes by a multiple of the running mean.
func simpleRule(episodes []trial.Recorded, factor float64) (sum scoreboard.Recorded) {
	for i := range episodes {
		sum.Add(episodes[i].Overlaps, episodes[i].Simple(factor))
	}
	return sum
}

// worldCup looks for the two rises, as counts and as values.
func (c *scoreboardCmd) worldCup(b *scoreboard.Board) error {
	world, err := readWorldCup(c.Data)
	if err != nil {
		return err
	}
	for _, kind := range []scan.Kind{scan.Count, scan.Value} {
		found, rises, err := inject.WorldCup(world, kind)
		if err != nil {
			return err
		}
		b.Add(scoreboard.WorldCup(kind, found, rises)...)
	}
	return nil
}

// injected measures onsets, ends and waves.
func (c *scoreboardCmd) injected(b *scoreboard.Board) error {
	cmd := injectedCmd{Data: c.Data, Seeds: injectedSeeds, Half: "both"}
	if c.Small {
		cmd.Seeds = 1
	}
	line, series, err := cmd.measure()
	if err != nil {
		return err
	}
	b.Add(scoreboard.Injected(line, series)...)
	return nil
}

// pooled measures rises in many countries at once.
func (c *scoreboardCmd) pooled(b *scoreboard.Board) error {
	cmd := pooledCmd{Trials: 100, Quiet: 60, Seed: 1}
	worlds := trial.WideWorlds()
	if c.Small {
		cmd.Trials, cmd.Quiet, worlds = 2, 1, worlds[:1]
	}
	var list []scoreboard.Pooled
	for i := range worlds {
		w := &worlds[i]
		w.Seed = cmd.Seed
		r, err := cmd.measure(w)
		if err != nil {
			return err
		}
		p := scoreboard.Pooled{World: w.String(), Named: r.named, Right: r.right}
		for k, way := range &pooledWays {
			v := scoreboard.Way{
				Name: way.name, Found: float64(len(r.delays[k])) / float64(cmd.Trials),
				FalseMonth: float64(r.falseAlarms[k]) * 30 / float64(cmd.Quiet),
			}
			if n := len(r.delays[k]); n > 0 {
				v.Median = r.delays[k][n/2]
			}
			p.Ways = append(p.Ways, v)
		}
		list = append(list, p)
	}
	b.Add(scoreboard.Pools(list, "pooled")...)
	return nil
}

// injectedSeeds is how many draws of each background the table is made of.
const injectedSeeds = 8
