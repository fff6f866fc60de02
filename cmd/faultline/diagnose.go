package main

import (
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

// diagnoseCmd judges facts in a file.
type diagnoseCmd struct {
	Table string `help:"Version of the knowledge table, or a directory that holds one." default:"${table}" placeholder:"VERSION"`
	JSON  bool   `help:"Print the verdict as JSON."`
	Check string `help:"Judge every case in this directory and say which verdicts are not among those accepted." type:"existingdir" placeholder:"DIR"`
	File  string `arg:"" optional:"" name:"file" help:"Facts of one incident, YAML or JSON; - reads standard input."`
}

// Help is what kong prints beyond the flags.
func (c *diagnoseCmd) Help() string {
	return `The file holds features with their values: what probes measured, what others have
published, and, if you like, which verdicts you would accept. The answer is the verdict
with its whole calculation. The exit code is 1 when the verdict is none of those that
the file accepts. docs/diagnosis.md says how a verdict is reached, and
docs/how-to/add-a-hypothesis.md what a file looks like; testdata/cases holds examples.`
}

// errNotAccepted ends a run whose verdict is none of those accepted; it has been said.
var errNotAccepted = errors.New("a verdict is not among those accepted")

// Run implements the command.
func (c *diagnoseCmd) Run(s streams) error {
	switch {
	case c.File == "" && c.Check == "":
		return errors.New("nothing to diagnose: name a file of facts, or a directory of them with --check")
	case c.File != "" && c.Check != "":
		return errors.New("name a file of facts, or a directory of them with --check, and not both")
	}
	table, err := knowledge.Open(c.Table)
	if err != nil {
		return err
	}
	if c.Check != "" {
		return c.checkAll(table, s)
	}
	known, v, err := diagnoseFile(c.File, s.in, table)
	if err != nil {
		return err
	}
	if c.JSON {
		e := json.NewEncoder(s.out)
		e.SetIndent("", "  ")
		if err := e.Encode(v); err != nil {
			return fmt.Errorf("print the verdict: %w", err)
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
