package trial

import (
	"testing"
)

// TestSparse runs a short trial: the detector keeps up with the scan that has the
// same history, and the oracle is not worse than either.
func TestSparse(t *testing.T) {
	rows := []SparseRow{{0.2, 3}}
	tables, err := Sparse{Outbreaks: 100, Months: 4, Budget: 1, Seed: 1}.Run(rows)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Sparse{Outbreaks: 100, Months: 4, Budget: 1, Seed: 1}.Run(rows)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]float64{}
	for i, m := range tables[0].Methods {
		if again[0].Methods[i] != m {
			t.Errorf("%s differs from run to run: %+v and %+v", m.Name, m, again[0].Methods[i])
		}
		if m.Quiet > 1 {
			t.Errorf("%s has %.2f false episodes a month at its threshold", m.Name, m.Quiet)
		}
		found[m.Name] = m.Within5
	}
	if found["detector"] < found["plain scan"]-0.08 || found["oracle scan"] < 0.8 || found["detector"] < 0.8 {
		t.Errorf("found within five minutes: %v", found)
	}
	if _, err := (Sparse{Months: 1}).Run(rows); err == nil {
		t.Error("a trial of nothing was accepted")
	}
}

func TestPeaksThreshold(t *testing.T) {
	var p peaks
	for i := range int64(10) {
		p.add(i*1000, float64(i+1))
		p.add(i*1000+5, float64(i+1)) // the same episode
	}
	for allowed, want := range map[int]float64{1: 10, 3: 8, 10: 1} {
		if got := p.threshold(allowed); got != want || p.episodes(got) > allowed {
			t.Errorf("%d episodes at %g, want %g", p.episodes(got), got, want)
		}
	}
}
