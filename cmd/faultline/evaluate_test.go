package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestEvaluateQuiet runs a small trial: its table must say that it is within budget.
func TestEvaluateQuiet(t *testing.T) {
	var out, errs bytes.Buffer
	args := []string{"evaluate", "quiet", "--days", "60", "--length", "20", "--mean", "0.2,20"}
	if code := run(t.Context(), args, streams{strings.NewReader(""), &out, &errs}); code != exitOK {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 5 || !strings.HasSuffix(lines[1], "yes") || !strings.HasSuffix(lines[2], "yes") {
		t.Errorf("table:\n%s", out.String())
	}
	if code := run(t.Context(), []string{"evaluate", "quiet", "--days", "0"}, streams{strings.NewReader(""), &out, &errs}); code == exitOK {
		t.Error("a trial of no days was accepted")
	}
}

// TestEvaluateDowndetector judges a made-up episode.
func TestEvaluateDowndetector(t *testing.T) {
	text := "provider,event,ts_utc,reports_15min\n"
	for i := range 95 {
		n := "1"
		if i >= 47 && i < 55 {
			n = "90"
		}
		text += "p,e,2020-01-0" + string(rune('1'+i*15/1440)) + "T" + twoDigits(i*15/60%24) + ":" + twoDigits(i*15%60) + ":00Z," + n + "\n"
	}
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"evaluate", "downdetector", "-"}, streams{strings.NewReader(text), &out, &errs}); code != exitOK {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	row := strings.Fields(strings.Split(out.String(), "\n")[1])
	if strings.Join(row, " ") != "p e 2020-01-01T00:00Z 90 47 0 0 0 0" {
		t.Errorf("row %v in\n%s", row, out.String())
	}
}

// TestEvaluateSurges measures few outages of each sort.
func TestEvaluateSurges(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"evaluate", "surges", "--trials", "5"}, streams{strings.NewReader(""), &out, &errs}); code != exitOK {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	if lines := strings.Split(out.String(), "\n"); len(lines) != 20 || !strings.Contains(lines[10], "2000") {
		t.Errorf("%d lines:\n%s", len(lines), out.String())
	}
}

func twoDigits(n int) string { return string(rune('0'+n/10)) + string(rune('0'+n%10)) }
