package score_test

import (
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"faultline/lab/recording"
	"faultline/lab/scenario"
	"faultline/lab/score"
)

// What the engine must reach on the recorded runs of the lab.
const (
	leastCoverage = 0.80
	leastRight    = 0.95
	longestMedian = 3 * time.Minute
)

// Every recorded run is played through the parts of the hub, from reports and
// measurements to verdicts, without root; what comes out is held against the truth.
func TestRecordedRuns(t *testing.T) {
	files, err := filepath.Glob("../testdata/recorded/*.gz")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("no run is recorded in lab/testdata/recorded: make lab records them")
	}
	var mu sync.Mutex
	var runs []score.Run
	var group sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for _, file := range files {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			run, err := replay(t, file)
			if err != nil {
				t.Errorf("%s: %v", file, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			runs = append(runs, run)
		})
	}
	group.Wait()
	table := score.Sum(runs)
	for i := range table.Said {
		if s := &table.Said[i]; len(s.Broken) > 0 {
			t.Errorf("%s: it says %v, which its label rules out", s.Scenario, s.Broken)
		}
	}
	if len(table.FalseAttacks) > 0 {
		t.Errorf("an attack is said of %v, which were none", table.FalseAttacks)
	}
	coverage, right := float64(table.Given)/float64(table.Asked), float64(table.Right)/float64(table.Given)
	if !(coverage >= leastCoverage) || !(right >= leastRight) || table.First < 0 || table.First > longestMedian {
		t.Errorf("coverage %.2f, right %.2f, first right verdict after %s (median)", coverage, right, table.First)
	}
}

func replay(t *testing.T, file string) (score.Run, error) {
	t.Helper()
	r, err := recording.Load(file)
	if err != nil {
		return score.Run{}, err
	}
	p, err := r.Replay(t.Context(), "")
	if err != nil {
		return score.Run{}, err
	}
	h := &r.Header
	label := h.Label
	if s, err := scenario.Load(filepath.Join("..", "scenarios", h.Scenario+".yaml")); err == nil {
		label = s.Label
	}
	return score.Run{
		Scenario: h.Scenario, Seed: h.Seed, Magnitude: h.Magnitude, Label: label, Onset: h.Onset, Incidents: p.Incidents, Verdicts: p.Verdicts,
	}, nil
}
