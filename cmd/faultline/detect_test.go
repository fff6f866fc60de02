package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// detectCSV runs the command on text.
func detectCSV(t *testing.T, c detectCmd, text string) (out, errOut string, err error) {
	t.Helper()
	c.File = "-"
	if c.Budget == 0 {
		c.Budget = 1
	}
	if c.MinHistory == 0 {
		c.MinHistory = time.Hour
	}
	var o, e bytes.Buffer
	err = c.run(strings.NewReader(text), &o, &e)
	return o.String(), e.String(), err
}

// countsCSV is three days of counts a minute with an hour's surge on the last.
func countsCSV() string {
	var b strings.Builder
	b.WriteString("time,count\n")
	r := rand.New(rand.NewPCG(1, 1))
	at := time.Date(2025, 1, 6, 0, 0, 0, 0, time.UTC)
	for i := range 3 * 1440 {
		n := r.IntN(10)
		if i >= 3700 && i < 3760 {
			n += 40
		}
		fmt.Fprintf(&b, "%s,%d\n", at.Add(time.Duration(i)*time.Minute).Format("2006-01-02 15:04:05"), n)
	}
	return b.String()
}

// inAlarm reads the column alarm of a line of output.
func inAlarm(line string) bool { return strings.Split(line, ",")[6] == "1" }

func TestDetectFindsASurge(t *testing.T) {
	file := filepath.Join(t.TempDir(), "episodes.csv")
	out, _, err := detectCSV(t, detectCmd{Episodes: file}, countsCSV())
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if lines[0] != "time,value,expected,low,high,score,alarm,effect" || len(lines) != 3*1440+1 {
		t.Fatalf("%d lines, first %q", len(lines), lines[0])
	}
	alarms := 0
	for i, l := range lines[1:] {
		if inAlarm(l) {
			alarms++
			if i < 3700 || i > 3765 {
				t.Errorf("alarm outside the surge: %s", l)
			}
		}
	}
	if alarms < 58 {
		t.Errorf("%d rows in alarm, want an hour", alarms)
	}
	episodes, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Split(string(episodes), "\n"); got[0] != "onset,first_alarm,peak,end,peak_value,expected,score" ||
		len(got) != 3 || !strings.HasPrefix(got[1], "2025-01-08T13:40:00Z,2025-01-08T13:40:00Z,") {
		t.Errorf("episodes:\n%s", episodes)
	}
}

// TestDetectNeverLooksAhead cuts the input: what is left says the same.
func TestDetectNeverLooksAhead(t *testing.T) {
	text := countsCSV()
	whole, _, err := detectCSV(t, detectCmd{}, text)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(text, "\n")
	for _, n := range []int{150, 2000, 3701, 3720, 3759, 4000} {
		out, _, err := detectCSV(t, detectCmd{}, strings.Join(lines[:n], ""))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(whole, out) || strings.Count(out, "\n") != n {
			t.Errorf("the first %d lines give another answer alone", n)
		}
	}
}

func TestDetectKinds(t *testing.T) {
	var value, rate strings.Builder
	value.WriteString("host, Value ,time\n")
	rate.WriteString("attempts,time,errors\n")
	r := rand.New(rand.NewPCG(2, 2))
	at := time.Date(2025, 1, 6, 0, 0, 7, 0, time.UTC)
	for i := range 2000 {
		v, e := 100+5*r.NormFloat64(), r.IntN(3)
		if i >= 1900 && i < 1930 {
			v, e = 160, 40
		}
		when := at.Add(time.Duration(i) * 5 * time.Minute)
		fmt.Fprintf(&value, "a,%.2f,%s\n", v, when.Format(time.RFC3339))
		fmt.Fprintf(&rate, "100,%s,%d\n", when.Format("2006-01-02 15:04"), e)
	}
	for name, text := range map[string]string{"value": value.String(), "rate": rate.String()} {
		out, _, err := detectCSV(t, detectCmd{}, text)
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range strings.Split(strings.TrimSpace(out), "\n")[1:] {
			alarm := inAlarm(l)
			if i >= 1902 && i < 1928 && !alarm || (i < 1900 || i > 1940) && alarm {
				t.Errorf("%s, row %d: %s", name, i, l)
			}
		}
	}
}

func TestDetectGaps(t *testing.T) {
	text := countsCSV()
	lines := strings.SplitAfter(text, "\n")
	cut := strings.Join(append(append([]string{}, lines[:2000]...), lines[3000:]...), "")
	expected := func(fill bool) string {
		out, _, err := detectCSV(t, detectCmd{FillZero: fill}, cut)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(strings.Split(out, "\n")[2000], ",")[2]
	}
	if missing, zero := expected(false), expected(true); !(missing > "4" && zero < "3") {
		t.Errorf("after a gap of 1000 minutes %s are expected, filled with zeros %s", missing, zero)
	}
}

