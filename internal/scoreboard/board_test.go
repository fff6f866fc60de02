package scoreboard

import (
	"errors"
	"strings"
	"testing"

	"faultline/internal/inject"
	"faultline/internal/nab"
	"faultline/internal/scan"
	"faultline/internal/trial"
	"faultline/outage"
)

func TestMarkdown(t *testing.T) {
	var b Board
	b.Add(Row{Part: "first", Measure: "a|b", Floor: "1", Aim: "2", Ours: "3", Peers: "x 4", Verdict: Aimed},
		Row{Part: "first", Measure: "c", Ours: "5"},
		Row{Part: "second", Measure: "d", Floor: "7", Ours: "6", Verdict: Missed})
	b.Skip("third", "no data")
	b.Notes = append(b.Notes, "A note.")
	var out strings.Builder
	if err := b.Markdown(&out); err != nil {
		t.Fatal(err)
	}
	const want = `| measure | floor | aim | ours | verdict | others |
| --- | --- | --- | --- | --- | --- |
| **first** | | | | | |
| a\|b | 1 | 2 | 3 | met, aim too | x 4 |
| c |  |  | 5 |  |  |
| **second** | | | | | |
| d | 7 |  | 6 | NOT met |  |

A note.

Floors met: 1 of 2.
NOT met: second, d
Left out: third: no data
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	if err := b.Markdown(fullDisk{}); err == nil {
		t.Error("a failed write is not told")
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		got, want Verdict
	}{
		{atLeast(66, 66, 75), Met}, {atLeast(65.9, 66, 75), Missed}, {atLeast(75, 66, 75), Aimed},
		{atMost(2, 2, 1), Met}, {atMost(2.1, 2, 1), Missed}, {atMost(1, 2, 1), Aimed},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestNABRows(t *testing.T) {
	r := &nab.Report{Fixed: 4, Lines: []nab.Line{
		{Part: "whole corpus", Published: []float64{70, 66, 71}, Fixed: []float64{1, 2, 3}},
		{Part: "tuning half", Split: []float64{1, 1, 1}},
		{Part: "realTweets", Published: []float64{80, 0, 0}},
		{Part: "artificialNoAnomaly"},
	}}
	rows := NAB(r, r)
	var verdicts []Verdict
	for _, row := range rows {
		verdicts = append(verdicts, row.Verdict)
	}
	want := []Verdict{Met, Aimed, Missed, None, None, Met, None}
	if len(rows) != len(want) {
		t.Fatalf("%d rows, want %d", len(rows), len(want))
	}
	for i := range want {
		if verdicts[i] != want[i] {
			t.Errorf("%s: %q, want %q", rows[i].Measure, verdicts[i], want[i])
		}
	}
	if !strings.HasPrefix(rows[0].Peers, "ARTime 64.7, CAD OSE 59.4") || !strings.Contains(rows[1].Peers, "range: ARTime 65.1") {
		t.Errorf("the others' figures: %q, %q", rows[0].Peers, rows[1].Peers)
	}
}

func TestRecordedRows(t *testing.T) {
	var ours, simple Recorded
	in := func(from int) []bool { // in alarm from a bucket on; 99: never
		list := make([]bool, 60)
		for i := range list {
			list[i] = i >= from
		}
		return list
	}
	ours.Add(false, trial.Verdict{Strong: 40, In: in(41), Early: 1})
	ours.Add(true, trial.Verdict{Strong: 40, In: in(38), Early: 5})
	ours.Add(false, trial.Verdict{Strong: 40, In: in(99)})
	ours.Add(false, trial.Verdict{Strong: -1, In: in(99)})
	simple.Add(false, trial.Verdict{Strong: 40, In: in(40), Early: 9})
	if ours.Strong != 3 || ours.First != 1 || ours.Never != 1 || ours.Judged != 3 || ours.False != 1 {
		t.Errorf("%+v", ours)
	}
	rows := Downdetector(&Comparison{Ours: ours, Simple: simple, Equal: simple, Factor: 12, Loose: simple, Budget: 300})
	if rows[1].Verdict != Missed || rows[1].Ours != "16.33" || rows[2].Verdict != Aimed || rows[3].Verdict != Met || rows[3].Ours != "1 / 0.00 / 9" {
		t.Errorf("%+v", rows)
	}
}

func TestSparseRows(t *testing.T) {
	methods := func(ours2, ours5 float64) []trial.Method {
		return []trial.Method{
			{Name: "detector", Within2: ours2, Within5: ours5}, {Name: trial.OracleScan, Within2: 0.5, Within5: 0.9},
			{Name: trial.PlainScan, Within2: 0.4, Within5: 0.8}, {Name: "EARS-C3", Within2: 0.3, Within5: 0.6},
		}
	}
	var tables []trial.SparseTable
	for _, m := range [][]trial.Method{methods(0.49, 0.89), methods(0.39, 0.9), methods(0.49, 0.7)} {
		tables = append(tables, trial.SparseTable{Row: trial.SparseRow{Base: 2, Extra: 8}, Outbreaks: 1500, Methods: m})
	}
	tables = append(tables, trial.SparseTable{Row: trial.SparseRow{Base: 2, Extra: 3}, Outbreaks: 1500, Methods: methods(0, 0)})
	for i, want := range []Verdict{Aimed, Met, Missed, None} {
		rows := Sparse(tables)
		if rows[i].Verdict != want {
			t.Errorf("row %d: %q, want %q", i, rows[i].Verdict, want)
		}
		if i == 0 && (rows[i].Aim != "48.0 % / 88.0 %" || !strings.HasSuffix(rows[i].Peers, "EARS-C3 30.0 % / 60.0 %, a plain scan elsewhere 44 % / 82 %")) {
			t.Errorf("%+v", rows[i])
		}
	}
}

func TestInjectedRows(t *testing.T) {
	table := &inject.Table{
		Outcomes: make([]inject.Outcome, 1),
		Groups: []inject.Group{
			{Name: "all", Sum: inject.Sum{Outages: 10, Found: 9, Exact: 9, Waves: 3, Matched: 3, Onsets: []int{0, 2, 9}, Ends: []int{1, 3, 4}, Delays: []int{1, 2}}},
			{Name: "5 a minute", Sum: inject.Sum{Outages: 1}},
			{Name: "empty"},
		},
	}
	rows := Injected(table, nil)
	if len(rows) != 5 || rows[0].Verdict != Met || rows[1].Verdict != Aimed || rows[2].Verdict != Met {
		t.Errorf("%+v", rows)
	}
	if rows := Injected(nil, &inject.Table{}); len(rows) != 0 {
		t.Errorf("rows of nothing: %+v", rows)
	}
}

func TestWorldCupRows(t *testing.T) {
	f := inject.Finding{First: 130 * outage.Day}
	rows := WorldCup(scan.Value, []inject.Finding{f, {}}, []inject.Rise{{Begin: f.First - 4, Found: &f}, {Begin: 9}})
	if len(rows) != 3 || rows[0].Verdict != Aimed || !strings.Contains(rows[0].Ours, "4 min") || rows[1].Verdict != Missed ||
		!strings.HasPrefix(rows[2].Ours, "1,") {
		t.Errorf("%+v", rows)
	}
}

func TestSpeedRows(t *testing.T) {
	rows := Speeds([]Speed{{What: "a", PerSecond: 3e6, Judged: true}, {What: "b", PerSecond: 1e6}})
	if rows[0].Verdict != Met || rows[1].Verdict != None || !strings.HasPrefix(rows[0].Ours, "3.00 M points/s, 333 ns") {
		t.Errorf("%+v", rows)
	}
}

func TestPooledRows(t *testing.T) {
	rows := Pools([]Pooled{{
		World: "all by 50 %", Named: 10, Right: 9,
		Ways: []Way{{Name: "total", Found: 0.5, Median: 12}, {Name: "pooled", Found: 0.75, Median: 8, FalseMonth: 0.1}},
	}}, "pooled")
	if len(rows) != 1 || rows[0].Ours != "75.0 %, median 8 min, 0.10 false a month; 9 of 10 named places right" ||
		rows[0].Peers != "total: 50.0 %, median 12 min, 0.00 false a month" || rows[0].Verdict != None {
		t.Errorf("%+v", rows)
	}
}
