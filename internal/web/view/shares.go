package view

import (
	"fmt"

	"faultline/internal/store"
)

// Share is one line of a breakdown.
type Share struct {
	Name    string
	Count   string // "<5" where the small-cell rule keeps it back
	Percent string // of the counts shown, "" where there is none
	Width   int    // of the bar, 0..100
}

// Breakdown is a list of shares, the larger ones first.
type Breakdown struct {
	Top  []Share
	Rest []Share // folded away
	// Waiting says that some counts move in steps of at least five.
	Waiting bool
}

// topShares is how many lines are shown before the fold.
const topShares = 6

// Shares prepares a breakdown; name finds the word for a code.
func Shares(in []store.Share, name func(string) string) Breakdown {
	total, most := 0, 1
	for _, s := range in {
		total += s.Count
		most = max(most, s.Count)
	}
	var out Breakdown
	for _, s := range in {
		line := Share{Name: name(s.Name), Count: Cell(s.Count), Width: 100 * s.Count / most}
		switch {
		case s.Count > 0 && total > 0:
			line.Percent = percent(s.Count, total)
		case s.Waiting:
			line.Count = "<5"
		default:
			continue
		}
		out.Waiting = out.Waiting || s.Waiting
		if len(out.Top) < topShares {
			out.Top = append(out.Top, line)
		} else {
			out.Rest = append(out.Rest, line)
		}
	}
	return out
}

func percent(n, total int) string {
	p := 100 * float64(n) / float64(total)
	if p < 1 {
		return "under 1 %"
	}
	return fmt.Sprintf("%.0f %%", p)
}
