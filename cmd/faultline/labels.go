package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"faultline/internal/scan"
)

// labels hold what somebody says was an outage against what was in alarm.
type labels struct {
	spans    []labelled // by start, without overlap
	next     int        // first span that has not ended
	first    time.Time  // of the rows
	last     time.Time
	episodes int
	outside  int  // episodes without an alarm in any span
	open     bool // an episode is on that has not met a span yet
}

// labelled is one span with what became of it.
type labelled struct {
	start, end time.Time // both included
	alarm      time.Time // first row in alarm; zero: none
	rows       int
}

// maxLabels bounds the spans of one file.
const maxLabels = 100_000

// readLabels reads a CSV with the columns start and end, in the forms of time that a
// series has, in order and without overlap.
func readLabels(name string) (*labels, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open the labels: %w", err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord, r.TrimLeadingSpace = 2, true
	header, err := r.Read()
	if err != nil || strings.ToLower(strings.Join(header, ",")) != "start,end" {
		return nil, fmt.Errorf("%s:1: the header must be start,end", name)
	}
	l := &labels{}
	for line := 2; ; line++ {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return l, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: two columns are wanted, start and end: %w", name, line, err)
		}
		if err := l.add(row); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, line, err)
		}
	}
}

// add takes one span in.
func (l *labels) add(row []string) error {
	start, err := parseSeriesTime(strings.TrimSpace(row[0]))
	if err != nil {
		return err
	}
	end, err := parseSeriesTime(strings.TrimSpace(row[1]))
	if err != nil {
		return err
	}
	n := len(l.spans)
	switch {
	case end.Before(start):
		return fmt.Errorf("the span ends at %s, before it starts: swap start and end", row[1])
	case n > 0 && !start.After(l.spans[n-1].end):
		return errors.New("the span starts before the one above it has ended: sort them, and join those that overlap")
	case n == maxLabels:
		return fmt.Errorf("more than %d spans: score the series in parts", maxLabels)
	}
	l.spans = append(l.spans, labelled{start: start, end: end})
	return nil
}

// take brings in a row: whether it is in alarm, and whether an episode begins there.
func (l *labels) take(t time.Time, alarm, begins bool) {
	if l.first.IsZero() {
		l.first = t
	}
	l.last = t
	for l.next < len(l.spans) && l.spans[l.next].end.Before(t) {
		l.next++
	}
	if begins {
		l.episodes++
		l.outside++
		l.open = true
	}
	if l.next == len(l.spans) || t.Before(l.spans[l.next].start) {
		return
	}
	s := &l.spans[l.next]
	s.rows++
	if !alarm {
		return
	}
	if s.alarm.IsZero() {
		s.alarm = t
	}
	if l.open { // the episode belongs to a span after all
		l.outside--
		l.open = false
	}
}

// print says how many spans were met, how fast, and what else was in alarm.
func (l *labels) print(w io.Writer) error {
	judged, found := 0, []time.Duration{}
	for _, s := range l.spans {
		if s.rows == 0 {
			continue
		}
		judged++
		if !s.alarm.IsZero() {
			found = append(found, s.alarm.Sub(s.start))
		}
	}
	slices.Sort(found)
	delay := ""
	if n := len(found); n > 0 {
		delay = fmt.Sprintf(", first alarm after %s in the median, %s at 90 %%", found[n/2], found[(n*9)/10])
	}
	months := max(l.last.Sub(l.first).Hours()/scan.Month.Hours(), 1.0/720)
	_, err := fmt.Fprintf(w, "labelled spans with rows: %d of %d; in alarm: %d%s\nepisodes: %d; outside every span: %d, that is %.2f a month\n",
		judged, len(l.spans), len(found), delay, l.episodes, l.outside, float64(l.outside)/months)
	return err
}
