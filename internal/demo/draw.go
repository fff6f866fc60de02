package demo

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
)

// source makes the generator of one purpose at one place in time. Mixing the
// parts keeps neighbours apart.
func source(seed uint64, purpose string, at int64) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(purpose)) // a hash.Hash never fails
	return rand.New(rand.NewPCG(mix(seed^h.Sum64()), mix(uint64(at))))
}

// mix is the finalizer of SplitMix64 (Steele, Lea and Flood 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// count draws a number with the mean and variance over mean phi: Poisson for 1,
// else the negative binomial as a Gamma mixture of Poissons.
func count(rng *rand.Rand, mean, phi float64) int {
	if mean <= 0 {
		return 0
	}
	if phi > 1 {
		mean = gamma(rng, mean/(phi-1)) * (phi - 1)
	}
	return poisson(rng, mean)
}

// exactBelow is the mean up to which a Poisson number is drawn by inversion; the
// rounded normal above it is off by less than the sixth digit of a chance.
const exactBelow = 60

func poisson(rng *rand.Rand, mean float64) int {
	if mean > exactBelow {
		return max(0, int(math.Round(mean+math.Sqrt(mean)*rng.NormFloat64())))
	}
	p := math.Exp(-mean)
	n := 0
	for u := rng.Float64() - p; u > 0 && p > 0; u -= p {
		n++
		p *= mean / float64(n)
	}
	return n
}

// gamma draws from the Gamma distribution of scale 1 (Marsaglia and Tsang 2000).
func gamma(rng *rand.Rand, shape float64) float64 {
	if shape < 1 {
		return gamma(rng, shape+1) * math.Pow(rng.Float64(), 1/shape)
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := rng.NormFloat64()
		v := 1 + c*x
		if v = v * v * v; v <= 0 {
			continue
		}
		if math.Log(1-rng.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

// pick chooses an index by running sums of weights, the last of which is 1.
func pick(rng *rand.Rand, sums []float64) int {
	u := rng.Float64()
	lo, hi := 0, len(sums)-1
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if sums[mid] > u {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// running turns weights into running sums that end with 1.
func running(weights []float64) []float64 {
	total := 0.0
	for _, w := range weights {
		total += w
	}
	out := make([]float64, len(weights))
	sum := 0.0
	for i, w := range weights {
		sum += w
		out[i] = sum / total
	}
	out[len(out)-1] = 1
	return out
}
