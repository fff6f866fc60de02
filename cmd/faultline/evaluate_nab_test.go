package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestEvaluateNAB scores a made-up benchmark of one file with one plain spike.
func TestEvaluateNAB(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	rows := "timestamp,value\n"
	for i := range 4000 {
		v := 50 + float64(i*7919%11)/4
		if i >= 3000 && i < 3020 {
			v = 400
		}
		rows += fmt.Sprintf("%s,%g\n", start.Add(time.Duration(i)*5*time.Minute).Format("2006-01-02 15:04:05"), v)
	}
	write("data/made/spike.csv", rows)
	label := func(i int) string {
		return start.Add(time.Duration(i) * 5 * time.Minute).Format("2006-01-02 15:04:05.000000")
	}
	write("labels/combined_windows.json", fmt.Sprintf(`{"made/spike.csv": [[%q, %q]]}`, label(2990), label(3100)))
	write("config/profiles.json", `{"standard": {"CostMatrix": {"tpWeight": 1, "fnWeight": 1, "fpWeight": 0.11}},
		"reward_low_FP_rate": {"CostMatrix": {"tpWeight": 1, "fnWeight": 1, "fpWeight": 0.22}},
		"reward_low_FN_rate": {"CostMatrix": {"tpWeight": 1, "fnWeight": 2, "fpWeight": 0.11}}}`)
	var first string
	for range 2 {
		var out, errs bytes.Buffer
		if code := run(t.Context(), []string{"evaluate", "nab", "--data", dir}, streams{strings.NewReader(""), &out, &errs}); code != exitOK {
			t.Fatalf("exit %d: %s", code, errs.String())
		}
		if !strings.HasPrefix(strings.Join(strings.Fields(strings.Split(out.String(), "\n")[1]), " "), "whole corpus 1 99.6 / ") {
			t.Errorf("the spike is not found in its window:\n%s", out.String())
		}
		if first != "" && first != out.String() {
			t.Errorf("two runs differ:\n%s\n%s", first, out.String())
		}
		first = out.String()
	}
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"evaluate", "nab", "--data", t.TempDir()}, streams{strings.NewReader(""), &out, &errs}); code == exitOK {
		t.Error("an empty folder was scored")
	}
}
