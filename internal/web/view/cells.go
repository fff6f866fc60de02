package view

import (
	"cmp"
	"fmt"
	"slices"

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

func affectedOf(kind string, in []outage.Affected, name func(string) string, ref outage.Minute) Cells {
	out := Cells{Kind: kind}
	in = slices.Clone(in)
	slices.SortStableFunc(in, func(a, b outage.Affected) int { return cmp.Compare(b.Total, a.Total) })
	for n, a := range in {
		line := Affected{
			Name: name(a.Name), FirstSeen: At(a.FirstSeen, ref), LastSeen: At(a.LastSeen, ref),
			Peak: Cell(a.Peak), Total: Cell(a.Total), Effect: effect(a.Effect),
		}
		if n < topCells {
			out.Top = append(out.Top, line)
		} else {
			out.Rest = append(out.Rest, line)
		}
	}
	return out
}

func effect(v float64) string {
	if v < 10 {
		return fmt.Sprintf("%.1f×", v)
	}
	return Count(int(v+.5)) + "×"
}
