package scoreboard

import "fmt"

// Speed is how fast something was.
type Speed struct {
	What      string
	PerSecond float64 // points a second on one core
	Judged    bool    // the floor counts for it
}

// Floors of speed, in points a second.
const speedFloor, speedAim = 2e6, 5e6

// Speeds turns speeds into rows.
func Speeds(list []Speed) []Row {
	const part = "Speed, decoded points a second of one processor (differs from run to run)"
	var rows []Row
	for _, s := range list {
		r := Row{Part: part, Measure: s.What, Ours: fmt.Sprintf("%.2f M points/s, %.0f ns each", s.PerSecond/1e6, 1e9/s.PerSecond)}
		if s.Judged {
			r.Floor, r.Aim, r.Verdict = "2 M points/s", "5 M points/s", atLeast(s.PerSecond, speedFloor, speedAim)
			r.Peers = "Random Cut Forest 12 k/s, NAB's detectors 0.4-12 k/s, farringtonFlexible (R) 46/s"
		}
		rows = append(rows, r)
	}
	return rows
}
