package nab

import "math"

// Detector gives each row of a file its score, the higher the stranger, from that
// row and those before it.
type Detector func(*File) ([]float64, error)

// Run passes every file through a detector.
func (c *Corpus) Run(d Detector) ([][]float64, error) {
	out := make([][]float64, len(c.Files))
	for i := range c.Files {
		var err error
		if out[i], err = d(&c.Files[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Null never says anything; it is 0 by definition.
func Null(f *File) ([]float64, error) { return make([]float64, len(f.Values)), nil }

// Perfect alarms in the first row of each window; it is 100 by definition.
func Perfect(f *File) ([]float64, error) {
	out := make([]float64, len(f.Values))
	for _, w := range f.Windows {
		out[w.First] = 1
	}
	return out, nil
}

// Sizes of the windowed Gaussian, as published.
const (
	gaussWindow = 6400 // rows that the law is fitted to
	gaussStep   = 100  // rows after which it is fitted again
	// gaussDigits is what the published scores were written with: all that is
	// nearer to 1 was one threshold.
	gaussDigits = 1e12
)

// WindowedGaussian is the benchmark's reference detector: the score is one less the
// tail probability of a normal law that is fitted to the last rows. Its published
// figures (standard 39.6, low FP 20.9, low FN 47.4) check the scoring.
func WindowedGaussian(f *File) ([]float64, error) {
	out := make([]float64, len(f.Values))
	var window, fresh []float64
	mean, sd := 0.0, 1.0
	for i, v := range f.Values {
		if len(window) > 0 {
			out[i] = math.Round(gaussDigits*(1-math.Erfc(math.Abs(v-mean)/sd/math.Sqrt2)/2)) / gaussDigits
		}
		if len(window) < gaussWindow {
			window = append(window, v)
			mean, sd = moments(window)
		} else if fresh = append(fresh, v); len(fresh) == gaussStep {
			window = append(window[gaussStep:], fresh...)
			fresh = nil
			mean, sd = moments(window)
		}
	}
	return out, nil
}

// moments are the mean and the standard deviation, which is never 0.
func moments(x []float64) (mean, sd float64) {
	for _, v := range x {
		mean += v
	}
	mean /= float64(len(x))
	for _, v := range x {
		sd += (v - mean) * (v - mean)
	}
	if sd = math.Sqrt(sd / float64(len(x))); sd == 0 {
		sd = 1e-6
	}
	return mean, sd
}
