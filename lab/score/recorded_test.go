package score_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"faultline/lab/recording"
	"faultline/lab/scenario"
	"faultline/lab/score"
)

// Limits of the recorded sweep, in bytes.
const (
	maxRecording = 250 << 10
	maxSweep     = 8 << 20
)

// What the lab has to reach.
const (
	coverage   = 0.8
	right      = 0.95
	medianTime = 3 * time.Minute
)

// TestRecordedSweep plays a recorded run of every scenario through the parts of the
// hub, and holds what they say against the truth. `make lab` makes such runs anew.
func TestRecordedSweep(t *testing.T) {
	all, err := scenario.LoadAll("../scenarios")
	if err != nil {
		t.Fatal(err)
	}
	runs := make([]score.Run, len(all))
	var total int64
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, s := range all {
		path := filepath.Join("..", "testdata", s.Name+"-0.jsonl.gz")
		info, err := os.Stat(path)
		if err != nil {
			t.Errorf("no run of %s is recorded: make one with 'make lab SCENARIO=%s' and put it into lab/testdata", s.Name, s.Name)
			continue
		}
		if total += info.Size(); info.Size() > maxRecording {
			t.Errorf("%s has %d bytes, more than %d", path, info.Size(), maxRecording)
		}
		group.Go(func() error {
			r, err := recording.Load(path)
			if err != nil {
				return err
			}
			p, err := r.Replay(ctx, "")
			if err != nil {
				return err
			}
			h := &r.Header
			runs[i] = score.Run{Scenario: s.Name, Seed: h.Seed, Magnitude: h.Magnitude, Label: s.Label, Onset: h.Onset, Incidents: p.Incidents, Verdicts: p.Verdicts}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if total > maxSweep {
		t.Errorf("the recordings have %d bytes, more than %d", total, maxSweep)
	}
	table := score.Sum(runs)
	var b bytes.Buffer
	if err := table.Print(&b); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + b.String())
	share := func(what string, part, of int, least float64) {
		if got := float64(part) / float64(max(1, of)); got < least {
			t.Errorf("%s: %d of %d, want %.0f %%", what, part, of, 100*least)
		}
	}
	share("coverage", table.Given, table.WithVerdict, coverage)
	share("right of those given", table.Right, table.Given, right)
	if len(table.FalseAttacks) > 0 {
		t.Errorf("attacks are said of %v", table.FalseAttacks)
	}
	if table.First > medianTime {
		t.Errorf("the first right verdict comes %s after the onset", table.First)
	}
}
