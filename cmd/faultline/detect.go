package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/google/renameio/v2"

	"faultline/internal/scan"
)

// detectCmd runs the detector over a file of numbers.
type detectCmd struct {
	Kind       string        `help:"What the series is: count, value or rate. Default: what the header says." enum:",count,value,rate" default:""`
	Step       time.Duration `help:"Length of a step. Default: the most common distance of the first 100 rows."`
	Budget     float64       `help:"False episodes per month that are allowed." default:"1"`
	Episodes   string        `help:"Write the episodes found to this file, as CSV." placeholder:"FILE"`
	Labels     string        `help:"Say how well the alarms meet the labelled spans of this file, CSV of start,end." placeholder:"FILE"`
	Season     string        `help:"What a series of values may learn of time: auto, none, day or week." enum:"auto,none,day,week" default:"auto"`
	Log        bool          `help:"Judge ratios of values instead of differences, as for latencies."`
	EffectMin  float64       `name:"effect-floor" help:"With --log: what is small against this many units does not count, such as 5 for milliseconds." placeholder:"UNITS"`
	FillZero   bool          `help:"Absent rows of a count are zero. Default: nobody looked."`
	MinHistory time.Duration `help:"History before anything can alarm." default:"1h"`
	File       string        `arg:"" help:"CSV with time,count or time,value or time,errors,attempts; - reads standard input."`
}

// Help is what kong prints beyond the flags.
func (c *detectCmd) Help() string {
	return `The header decides the columns; others are passed over. Times are RFC 3339, or
"YYYY-MM-DD HH:MM[:SS]" in UTC, in a column called time or timestamp, and must rise;
of values, a row that repeats a time or goes back by up to two hours is taken as the
next step. The file may be gzip. Output is CSV, a row for each row:
time,value,expected,low,high,score,alarm,effect. Score is -log10 of the chance that
a quiet series shows as much; low and high are the 5 % and 95 % quantiles of one
step; effect is how many times the expected count was seen, of values the distance
in standard deviations. A row's output never depends on later rows (the step is
inferred from the first 100 rows unless --step gives it). How to score the detector
on a labelled series of your own: docs/how-to/score-the-detector.md.`
}

// Run is what kong calls.
func (c *detectCmd) Run(s streams) error { return c.run(s.in, s.out, s.err) }

// run reads the series and writes what the detector says.
func (c *detectCmd) run(stdin io.Reader, stdout, stderr io.Writer) error {
	in, err := openInput(c.File, stdin)
	if err != nil {
		return err
	}
	defer in.Close()
	name := c.File
	if name == "-" {
		name = "standard input"
	}
	reader, err := newSeriesReader(name, in, c.Kind)
	if err != nil {
		return err
	}
	if err := c.check(reader.kind); err != nil {
		return err
	}
	run := &detectRun{cmd: c, reader: reader, out: bufio.NewWriterSize(stdout, 1<<16)}
	if c.Labels != "" {
		if run.labels, err = readLabels(c.Labels); err != nil {
			return err
		}
	}
	if err := run.all(); err != nil {
		return errors.Join(err, run.out.Flush())
	}
	if err := run.out.Flush(); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return run.finish(stderr)
}

// seasons are the words for what may be learned of time; none stands for auto.
var seasons = map[string]scan.Season{
	"": scan.SeasonAuto, "auto": scan.SeasonAuto, "none": scan.SeasonNone, "day": scan.SeasonDay, "week": scan.SeasonWeek,
}

// check refuses options that say nothing about a kind.
func (c *detectCmd) check(kind scan.Kind) error {
	switch {
	case c.FillZero && kind != scan.Count:
		return fmt.Errorf("--fill-zero is for counts: in a series of kind %s an absent row says nothing", kind)
	case kind != scan.Value && seasons[c.Season] != scan.SeasonAuto:
		return fmt.Errorf("--season is for values: a series of kind %s learns the day and the week as far as it shows them", kind)
	case kind != scan.Value && c.Log:
		return fmt.Errorf("--log is for values: a series of kind %s is judged by its own law", kind)
	case !c.Log && c.EffectMin != 0:
		return errors.New("--effect-floor needs --log")
	}
	return nil
}

// detectRun is one pass over a series.
type detectRun struct {
	cmd    *detectCmd
	reader *seriesReader
	out    *bufio.Writer
	step   time.Duration
	origin time.Time // of the first row; buckets are counted from it
	series scan.Series
	last   int64 // bucket of the row before
	open   scan.Episode
	found  []scan.Episode
	rows   int
	moved  int // rows of values whose step was taken
	shifts []shift
	labels *labels
}

// all reads every row.
func (d *detectRun) all() error {
	head, err := d.begin()
	if err != nil {
		return err
	}
	if _, err := d.out.WriteString("time,value,expected,low,high,score,alarm,effect\n"); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	for _, s := range head {
		if err := d.row(s); err != nil {
			return err
		}
	}
	for {
		if d.reader.buf.Buffered() == 0 {
			// Whoever feeds a live series sees each answer before the next question.
			if err := d.out.Flush(); err != nil {
				return fmt.Errorf("write the result: %w", err)
			}
		}
		s, err := d.reader.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := d.row(s); err != nil {
			return err
		}
	}
}

