// Command faultline is the outage observatory: is it down, for whom, since when,
// and why, with the evidence. It is the only package that knows every other: the
// subcommands are one file each, serve.go lists the parts in flow order and
// engines.go the engines.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"

	"faultline/internal/knowledge"
)

// streams are what a command reads and writes; tests give their own.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// commands is the command line: one field a subcommand.
type commands struct {
	Version kong.VersionFlag `help:"Print the version and end."`

	Serve       serveCmd       `cmd:"" help:"Run Faultline: hear reports, detect and publish incidents."`
	Demo        demoCmd        `cmd:"" help:"Run the demonstration world: 2025-03-10, in a throw-away directory."`
	Replay      replayCmd      `cmd:"" help:"Play recorded reports through the same parts and print the incidents."`
	Detect      detectCmd      `cmd:"" help:"Run the detector over a file of numbers."`
	Check       checkCmd       `cmd:"" help:"Look at a host, a URL or a service from here, and say which layer fails."`
	Import      importCmd      `cmd:"" help:"Turn what others have measured into measurements."`
	Observe     observeCmd     `cmd:"" help:"Hand in what others have measured and published, with its source."`
	CheckConfig checkConfigCmd `cmd:"" help:"Print the settings that serve would run with, or what is wrong with them."`
	Agent       agentCmd       `cmd:"" help:"Measure from a vantage point, and manage agents on the hub."`
	Verify      verifyCmd      `cmd:"" help:"Check the chains of agents: name the first measurement that was changed, removed or moved."`
	Diagnose    diagnoseCmd    `cmd:"" help:"Say what facts in a file are consistent with, with the whole calculation."`
	Explain     explainCmd     `cmd:"" help:"Print how a verdict was reached, what moved each revision, and what another table would say."`
	Evaluate    evaluateCmd    `cmd:"" help:"Measure what the detector promises."`
}

// gcPercent makes the heap grow less between collections than Go's default: the
// memory of a small machine is dearer than a few percent of its time. GOGC wins.
const gcPercent = 40

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends a stop that takes too long
	os.Exit(run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}

// Exit codes: a mistake on the command line is told apart from a failed run.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

// exited carries kong's wish to end after --help through a panic, so that the
// library never ends the process by itself.
type exited int

// run is the whole program but for the process around it.
func run(ctx context.Context, args []string, s streams) (code int) {
	defer func() {
		if p := recover(); p != nil {
			e, ok := p.(exited)
			if !ok {
				panic(p)
			}
			code = int(e)
		}
	}()
	var c commands
	parser, err := kong.New(&c, kong.Name("faultline"),
		kong.Description("An outage observatory: is it down, for whom, since when, and why - with the evidence."),
		kong.Vars{"version": version(), "table": knowledge.Current}, kong.Writers(s.out, s.err),
		kong.Exit(func(code int) { panic(exited(code)) }),
		kong.Configuration(loadSettings), kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(s))
	if err != nil {
		fmt.Fprintln(s.err, "faultline:", err)
		return exitError
	}
	cmd, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(s.err, "faultline: %v; run 'faultline --help' for what there is\n", err)
		return exitUsage
	}
	err = cmd.Run()
	if errors.Is(err, errUnhealthy) || errors.Is(err, errNotAccepted) {
		return exitError // it has been printed, and says why
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(s.err, "faultline:", err)
		return exitError
	}
	return exitOK
}

// version is what the build knows of itself: a tag, or the commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "faultline, built without module information"
	}
	v := "faultline " + info.Main.Version + ", " + info.GoVersion
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v += ", commit " + s.Value
		}
	}
	return v
}
