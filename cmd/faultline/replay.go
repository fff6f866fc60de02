package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"faultline/internal/api"
	"faultline/internal/catalog"
	"faultline/internal/clock"
	"faultline/internal/geo"
	"faultline/internal/names"
	"faultline/internal/replay"
	"faultline/outage"
)

// replayCmd plays recordings.
type replayCmd struct {
	Files          []string      `arg:"" name:"file" help:"Recordings: presses as lines of JSON, or counts as CSV with a header; .gz too; - is standard input."`
	JSON           bool          `help:"Print one incident a line, in the shape of the API."`
	Step           time.Duration `help:"Length of a bucket of counts; inferred when not given." placeholder:"15m"`
	AnyService     bool          `help:"Take services, categories and countries that nobody knows, too."`
	FillZero       bool          `help:"Take long stretches without a row as minutes without a report, instead of as missing."`
	Catalog        []string      `env:"FAULTLINE_CATALOG" placeholder:"FILE" help:"YAML files with services of your own."`
	BuiltinCatalog bool          `default:"true" negatable:"" env:"FAULTLINE_BUILTIN_CATALOG" help:"Begin with the starter catalog."`
	Into           string        `placeholder:"URL" help:"Play into an instance that runs with --simulated-clock, instead of printing."`
	Token          string        `env:"FAULTLINE_REPLAY_TOKEN" placeholder:"TOKEN" help:"Token of that instance."`
	Speed          float64       `default:"60" help:"How many times faster than recorded to play into it; 0 is as fast as it takes them."`
}

// Run implements the command.
func (c *replayCmd) Run(ctx context.Context, s streams) (err error) {
	step, err := c.step()
	if err != nil {
		return err
	}
	loaded, err := catalog.Load(c.BuiltinCatalog, c.Catalog...)
	if err != nil {
		return err
	}
	services := catalog.New(catalog.Merge(nil, loaded, anyHistory))
	opts := replay.Options{Step: step, Check: func(r *replay.Row) error { return known(services, r) }}
	if c.AnyService {
		opts.Check = nil
	}
	rec, err := replay.Open(c.Files, s.in, opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rec.Close()) }()
	if c.Into != "" {
		return c.post(ctx, rec, s)
	}
	line, err := newReplayLine(rec, services, !c.FillZero && !rec.Presses)
	if err != nil {
		return err
	}
	if err := line.play(ctx); err != nil {
		return err
	}
	if line.minutes == 0 {
		return fmt.Errorf("no report is in %s: a recording has lines such as {\"time\":\"2025-03-10T09:30:00Z\",\"service\":\"x\"}, or the header time,service,count and rows", strings.Join(c.Files, ", "))
	}
	fmt.Fprintf(s.err, "%d reports in %d minutes; %d repeats of a reporter within %d minutes were not counted\n",
		line.reports, line.minutes, rec.Absorbed, outage.ReportWindow)
	return c.print(s.out, line.incidents)
}

// step checks the length of a bucket.
func (c *replayCmd) step() (outage.Minute, error) {
	if c.Step < 0 || c.Step%time.Minute != 0 || c.Step > 24*time.Hour {
		return 0, fmt.Errorf("step %s: use whole minutes up to a day, such as 15m", c.Step)
	}
	if c.Speed < 0 || math.IsNaN(c.Speed) || math.IsInf(c.Speed, 0) {
		return 0, fmt.Errorf("speed %g: use 0 or more", c.Speed)
	}
	return outage.Minute(c.Step / time.Minute), nil
}

// known refuses what nobody could have reported here.
func known(services *catalog.Catalog, r *replay.Row) error {
	s, ok := services.Get(r.Service)
	if !ok {
		return fmt.Errorf("service %q is not in the catalog%s; --any-service takes it as it is", r.Service, nearest(services, r.Service))
	}
	if r.Category != "" && !s.HasCategory(r.Category) {
		return fmt.Errorf("category %q is not one of %s; --any-service takes it as it is", r.Category, strings.Join(s.Categories, ", "))
	}
	if r.Country != "" && geo.CountryName(r.Country) == "" {
		return fmt.Errorf("country %q is not an ISO 3166-1 code; --any-service takes it as it is", r.Country)
	}
	return nil
}

// nearest says which services may have been meant.
func nearest(services *catalog.Catalog, id string) string {
	const most = 3
	var found []string
	for _, s := range services.Search(id, most) {
		found = append(found, s.ID)
	}
	if len(found) == 0 {
		var ids []string
		for _, s := range services.Services() {
			ids = append(ids, s.ID)
		}
		if one := names.Nearest(strings.ToLower(id), ids); one != "" {
			found = []string{one}
		}
	}
	if len(found) == 0 {
		return ""
	}
	return " (did you mean " + strings.Join(found, ", ") + "?)"
}

// post plays into a running instance.
func (c *replayCmd) post(ctx context.Context, rec *replay.Recording, s streams) error {
	n, err := replay.Post(ctx, rec, replay.Target{
		URL: c.Into, Token: c.Token, Speed: c.Speed, Clock: clock.Real{}, HTTP: &http.Client{},
	})
	if err != nil {
		return fmt.Errorf("after %d reports: %w", n, err)
	}
	fmt.Fprintf(s.err, "%d lines played into %s\n", n, c.Into)
	return nil
}

// print writes the incidents in the order of their first detection.
func (c *replayCmd) print(out io.Writer, latest map[string]outage.Incident) error {
	list := make([]outage.Incident, 0, len(latest))
	for _, i := range latest {
		list = append(list, i)
	}
	slices.SortFunc(list, func(a, b outage.Incident) int {
		return cmp.Or(cmp.Compare(a.Detected, b.Detected), cmp.Compare(a.ID, b.ID))
	})
	w := bufio.NewWriter(out)
	if !c.JSON {
		printTable(w, list)
		return w.Flush()
	}
	enc := json.NewEncoder(w)
	for _, i := range list {
		if err := enc.Encode(api.FromIncident(i)); err != nil {
			return fmt.Errorf("write incident %s: %w", i.ID, err)
		}
	}
	return w.Flush()
}

// printTable writes a line for each incident and one for each of its waves.
func printTable(out io.Writer, list []outage.Incident) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "INCIDENT\tSTATE\tONSET (UTC)\tDETECTED\tEND\tPEAK/MIN\tREPORTS\tSEVERITY\tCOUNTRIES")
	for _, i := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\t%s\n", i.ID, i.State, stamp(i.Onset), stamp(i.Detected), stamp(i.End),
			i.Peak, i.Total, i.Severity.Word, places(i.Countries))
		for n, v := range i.Waves {
			fmt.Fprintf(w, "  wave %d\t\t%s\t\t%s\t%d\t%d\tpeak at %s\t\n", n+1, stamp(v.Onset), stamp(v.End), v.PeakCount, v.Total, stamp(v.Peak))
		}
	}
	w.Flush() // the writer below keeps its error
	fmt.Fprintf(out, "incidents: %d\n", len(list))
}

func stamp(m outage.Minute) string {
	if m == 0 {
		return "-"
	}
	return m.Time().Format("2006-01-02 15:04")
}

// places lists the first countries.
func places(list []outage.Affected) string {
	const most = 5
	var out []string
	for _, a := range list[:min(most, len(list))] {
		out = append(out, a.Name)
	}
	text := strings.Join(out, " ")
	if n := len(list) - most; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}