// begin finds the step and makes the detector. It returns the rows read for that.
func (d *detectRun) begin() ([]sample, error) {
	want := stepRows
	if d.cmd.Step != 0 {
		want = 1
	}
	var head []sample
	for len(head) < want {
		s, err := d.reader.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		head = append(head, s)
	}
	if len(head) == 0 {
		return nil, fmt.Errorf("%s: no rows after the header: there is nothing to judge", d.reader.name)
	}
	d.step = d.cmd.Step
	if d.step == 0 {
		var err error
		if d.step, err = inferStep(head); err != nil {
			return nil, fmt.Errorf("%s: %w", d.reader.name, err)
		}
	}
	var err error
	d.series, err = scan.New(scan.Config{
		Kind: d.reader.kind, Step: d.step, Budget: d.cmd.Budget, MinHistory: d.cmd.MinHistory,
		EveryScore: true, GapsMissing: !d.cmd.FillZero,
		Season: seasons[d.cmd.Season], Log: d.cmd.Log, EffectFloor: d.cmd.EffectMin,
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.reader.name, err)
	}
	d.origin = head[0].time
	d.last = math.MinInt64
	return head, nil
}

// row judges one row and writes its line.
func (d *detectRun) row(s sample) error {
	idx := d.bucket(s.time)
	if d.rows > 0 && idx <= d.last || len(d.shifts) > 0 {
		var err error
		if idx, err = d.place(s, idx); err != nil {
			return err
		}
	}
	d.last = idx
	d.rows++
	scale := 1.0
	if d.reader.kind == scan.Rate {
		if s.obs.Attempts == 0 {
			d.series.Missing(idx, idx)
			return d.write(s, "", scan.Result{}, scan.Baseline{})
		}
		scale = 1 / float64(s.obs.Attempts)
	}
	r := d.series.Observe(idx, s.obs)
	d.note(r.Episode)
	if d.labels != nil {
		d.labels.take(s.time, r.Alarm, r.Episode.First == idx && r.Episode.Phase != scan.None)
	}
	b := d.series.Forecast(idx)
	b.Expected, b.Low, b.High = b.Expected*scale, b.Low*scale, b.High*scale
	value := s.obs.Value
	if d.reader.kind != scan.Value {
		value = float64(s.obs.Count) * scale
	}
	return d.write(s, number(value), r, b)
}

// write puts out one line.
func (d *detectRun) write(s sample, value string, r scan.Result, b scan.Baseline) error {
	alarm := "0"
	if r.Alarm {
		alarm = "1"
	}
	line := s.time.Format(time.RFC3339) + "," + value + "," + number(b.Expected) + "," + number(b.Low) + "," +
		number(b.High) + "," + strconv.FormatFloat(r.Score, 'f', 3, 64) + "," + alarm + "," +
		number(r.Effect) + "\n"
	if _, err := d.out.WriteString(line); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// number writes a number with up to six digits that mean something.
func number(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}

// note keeps track of the episodes.
func (d *detectRun) note(e scan.Episode) {
	if e.Phase == scan.None {
		return
	}
	d.open = e
	if e.Phase == scan.Over {
		d.found = append(d.found, e)
		d.open = scan.Episode{}
	}
}

// finish writes the episodes, or says in short what was found.
func (d *detectRun) finish(stderr io.Writer) error {
	if d.open.Phase != scan.None {
		d.found = append(d.found, d.open)
	}
	if d.labels != nil {
		if err := d.labels.print(stderr); err != nil {
			return err
		}
	}
	text := "onset,first_alarm,peak,end,peak_value,expected,score\n"
	for _, e := range d.found {
		end := ""
		if e.Phase == scan.Over {
			end = d.timeOf(e.Last + 1)
		}
		text += d.timeOf(e.Onset) + "," + d.timeOf(e.First) + "," + d.timeOf(e.Peak) + "," + end + "," +
			number(e.PeakValue) + "," + number(e.PeakMean) + "," + strconv.FormatFloat(e.Score, 'f', 3, 64) + "\n"
	}
	if c := d.cmd; c.Episodes != "" {
		if err := renameio.WriteFile(c.Episodes, []byte(text), 0o644); err != nil {
			return fmt.Errorf("write the episodes: %w", err)
		}
		return nil
	}
	if _, err := fmt.Fprintf(stderr, "%d rows of step %s; episodes: %d\n", d.rows, d.step, len(d.found)); err != nil {
		return err
	}
	if d.moved > 0 {
		if _, err := fmt.Fprintf(stderr, "%d rows repeat a time or come early: each was taken as the next step\n", d.moved); err != nil {
			return err
		}
	}
	if len(d.found) > 0 {
		if _, err := io.WriteString(stderr, text); err != nil {
			return err
		}
	}
	return nil
}
