package sqlite

import (
	"testing"

	"faultline/internal/store"
	"faultline/outage"
)

// The band of a wide bucket holds its expectation, however small and noisy that is.
func TestBandHoldsExpectation(t *testing.T) {
	for _, mean := range []float64{0.001, 0.02, 0.2, 2, 20} {
		for _, dispersion := range []float64{0, 1, 3, 10, 40} {
			var sum expectation
			for range 12 {
				sum.add(outage.Baseline{Expected: mean, Dispersion: dispersion})
			}
			var b store.Bucket
			sum.into(&b, 15)
			if b.Low < 0 || b.Low > b.Expected || b.High < b.Expected {
				t.Errorf("mean %g a minute, dispersion %g: %g (%g to %g)", mean, dispersion, b.Expected, b.Low, b.High)
			}
		}
	}
}
