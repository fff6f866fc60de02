//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"faultline/lab/recording"
	"faultline/lab/score"
)

// TestLab runs one scenario from end to end: namespaces, servers, people, agents and a
// hub, until the hub says what is wrong. It takes three minutes and root, so it runs
// where FAULTLINE_LAB says so.
func TestLab(t *testing.T) {
	if os.Getenv("FAULTLINE_LAB") == "" {
		t.Skip("FAULTLINE_LAB is not set: the lab takes root, Debian's servers and three minutes")
	}
	if err := exec.CommandContext(t.Context(), "unshare", "--net", "true").Run(); err != nil {
		t.Skip("network namespaces are not allowed here: " + err.Error())
	}
	dir := t.TempDir()
	for name, pkg := range map[string]string{"faultline": "../cmd/faultline", "lab": "."} {
		if b, err := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, name), pkg).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, b)
		}
	}
	run := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "lab"), args...)
		b, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, b)
		}
		return string(b)
	}
	args := []string{"run", "--scenarios", "scenarios", "--faultline", filepath.Join(dir, "faultline"), "--out", dir, "--stop-after-verdict", "certificate-expired"}
	t.Log(run(args...))
	path := filepath.Join(dir, "certificate-expired-0.jsonl.gz")
	r, err := recording.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Replay(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	h := &r.Header
	s := score.Judge(&score.Run{Scenario: h.Scenario, Label: h.Label, Onset: h.Onset, Incidents: p.Incidents, Verdicts: p.Verdicts})
	if !s.Right || len(s.Broken) > 0 || len(h.Live) == 0 {
		t.Errorf("it is not said: %+v, live %+v", s.Last, h.Live)
	}
	if h.Onset.Sub(h.Began).Seconds() != 90 || len(h.Diary) == 0 || h.Shares == "" {
		t.Errorf("the header: %+v", h)
	}
	if again := run(args...); !strings.Contains(again, "is there") {
		t.Errorf("it is run again: %s", again)
	}
	out, err := exec.CommandContext(t.Context(), filepath.Join(dir, "lab"), "world", "--id", "x", "--scenario", "x", "--out", "x", "--faultline", "x", "--outer", "1").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "namespaces of its own") {
		t.Errorf("a run outside of namespaces: %v: %s", err, out)
	}
}
