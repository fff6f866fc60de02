package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// boardData writes a folder with four weeks of made-up requests and nothing else.
func boardData(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	fmt.Fprintln(z, "period,count")
	r := rand.New(rand.NewPCG(8, 8))
	at := time.Date(1998, 6, 9, 0, 0, 0, 0, time.UTC)
	for i := range 29 * 1440 {
		n := 300 + r.IntN(100)
		if i >= 21*1440+870 && i < 21*1440+1000 {
			n *= 6
		}
		fmt.Fprintf(z, "%s,%d\n", at.Add(time.Duration(i)*time.Minute).Format("2006-01-02 15:04:05"), n)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "worldcup98"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "worldcup98", "per_minute.csv.gz"), b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestScoreboard prints a small one twice: what has data is there, the same again,
// and what has none is named.
func TestScoreboard(t *testing.T) {
	dir := boardData(t)
	print := func(parts string) string {
		var out, errs bytes.Buffer
		args := []string{"evaluate", "scoreboard", "--small", "--data", dir}
		if parts != "" {
			args = append(args, "--parts", parts)
		}
		if code := run(t.Context(), args, streams{strings.NewReader(""), &out, &errs}); code != exitOK {
			t.Fatalf("exit %d: %s", code, errs.String())
		}
		return out.String()
	}
	text := print("nab,downdetector,worldcup,injected")
	for _, want := range []string{
		"| rise of 1998-06-30T14:", "as kind value | found | found | found ", "| onset error of ", "Floors met: ",
		"Left out: nab: its data is not in ", "Left out: downdetector: ", "Few draws",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if again := print("nab,downdetector,worldcup,injected"); again != text {
		t.Errorf("the same measures came out otherwise:\n%s", again)
	}
	if speed := print("sparse,speed"); !strings.Contains(speed, "| values, a score for every point | 2 M points/s |") {
		t.Errorf("speeds:\n%s", speed)
	}
	var out bytes.Buffer
	if code := run(t.Context(), []string{"evaluate", "scoreboard", "--parts", "other"}, streams{strings.NewReader(""), &out, &out}); code != exitError {
		t.Errorf("exit %d for a part that does not exist", code)
	}
}
