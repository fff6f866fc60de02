package replay

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"faultline/internal/gunzip"
	"faultline/outage"
)

// Limits of reading.
const (
	// maxLine bounds a line; a longer one is no report.
	maxLine = 64 << 10
	// maxStep is the longest bucket: a day hides every onset.
	maxStep = outage.Day
)

// Stdin is the name that stands for standard input.
const Stdin = "-"

// file is a recording that has been looked through once.
type file struct {
	name   string
	data   *os.File
	remove bool                     // a copy of standard input
	steps  map[string]outage.Minute // length of a bucket, by service
	least  outage.Minute            // of services with too few rows to tell
	single bool                     // lines are presses
}

// open looks a recording through: its format, its mistakes and its steps.
func open(name string, stdin io.Reader, step outage.Minute, check func(*Row) error) (*file, error) {
	f := &file{name: name, steps: map[string]outage.Minute{}}
	var err error
	if name == Stdin {
		f.name, f.remove = "standard input", true
		f.data, err = copyOf(stdin)
	} else {
		f.data, err = os.Open(name)
	}
	if err != nil {
		return nil, fmt.Errorf("open recording %s: %w", f.name, err)
	}
	if err := f.survey(step, check); err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

// copyOf keeps standard input in a temporary file, for it is read twice.
func copyOf(r io.Reader) (*os.File, error) {
	t, err := os.CreateTemp("", "faultline-replay-")
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(t, r); err != nil {
		return nil, errors.Join(err, t.Close(), os.Remove(t.Name()))
	}
	return t, nil
}

func (f *file) close() error {
	err := f.data.Close()
	if f.remove {
		err = errors.Join(err, os.Remove(f.data.Name()))
	}
	return err
}

// survey reads every row once. A given step holds for all services. Rows of one
// service are looked at together, for a rare cell may have none for hours.
func (f *file) survey(step outage.Minute, check func(*Row) error) error {
	last := map[string]outage.Minute{}
	times := map[string]int{}
	err := f.each(func(line int, r *Row, counts bool) error {
		if err := check(r); err != nil {
			return f.at(line, err)
		}
		if !counts {
			f.single = true
			return nil
		}
		before, again := last[r.Service]
		if !again || before != r.Minute {
			times[r.Service]++
		}
		last[r.Service] = r.Minute
		f.distance(r.Service, max(r.Minute-before, before-r.Minute), again)
		return nil
	})
	if err != nil {
		return err
	}
	return f.settle(step, times)
}

// distance notes how far two rows of a service lie apart.
func (f *file) distance(service string, d outage.Minute, again bool) {
	have := f.steps[service] // makes the service known when there is no distance
	if again && d > 0 {
		if have == 0 || d < have {
			have = d
		}
		if f.least == 0 || d < f.least {
			f.least = d
		}
	}
	f.steps[service] = have
}

// fewTimes is the number of times below which a service's own distances say nothing.
const fewTimes = 3

// settle fixes the step of every service.
func (f *file) settle(step outage.Minute, times map[string]int) error {
	for service, own := range f.steps {
		switch {
		case step != 0:
			f.steps[service] = step
		case times[service] < fewTimes:
			f.steps[service] = max(1, f.least)
		default:
			f.steps[service] = own
		}
		if s := f.steps[service]; s > maxStep {
			return fmt.Errorf("recording %s: rows are %d minutes apart, and a day is the longest bucket: say how long it is with --step", f.name, s)
		}
	}
	return nil
}

// at names the line of a mistake.
func (f *file) at(line int, err error) error { return fmt.Errorf("%s:%d: %w", f.name, line, err) }

// each reads the recording from its start and hands over every row.
func (f *file) each(take func(line int, r *Row, counts bool) error) error {
	s, err := f.lines()
	if err != nil {
		return err
	}
	for {
		r, err := s.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := take(s.line, r, s.format.counts()); err != nil {
			return err
		}
	}
}

// lines is a recording being read.
type lines struct {
	*file
	scan   *bufio.Scanner
	format format // nil before the first line
	line   int
	row    Row
}

// lines begins to read from the start.
func (f *file) lines() (*lines, error) {
	if _, err := f.data.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read recording %s from its start: %w", f.name, err)
	}
	r, err := gunzip.Reader(f.data, maxLine)
	if err != nil {
		return nil, fmt.Errorf("decompress recording %s: %w", f.name, err)
	}
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 4<<10), maxLine)
	return &lines{file: f, scan: s}, nil
}

// next returns the next row; io.EOF after the last.
func (s *lines) next() (*Row, error) {
	for s.scan.Scan() {
		s.line++
		line := bytes.TrimSpace(s.scan.Bytes())
		if s.line == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if len(line) == 0 {
			continue
		}
		if s.format == nil {
			format, err := detect(line)
			if err != nil {
				return nil, s.at(s.line, err)
			}
			s.format = format
			if format.counts() {
				continue // the header
			}
		}
		row, skip, err := s.format.decode(line)
		if err != nil {
			return nil, s.at(s.line, err)
		}
		if skip {
			continue
		}
		s.row = row
		return &s.row, nil
	}
	switch err := s.scan.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, s.at(s.line+1, fmt.Errorf("the line is longer than %d bytes: is this a recording of reports?", maxLine))
	case err != nil:
		return nil, s.at(s.line+1, fmt.Errorf("read on: %w: is the file whole?", err))
	}
	return nil, io.EOF
}
