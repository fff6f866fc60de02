package scoreboard

import (
	"fmt"
	"strings"

	"faultline/internal/nab"
)

// nabGoals are the floors and aims of the three profiles, and of the tweets alone.
var (
	nabNames    = [...]string{"standard", "low FP", "low FN"}
	nabFloors   = [...]float64{66, 57, 72}
	nabAims     = [...]float64{75, 66, 80}
	tweetsFloor = 75.0
	tweetsAim   = 85.0
)

const nabPart = "Numenta Anomaly Benchmark 1.1, without the range of the whole file"

// NAB turns a report into rows; check is the report of the windowed Gaussian, which
// shows that the scoring is right.
func NAB(r, check *nab.Report) []Row {
	var rows []Row
	for _, l := range r.Lines {
		switch l.Part {
		case "whole corpus":
			for k, name := range nabNames {
				rows = append(rows, Row{
					Part: nabPart, Measure: name, Floor: fmt.Sprint(nabFloors[k]), Aim: fmt.Sprint(nabAims[k]),
					Ours: fmt.Sprintf("%.1f", l.Published[k]), Peers: nabPeers(k),
					Verdict: atLeast(l.Published[k], nabFloors[k], nabAims[k]),
				})
			}
			rows = append(rows, Row{Part: nabPart, Measure: fmt.Sprintf("all three at one fixed threshold, score %g", r.Fixed), Ours: triple(l.Fixed)})
		case "tuning half", "other half":
			rows = append(rows, Row{Part: nabPart, Measure: l.Part + " of the files; thresholds of the tuning half", Ours: triple(l.Split)})
		case "realTweets":
			rows = append(rows, Row{
				Part: nabPart, Measure: "realTweets, standard", Floor: fmt.Sprint(tweetsFloor), Aim: fmt.Sprint(tweetsAim),
				Ours: fmt.Sprintf("%.1f", l.Published[0]), Verdict: atLeast(l.Published[0], tweetsFloor, tweetsAim),
			})
		}
	}
	if check != nil {
		rows = append(rows, Row{
			Part: nabPart, Measure: "the scoring itself: windowed Gaussian, recomputed", Ours: triple(check.Lines[0].Published),
			Peers: "39.6 / 20.9 / 47.4 published",
		})
	}
	return rows
}

// nabPeers quotes the others' figures in one profile: without the range of the whole
// file first, then with it.
func nabPeers(k int) string {
	var fair, given []string
	for _, p := range nab.Peers() {
		text := fmt.Sprintf("%s %.1f", p.Name, p.Scores[k])
		if p.Range {
			given = append(given, text)
		} else {
			fair = append(fair, text)
		}
	}
	return strings.Join(fair, ", ") + "; told the whole file's range: " + strings.Join(given, ", ")
}

// triple writes the scores of the three profiles.
func triple(x []float64) string {
	var out []string
	for _, v := range x {
		out = append(out, fmt.Sprintf("%.1f", v))
	}
	return strings.Join(out, " / ")
}
