package scoreboard

import (
	"fmt"
	"strings"

	"faultline/internal/trial"
)

// sparseGoals are the rows that have a floor, with the figures that a plain scan
// showed elsewhere, for orientation.
var sparseGoals = map[trial.SparseRow]string{
	{Base: 0.02, Extra: 2}: "69 % / 98 %",
	{Base: 0.2, Extra: 3}:  "48 % / 92 %",
	{Base: 2, Extra: 8}:    "44 % / 82 %",
	{Base: 20, Extra: 40}:  "41 % / 66 %",
}

// sparseAim is how far below the scan that knows the truth the aim lies.
const sparseAim = 0.02

// Sparse turns the trial of sparse counts into rows. The floor is the plain scan of
// the same run less two standard errors, in both columns; the aim is the scan that
// knows the true parameters less two points.
func Sparse(tables []trial.SparseTable) []Row {
	var rows []Row
	for i := range tables {
		t := &tables[i]
		part := fmt.Sprintf("Sparse counts at 1 false episode a series-month, %d outbreaks a row: found within 2 / 5 minutes", t.Outbreaks)
		r := Row{Part: part, Measure: fmt.Sprintf("%g + %g a minute", t.Row.Base, t.Row.Extra)}
		var peers []string
		var ours, plain, oracle *trial.Method
		for k := range t.Methods {
			m := &t.Methods[k]
			switch {
			case k == 0:
				ours = m
				r.Ours = both(m)
				continue
			case m.Name == trial.PlainScan:
				plain = m
			case m.Name == trial.OracleScan:
				oracle = m
			}
			peers = append(peers, m.Name+" "+both(m))
		}
		if goal, ok := sparseGoals[t.Row]; ok {
			peers = append(peers, "a plain scan elsewhere "+goal)
			if plain != nil && oracle != nil && ours != nil {
				r.judge(t, ours, plain, oracle)
			}
		}
		r.Peers = strings.Join(peers, ", ")
		rows = append(rows, r)
	}
	return rows
}

// judge fills in floor, aim and verdict: both columns have to reach them.
func (r *Row) judge(t *trial.SparseTable, ours, plain, oracle *trial.Method) {
	floor := [2]float64{plain.Within2 - 2*t.Error(plain.Within2), plain.Within5 - 2*t.Error(plain.Within5)}
	aim := [2]float64{oracle.Within2 - sparseAim, oracle.Within5 - sparseAim}
	r.Floor = percent(floor[0]) + " / " + percent(floor[1])
	r.Aim = percent(aim[0]) + " / " + percent(aim[1])
	r.Verdict = Aimed
	for k, v := range [2]float64{ours.Within2, ours.Within5} {
		switch atLeast(v, floor[k], aim[k]) {
		case Missed:
			r.Verdict = Missed
			return
		case Met:
			r.Verdict = Met
		}
	}
}

// both writes the two shares of a method.
func both(m *trial.Method) string { return percent(m.Within2) + " / " + percent(m.Within5) }
