// Package scoreboard puts what was measured of the detector into one table: every
// measure with its floor, its aim, our figure and what others have published.
//
// It reads the results of the trials (packages nab, trial, inject) and returns rows,
// or writes them as Markdown; it measures nothing itself and has no clock.
//
// Limits: floors and aims are those the project was begun with and are not derived
// from anything; published figures are quoted with their source beside them.
package scoreboard

import (
	"fmt"
	"io"
	"strings"
)

// Verdict is how a figure stands to its floor and its aim.
type Verdict string

// Verdicts; a row without a floor has none.
const (
	None   Verdict = ""
	Missed Verdict = "NOT met"
	Met    Verdict = "met"
	Aimed  Verdict = "met, aim too"
)

// Row is one measure. Texts are as they are printed.
type Row struct {
	Part    string // the trial it belongs to
	Measure string
	Floor   string
	Aim     string
	Ours    string
	Peers   string
	Verdict Verdict
}

// Board is the table, and what was left out of it.
type Board struct {
	Rows    []Row
	Skipped []string // part and reason
	Notes   []string
}

// Add appends rows.
func (b *Board) Add(rows ...Row) { b.Rows = append(b.Rows, rows...) }

// Skip notes that a part was left out.
func (b *Board) Skip(part, why string) { b.Skipped = append(b.Skipped, part+": "+why) }

// Missed lists the measures below their floor.
func (b *Board) Missed() []string {
	var out []string
	for _, r := range b.Rows {
		if r.Verdict == Missed {
			out = append(out, r.Part+", "+r.Measure)
		}
	}
	return out
}

// Markdown writes the table and, below it, what missed its floor and what was left
// out.
func (b *Board) Markdown(w io.Writer) error {
	var t strings.Builder
	t.WriteString("| measure | floor | aim | ours | verdict | others |\n| --- | --- | --- | --- | --- | --- |\n")
	part := ""
	for _, r := range b.Rows {
		if r.Part != part {
			part = r.Part
			fmt.Fprintf(&t, "| **%s** | | | | | |\n", cell(part))
		}
		fmt.Fprintf(&t, "| %s | %s | %s | %s | %s | %s |\n", cell(r.Measure), cell(r.Floor), cell(r.Aim), cell(r.Ours), cell(string(r.Verdict)), cell(r.Peers))
	}
	if len(b.Notes) > 0 {
		t.WriteByte('\n')
	}
	for _, n := range b.Notes {
		t.WriteString(n + "\n")
	}
	with, missed := 0, b.Missed()
	for _, r := range b.Rows {
		if r.Verdict != None {
			with++
		}
	}
	fmt.Fprintf(&t, "\nFloors met: %d of %d.\n", with-len(missed), with)
	for _, m := range missed {
		fmt.Fprintf(&t, "NOT met: %s\n", m)
	}
	for _, s := range b.Skipped {
		fmt.Fprintf(&t, "Left out: %s\n", s)
	}
	if _, err := io.WriteString(w, t.String()); err != nil {
		return fmt.Errorf("write the scoreboard: %w", err)
	}
	return nil
}

// cell keeps a text from ending its column.
func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }

// atLeast judges a figure that should be high.
func atLeast(ours, floor, aim float64) Verdict {
	switch {
	case ours >= aim:
		return Aimed
	case ours >= floor:
		return Met
	}
	return Missed
}

// atMost judges a figure that should be low.
func atMost(ours, floor, aim float64) Verdict { return atLeast(-ours, -floor, -aim) }

// percent writes a share.
func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

// share is a part of a whole, 0 of nothing.
func share(n, of int) float64 { return float64(n) / float64(max(1, of)) }
