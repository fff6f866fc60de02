package scan

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// directTail adds up the probabilities of a negative binomial from n on.
func directTail(n int, m, v float64) float64 {
	k := m * m / (v - m)
	lg := func(x float64) float64 { g, _ := math.Lgamma(x); return g }
	sum := 0.0
	for i := n; i < n+20000; i++ {
		x := float64(i)
		p := math.Exp(lg(x+k) - lg(k) - lg(x+1) + k*math.Log(m/v) + x*math.Log(1-m/v))
		sum += p
		if p < sum*1e-14 && x > m {
			break
		}
	}
	return sum
}

func TestTailScoreIsTheTail(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := math.Exp(rapid.Float64Range(math.Log(0.01), math.Log(3000)).Draw(t, "ln mean"))
		v := m * rapid.Float64Range(1.05, 50).Draw(t, "dispersion")
		n := int(math.Ceil(m + rapid.Float64Range(0, 12).Draw(t, "sd")*math.Sqrt(v)))
		p := directTail(max(1, n), m, v)
		if p < 1e-250 {
			t.Skip("beyond what can be added up")
		}
		want, got := -math.Log10(p), Tail(float64(max(1, n)), m, v)
		if math.Abs(got-want) > 0.02+0.01*want {
			t.Fatalf("mean %g variance %g n %d: score %g, want %g", m, v, n, got, want)
		}
	})
}

func TestTailScoreRises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := math.Exp(rapid.Float64Range(-5, 9).Draw(t, "ln mean"))
		v := m*rapid.Float64Range(1.05, 30).Draw(t, "dispersion") + m*m*rapid.Float64Range(0, 0.5).Draw(t, "spread")
		last := 0.0
		for i := range 200 {
			n := math.Ceil(m * (1 + float64(i)*0.2))
			s := Tail(n, m, v)
			if s < last*(1-1e-3)-1e-3 || math.IsNaN(s) {
				t.Fatalf("mean %g variance %g: score of %g is %g after %g", m, v, n, s, last)
			}
			last = s
		}
	})
}

func TestRateScoreOfIndependentAttempts(t *testing.T) {
	for _, c := range []struct{ n, a, m, v, want float64 }{
		{5, 5, 2.5, 1.25, -math.Log10(math.Pow(0.5, 5))},
		{1, 10, 1, 0.9, -math.Log10(1 - math.Pow(0.9, 10))},
		{0, 10, 1, 0.9, 0},
		{1, 1, 0.1, 0.09, 1},
		{5, 10, 10, 1, 0}, // everything was expected to fail
	} {
		if got := rateScore(c.n, c.a, c.m, c.v); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%g errors of %g with %g expected: %g, want %g", c.n, c.a, c.m, got, c.want)
		}
	}
}

// TestRateScoreIsTheTail compares with all probabilities added up from the other end.
func TestRateScoreIsTheTail(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := float64(rapid.IntRange(2, 3000).Draw(t, "attempts"))
		p := math.Exp(rapid.Float64Range(math.Log(0.001), math.Log(0.9)).Draw(t, "ln rate"))
		rho := math.Exp(rapid.Float64Range(math.Log(1e-4), math.Log(0.3)).Draw(t, "ln correlation"))
		m := p * a
		v := m * (1 - p) * (1 + (a-1)*rho)
		n := math.Max(1, math.Min(a, math.Ceil(m+rapid.Float64Range(0, 8).Draw(t, "sd")*math.Sqrt(v))))
		alpha, beta := p*(1/rho-1), (1-p)*(1/rho-1)
		want := 0.0
		for k := a; k >= n; k-- {
			want += math.Exp(lchoose(a, k) + lbeta(k+alpha, a-k+beta) - lbeta(alpha, beta))
		}
		if want < 1e-200 {
			t.Skip("beyond what can be added up")
		}
		got, score := rateScore(n, a, m, v), -math.Log10(want)
		if math.Abs(got-score) > 0.03+0.02*score {
			t.Fatalf("%g errors of %g, %g expected, variance %g: score %g, want %g", n, a, m, v, got, score)
		}
	})
}

func TestRateScoreOfTinyAndHugeAttempts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := math.Ceil(math.Exp(rapid.Float64Range(0, 20).Draw(t, "ln attempts")))
		m := a * math.Exp(rapid.Float64Range(-12, -0.01).Draw(t, "ln rate"))
		v := m*(1-m/a)*rapid.Float64Range(0.5, 50).Draw(t, "inflation") + m*m*rapid.Float64Range(0, 0.3).Draw(t, "spread")
		last := 0.0
		for i := range 60 {
			n := math.Min(a, math.Ceil(m+float64(i)*math.Sqrt(v)/4))
			s := rateScore(n, a, m, v)
			if math.IsNaN(s) || s < last*0.97-0.05 {
				t.Fatalf("%g errors of %g, %g expected, variance %g: score %g after %g", n, a, m, v, s, last)
			}
			last = s
		}
	})
}

func TestQuantileCoversItsShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := math.Exp(rapid.Float64Range(math.Log(0.01), math.Log(5000)).Draw(t, "ln mean"))
		v := m*rapid.Float64Range(1.05, 20).Draw(t, "dispersion") + 0.02*m*m
		for _, q := range []float64{0.05, 0.95} {
			n := quantile(q, m, v)
			below, upTo := 1-directTail(int(n), m, v), 1-directTail(int(n)+1, m, v)
			slack := 0.0
			if m > directMean {
				slack = 0.012
			}
			if upTo < q-slack-1e-9 || n > 0 && below > q+slack+1e-9 {
				t.Fatalf("mean %g variance %g: quantile %g is %g, but P(<%g)=%g and P(<=%g)=%g", m, v, q, n, n, below, n, upTo)
			}
		}
	})
}

// TestNormalMost: the bound that windows are skipped by holds.
func TestNormalMost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := math.Exp(rapid.Float64Range(math.Log(0.001), math.Log(3000)).Draw(t, "ln mean"))
		v := m*rapid.Float64Range(1.01, 30).Draw(t, "dispersion") + m*m*rapid.Float64Range(0, 0.3).Draw(t, "spread")
		n := math.Ceil(m + rapid.Float64Range(nearZ, 30).Draw(t, "sd")*math.Sqrt(v))
		if got, most := Tail(n, m, v), normalMost((n-m)/math.Sqrt(v)); got > most {
			t.Fatalf("mean %g variance %g n %g: score %g above the bound %g", m, v, n, got, most)
		}
	})
}
