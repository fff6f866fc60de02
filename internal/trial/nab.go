package trial

import (
	"fmt"

	"faultline/internal/nab"
	"faultline/internal/scan"
)

// NABThreshold is the one score from which a row counts as an alarm where all
// profiles and files have the same threshold. It was chosen on the tuning half.
const NABThreshold = 3.2

// NABDetector passes a labelled series through the detector of values, a row at a
// time, and gives each row's score.
func NABDetector(f *nab.File) ([]float64, error) {
	step, at, err := f.Buckets()
	if err != nil {
		return nil, err
	}
	s, err := scan.New(scan.Config{Kind: scan.Value, Step: step, EveryScore: true})
	if err != nil {
		return nil, fmt.Errorf("detect in %s: %w", f.Name, err)
	}
	out := make([]float64, len(f.Values))
	for i, v := range f.Values {
		out[i] = s.Observe(at[i], scan.Observation{Value: v}).Score
	}
	return out, nil
}
