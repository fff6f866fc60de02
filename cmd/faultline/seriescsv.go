package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"faultline/internal/gunzip"
	"faultline/internal/scan"
)

// sample is one row of a series file.
type sample struct {
	line int
	time time.Time
	obs  scan.Observation
}

// seriesReader reads time,count or time,value or time,errors,attempts. Which of
// them, and in which order, the header says; other columns are passed over. Times
// must rise, but for values: a row that comes again or a little early, as around a
// change of clocks, is left to the caller to place.
type seriesReader struct {
	name string
	buf  *bufio.Reader
	csv  *csv.Reader
	kind scan.Kind

	at, first, second int // columns: time, count|value|errors, attempts
	last              sample
}

// seriesColumns are the columns of each kind, in the order of their meaning.
var seriesColumns = map[scan.Kind][]string{
	scan.Count: {"count"}, scan.Value: {"value"}, scan.Rate: {"errors", "attempts"},
}

// timeColumns are the names that the column of times may have.
var timeColumns = []string{"time", "timestamp", "datetime", "period"}

// seriesLayouts are the forms of time that are read; without a zone it is UTC.
var seriesLayouts = []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00"}

// newSeriesReader reads the header. An empty kind is taken from it.
func newSeriesReader(name string, in io.Reader, kind string) (*seriesReader, error) {
	buf, err := gunzip.Reader(in, 1<<16)
	if err != nil {
		return nil, fmt.Errorf("decompress %s: %w", name, err)
	}
	r := &seriesReader{name: name, buf: buf, second: -1}
	r.csv = csv.NewReader(r.buf)
	r.csv.ReuseRecord = true
	r.csv.TrimLeadingSpace = true
	header, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: the file is empty: begin it with a header such as time,count", name)
	}
	if err != nil {
		return nil, r.explain(err)
	}
	if len(header) == 1 && strings.ContainsAny(header[0], ";\t") {
		return nil, fmt.Errorf("%s:1: the header %q is one column: separate columns with commas", name, header[0])
	}
	columns := map[string]int{}
	for i, h := range header {
		h = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(h, "\ufeff")))
		if _, twice := columns[h]; twice && h != "" {
			return nil, fmt.Errorf("%s:1: column %q is there twice: name each column once", name, h)
		}
		columns[h] = i
	}
	return r, r.choose(columns, kind)
}

// choose finds the columns.
func (r *seriesReader) choose(columns map[string]int, kind string) error {
	at, ok := -1, false
	for _, name := range timeColumns {
		if at, ok = columns[name]; ok {
			break
		}
	}
	if !ok {
		found := strings.Join(slices.Sorted(maps.Keys(columns)), ", ")
		return fmt.Errorf("%s:1: no column is called time or timestamp (found %s): begin the file with a header such as time,count", r.name, found)
	}
	r.at = at
	if _, has := columns["count"]; !has && kind == scan.Count.String() {
		if value, ok := columns["value"]; ok { // whoever says that it is a count is believed
			columns["count"] = value
		}
	}
	var found []scan.Kind
	for _, k := range []scan.Kind{scan.Count, scan.Value, scan.Rate} {
		complete := true
		for _, c := range seriesColumns[k] {
			if _, ok := columns[c]; !ok {
				complete = false
			}
		}
		if complete && (kind == "" || kind == k.String()) {
			found = append(found, k)
		}
	}
	switch {
	case len(found) > 1:
		return fmt.Errorf("%s:1: the header fits %s and %s: say which with --kind", r.name, found[0], found[1])
	case len(found) == 0 && kind != "":
		return fmt.Errorf("%s:1: --kind %s needs the columns time,%s", r.name, kind, kindColumns(kind))
	case len(found) == 0:
		return fmt.Errorf("%s:1: no column to read: the header must have time,count or time,value or time,errors,attempts", r.name)
	}
	r.kind = found[0]
	names := seriesColumns[r.kind]
	r.first = columns[names[0]]
	if len(names) > 1 {
		r.second = columns[names[1]]
	}
	return nil
}

// kindColumns names the columns of a kind for a message.
func kindColumns(kind string) string {
	for k, c := range seriesColumns {
		if k.String() == kind {
			return strings.Join(c, ",")
		}
	}
	return "count"
}

