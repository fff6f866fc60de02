// Package imports turns what others have measured into measurements of ours, one
// for each attempt, with the source kept.
//
// It reads files of the formats in the table of formats (plain or gzipped) and
// writes nothing: Read hands over one measurement after the other.
//
// Method: the format is found by the beginning of the file. Words for failures are
// translated by one table for each source (words.go); OONI's are ours. What a
// source does not say stays empty. An import never has a chain or a signature, and
// what somebody else concluded from their measurements is not read.
//
// Limits: lines, values and lists of records are bounded by the constants below; a
// record beyond them is an error that names it, and whoever goes on reading gets
// the rest of the file.
//
// Layout: one file for each format, and for the larger ones one for each part of
// it; so there are more files here than in most packages.
package imports

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/netip"
	"strings"
	"time"

	"faultline/internal/gunzip"
	"faultline/outage"
)

// Limits of reading. Who is cut: a file with longer records than any of the
// sources writes.
const (
	maxLine     = 64 << 10 // bytes of a line of text
	maxValue    = 16 << 20 // bytes of one JSON value: OONI keeps whole pages in it
	maxExposed  = 16 << 20 // bytes of an exposition of metrics, which is read as a whole
	maxAttempts = 2000     // attempts within one record
	maxAnswers  = 64       // records of one DNS answer that are kept
	maxHops     = 255      // of one path
	maxText     = 256      // bytes of any text that is kept
	maxHead     = 64 << 10 // bytes that the format is found by
)

// Times outside this span are mistakes of a unit, such as milliseconds.
var (
	earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Options of an import. The zero value is usable.
type Options struct {
	Format  string    // of the table of formats; empty: found by the beginning of the file
	Service string    // the service that every measurement is of; empty: what the file says
	Time    time.Time // of measurements whose format carries no time
	Target  string    // of measurements whose format names none: a URL or a host
	// Places says where an address is, so that an address of a vantage point can be
	// replaced by its country and network; nil: they stay unknown.
	Places func(netip.Addr) (country, network string)
}

// format is a row of the table of formats.
type format struct {
	name  string
	about string
	looks func(head []byte) bool // whether a file begins like this
	parse func(*source) error    // reads to the end, or until the source is stopped
}

// formats is the one table; the first that fits is taken.
func formats() []format {
	return []format{
		{"ooni", "OONI web_connectivity, one JSON object a line", looksOONI, parseOONI},
		{"atlas", "RIPE Atlas results: a JSON array, or one object a line", looksAtlas, parseAtlas},
		{"blackbox", "metrics of a blackbox exporter in the text format of Prometheus", looksBlackbox, parseBlackbox},
		{"statuspage", "CSV of ts_utc,service,result", looksStatuspage, parseStatuspage},
		{"upptime", "CSV of repo,commit,ts,site,state,http_code,response_ms", looksUpptime, parseUpptime},
		{"csv", "CSV with the columns of docs/reference/measurements-csv.md", looksCSV, parseCSV},
	}
}

// Formats names the formats that can be read, each with what it is.
func Formats() (names, about []string) {
	for _, f := range formats() {
		names, about = append(names, f.name), append(about, f.about)
	}
	return names, about
}

// Error says what is wrong with a file, and where.
type Error struct {
	Name string // of the file
	Line int    // on which the record begins; 0: the file as a whole
	Err  error
}

// Error names the file and the line.
func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.Name, e.Err)
	}
	return fmt.Sprintf("%s:%d: %v", e.Name, e.Line, e.Err)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Read hands over the measurements of a file. A record that cannot be read comes
// as an *Error instead; whoever goes on after it gets the records behind it, as far
// as the format lets them be found. The name is for errors alone.
func Read(name string, r io.Reader, opts Options) iter.Seq2[outage.Measurement, error] {
	return func(yield func(outage.Measurement, error) bool) {
		s := &source{name: name, opts: opts, yield: yield}
		if err := s.open(r); err != nil {
			s.bad(0, err)
			return
		}
		if err := s.format.parse(s); err != nil && !s.stopped {
			s.bad(s.line, err)
		}
	}
}

