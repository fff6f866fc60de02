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

	"pgregory.net/rapid"
)

// drawSeries makes a file of a kind with gaps, surges and jumps.
func drawSeries(t *rapid.T, kind string) []string {
	rows := rapid.IntRange(150, 900).Draw(t, "rows")
	base := rapid.Float64Range(0, 200).Draw(t, "base")
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	surge := rapid.IntRange(0, rows).Draw(t, "surge")
	at := time.Date(2025, 1, 6, 0, 0, 0, 0, time.UTC)
	lines := []string{map[string]string{"count": "time,count", "value": "timestamp,value", "rate": "time,errors,attempts"}[kind] + "\n"}
	for i := range rows {
		at = at.Add(5 * time.Minute)
		if r.IntN(40) == 0 {
			at = at.Add(time.Duration(r.IntN(600)) * time.Minute)
		}
		v := base * (1 + 0.2*r.NormFloat64())
		if i >= surge && i < surge+30 {
			v = 3*v + 10
		}
		n := int(max(0, v))
		stamp := at.Format("2006-01-02 15:04:05")
		switch kind {
		case "count":
			lines = append(lines, fmt.Sprintf("%s,%d\n", stamp, n))
		case "value":
			lines = append(lines, fmt.Sprintf("%s,%g\n", stamp, v))
		default:
			lines = append(lines, fmt.Sprintf("%s,%d,%d\n", stamp, n, 2*n+r.IntN(50)))
		}
	}
	return lines
}

// TestDetectNeverDependsOnLaterRows cuts files of every kind anywhere: what is left
// says the same, row for row, and every row has a score and an effect.
func TestDetectNeverDependsOnLaterRows(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		kind := rapid.SampledFrom([]string{"count", "value", "rate"}).Draw(rt, "kind")
		lines := drawSeries(rt, kind)
		c := detectCmd{Step: 5 * time.Minute, FillZero: kind == "count" && rapid.Bool().Draw(rt, "fill")}
		if kind == "value" {
			c.Season = rapid.SampledFrom([]string{"auto", "none", "day", "week"}).Draw(rt, "season")
			c.Log = rapid.Bool().Draw(rt, "log")
		}
		whole, _, err := detectCSV(t, c, strings.Join(lines, ""))
		if err != nil {
			rt.Fatal(err)
		}
		cut := rapid.IntRange(2, len(lines)).Draw(rt, "cut")
		part, _, err := detectCSV(t, c, strings.Join(lines[:cut], ""))
		if err != nil {
			rt.Fatal(err)
		}
		if !strings.HasPrefix(whole, part) || strings.Count(part, "\n") != cut {
			rt.Fatalf("the first %d lines give another answer alone", cut)
		}
		for _, l := range strings.Split(strings.TrimSpace(whole), "\n")[1:] {
			if f := strings.Split(l, ","); len(f) != 8 || f[5] == "" || f[7] == "" {
				rt.Fatalf("a row without score or effect: %q", l)
			}
		}
	})
}

// TestDetectPlacesRowsThatComeEarly: of values, a repeated hour is taken as the next
// steps, each row has its line with its own time, and episodes keep the file's times.
func TestDetectPlacesRowsThatComeEarly(t *testing.T) {
	var b strings.Builder
	b.WriteString("timestamp,value\n")
	r := rand.New(rand.NewPCG(4, 4))
	at := time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)
	row := func(i int, v float64) {
		fmt.Fprintf(&b, "%s,%.2f\n", at.Add(time.Duration(i)*5*time.Minute).Format("2006-01-02 15:04:05"), v+r.NormFloat64())
	}
	for i := range 1000 {
		row(i, 50)
	}
	for i := 988; i < 2000; i++ { // the last hour again
		v := 50.0
		if i >= 1900 && i < 1920 {
			v = 120
		}
		row(i, v)
	}
	out, errs, err := detectCSV(t, detectCmd{}, b.String())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(out, "\n") != 2013 || !strings.Contains(errs, "\n1 rows repeat a time or come early") {
		t.Errorf("%d lines, and said: %s", strings.Count(out, "\n"), errs)
	}
	want := at.Add(1900 * 5 * time.Minute).Format(time.RFC3339)
	if !strings.Contains(errs, "\n"+want+","+want) {
		t.Errorf("no episode begins at %s:\n%s", want, errs)
	}
}

