package scoreboard

import (
	"fmt"
	"strings"
)

// Pooled is what the ways of looking made of one world in which some countries rise a
// little.
type Pooled struct {
	World string
	Ways  []Way
	// Named are the places that the pooled detections named, Right those of them that
	// rose.
	Named, Right int
}

// Way is one way of looking.
type Way struct {
	Name       string
	Found      float64 // share of the rises, within half an hour
	Median     int     // minutes
	FalseMonth float64 // false alarms a month
}

// Pools turns the worlds into rows; the way called own is ours.
func Pools(worlds []Pooled, own string) []Row {
	const part = "Rises in many countries at once that no single one shows: found within the first hour"
	var rows []Row
	for i := range worlds {
		w := &worlds[i]
		r := Row{Part: part, Measure: w.World}
		var rest []string
		for _, way := range w.Ways {
			text := fmt.Sprintf("%s, median %d min, %.2f false a month", percent(way.Found), way.Median, way.FalseMonth)
			if way.Name == own {
				r.Ours = text
				if w.Named > 0 {
					r.Ours += fmt.Sprintf("; %d of %d named places right", w.Right, w.Named)
				}
				continue
			}
			rest = append(rest, way.Name+": "+text)
		}
		r.Peers = strings.Join(rest, "; ")
		rows = append(rows, r)
	}
	return rows
}
