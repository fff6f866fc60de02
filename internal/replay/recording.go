package replay

import (
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"io"

	"faultline/outage"
)

// Horizon is how far rows of a file may be out of order. A row that comes later
// than that stops the replay: its minute has been taken already.
const Horizon = outage.Hour

// Options of a replay.
type Options struct {
	// Step is the length of a bucket of counts; 0: inferred for each service.
	Step outage.Minute
	// Check refuses rows, such as those of an unknown service; nil takes all.
	Check func(r *Row) error
}

// Recording is the reports of some files, merged by time.
type Recording struct {
	files   []*file
	sources []*source
	seen    *seen
	window  *window
	// Absorbed is the number of repeats of a reporter so far.
	Absorbed int
	// Presses says that some file holds single presses, so that silence is silence;
	// among counts a long stretch without a row is one nobody counted in.
	Presses bool
	// Longest is the longest bucket of counts, at least a minute.
	Longest outage.Minute
}

// Open looks the files through and begins at the earliest row. Every mistake in
// them is found here, but for rows out of order and rows that are there twice.
func Open(names []string, stdin io.Reader, o Options) (*Recording, error) {
	if o.Step < 0 || o.Step > maxStep {
		return nil, fmt.Errorf("step of %d minutes: use a minute to a day", o.Step)
	}
	if o.Check == nil {
		o.Check = func(*Row) error { return nil }
	}
	rec := &Recording{Longest: 1, seen: &seen{rows: map[string]place{}}, window: newWindow()}
	stdins := 0
	for i, name := range names {
		if name == Stdin {
			if stdins++; stdins > 1 {
				return nil, errors.Join(errors.New("standard input (-) is named twice: it can be read once"), rec.Close())
			}
		}
		f, err := open(name, stdin, o.Step, o.Check)
		if err != nil {
			return nil, errors.Join(err, rec.Close())
		}
		rec.files = append(rec.files, f)
		rec.Presses = rec.Presses || f.single
		for _, s := range f.steps {
			rec.Longest = max(rec.Longest, s)
		}
		ls, err := f.lines()
		if err != nil {
			return nil, errors.Join(err, rec.Close())
		}
		rec.sources = append(rec.sources, &source{lines: ls, number: i, seen: rec.seen})
	}
	return rec, nil
}

// Close gives the files back.
func (rec *Recording) Close() error {
	var errs []error
	for _, f := range rec.files {
		errs = append(errs, f.close())
	}
	return errors.Join(errs...)
}

// Next returns the next report in the order of time; io.EOF after the last. A
// count of zero comes with weight 0: somebody was counting.
func (rec *Recording) Next() (outage.Report, error) {
	for {
		r, err := rec.next()
		if err != nil {
			return outage.Report{}, err
		}
		report := outage.Report{
			Service: r.Service, Category: r.Category, Country: r.Country, Network: r.Network,
			Reporter: r.Reporter, Minute: r.Minute, Window: r.Minute, Weight: r.Count, Source: outage.SourceImport,
		}
		if r.Reporter != "" && !rec.window.counts(r.Service+"\x00"+r.Reporter, r.Minute) {
			rec.Absorbed++
			continue
		}
		return report, nil
	}
}

// next takes the earliest row of all sources; of equal ones that of the first file.
func (rec *Recording) next() (*Row, error) {
	var best *source
	for _, s := range rec.sources {
		if err := s.fill(); err != nil {
			return nil, err
		}
		if len(s.held) > 0 && (best == nil || s.held[0].Minute < best.held[0].Minute) {
			best = s
		}
	}
	if best == nil {
		return nil, io.EOF
	}
	it, ok := heap.Pop(&best.held).(item)
	if !ok {
		return nil, errors.New("the queue of rows holds something else")
	}
	rec.seen.forget(it.Minute - Horizon - maxStep)
	return &it.Row, nil
}

// source is one file on its way through the order of time.
type source struct {
	*lines
	number int // of the file, from 0
	seen   *seen
	held   queue
	serial int
	newest outage.Minute // latest row read
	ended  bool
}

// item is a row, or a minute's part of one.
type item struct {
	Row
	serial int
}

// fill reads until the earliest held row cannot be preceded any more.
func (s *source) fill() error {
	for !s.ended && (len(s.held) == 0 || s.held[0].Minute > s.newest-Horizon) {
		r, err := s.next()
		if errors.Is(err, io.EOF) {
			s.ended = true
			return nil
		}
		if err != nil {
			return err
		}
		if s.newest != 0 && r.Minute < s.newest-Horizon {
			return s.at(s.line, fmt.Errorf("time %s comes more than %d minutes after %s: sort the file by time", r.Minute, Horizon, s.newest))
		}
		if err := s.take(r); err != nil {
			return err
		}
		s.newest = max(s.newest, r.Minute)
	}
	return nil
}

// take holds a row back; a bucket is spread over its minutes.
func (s *source) take(r *Row) error {
	if !s.format.counts() {
		s.hold(*r)
		return nil
	}
	here := place{s.name, s.line}
	if before, twice := s.seen.note(r, here); twice {
		return s.at(s.line, fmt.Errorf("the count of this cell at %s is in %s:%d already: keep one of the two", r.Minute, before.file, before.line))
	}
	for i, n := range spread(r.Count, s.steps[r.Service]) {
		part := *r
		part.Minute, part.Count = r.Minute+outage.Minute(i), n
		if n > 0 || i == 0 {
			s.hold(part)
		}
	}
	return nil
}

func (s *source) hold(r Row) {
	s.serial++
	heap.Push(&s.held, item{Row: r, serial: s.serial})
}

// queue orders items by minute, then as they were read; it implements
// [heap.Interface].
type queue []item

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(q[i].Minute, q[j].Minute), cmp.Compare(q[i].serial, q[j].serial)) < 0
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push implements [heap.Interface].
func (q *queue) Push(x any) {
	if it, ok := x.(item); ok {
		*q = append(*q, it)
	}
}

// Pop implements [heap.Interface].
func (q *queue) Pop() any {
	old := *q
	it := old[len(old)-1]
	*q = old[:len(old)-1]
	return it
}

// place is where a row was read.
type place struct {
	file string
	line int
}

// seen remembers the rows of counts that could be there again.
type seen struct {
	rows  map[string]place
	order []dated
}

type dated struct {
	minute outage.Minute
	key    string
}

// note says where the same cell and time was read before.
func (s *seen) note(r *Row, here place) (place, bool) {
	key := r.Minute.String() + "\x00" + r.cell()
	if before, twice := s.rows[key]; twice {
		return before, true
	}
	s.rows[key] = here
	s.order = append(s.order, dated{r.Minute, key})
	return place{}, false
}

// forget drops what no row that is still to come can repeat.
func (s *seen) forget(before outage.Minute) {
	n := 0
	for n < len(s.order) && s.order[n].minute < before {
		delete(s.rows, s.order[n].key)
		n++
	}
	s.order = s.order[n:]
}

// window is the rule that a reporter counts once in ReportWindow.
type window struct {
	since map[string]outage.Minute
	swept outage.Minute
}

func newWindow() *window { return &window{since: map[string]outage.Minute{}} }

// counts says whether a press begins a new window.
func (w *window) counts(key string, m outage.Minute) bool {
	if m >= w.swept+outage.ReportWindow {
		for k, at := range w.since {
			if m-at >= outage.ReportWindow {
				delete(w.since, k)
			}
		}
		w.swept = m
	}
	if at, ok := w.since[key]; ok && m-at < outage.ReportWindow {
		return false
	}
	w.since[key] = m
	return true
}
