package imports

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// table is a CSV file being read.
type table struct {
	*source
	csv    *csv.Reader
	guard  *lineGuard
	header []string
}

// newTable reads the header; the needed columns must be in it, and all must be
// among the known.
func newTable(s *source, known, needed []string) (*table, error) {
	guard := &lineGuard{in: s.in}
	t := &table{source: s, guard: guard, csv: csv.NewReader(guard)}
	t.csv.ReuseRecord, t.csv.TrimLeadingSpace = true, true
	head, err := t.csv.Read()
	s.line = 1
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty: there is nothing to import")
	}
	if err != nil {
		return nil, t.explain(err)
	}
	for _, h := range head {
		h = strings.ToLower(strings.TrimSpace(h))
		switch {
		case !slices.Contains(known, h):
			return nil, fmt.Errorf("column %q is not known: the columns are %s", clip(h), strings.Join(known, ", "))
		case slices.Contains(t.header, h):
			return nil, fmt.Errorf("column %q is there twice: keep one", h)
		}
		t.header = append(t.header, h)
	}
	for _, n := range needed {
		if !slices.Contains(t.header, n) {
			return nil, fmt.Errorf("column %q is missing: begin the file with a header that has it", n)
		}
	}
	return t, nil
}

// explain says what is wrong with a line of CSV.
func (t *table) explain(err error) error {
	var p *csv.ParseError
	if errors.As(err, &p) {
		t.line = p.StartLine
		if errors.Is(err, csv.ErrFieldCount) {
			return errors.New("the line has another number of fields than the header: complete it")
		}
		return fmt.Errorf("%w: quote fields as CSV wants it", p.Err)
	}
	return err
}

// rows hands every row to take, whose error costs that row.
func (t *table) rows(take func(row map[string]string) error) error {
	row := make(map[string]string, len(t.header))
	for n := 0; ; n++ {
		t.guard.run = 0
		fields, err := t.csv.Read()
		switch {
		case errors.Is(err, io.EOF) && n == 0:
			return errors.New("the file has no rows behind its header: there is nothing to import")
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, csv.ErrFieldCount):
			err = t.explain(err) // which finds the line
			if !t.bad(t.line, err) {
				return nil
			}
			continue
		case err != nil:
			return t.explain(err)
		}
		t.line, _ = t.csv.FieldPos(0)
		for i, h := range t.header {
			row[h] = strings.TrimSpace(fields[i])
		}
		if err := take(row); err != nil {
			t.bad(t.line, err)
		}
		if t.stopped {
			return nil
		}
	}
}

// lineGuard refuses a row that is longer than any of ours; a quote that is never
// closed makes one row of the rest of the file.
type lineGuard struct {
	in  io.Reader
	run int // bytes since the last row was complete
}

// Read implements [io.Reader].
func (g *lineGuard) Read(p []byte) (int, error) {
	n, err := g.in.Read(p)
	if g.run += n; g.run > maxLine {
		return 0, fmt.Errorf("a row has more than %d bytes: is this a table of measurements, and is every quote closed?", maxLine)
	}
	return n, err
}