func TestDetectRefuses(t *testing.T) {
	const head = "time,count\n2025-01-01 00:00,1\n2025-01-01 00:01,2\n"
	for _, c := range []struct {
		name, text, want string
		cmd              detectCmd
	}{
		{"empty", "", "standard input: the file is empty", detectCmd{}},
		{"header only", "time,count\n", "no rows after the header", detectCmd{}},
		{"no header", "2025-01-01 00:00,1\n", "standard input:1: no column is called time or timestamp", detectCmd{}},
		{"no series", "time,foo\n2025-01-01 00:00,1\n", "standard input:1: no column to read", detectCmd{}},
		{"two kinds", "time,count,value\n2025-01-01 00:00,1,2\n", "say which with --kind", detectCmd{}},
		{"kind without column", head, "--kind rate needs the columns time,errors,attempts", detectCmd{Kind: "rate"}},
		{"twice", head + "2025-01-01 00:01,2\n", "standard input:4: time 2025-01-01T00:01:00Z is on line 3 already", detectCmd{}},
		{"back", head + "2024-01-01 00:01,2\n", "standard input:4: time 2024-01-01T00:01:00Z is before that of line 3", detectCmd{}},
		{"same step", head + "2025-01-01 00:01:10,2\n", "standard input:4: this row lies in the same step", detectCmd{Step: time.Minute}},
		{"no number", head + "2025-01-01 00:02,x\n", `standard input:4: count "x" is not a number`, detectCmd{}},
		{"not a number", head + "2025-01-01 00:02,NaN\n", `standard input:4: count "NaN" is not a number`, detectCmd{}},
		{"nothing", head + "2025-01-01 00:02,\n", `standard input:4: count "" is not a number`, detectCmd{}},
		{"negative", head + "2025-01-01 00:02,-1\n", `standard input:4: count "-1" is negative`, detectCmd{}},
		{"broken", head + "2025-01-01 00:02,1.5\n", `standard input:4: count "1.5" is not a whole number`, detectCmd{}},
		{"huge", head + "2025-01-01 00:02,1e300\n", `standard input:4: count "1e300" is above`, detectCmd{}},
		{"time", head + "yesterday,1\n", `standard input:4: time "yesterday" cannot be read`, detectCmd{}},
		{"columns", head + "2025-01-01 00:02,1,3\n", "standard input:4: this line has another number of columns", detectCmd{}},
		{"quotes", head + "\"2025-01-01 00:02,1\n", "standard input:", detectCmd{}},
		{"errors", "time,errors,attempts\n2025-01-01 00:00,3,2\n", "3 errors of 2 attempts", detectCmd{}},
		{"zero value", "time,value\n2025-01-01 00:00,1\n2025-01-01 00:01,1\n", "--fill-zero is for counts", detectCmd{FillZero: true}},
		{"values back", "time,value\n2025-01-02 00:00,1\n2025-01-01 00:00,1\n", "standard input:3: time 2025-01-01T00:00:00Z lies 1441 steps", detectCmd{Step: time.Minute}},
		{"season of counts", head, "--season is for values", detectCmd{Season: "day"}},
		{"log of counts", head, "--log is for values", detectCmd{Log: true}},
		{"floor without log", "time,value\n2025-01-01 00:00,1\n", "--effect-floor needs --log", detectCmd{EffectMin: 3}},
		{"one row", "time,count\n2025-01-01 00:00,1\n", "give it with --step", detectCmd{}},
		{"step", head, "step 1ms", detectCmd{Step: time.Millisecond}},
		{"budget", head, "budget -3", detectCmd{Budget: -3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, _, err := detectCSV(t, c.cmd, c.text); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestDetectTellsOfAMissingFile(t *testing.T) {
	c := detectCmd{File: filepath.Join(t.TempDir(), "none.csv")}
	if err := c.run(nil, nil, nil); err == nil || !strings.Contains(err.Error(), "none.csv") {
		t.Errorf("error %v does not name the file", err)
	}
}

func FuzzDetect(f *testing.F) {
	f.Add("time,count\n2025-01-01 00:00,1\n2025-01-01 00:01,2\n")
	f.Add("time,errors,attempts\n2025-01-01T00:00:00Z,1,3\n2025-01-01T00:00:10+01:00,2,4\n")
	f.Add("\ufefftime,value,\"x\ny\"\n0000-01-01 00:00,1e-9,\n9999-12-31 23:59,-1e308,\n")
	f.Fuzz(func(t *testing.T, text string) {
		c := detectCmd{File: "-", Budget: 1, MinHistory: time.Hour}
		var out, errs bytes.Buffer
		if c.run(strings.NewReader(text), &out, &errs) == nil && !strings.HasPrefix(out.String(), "time,value,") {
			t.Errorf("no error and no output: %q", out.String())
		}
	})
}