// explain gives an error of the CSV reader its file and line.
func (r *seriesReader) explain(err error) error {
	var p *csv.ParseError
	if errors.As(err, &p) {
		if errors.Is(err, csv.ErrFieldCount) {
			return fmt.Errorf("%s:%d: this line has another number of columns than the header: complete or remove it", r.name, p.StartLine)
		}
		return fmt.Errorf("%s:%d: %v: quote fields as CSV wants it", r.name, p.Line, p.Err)
	}
	return fmt.Errorf("read %s: %w", r.name, err)
}

// next reads a row; io.EOF after the last.
func (r *seriesReader) next() (sample, error) {
	fields, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		return sample{}, io.EOF
	}
	if err != nil {
		return sample{}, r.explain(err)
	}
	line, _ := r.csv.FieldPos(0)
	s := sample{line: line}
	if s.time, err = parseSeriesTime(strings.TrimSpace(fields[r.at])); err != nil {
		return sample{}, fmt.Errorf("%s:%d: %w", r.name, line, err)
	}
	if err := r.numbers(&s, fields); err != nil {
		return sample{}, fmt.Errorf("%s:%d: %w", r.name, line, err)
	}
	if r.last.line > 0 && r.kind != scan.Value {
		switch d := s.time.Compare(r.last.time); {
		case d == 0:
			return sample{}, fmt.Errorf("%s:%d: time %s is on line %d already: keep one row for each time", r.name, line, s.time.Format(time.RFC3339), r.last.line)
		case d < 0:
			return sample{}, fmt.Errorf("%s:%d: time %s is before that of line %d: sort the file by time", r.name, line, s.time.Format(time.RFC3339), r.last.line)
		}
	}
	r.last = s
	return s, nil
}

// numbers reads the observation of a row.
func (r *seriesReader) numbers(s *sample, fields []string) error {
	v, err := strconv.ParseFloat(strings.TrimSpace(fields[r.first]), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return fmt.Errorf("%s %q is not a number: correct it, or remove the row if nobody looked then", seriesColumns[r.kind][0], fields[r.first])
	}
	if r.kind == scan.Value {
		s.obs.Value = v
		return nil
	}
	if s.obs.Count, err = wholeNumber(v); err != nil {
		return fmt.Errorf("%s %q %w", seriesColumns[r.kind][0], fields[r.first], err)
	}
	if r.kind == scan.Count {
		return nil
	}
	v, err = strconv.ParseFloat(strings.TrimSpace(fields[r.second]), 64)
	if err != nil {
		return fmt.Errorf("attempts %q is not a number: correct it, or remove the row if nobody looked then", fields[r.second])
	}
	if s.obs.Attempts, err = wholeNumber(v); err != nil {
		return fmt.Errorf("attempts %q %w", fields[r.second], err)
	}
	if s.obs.Count > s.obs.Attempts {
		return fmt.Errorf("%d errors of %d attempts: there cannot be more errors than attempts", s.obs.Count, s.obs.Attempts)
	}
	return nil
}

// maxSeriesCount is the largest count of one row that is read; a series with
// more in a step should be counted in a larger unit.
const maxSeriesCount = 1 << 31

// wholeNumber checks that v counts something.
func wholeNumber(v float64) (int, error) {
	switch {
	case v < 0:
		return 0, errors.New("is negative: counts are 0 or more")
	case v != math.Trunc(v):
		return 0, errors.New("is not a whole number: use a column called value, or --kind value, for levels")
	case !(v <= maxSeriesCount):
		return 0, fmt.Errorf("is above %d: count in a larger unit", maxSeriesCount)
	}
	return int(v), nil
}

// parseSeriesTime reads one of the documented forms.
func parseSeriesTime(s string) (time.Time, error) {
	for _, layout := range seriesLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("time %q cannot be read: use 2006-01-02T15:04:05Z, or 2006-01-02 15:04:05 in UTC", s)
}

// stepRows is how many rows the step is inferred from. Output can begin when they
// have come; with --step it begins at once.
const stepRows = 100

// inferStep is the most common distance of neighbouring rows; of two equally
// common ones the shorter.
func inferStep(rows []sample) (time.Duration, error) {
	count := map[time.Duration]int{}
	for i := 1; i < len(rows); i++ {
		count[rows[i].time.Sub(rows[i-1].time)]++
	}
	var gaps []time.Duration
	for d := range count {
		gaps = append(gaps, d)
	}
	if len(gaps) == 0 {
		return 0, errors.New("one row says nothing of the step: give it with --step")
	}
	slices.Sort(gaps)
	best := gaps[0]
	for _, d := range gaps {
		if count[d] > count[best] {
			best = d
		}
	}
	return best, nil
}
