package view

import (
	"cmp"
	"fmt"
	"slices"

	"faultline/internal/smallcell"
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
	FirstSeen, LastSeen Moment
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
			Name: name(a.Name), FirstSeen: At(a.FirstSeen, ref), LastSeen: At(a.LastSeen, ref),
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
	return Count(n)
}

func effect(v float64) string {
	if v < 10 {
		return fmt.Sprintf("%.1f×", v)
	}
	return Count(int(v+.5)) + "×"
}
