package casefile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"faultline/internal/knowledge"
	"faultline/internal/reason"
)

// folder holds the calibration cases.
const folder = "../../testdata/cases"

// Every real case gets a verdict that a careful reader would accept: known causes are
// not missed, and nothing is called what it was not.
func TestCases(t *testing.T) {
	table, err := knowledge.Open(knowledge.Current)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil || len(files) < 30 {
		t.Fatalf("%d cases in %s, want at least 30 (%v)", len(files), folder, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c, err := Read(file, data)
			if err != nil {
				t.Fatal(err)
			}
			if len(c.Accept) == 0 || c.Title == "" || c.About == "" || len(c.Sources) == 0 {
				t.Error("a case needs a title, an account, sources and verdicts to accept")
			}
			v := reason.Judge(c.Set(), table)
			if err := c.Check(&v); err != nil {
				t.Errorf("%v\n%s", err, reason.Explain(&v))
			}
		})
	}
}

// A claim weighs nothing: a case judges the same with and without.
func TestClaimsWeighNothing(t *testing.T) {
	table, err := knowledge.Open(knowledge.Current)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(folder, "x-2025-03-10-published.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	with, err := Read("x.yaml", data)
	if err != nil || len(with.Claims) == 0 {
		t.Fatalf("%d claims, %v", len(with.Claims), err)
	}
	var lines []string
	inside := false
	for line := range strings.Lines(string(data)) {
		inside = strings.HasPrefix(line, "claims:") || inside && strings.HasPrefix(line, " ")
		if !inside {
			lines = append(lines, line)
		}
	}
	without, err := Read("x.yaml", []byte(strings.Join(lines, "")))
	if err != nil || len(without.Claims) != 0 {
		t.Fatalf("%d claims, %v", len(without.Claims), err)
	}
	a, b := reason.Judge(with.Set(), table), reason.Judge(without.Set(), table)
	if reason.Explain(&a) != reason.Explain(&b) {
		t.Error("claims changed the verdict")
	}
}
