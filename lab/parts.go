//go:build linux

package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"sort"
	"text/tabwriter"

	"faultline/lab/feed"
	"faultline/lab/people"
	"faultline/lab/proc"
	"faultline/lab/scenario"
	"faultline/lab/world"
)

// feedCmd is the service.
type feedCmd struct {
	Listen   string `required:""`
	Control  string `required:""`
	Database string `required:""`
}

// Run implements the command.
func (c *feedCmd) Run(ctx context.Context) error {
	return feed.Run(ctx, feed.Config{Listen: c.Listen, Control: c.Control, Database: c.Database})
}

// peopleCmd is the people of one country.
type peopleCmd struct {
	Seed   uint64         `required:""`
	Ranges []netip.Prefix `required:""`
}

// Run implements the command.
func (c *peopleCmd) Run(ctx context.Context) error {
	return people.New(people.Config{Ranges: c.Ranges, Seed: c.Seed, Sites: world.Sites()}, os.Stdout).Run(ctx, os.Stdin)
}

// listCmd lists what there is.
type listCmd struct {
	Scenarios string `default:"lab/scenarios" type:"existingdir" help:"Directory of the scenarios."`
	Faults    bool   `help:"List what can go wrong instead."`
}

// Run implements the command.
func (c *listCmd) Run() error {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	if c.Faults {
		words := scenario.Faults()
		var names []string
		for name := range words {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			fmt.Fprintf(out, "%s\t%s\n", name, words[name])
		}
		return out.Flush()
	}
	all, err := scenario.LoadAll(c.Scenarios)
	if err != nil {
		return err
	}
	for _, s := range all {
		fmt.Fprintf(out, "%s\t%s\t%s\n", s.Name, s.Label.Class, s.Label.Hypothesis)
	}
	return out.Flush()
}

// cleanCmd removes what is left.
type cleanCmd struct{}

// Run implements the command.
func (c *cleanCmd) Run() error {
	left := proc.Leftovers(alive)
	for _, l := range left {
		fmt.Println("removed", l)
	}
	if len(left) == 0 {
		fmt.Println("nothing is left of any run: namespaces, processes and files end with their run")
	}
	return nil
}
