package view

import (
	"fmt"

	"faultline/internal/store"
	"faultline/internal/web/chart"
	"faultline/outage"
)

// Line is a chart with the table behind it.
type Line struct {
	Plot  chart.Plot
	Step  string // width of a bucket in words
	Rows  []LineRow
	Notes []string // gaps, late and aged-out minutes, said in words
	// HasBaseline says whether any bucket has one, for the legend.
	HasBaseline bool
	HasGaps     bool
	HasWaves    bool
	Open        string // what the last bucket is while it is provisional
	Bars        bool
	Dots        string // what the marked buckets are
	What        string // what is drawn, as the legend says it
	Column      string // the same, heading the table
	Gap         string // why there is nothing where there is nothing
}

// LineRow is one bucket in the table.
type LineRow struct {
	Start    Moment
	Count    string
	Expected string // with the band, "" without a baseline
	Note     string
}

// LineOf prepares a chart and its table.
func LineOf(spec chart.Spec) Line {
	l := Line{
		Plot: chart.New(spec), Step: Span(spec.Step), Bars: spec.Bars, HasWaves: len(spec.Waves) > 0,
		Rows: make([]LineRow, 0, len(spec.Buckets)), What: "reports", Column: "Reports", Gap: "nobody listened",
	}
	missing := 0
	for i := len(spec.Buckets) - 1; i >= 0; i-- { // the newest first: that is what people look for
		b := spec.Buckets[i]
		missing += b.Missing
		l.HasBaseline = l.HasBaseline || b.HasBaseline
		if b.Provisional {
			l.Open = "open minute"
			if spec.Step > 1 {
				l.Open = "so far"
			}
		}
		l.Rows = append(l.Rows, lineRow(b, spec.Step))
	}
	if missing > 0 {
		l.HasGaps = true
		l.Notes = append(l.Notes, fmt.Sprintf("Nobody listened for %s of this span (hatched): what was reported then is unknown, not zero.", Span(outage.Minute(missing))))
	}
	return l
}

func lineRow(b store.Bucket, step outage.Minute) LineRow {
	r := LineRow{Start: At(b.Start, b.Start), Count: Count(b.Count)}
	if b.HasBaseline {
		r.Expected = fmt.Sprintf("%s (%s to %s)", coarse(b.Expected), coarse(b.Low), coarse(b.High))
	}
	switch {
	case b.Missing >= int(step):
		r.Count = "missing"
		r.Note = "nobody listened"
	case b.Missing > 0:
		r.Note = Plural(b.Missing, "minute") + " missing"
	case b.Provisional:
		r.Note = "open minute, provisional"
		if step > 1 {
			r.Note = "so far, not complete"
		}
	}
	if b.Aside > 0 {
		if r.Note != "" {
			r.Note += "; "
		}
		r.Note += Count(b.Aside) + " set aside"
	}
	return r
}

// coarse prints a baseline figure without false precision.
func coarse(v float64) string {
	if v < 10 {
		return fmt.Sprintf("%.1f", v)
	}
	return Count(int(v + .5))
}

// peakOf finds the highest bucket, -1 when there is none above zero. One that is
// not over counts too: in the first minutes of an outage it towers over the day.
func peakOf(bs []store.Bucket) int {
	best := -1
	for i, b := range bs {
		if b.Count > 0 && (best < 0 || b.Count > bs[best].Count) {
			best = i
		}
	}
	return best
}

// reportsIn says how many reports a bucket has, and whether that is all.
func reportsIn(b store.Bucket) string {
	if b.Provisional {
		return Plural(b.Count, "report") + " so far"
	}
	return Plural(b.Count, "report")
}