// TestDetectScoresLabels holds alarms against labelled spans.
func TestDetectScoresLabels(t *testing.T) {
	file := filepath.Join(t.TempDir(), "labels.csv")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("start,end\n2025-01-07 00:00,2025-01-07 01:00\n2025-01-08 13:38,2025-01-08 15:00\n2026-01-01 00:00,2026-01-02 00:00\n")
	_, errs, err := detectCSV(t, detectCmd{Labels: file}, countsCSV())
	if err != nil {
		t.Fatal(err)
	}
	want := "labelled spans with rows: 2 of 3; in alarm: 1, first alarm after 2m0s in the median, 2m0s at 90 %\nepisodes: 1; outside every span: 0, that is 0.00 a month\n"
	if !strings.HasPrefix(errs, want) {
		t.Errorf("said %s\nwant %s", errs, want)
	}
	write("start,end\n2025-01-07 00:00,2025-01-07 01:00\n")
	if _, errs, err = detectCSV(t, detectCmd{Labels: file}, countsCSV()); err != nil || !strings.Contains(errs, "outside every span: 1, that is 10.0") {
		t.Errorf("said %s: %v", errs, err)
	}
	for text, want := range map[string]string{
		"": ":1: the header must be start,end", "a,b\n": ":1: the header must be start,end",
		"start,end\nx,y\n": `:2: time "x" cannot be read`,
		"start,end\n2025-01-02 00:00,2025-01-01 00:00\n":                                    ":2: the span ends at",
		"start,end\n2025-01-01 00:00,2025-01-02 00:00\n2025-01-01 12:00,2025-01-03 00:00\n": ":3: the span starts before",
		"start,end\n2025-01-01 00:00\n":                                                     ":2: two columns are wanted",
	} {
		write(text)
		if _, _, err := detectCSV(t, detectCmd{Labels: file}, countsCSV()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	var out bytes.Buffer
	c := detectCmd{File: "-", Budget: 1, MinHistory: time.Hour, Labels: filepath.Join(t.TempDir(), "none")}
	if err := c.run(strings.NewReader(countsCSV()), &out, &out); err == nil || !strings.Contains(err.Error(), "open the labels") {
		t.Errorf("absent labels: %v", err)
	}
}

// TestDetectSeasonAndLog: the options reach the detector and change what it says.
func TestDetectSeasonAndLog(t *testing.T) {
	text := strings.Replace(countsCSV(), "time,count", "time,value", 1)
	plain, _, err := detectCSV(t, detectCmd{}, text)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]detectCmd{"none": {Season: "none"}, "log": {Log: true, EffectMin: 2}} {
		out, _, err := detectCSV(t, c, text)
		if err != nil || out == plain || strings.Count(out, "\n") != strings.Count(plain, "\n") {
			t.Errorf("%s: the same as without, or an error: %v", name, err)
		}
	}
}

// TestDetectTakesValuesAsCounts: whoever says that the column value is a count is
// believed.
func TestDetectTakesValuesAsCounts(t *testing.T) {
	text := strings.Replace(countsCSV(), "time,count", "timestamp,value", 1)
	asCount, _, err := detectCSV(t, detectCmd{Kind: "count"}, text)
	if err != nil {
		t.Fatal(err)
	}
	plain, _, err := detectCSV(t, detectCmd{}, countsCSV())
	if err != nil || asCount != plain {
		t.Errorf("a count in a column called value is judged otherwise: %v", err)
	}
}
