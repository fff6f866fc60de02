package measured

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"faultline/internal/gunzip"
	"faultline/internal/scrub"
	"faultline/outage"
)

// Limits of reading. Who is cut: somebody with more than some days of several agents,
// who is asked to give less of it.
const (
	MaxBytes   = 256 << 20 // of all files, unpacked
	MaxRecords = 200_000   // of all files
	maxBuffer  = 64 << 10
	maxName    = 100 // bytes of a name that records are counted by
	maxQuoted  = 64  // bytes of what an error quotes
)

// less is what to do about too much.
const less = "give less of it: the API takes from and to, and a file may be cut between any two records"

// Error says what is wrong with a file, and where.
type Error struct {
	Name string
	Line int // on which the record begins; 0: the file as a whole
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

// Add reads a file. The name is for errors, and for looks by hand, which are told apart
// by it. The error is an *Error.
func (r *Reader) Add(name string, in io.Reader) error {
	f := &file{name: name, line: 1}
	plain, err := gunzip.Reader(in, maxBuffer)
	if err == nil {
		f.data, err = io.ReadAll(io.LimitReader(plain, int64(r.room)+1))
	}
	if err != nil {
		return &Error{Name: name, Err: fmt.Errorf("read: %w: is the file whole?", err)}
	}
	if r.room -= len(f.data); r.room < 0 {
		return &Error{Name: name, Err: fmt.Errorf("the files have more than %d MB together, unpacked: %s", MaxBytes>>20, less)}
	}
	before := r.read
	if err := f.values(f.data, 0, r.take); err != nil {
		return err
	}
	if r.read == before && !f.answered {
		return &Error{Name: name, Err: errors.New("it holds no measurement")}
	}
	return nil
}

// file is one that is read.
type file struct {
	name     string
	data     []byte
	line     int // of the byte at counted
	counted  int
	answered bool // an answer was among the values, even if an empty one
}

// wrong is an error at a place of the file. Places only grow.
func (f *file) wrong(at int, err error) error {
	for at < len(f.data) && (f.data[at] <= ' ' || f.data[at] == ',') {
		at++
	}
	at = min(max(at, f.counted), len(f.data))
	f.line += bytes.Count(f.data[f.counted:at], []byte{'\n'})
	f.counted = at
	return &Error{Name: f.name, Line: f.line, Err: err}
}

// take is what becomes of a record.
type take func(f *file, m *outage.Measurement) error

// values hands over the measurements of JSON values that stand one after the other, and
// begin at a place of the file.
func (f *file) values(data []byte, from int, give take) error {
	d := json.NewDecoder(bytes.NewReader(data))
	for {
		at := from + int(d.InputOffset())
		var raw json.RawMessage
		err := d.Decode(&raw)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return f.wrong(at, errors.New("the file ends within this record: is it whole?"))
		case err != nil:
			return f.wrong(at, fmt.Errorf("this is no JSON (%w): give measurements as lines of JSON; 'faultline import' makes them of other formats, and facts in YAML are diagnosed without --measurements", err))
		}
		if err := f.value(raw, from+int(d.InputOffset())-len(raw), inFile, give); err != nil {
			return err
		}
	}
}

// Where a value stands: arrays stand in files alone, and answers in no answer.
type where int

const (
	inFile where = iota
	inArray
	inAnswer
)

// value hands over what one value holds.
func (f *file) value(raw []byte, at int, in where, give take) error {
	switch {
	case raw[0] == '[' && in == inFile:
		return f.list(raw, at, inArray, give)
	case raw[0] != '{':
		return f.wrong(at, fmt.Errorf("%.20q stands where a measurement should: give lines of JSON objects", raw))
	case in != inAnswer && bytes.Contains(raw, []byte(`"measurements"`)):
		var answer struct {
			Measurements json.RawMessage `json:"measurements"`
		}
		if err := json.Unmarshal(raw, &answer); err == nil && len(answer.Measurements) > 0 && answer.Measurements[0] == '[' {
			f.answered = true
			return f.list(answer.Measurements, at+bytes.Index(raw, answer.Measurements), inAnswer, give)
		}
	}
	m := &outage.Measurement{}
	err := json.Unmarshal(raw, m)
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind):
		err = fmt.Errorf("field %q holds a %s: it should hold a %s", kind.Field, kind.Value, kind.Type)
	case err != nil:
		err = fmt.Errorf("it cannot be read: %w", err)
	default:
		err = plausible(m)
	}
	if err == nil {
		err = give(f, m)
	}
	if err != nil {
		return f.wrong(at, err)
	}
	return nil
}

// list hands over what an array holds.
func (f *file) list(raw []byte, at int, in where, give take) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return f.wrong(at, err) // not to be met: raw is whole JSON and begins with a bracket
	}
	for d.More() {
		var one json.RawMessage
		if err := d.Decode(&one); err != nil {
			return f.wrong(at, err)
		}
		if err := f.value(one, at+int(d.InputOffset())-len(one), in, give); err != nil {
			return err
		}
	}
	return nil
}

// Bounds of times; what lies outside is a mistake of its unit.
const (
	firstYear = 2000
	lastYear  = 2200
	// maxOffset is how far a clock may be off, in milliseconds: agents correct theirs, and
	// nobody's is a day wrong unnoticed.
	maxOffset = 24 * 60 * 60 * 1000
)

// plausible says what no measurement can say, as the hub does when one is sent.
func plausible(m *outage.Measurement) error {
	quote := func(s string) string { return scrub.Line(s, maxQuoted) }
	switch y := m.Time.Year(); {
	case m.Time.IsZero():
		return errors.New("it has no time: is it a measurement? docs/reference/agents.md says what one looks like, and 'faultline import' makes them of other formats")
	case y < firstYear || y >= lastYear:
		return fmt.Errorf("its time is %s: between the years %d and %d", quote(m.Time.String()), firstYear, lastYear)
	case m.Clock.Synced && !(math.Abs(m.Clock.OffsetMS) <= maxOffset):
		return fmt.Errorf("its clock is %g ms off: at most a day", m.Clock.OffsetMS)
	}
	switch m.Outcome {
	case outage.OutcomeOK, outage.OutcomeDegraded, outage.OutcomeFail, outage.OutcomeSkipped:
	default:
		return fmt.Errorf("outcome %q is none: write ok, degraded, fail or skipped", quote(string(m.Outcome)))
	}
	switch {
	case !m.Failure.Known():
		return fmt.Errorf("failure %q is not of the closed set: 'faultline import' translates those of other tools", quote(string(m.Failure)))
	case len(m.Agent) > maxName || len(m.Target.Service) > maxName || len(m.Target.Journey) > maxName || len(m.Target.Step) > maxName || len(m.Target.Variant) > maxName:
		return fmt.Errorf("agent, service, journey, step and variant have at most %d bytes", maxName)
	}
	return nil
}
