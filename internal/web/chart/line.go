package chart

import (
	"fmt"

	"faultline/internal/store"
	"faultline/internal/web/words"
	"faultline/outage"
)

// Line is a chart with the table behind it.
type Line struct {
	Plot  Plot
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
	Start    words.Moment
	Count    string
	Expected string // with the band, "" without a baseline
	Note     string
}

// LineOf prepares a chart and its table.
func LineOf(spec Spec) Line {
	l := Line{
		Plot: New(spec), Step: words.Span(spec.Step), Bars: spec.Bars, HasWaves: len(spec.Waves) > 0,
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
		l.Notes = append(l.Notes, fmt.Sprintf("Nobody listened for %s of this span (hatched): what was reported then is unknown, not zero.", words.Span(outage.Minute(missing))))
	}
	return l
}

func lineRow(b store.Bucket, step outage.Minute) LineRow {
	r := LineRow{Start: words.At(b.Start, b.Start), Count: words.Count(b.Count)}
	if b.HasBaseline {
		r.Expected = fmt.Sprintf("%s (%s to %s)", coarse(b.Expected), coarse(b.Low), coarse(b.High))
	}
	switch {
	case b.Missing >= int(step):
		r.Count = "missing"
		r.Note = "nobody listened"
	case b.Missing > 0:
		r.Note = words.Plural(b.Missing, "minute") + " missing"
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
		r.Note += words.Count(b.Aside) + " set aside"
	}
	return r
}

// coarse prints a baseline figure without false precision.
func coarse(v float64) string {
	if v < 10 {
		return fmt.Sprintf("%.1f", v)
	}
	return words.Count(int(v + .5))
}
