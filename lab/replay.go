//go:build linux

package main

import (
	"context"
	"fmt"

	"faultline/lab/recording"
)

// replayCmd plays recordings.
type replayCmd struct {
	File []string `arg:"" type:"existingfile" help:"Recordings."`
}

// Run implements the command.
func (c *replayCmd) Run(ctx context.Context) error {
	for _, path := range c.File {
		r, err := recording.Load(path)
		if err != nil {
			return err
		}
		p, err := r.Replay(ctx)
		if err != nil {
			return err
		}
		h := &r.Header
		fmt.Printf("%s seed %d: %s, %s; onset %s\n", h.Scenario, h.Seed, h.Label.Class, h.Label.Hypothesis, h.Onset.Format("15:04:05"))
		for _, i := range p.Incidents {
			fmt.Printf("  %+d min %s %s", i.Minute+1-h.OnsetMinute(), i.Service, i.State)
			if i.Probes != nil {
				fmt.Printf(", %d of %d agents fail, %s %s", i.Probes.Failing, i.Probes.Looking, i.Probes.Layer, i.Probes.Failure)
			}
			fmt.Printf(", basis %s, %d reports\n", i.Basis, i.Total)
		}
	}
	return nil
}
