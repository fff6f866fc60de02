package view

import (
	"cmp"
	"fmt"
	"slices"

	"faultline/internal/smallcell"
	"faultline/internal/store"
	"faultline/internal/web/words"
	"faultline/outage"
)

// Cells are the countries or the categories of an incident, the largest first.
type Cells struct {
	Kind string // heading of the first column
	Top  []Affected
	Rest []Affected // folded away
}

// More is the folded part as cells of their own.
func (c Cells) More() Cells { return Cells{Kind: c.Kind, Top: c.Rest} }

// topCells is how many of them are shown before the fold.
const topCells = 10

// Affected is a country or a category.
type Affected struct {
	Name                string
	FirstSeen, LastSeen words.Moment
	Peak, Total, Effect string
}

// affectedOf prints the countries or categories of an incident under the rule for
// small cells, which the API keeps as well.
func affectedOf(kind string, all []outage.Affected, i *outage.Incident, name func(string) string, ref outage.Minute) Cells {
	out := Cells{Kind: kind}
	shown := smallcell.ShowAffected(all, i.Total, i.State.Open())
	slices.SortStableFunc(shown, func(a, b smallcell.Shown) int { return cmp.Compare(b.Total, a.Total) })
	for n, a := range shown {
		line := Affected{
			Name: name(a.Name), FirstSeen: words.At(a.FirstSeen, ref), LastSeen: words.At(a.LastSeen, ref),
			Peak: hidden(a.Peak, a.HidePeak), Total: hidden(a.Total, a.HideTotal),
		}
		if a.AtLeast {
			line.Total = "≥ " + line.Total
		}
		if !a.HideTotal {
			line.Effect = effect(a.Effect)
		}
		if n < topCells {
			out.Top = append(out.Top, line)
		} else {
			out.Rest = append(out.Rest, line)
		}
	}
	return out
}

// hidden prints a number, or what stands in its place.
func hidden(n int, hide bool) string {
	switch {
	case hide && n < smallcell.K:
		return "<5"
	case hide:
		return "withheld"
	}
	return words.Count(n)
}

func effect(v float64) string {
	if v < 10 {
		return fmt.Sprintf("%.1f×", v)
	}
	return words.Count(int(v+.5)) + "×"
}

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
		line := Share{Name: name(s.Name), Count: words.Cell(s.Count), Width: 100 * s.Count / most}
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
