//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"

	"faultline/internal/pipeline"
	"faultline/lab/recording"
	"faultline/lab/scenario"
	"faultline/lab/score"
)

// replayCmd plays recordings.
type replayCmd struct {
	File  []string `arg:"" type:"existingfile" help:"Recordings."`
	Table string   `placeholder:"VERSION" help:"Version of the knowledge table, or the directory of one."`
}

// Run implements the command.
func (c *replayCmd) Run(ctx context.Context) error {
	for _, path := range c.File {
		r, err := recording.Load(path)
		if err != nil {
			return err
		}
		p, err := r.Replay(ctx, c.Table)
		if err != nil {
			return err
		}
		tell(r, p)
	}
	return nil
}

// tell prints what was found, minute by minute.
func tell(r *recording.Recording, p *pipeline.Played) {
	h := &r.Header
	fmt.Printf("%s seed %d: %s, %s; onset %s\n", h.Scenario, h.Seed, h.Label.Class, h.Label.Hypothesis, h.Onset.Format("15:04:05"))
	for _, i := range p.Incidents {
		fmt.Printf("  minute %+d %s %s", i.Minute-h.OnsetMinute(), i.Service, i.State)
		if i.Probes != nil {
			fmt.Printf(", %d of %d agents fail, %s %s", i.Probes.Failing, i.Probes.Looking, i.Probes.Layer, i.Probes.Failure)
		}
		fmt.Printf(", basis %s, %d reports\n", i.Basis, i.Total)
	}
	if !r.SameAsLive(p) {
		fmt.Println("  the hub said something else while it happened:")
		for _, w := range h.Live {
			fmt.Printf("    minute %+d %s %s %s\n", w.Minute-h.OnsetMinute(), w.Service, w.State, strings.Join(w.Leading, ", "))
		}
	}
	for _, v := range p.Verdicts {
		fmt.Printf("  minute %+d %s %s %s: %s\n", v.Minute-h.OnsetMinute(), v.Service, v.State, strings.Join(v.Leading, ", "), v.Sentence)
	}
}

// scoreCmd scores recordings.
type scoreCmd struct {
	Dir       []string `arg:"" default:"lab-runs" help:"Directories of recordings."`
	Scenarios string   `default:"lab/scenarios" type:"existingdir" help:"Directory of the scenarios, whose present labels count."`
	Table     string   `placeholder:"VERSION" help:"Version of the knowledge table, or the directory of one."`
}

// Run implements the command.
func (c *scoreCmd) Run(ctx context.Context) error {
	labels := map[string]scenario.Label{}
	all, err := scenario.LoadAll(c.Scenarios)
	if err != nil {
		return err
	}
	for _, s := range all {
		labels[s.Name] = s.Label
	}
	var files []string
	for _, dir := range c.Dir {
		found, err := filepath.Glob(filepath.Join(dir, "*.jsonl.gz"))
		if err != nil {
			return err
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		return fmt.Errorf("no recording in %s: make some with 'lab run'", strings.Join(c.Dir, ", "))
	}
	runs := make([]score.Run, len(files))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, path := range files {
		group.Go(func() error { return replayed(ctx, path, c.Table, labels, &runs[i]) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	t := score.Sum(runs)
	return t.Print(os.Stdout)
}

// replayed fills in what the parts make of a recording.
func replayed(ctx context.Context, path, table string, labels map[string]scenario.Label, out *score.Run) error {
	r, err := recording.Load(path)
	if err != nil {
		return err
	}
	p, err := r.Replay(ctx, table)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	h := &r.Header
	*out = score.Run{Scenario: h.Scenario, Seed: h.Seed, Magnitude: h.Magnitude, Label: h.Label, Onset: h.Onset, Incidents: p.Incidents, Verdicts: p.Verdicts}
	if l, ok := labels[h.Scenario]; ok {
		out.Label = l
	}
	return nil
}
