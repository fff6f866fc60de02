package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"faultline/internal/agentapi"
	"faultline/internal/geo"
	"faultline/internal/imports"
	"faultline/outage"
)

// importCmd turns what others have measured into measurements: one JSON object a
// line, or facts of a hub.
type importCmd struct {
	Format   string    `help:"Format of the file: ooni, atlas, blackbox, statuspage, upptime or csv; otherwise its beginning tells." placeholder:"FORMAT"`
	Service  string    `help:"Service that every measurement is of, by its id." placeholder:"ID"`
	Time     time.Time `help:"When it was measured, for formats that carry no time." placeholder:"TIME"`
	Target   string    `help:"What was measured, for formats that do not name it: a URL or a host." placeholder:"URL"`
	SkipBad  bool      `name:"skip-bad" help:"Say which records cannot be read and go on, instead of ending at the first."`
	Location bool      `name:"location" default:"true" negatable:"" help:"Look up country and network of vantage points that come with an address; the address itself is dropped in any case."`
	Hub      string    `placeholder:"URL" help:"Store the measurements in this hub, beside what its agents measure, instead of printing them. They are kept with their source, never twice, and open no incident."`
	Data     string    `default:"faultline-data" env:"FAULTLINE_DATA" placeholder:"DIR" help:"Data directory of the hub, where the operator's key is."`
	Key      string    `env:"FAULTLINE_OPERATOR_KEY" placeholder:"KEY" help:"The operator's key itself, for a hub on another machine."`
	File     string    `arg:"" help:"File to read, plain or gzipped; - for standard input."`
}

// Help lists the formats, as kong prints it below the flags.
func (c *importCmd) Help() string {
	var b strings.Builder
	b.WriteString("Formats:\n\n")
	names, about := imports.Formats()
	for i, n := range names {
		fmt.Fprintf(&b, "  %-10s  %s\n", n, about[i])
	}
	return b.String()
}

// Run is what kong calls.
func (c *importCmd) Run(ctx context.Context, s streams) error {
	in, err := openInput(c.File, s.in)
	if err != nil {
		return err
	}
	defer in.Close()
	opts := imports.Options{Format: c.Format, Service: c.Service, Time: c.Time, Target: c.Target}
	if c.Location {
		if opts.Places, err = placesOfAddresses(); err != nil {
			return err
		}
	}
	name := c.File
	if name == "-" {
		name = "standard input"
	}
	if c.Hub == "" {
		return c.write(name, in, opts, s)
	}
	hub, err := newOperator(c.Hub, c.Data, c.Key)
	if err != nil {
		return err
	}
	packer, err := agentapi.NewPacker()
	if err != nil {
		return err
	}
	sink := &hubSink{ctx: ctx, hub: hub, packer: packer}
	if err := c.each(imports.Read(name, in, opts), name, s, sink); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.err, "stored %d in %s; it had %d already\n", sink.stored.Appended, c.Hub, sink.stored.Duplicates)
	return err
}

// placesOfAddresses looks them up in the built-in tables.
func placesOfAddresses() (func(netip.Addr) (country, network string), error) {
	db, err := geo.Open(geo.Config{})
	if err != nil {
		return nil, err
	}
	return func(a netip.Addr) (string, string) {
		p := db.Lookup(a)
		return p.Country, geo.NetworkName(p.ASN)
	}, nil
}

// maxNamed is how many bad records are named one by one; a file of another kind
// would fill the screen.
const maxNamed = 20

// sink is where measurements go.
type sink interface {
	put(*outage.Measurement) error
	flush() error
}

// lineSink puts out a line for each.
type lineSink struct {
	out     *bufio.Writer
	encoder *json.Encoder
}

func (l *lineSink) put(m *outage.Measurement) error { return l.encoder.Encode(m) }

func (l *lineSink) flush() error { return l.out.Flush() }

// write puts the measurements out.
func (c *importCmd) write(name string, in io.Reader, opts imports.Options, s streams) error {
	out := bufio.NewWriterSize(s.out, 1<<16)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return c.each(imports.Read(name, in, opts), name, s, &lineSink{out, encoder})
}

// each hands every measurement over and says, at the end, what they come to.
func (c *importCmd) each(list iter.Seq2[outage.Measurement, error], name string, s streams, to sink) error {
	var sum importSummary
	for m, err := range list {
		switch {
		case err != nil && !c.SkipBad:
			return errors.Join(err, to.flush())
		case err != nil:
			if sum.bad++; sum.bad <= maxNamed {
				fmt.Fprintln(s.err, err)
			}
		default:
			sum.add(&m)
			if err := to.put(&m); err != nil {
				return fmt.Errorf("write the measurements: %w", err)
			}
		}
	}
	if err := to.flush(); err != nil {
		return fmt.Errorf("write the measurements: %w", err)
	}
	if sum.count == 0 {
		return fmt.Errorf("no measurement could be read from %s", name)
	}
	_, err := io.WriteString(s.err, sum.String())
	return err
}

// importSummary counts what was imported.
type importSummary struct {
	count, bad  int
	source      string
	first, last time.Time
	outcomes    map[outage.Outcome]int
	failures    map[string]int // by layer, operation and failure
}

func (u *importSummary) add(m *outage.Measurement) {
	if u.outcomes == nil {
		u.outcomes, u.failures = map[outage.Outcome]int{}, map[string]int{}
		u.first, u.source = m.Time, m.Source
	}
	u.count++
	u.outcomes[m.Outcome]++
	if m.Time.Before(u.first) {
		u.first = m.Time
	}
	if m.Time.After(u.last) {
		u.last = m.Time
	}
	if m.Failure != "" {
		layer := string(m.Layer)
		if layer == "" {
			layer = "layer unknown"
		}
		u.failures[fmt.Sprintf("%s: %s", layer, m.Failure)]++
	}
}

// maxFailures is how many sorts of failure a summary names.
const maxFailures = 10

// String is the summary for a person.
func (u *importSummary) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d measurements from %s, %s to %s:", u.count, u.source, u.first.Format(time.RFC3339), u.last.Format(time.RFC3339))
	for _, o := range []outage.Outcome{outage.OutcomeOK, outage.OutcomeDegraded, outage.OutcomeFail, outage.OutcomeSkipped} {
		if n := u.outcomes[o]; n > 0 {
			fmt.Fprintf(&b, " %d %s", n, o)
		}
	}
	b.WriteByte('\n')
	names := slices.SortedFunc(maps.Keys(u.failures), func(x, y string) int {
		if d := u.failures[y] - u.failures[x]; d != 0 {
			return d
		}
		return strings.Compare(x, y)
	})
	for _, n := range names[:min(maxFailures, len(names))] {
		fmt.Fprintf(&b, "%8d  %s\n", u.failures[n], n)
	}
	if more := len(names) - maxFailures; more > 0 {
		fmt.Fprintf(&b, "          and %d other sorts of failure\n", more)
	}
	if u.bad > 0 {
		fmt.Fprintf(&b, "%d records could not be read\n", u.bad)
	}
	return b.String()
}
