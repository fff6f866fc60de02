package main

import (
	"fmt"
	"math"
	"sort"
	"time"

	"faultline/internal/scan"
)

// shift says that from a bucket on rows stand so many steps after their time.
type shift struct{ from, by int64 }

// bucket is the index of a time: steps since the first row, rounded, so that
// clocks that jitter a little do not matter, plus the first row's own index.
func (d *detectRun) bucket(t time.Time) int64 {
	step := int64(d.step / time.Second)
	steps := math.Round(float64(t.Unix()-d.origin.Unix()) / float64(step))
	return d.origin.Unix()/step + int64(steps)
}

// How far a row of values may lie before the step that is next: a change of clocks,
// or some rows that came in one step. Beyond that the file is not in order, or the
// step is not the file's.
const (
	earlySteps = 24
	earlySpan  = 2 * time.Hour
)

// place finds the bucket of a row where rows before it have come early: the next one
// when its own is taken.
func (d *detectRun) place(s sample, idx int64) (int64, error) {
	before := int64(0)
	if n := len(d.shifts); n > 0 {
		before = d.shifts[n-1].by
	}
	at := max(idx, d.last+1)
	by := at - idx
	switch {
	case by > 0 && d.reader.kind != scan.Value:
		return 0, fmt.Errorf("%s:%d: this row lies in the same step of %s as the row before: give the right --step", d.reader.name, s.line, d.step)
	case by > max(earlySteps, int64(earlySpan/d.step)):
		return 0, fmt.Errorf("%s:%d: time %s lies %d steps of %s before where the file has come to: sort it by time, or give the right --step",
			d.reader.name, s.line, s.time.Format(time.RFC3339), by, d.step)
	case by > before:
		d.moved++
	}
	if by != before {
		d.shifts = append(d.shifts, shift{at, by})
	}
	return at, nil
}

// timeOf is the time at which a bucket starts, as the file has it.
func (d *detectRun) timeOf(idx int64) string {
	after := sort.Search(len(d.shifts), func(i int) bool { return d.shifts[i].from > idx })
	if after > 0 {
		idx -= d.shifts[after-1].by
	}
	step := int64(d.step / time.Second)
	return time.Unix(d.origin.Unix()+(idx-d.origin.Unix()/step)*step, 0).UTC().Format(time.RFC3339)
}