// source is a file on its way to whoever reads it.
type source struct {
	name    string
	in      *bufio.Reader
	opts    Options
	format  format
	yield   func(outage.Measurement, error) bool
	line    int // on which the present record begins
	serial  uint64
	stopped bool // nobody reads on
}

// open unpacks the file and finds its format.
func (s *source) open(r io.Reader) error {
	in, err := gunzip.Reader(r, maxHead)
	if err != nil {
		return fmt.Errorf("decompress: %w", err)
	}
	s.in = in
	head, err := s.in.Peek(maxHead)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return fmt.Errorf("read: %w: is the file whole?", err)
	}
	if bytes.HasPrefix(head, []byte(byteOrderMark)) {
		if _, err := s.in.Discard(len(byteOrderMark)); err != nil {
			return fmt.Errorf("read: %w", err)
		}
		head = head[len(byteOrderMark):]
	}
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
		if f.name == s.opts.Format || s.opts.Format == "" && f.looks(head) {
			s.format = f
			return nil
		}
	}
	switch {
	case s.opts.Format != "":
		return fmt.Errorf("format %q is not known: use one of %s", clip(s.opts.Format), strings.Join(names, ", "))
	case len(bytes.TrimSpace(head)) == 0:
		return errors.New("the file is empty: there is nothing to import")
	}
	return fmt.Errorf("the beginning fits none of the formats: say which it is with --format (%s)", strings.Join(names, ", "))
}

// byteOrderMark is what some programs put in front of a file.
const byteOrderMark = "\ufeff"

// give completes a measurement and hands it over; false says that nobody reads on.
func (s *source) give(m *outage.Measurement) bool {
	if s.stopped {
		return false
	}
	if m.Time.Before(earliest) || m.Time.After(latest) {
		return s.bad(s.line, fmt.Errorf("time %s lies outside 2000 to 2200: check its unit and its year", m.Time.Format(time.RFC3339)))
	}
	s.serial++
	m.Source, m.Sequence = s.format.name, s.serial
	if m.Attempt == 0 {
		m.Attempt = 1
	}
	if s.opts.Service != "" {
		m.Target.Service = s.opts.Service
	}
	if m.Outcome == "" {
		m.Outcome = outage.OutcomeOK
		if m.Failure != "" {
			m.Outcome = outage.OutcomeFail
		}
	}
	s.stopped = !s.yield(*m, nil)
	return !s.stopped
}

// bad hands over what is wrong with a record; false says that nobody reads on.
func (s *source) bad(line int, err error) bool {
	if s.stopped {
		return false
	}
	s.stopped = !s.yield(outage.Measurement{}, &Error{Name: s.name, Line: line, Err: err})
	return !s.stopped
}

// fail notes the first failure of a measurement.
func fail(m *outage.Measurement, layer outage.Layer, op outage.Operation, f outage.Failure) {
	if f == "" || m.Failure != "" {
		return
	}
	m.Outcome, m.Layer, m.Operation, m.Failure = outage.OutcomeFail, layer, op, f
	switch f {
	case outage.FailureChallenge, outage.FailureQueuePage, outage.FailureBlockPage:
		m.Outcome = outage.OutcomeDegraded
	}
}

// family of an address; 0 when it is none.
func family(address string) int {
	a, err := netip.ParseAddr(address)
	switch {
	case err != nil:
		return 0
	case a.Unmap().Is4():
		return 4
	}
	return 6
}

// place turns the address of a vantage point into where it is, and forgets it.
func (s *source) place(address string, v *outage.Vantage) {
	a, err := netip.ParseAddr(address)
	if err != nil || s.opts.Places == nil {
		return
	}
	v.Country, v.Network = s.opts.Places(a.Unmap().WithZone(""))
}
