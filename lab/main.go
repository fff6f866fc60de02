//go:build linux

// Command lab runs the fault lab: a small internet on one machine, in which things go
// wrong on a timetable while real agents and a real hub watch.
//
// It reads scenarios and writes recordings. A run is a process of its own in
// namespaces of its own, so several run beside each other and all of one ends with it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// commands is the command line: one field a subcommand.
type commands struct {
	Run    runCmd    `cmd:"" help:"Run scenarios, all of them or those that are named, and keep recordings."`
	Replay replayCmd `cmd:"" help:"Play recordings through the parts of the hub, and say what they find."`
	Score  scoreCmd  `cmd:"" help:"Play recordings, and hold what is said against what was true."`
	List   listCmd   `cmd:"" help:"List scenarios, or what can go wrong."`
	Clean  cleanCmd  `cmd:"" help:"Remove what a run that was killed has left: control groups."`

	World  worldCmd  `cmd:"" hidden:"" help:"One run, in namespaces of its own; run starts it."`
	Feed   feedCmd   `cmd:"" hidden:"" help:"The service that the lab breaks."`
	People peopleCmd `cmd:"" hidden:"" help:"The people of one country."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends a stop that takes too long
	var c commands
	cmd := kong.Parse(&c, kong.Name("lab"), kong.Description("The fault lab: what goes wrong, and what is said of it."),
		kong.BindTo(ctx, (*context.Context)(nil)))
	if err := cmd.Run(); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "lab:", err)
		os.Exit(1)
	}
}
