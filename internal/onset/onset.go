// Package onset dates the rise of a series of counts: in which bucket did the
// surge that is there now begin?
//
// It reads counts and expectations and writes nothing; it has no clock, no I/O
// and no randomness.
//
// Method: Bayes over starts and shapes. Before the start the mean is the
// expectation times a factor that is close to one, fitted under a gamma prior, for
// no forecast is exact; from the start on there is something added that stands at
// once or grows evenly, for a few minutes or until now. The height is fitted by
// Newton's method. Likelihoods are quasi-Poisson (divided by the dispersion). The
// answer is the median of the posterior, which has the least expected distance
// from the truth. docs/methodology.md, section 6, has the formulas.
//
// Limits: it answers for a surge that is there; whether there is one, the caller
// knows. Starts more than the given reach back are not tried.
package onset

import "math"

// ramps are the growth times that are tried, in buckets; 0 stands at once. The last
// one is for a surge that still grows.
var ramps = [...]int{0, 2, 5, 10, 15, growing}

// growing stands for a ramp that has not ended.
const growing = -1

// rampPrior is the log of each ramp's prior weight beside a step's.
const rampPrior = -1.0

// Series is what is known of the buckets up to now, oldest first.
type Series struct {
	// Count and Mean of each bucket; buckets in which nobody looked have mean 0.
	Count, Mean []float64
	// Dispersion is variance over mean.
	Dispersion float64
	// Spread is the relative variance of the expectation.
	Spread float64
}

// Median is the index of the bucket in which the surge began, among the last
// `reach` buckets: the median of the posterior.
func (s *Series) Median(reach int) int {
	n := len(s.Count)
	reach = min(reach, n)
	f := s.fit()
	logs := make([]float64, reach+1) // by buckets in the surge, 1..reach
	top := math.Inf(-1)
	for k := 1; k <= reach; k++ {
		logs[k] = f.start(n - k)
		top = math.Max(top, logs[k])
	}
	total := 0.0
	for k := 1; k <= reach; k++ {
		total += math.Exp(logs[k] - top)
	}
	sum := 0.0
	for k := 1; k <= reach; k++ {
		if sum += math.Exp(logs[k] - top); sum >= total/2 {
			return n - k
		}
	}
	return n - 1
}

// fitting is a series while its starts are weighed.
type fitting struct {
	*Series
	phi float64
	// Sums over the buckets before each: counts, means, counts times log of means.
	count, mean, logs []float64
	height            [len(ramps)]float64 // of the start before, to begin the next fit from
}

func (s *Series) fit() *fitting {
	n := len(s.Count)
	f := &fitting{
		Series: s, phi: math.Max(1, s.Dispersion),
		count: make([]float64, n+1), mean: make([]float64, n+1), logs: make([]float64, n+1),
	}
	for i, m := range s.Mean {
		f.count[i+1], f.mean[i+1], f.logs[i+1] = f.count[i], f.mean[i], f.logs[i]
		if m > 0 {
			f.count[i+1] += s.Count[i]
			f.mean[i+1] += m
			f.logs[i+1] += s.Count[i] * math.Log(m)
		}
	}
	return f
}

// start is the log-likelihood of a surge that begins in bucket `at`, over all
// shapes.
func (f *fitting) start(at int) float64 {
	before, factor := f.before(at)
	length := len(f.Count) - at
	step := f.shape(at, factor, 0)
	sum := 1.0
	for i, r := range ramps[1:] {
		if r < length && length > 1 { // else not to be told from one that still grows
			sum += math.Exp((f.shape(at, factor, i+1)-step)/f.phi + rampPrior)
		}
	}
	return before + step/f.phi + math.Log(sum)
}

// before is the log-likelihood of the buckets before a start, with their factor
// integrated out under a gamma prior around 1, and the factor's mean.
func (f *fitting) before(at int) (l, factor float64) {
	n, m := f.count[at]/f.phi, f.mean[at]/f.phi
	k := 1 / math.Max(f.Spread, leastSpread)
	gained, _ := math.Lgamma(k + n)
	prior, _ := math.Lgamma(k)
	l = gained - prior + k*math.Log(k) - (k+n)*math.Log(k+m)
	return l + f.logs[at]/f.phi, (k + n) / (k + m)
}

// leastSpread keeps the prior's weight finite.
const leastSpread = 1e-4

// shape is the log-likelihood of the buckets from a start on, but for terms that
// all starts share, when what is added grows over ramps[r] buckets; its height is
// fitted.
func (f *fitting) shape(at int, factor float64, r int) float64 {
	ramp := float64(ramps[r])
	if ramps[r] == growing {
		ramp = float64(len(f.Count) - at)
	}
	counts, means := f.Count[at:], f.Mean[at:]
	weights := 0.0
	for i, m := range means {
		if m > 0 {
			weights += grown(i, ramp)
		}
	}
	height := f.height[r]
	if height <= 0 {
		height = math.Max(f.count[len(f.Count)]-f.count[at]-factor*(f.mean[len(f.Mean)]-f.mean[at]), 1e-3) / math.Max(weights, 1e-9)
	}
	const rounds = 4 // of Newton's method, from the start next to this one
	for range rounds {
		gradient, curve := -weights, 0.0
		for i, m := range means {
			if n := counts[i]; m > 0 && n > 0 {
				w := grown(i, ramp)
				x := w / (m*factor + height*w)
				gradient += n * x
				curve += n * x * x
			}
		}
		if curve <= 0 {
			break
		}
		height = math.Max(height/4, height+gradient/curve)
	}
	f.height[r] = height
	l := -height*weights - factor*(f.mean[len(f.Mean)]-f.mean[at])
	for i, m := range means {
		if n := counts[i]; m > 0 && n > 0 {
			l += n * math.Log(m*factor+height*grown(i, ramp))
		}
	}
	return l
}

// grown is the share of the height that is there in the middle of the i-th bucket.
func grown(i int, ramp float64) float64 {
	if t := float64(i) + 0.5; t < ramp {
		return t / ramp
	}
	return 1
}
