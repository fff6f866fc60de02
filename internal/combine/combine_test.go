package combine

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

var (
	crowd  = Rule{Signal: "reports", Family: "crowd", Cap: 8, StaleAfter: 1}
	errs   = Rule{Signal: "probe_errors", Family: "probes", Cap: 8, StaleAfter: 5}
	delays = Rule{Signal: "latency", Family: "probes", Cap: 8, StaleAfter: 5}
	status = Rule{Signal: "status", Family: "operator", Cap: 3, StaleAfter: 60}
)

func TestRule(t *testing.T) {
	for name, c := range map[string]struct {
		in   []Score
		want float64
	}{
		"nothing":               {nil, 0},
		"one":                   {[]Score{{crowd, 4, 0}}, 4},
		"one, not a number":     {[]Score{{crowd, math.NaN(), 0}}, 0},
		"capped":                {[]Score{{status, 50, 0}}, 3},
		"half its age":          {[]Score{{status, 3, 30}}, 1.5},
		"stale":                 {[]Score{{crowd, 4, 0}, {status, 3, 60}}, 4},
		"from the future":       {[]Score{{crowd, 4, 0}, {status, 3, -1}}, 4},
		"two families":          {[]Score{{crowd, 3, 0}, {errs, 3, 0}}, 6 - math.Log10(1+6*math.Ln10)},
		"one of two sees none":  {[]Score{{crowd, 4, 0}, {errs, 0, 0}}, 4 - math.Log10(1+4*math.Ln10)},
		"one family of two":     {[]Score{{errs, 3, 0}, {delays, 3, 0}}, 3 - math.Log10(2)},
		"three families":        {[]Score{{crowd, 2, 0}, {errs, 2, 0}, {status, 2, 0}}, 6 - math.Log10(1+6*math.Ln10+18*math.Ln10*math.Ln10)},
		"a strong one, alone":   {[]Score{{crowd, 300, 0}, {errs, 0, 0}}, 8 - math.Log10(1+8*math.Ln10)},
		"less than nothing new": {[]Score{{crowd, -4, 0}}, 0},
	} {
		if got := Scores(c.in).Score; math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: %.4f, want %.4f", name, got, c.want)
		}
	}
}

func TestParts(t *testing.T) {
	r := Scores([]Score{{status, 2, 0}, {delays, 3, 0}, {errs, 5, 0}, {crowd, 1, 0}})
	want := []Part{{"crowd", "reports", 1}, {"operator", "status", 2}, {"probes", "probe_errors", 5 - math.Log10(2)}}
	if !slices.Equal(r.Parts, want) || r.Speaking(1.5) != 2 {
		t.Errorf("%+v", r)
	}
}

// score draws what a quiet signal says: -log10 of a uniform number.
func score(r *rand.Rand) float64 { return -math.Log10(1 - r.Float64()) }

// TestCalibrated: with independent families of one, a score of s comes with a chance
// of 10^-s as long as the caps are not reached.
func TestCalibrated(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	const draws = 400_000
	var above [4]int
	for range draws {
		c := Scores([]Score{{crowd, score(r), 0}, {errs, score(r), 0}, {Rule{"x", "x", 8, 5}, score(r), 0}}).Score
		for s := range above {
			if c >= float64(s+1) {
				above[s]++
			}
		}
	}
	for s, n := range above {
		want := draws * math.Pow(10, -float64(s+1))
		if math.Abs(float64(n)-want) > 4*math.Sqrt(want) {
			t.Errorf("score %d: %d of %d, want %.0f", s+1, n, draws, want)
		}
	}
}

// TestConservative: what depends within a family, fades or is capped never brings more
// than was promised.
func TestConservative(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	const draws = 300_000
	for name, draw := range map[string]func() []Score{
		"one signal twice": func() []Score { s := score(r); return []Score{{errs, s, 0}, {delays, s, 0}, {crowd, score(r), 0}} },
		"opposite signals": func() []Score {
			u := r.Float64()
			return []Score{{errs, -math.Log10(1 - u), 0}, {delays, -math.Log10(u + 1e-18), 0}, {crowd, score(r), 0}}
		},
		"old": func() []Score { return []Score{{errs, score(r), 3}, {status, score(r), 50}, {crowd, score(r), 0}} },
	} {
		var above [4]int
		for range draws {
			c := Scores(draw()).Score
			for s := range above {
				if c >= float64(s+1) {
					above[s]++
				}
			}
		}
		for s, n := range above {
			want := draws * math.Pow(10, -float64(s+1))
			if float64(n) > want+4*math.Sqrt(want) {
				t.Errorf("%s: score %d in %d of %d, at most %.0f promised", name, s+1, n, draws, want)
			}
		}
	}
}

// TestMonotone: no score that rises, no word that is fresher, makes the result fall,
// and the order does not matter.
func TestMonotone(t *testing.T) {
	rules := []Rule{crowd, errs, delays, status}
	rapid.Check(t, func(rt *rapid.T) {
		var in []Score
		for _, r := range rules {
			if rapid.Bool().Draw(rt, "heard") {
				in = append(in, Score{r, rapid.Float64Range(0, 12).Draw(rt, "score"), rapid.Int64Range(0, r.StaleAfter-1).Draw(rt, "age")})
			}
		}
		if len(in) == 0 {
			return
		}
		before := Scores(in)
		more := slices.Clone(in)
		i := rapid.IntRange(0, len(in)-1).Draw(rt, "which")
		more[i].Value += rapid.Float64Range(0, 3).Draw(rt, "more")
		more[i].Age = rapid.Int64Range(0, more[i].Age).Draw(rt, "fresher")
		if after := Scores(more); after.Score < before.Score-1e-12 {
			rt.Fatalf("%+v: from %g to %g", more[i], before.Score, after.Score)
		}
		slices.Reverse(in)
		if turned := Scores(in); math.Abs(turned.Score-before.Score) > 1e-12 || !slices.Equal(turned.Parts, before.Parts) {
			rt.Fatalf("%+v in another order is %+v", before, turned)
		}
		sum := 0.0
		for _, p := range before.Parts {
			sum += p.Score
		}
		if before.Score > sum+1e-12 {
			rt.Fatalf("%g is more than all parts together, %g", before.Score, sum)
		}
	})
}
