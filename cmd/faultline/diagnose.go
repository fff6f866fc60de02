package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"faultline/internal/casefile"
	"faultline/internal/knowledge"
	"faultline/internal/plainyaml"
	"faultline/internal/reason"
	"faultline/outage"
)

// diagnoseCmd judges facts in a file, or measurements in some.
type diagnoseCmd struct {
	Table string `help:"Version of the knowledge table, or a directory that holds one." default:"${table}" placeholder:"VERSION"`
	JSON  bool   `help:"Print the verdict as JSON."`
	Check string `help:"Judge every case in this directory and say which verdicts are not among those accepted." type:"existingdir" placeholder:"DIR"`

	Measurements bool          `help:"The files hold measurements instead of facts: play them through the same parts as a hub's, and judge every incident that opens."`
	Service      string        `placeholder:"ID" help:"With --measurements: judge this service alone; records that name no service are of it."`
	Onset        outage.Minute `placeholder:"TIME" help:"With --measurements: judge from this minute on, such as 2025-03-10T09:30Z, whether or not an incident opens."`
	Control      []string      `placeholder:"TARGET" help:"With --measurements: a service, host or URL that is known to be well, so that attempts at it judge the vantage point. Repeat it: two at least are needed."`
	Catalog      []string      `env:"FAULTLINE_CATALOG" placeholder:"FILE" help:"With --measurements: YAML files that say which services stand on which."`
	Builtin      bool          `name:"builtin-catalog" default:"true" negatable:"" env:"FAULTLINE_BUILTIN_CATALOG" help:"With --measurements: begin with the starter catalog."`

	Files []string `arg:"" optional:"" name:"file" help:"Facts of one incident, YAML or JSON; with --measurements any number of files, JSON, .gz too; - is standard input."`
}

// Help is what kong prints beyond the flags.
func (c *diagnoseCmd) Help() string {
	return `The file holds features with their values: what probes measured, what others have
published, and, if you like, which verdicts you would accept. The answer is the verdict
with its whole calculation. The exit code is 1 when the verdict is none of those that
the file accepts. docs/diagnosis.md says how a verdict is reached, and
docs/how-to/add-a-hypothesis.md what a file looks like; testdata/cases holds examples.

With --measurements the files hold records as GET /api/v1/measurements, 'faultline
check --json' and 'faultline import' give them. Nothing is stored and nobody is asked.`
}

// errNotAccepted ends a run whose verdict is none of those accepted; it has been said.
var errNotAccepted = errors.New("a verdict is not among those accepted")

// Run implements the command.
func (c *diagnoseCmd) Run(ctx context.Context, s streams) error {
	switch {
	case c.Measurements && c.Check != "":
		return errors.New("--check judges files of facts: leave it out, or --measurements")
	case c.Measurements:
		return c.measurements(ctx, s)
	case c.Service != "" || c.Onset != 0 || len(c.Control) > 0:
		return errors.New("--service, --onset and --control go with --measurements: a file of facts says these things itself")
	case len(c.Files) > 0 && c.Check != "":
		return errors.New("name a file of facts, or a directory of them with --check, and not both")
	case len(c.Files) == 0 && c.Check == "":
		return errors.New("nothing to diagnose: name a file of facts, or a directory of them with --check, or measurements with --measurements")
	case len(c.Files) > 1:
		return fmt.Errorf("%d files of facts: give one, a directory of them with --check, or say with --measurements that they hold measurements", len(c.Files))
	}
	table, err := knowledge.Open(c.Table)
	if err != nil {
		return err
	}
	if c.Check != "" {
		return c.checkAll(table, s)
	}
	known, v, err := diagnoseFile(c.Files[0], s.in, table)
	if err != nil {
		return err
	}
	if c.JSON {
		if err := printJSON(s.out, v); err != nil {
			return err
		}
	} else {
		fmt.Fprint(s.out, reason.Explain(v))
	}
	if err := known.Check(v); err != nil {
		fmt.Fprintln(s.err, "faultline:", err)
		return errNotAccepted
	}
	return nil
}

// printJSON writes it for programs.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("print the verdict: %w", err)
	}
	return nil
}

// checkAll judges every case of a directory, one line each.
func (c *diagnoseCmd) checkAll(table *knowledge.Table, s streams) error {
	var files []string
	for _, pattern := range []string{"*.yaml", "*.json"} {
		found, err := filepath.Glob(filepath.Join(c.Check, pattern))
		if err != nil {
			return fmt.Errorf("look for cases in %s: %w", c.Check, err)
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		return fmt.Errorf("no case in %s: put files of facts there, named *.yaml or *.json", c.Check)
	}
	slices.Sort(files)
	wrong := 0
	for _, file := range files {
		known, v, err := diagnoseFile(file, s.in, table)
		if err != nil {
			return err
		}
		word := "ok"
		if err := known.Check(v); err != nil {
			word = err.Error()
			wrong++
		}
		fmt.Fprintf(s.out, "%-34s %-13s %-52s %s\n", strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), v.State, strings.Join(v.Leading, ", "), word)
	}
	fmt.Fprintf(s.out, "%d cases, %d not accepted, table %s\n", len(files), wrong, table.Version)
	if wrong > 0 {
		return errNotAccepted
	}
	return nil
}

// diagnoseFile reads a case and judges it.
func diagnoseFile(name string, in io.Reader, table *knowledge.Table) (*casefile.Case, *outage.Verdict, error) {
	if name == "-" {
		name = "standard input"
	} else {
		f, err := os.Open(name)
		if err != nil {
			return nil, nil, fmt.Errorf("read facts: %w: name a file of them, or - for standard input", err)
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, plainyaml.MaxBytes+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read facts: %w: name a file of them, or a directory with --check", err)
	}
	known, err := casefile.Read(name, data)
	if err != nil {
		return nil, nil, err
	}
	v := reason.Judge(known.Set(), table)
	return known, &v, nil
}
