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

// Bounds of the sum that the tail of a beta-binomial is: with more attempts and
// beyond this variance the beta law of the same mean and variance stands in, whose
// error is that of half an error in thirty; beyond this size nothing is
// over-dispersed.
const (
	betaLong     = 5000.0
	betaVariance = 1000.0
	betaSize     = 1e7
)

// largeShare is the size of a beta law from which on the root of its likelihood
// ratio is normal to the digits shown, and the incomplete beta function is not.
const largeShare = 20000

// shareScore is -log10 P(Y >= y) for a share Y with mean p, by the beta law of a
// size (alpha + beta).
func shareScore(y, p, size float64) float64 {
	if size < largeShare {
		return scoreOf(mathext.RegIncBeta((1-p)*size, p*size, 1-y))
	}
	if y <= p {
		return -math.Log10(0.5)
	}
	r := y * math.Log(y/p)
	if y < 1 {
		r += (1 - y) * math.Log((1-y)/(1-p))
	}
	w := math.Sqrt(2 * size * math.Max(0, r))
	if w < 30 {
		return scoreOf(0.5 * math.Erfc(w/math.Sqrt2))
	}
	return math.Min(maxScore, (w*w/2+math.Log(w)+0.92)/math.Ln10) // Mills' ratio
}

// rateScore is -log10 P(X >= n) of n errors in a attempts of which m were expected,
// with variance v: a beta-binomial, so that errors may come together, and cannot
// be more than the attempts. Where v is not above that of independent attempts it
// is the binomial.
func rateScore(n, a, m, v float64) float64 {
	p := m / a
	if n <= 0 || p <= 0 || p >= 1 {
		return 0
	}
	if n >= a {
		n = a
	}
	inflation := v / (m * (1 - p))  // 1 + (a - 1) rho
	size := (a-1)/(inflation-1) - 1 // alpha + beta = 1/rho - 1
	alone := inflation <= 1.0001 || size > betaSize || a < 2
	switch {
	case alone && a <= betaLong:
		return scoreOf(mathext.RegIncBeta(n, a-n+1, p))
	case alone || a > betaLong && v > betaVariance || size <= 0:
		// The beta law whose variance is that of the share of errors.
		return shareScore(math.Min(1, (n-0.5)/a), p, math.Max(m*(a-m)/v-1, 1e-6))
	}
	alpha, beta := p*size, (1-p)*size
	q := math.Exp(lchoose(a, n) + lbeta(n+alpha, a-n+beta) - lbeta(alpha, beta))
	sum := 0.0
	for k := n; k <= a && q > sum*1e-12; k++ {
		sum += q
		q *= (a - k) * (k + alpha) / ((k + 1) * (a - k - 1 + beta))
	}
	return scoreOf(sum)
}

// lbeta is the logarithm of the beta function.
func lbeta(a, b float64) float64 {
	x, _ := math.Lgamma(a)
	y, _ := math.Lgamma(b)
	z, _ := math.Lgamma(a + b)
	return x + y - z
}

// lchoose is the logarithm of a binomial coefficient.
func lchoose(a, n float64) float64 { return -math.Log(a+1) - lbeta(a-n+1, n+1) }

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
