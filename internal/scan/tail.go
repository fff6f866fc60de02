package scan

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// maxScore bounds a score: beyond it floating point has no smaller number and
// no reader has a use for one.
const maxScore = 300

// exactRate is the exponent, in nats, up to which the tail of a very clustered
// count is computed from the incomplete beta function; beyond it the saddlepoint
// is right to the digits shown.
const exactRate = 60

// nearMean is the exponent below which the saddlepoint divides by almost nothing.
const nearMean = 0.5

// smoothSize is the size k of a negative binomial from which on the saddlepoint is
// right to a hundredth of the score everywhere beyond nearMean; it costs a tenth
// of the incomplete beta function.
const smoothSize = 2

// rate is the exponent of the Chernoff bound: minus the natural logarithm of it
// bounds P(X >= n) from above, for a negative binomial of mean m and variance v,
// n > m. It is also the generalised likelihood ratio of a raised mean.
func rate(n, m, v float64) float64 {
	if v <= m*1.0001 {
		return n*math.Log(n/m) - n + m
	}
	k := m * m / (v - m)
	return n*math.Log(n/m) - (n+k)*math.Log((n+k)/(m+k))
}

// Tail is -log10 P(X >= n) for a negative binomial of mean m and variance v
// (Poisson when v is not above m): the score of n events where m were expected.
func Tail(n, m, v float64) float64 {
	if n <= 0 || m <= 0 {
		return 0
	}
	smooth := v <= m*1.0001 || m*m >= smoothSize*(v-m)
	if n > m {
		r := rate(n, m, v)
		if r > exactRate || smooth && r > nearMean {
			return saddle(n, m, v, r)
		}
	}
	if a := 2*v/m - 1; smooth && m > smoothMean && a*a < smoothSkew*smoothSkew*v {
		return middle(n, m, v)
	}
	return exactTail(n, m, v)
}

// From this mean on and up to this skewness the middle of the law is taken from
// Edgeworth's series, whose error there is two hundredths of a score at most.
const (
	smoothMean = 10
	smoothSkew = 0.7
)

// middle is the tail around the mean by Edgeworth's series with the skewness.
func middle(n, m, v float64) float64 {
	sd := math.Sqrt(math.Max(v, m))
	z := (n - 0.5 - m) / sd
	skew := (2*v/m - 1) / sd
	p := 0.5*math.Erfc(z/math.Sqrt2) + math.Exp(-z*z/2)/math.Sqrt(2*math.Pi)*skew/6*(z*z-1)
	return scoreOf(math.Min(1, p))
}

// exactTail is the tail by the incomplete gamma or beta function.
func exactTail(n, m, v float64) float64 {
	if v <= m*1.0001 {
		return scoreOf(mathext.GammaIncReg(n, m))
	}
	return scoreOf(mathext.RegIncBeta(n, m*m/(v-m), 1-m/v))
}

// scoreOf turns a probability into a score.
func scoreOf(p float64) float64 {
	if !(p > 0) {
		return maxScore
	}
	return math.Min(maxScore, math.Max(0, -math.Log10(p)))
}

// saddle is the Lugannani-Rice approximation of the lattice tail.
func saddle(n, m, v, r float64) float64 {
	tilt, spread := 1-m/n, n // 1 - exp(-theta) of the saddlepoint theta, variance there
	if v > m*1.0001 {
		k := m * m / (v - m)
		tilt = k * (n - m) / (n * (m + k))
		spread = n + n*n/k
	}
	w := math.Sqrt(2 * r)
	u := tilt * math.Sqrt(spread)
	if w < 8 {
		normal := math.Exp(-r) / math.Sqrt(2*math.Pi)
		return scoreOf(0.5*math.Erfc(w/math.Sqrt2) + normal*(1/u-1/w))
	}
	// Mills' ratio less 1/w, by its asymptotic series.
	mills := -1/(w*w*w) + 3/(w*w*w*w*w)
	ln := -r - 0.5*math.Log(2*math.Pi) + math.Log(math.Max(1/u+mills, 1e-12))
	return math.Min(maxScore, -ln/math.Ln10)
}

// binomialScore is -log10 P(X >= n) of n errors in a attempts of which m were
// expected, with variance v. The over-dispersion is taken as in Rao and Scott
// (1992): the attempts count for as many independent ones as have the same
// variance, which keeps the tail inside 0..a where a negative binomial does not.
func binomialScore(n, a, m, v float64) float64 {
	p := m / a
	if n <= 0 || p <= 0 || p >= 1 {
		return 0
	}
	shrink := math.Min(1, m*(1-p)/v)
	x, size := n*shrink, a*shrink
	return scoreOf(mathext.RegIncBeta(x, size-x+1, p))
}

// directMean is the mean up to which a quantile is found by adding probabilities.
const directMean = 100

// directCount bounds that sum.
const directCount = 2_000_000

// quantile is the smallest n with P(X <= n) >= q for the negative binomial of
// mean m and variance v. For large means it is the Cornish-Fisher expansion with
// the skewness, which is right to a fraction of a percent of the mean.
func quantile(q, m, v float64) float64 {
	if m <= 0 {
		return 0
	}
	v = math.Max(v, m*1.0001)
	if m > directMean {
		z := math.Sqrt2 * math.Erfinv(2*q-1)
		skew := (2*v/m - 1) / math.Sqrt(v)
		return math.Max(0, math.Round(m+math.Sqrt(v)*(z+skew*(z*z-1)/6)))
	}
	k := m * m / (v - m)
	p := math.Exp(k * math.Log(m/v))
	n, sum := 0.0, p
	for sum < q && n < directCount {
		p *= (n + k) / (n + 1) * (1 - m/v)
		n++
		sum += p
	}
	return n
}
