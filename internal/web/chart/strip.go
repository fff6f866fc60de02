package chart

import (
	"fmt"
	"strings"

	"faultline/outage"
)

// Cell is what a slot of a strip shows.
type Cell uint8

// Cells, by how much of the height they take.
const (
	CellNone   Cell = iota // nobody looked: nothing is drawn
	CellFine               // all answered: the lowest quarter
	CellPartly             // some failed: the lower half
	CellFailed             // all failed: the whole height
)

// heights of cells in units of Height.
var heights = map[Cell]int{CellFine: 25, CellPartly: 60, CellFailed: Height}

// Strip draws a row of cells as one path for each kind, cells side by side joined.
func Strip(cells []Cell) (fine, partly, failed string) {
	paths := map[Cell]*strings.Builder{CellFine: {}, CellPartly: {}, CellFailed: {}}
	for i := 0; i < len(cells); {
		j := i + 1
		for j < len(cells) && cells[j] == cells[i] {
			j++
		}
		if d := paths[cells[i]]; d != nil {
			fmt.Fprintf(d, "M%d %dV%dH%dV%dZ", i, Height, Height-heights[cells[i]], j, Height)
		}
		i = j
	}
	return paths[CellFine].String(), paths[CellPartly].String(), paths[CellFailed].String()
}

// Hours are the ticks below strips of n slots that begin at a minute.
func Hours(from, slot outage.Minute, n int) []Tick {
	if n < 1 || slot < 1 {
		return nil
	}
	return grid{from: from, step: slot, n: n}.ticks()
}
