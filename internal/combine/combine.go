// Package combine turns what several signals say of one service in one minute into
// one score.
//
// It reads scores (-log10 of a tail probability) and writes one; it has no clock, no
// I/O, no state and no randomness.
//
// Method, in this order:
//
//  1. A score is cut to its signal's cap: what a source may bring however sure it is.
//  2. It fades with age, score x (1 - age/StaleAfter), to nothing. A power below one
//     of a tail probability is a weaker claim than the probability itself, so fading
//     never invents evidence.
//  3. Signals of one family may depend on each other in any way: of a family of n that
//     were heard, the best score less log10 n counts (Bonferroni).
//  4. Families are independent: their scores add up, and the sum is judged as Fisher
//     (1932) does, -2 ln p being chi-squared with two degrees of freedom a family.
//
// A family that was not heard - silent, stale, unknown - is no evidence either way and
// costs no degree of freedom. One that was heard and sees nothing counts as p = 1.
// The result never falls when a score rises. One strong signal alone brings its cap
// less what its being one of several costs.
//
// Limits: independence across families is an assumption; sources that share a cause of
// error belong into one family. What is heard must not depend on what is said: a
// signal that speaks only when it has found something claims too much.
package combine

import (
	"math"
	"slices"
	"strings"
)

// Rule is how much one signal counts.
type Rule struct {
	Signal string
	Family string // signals of one family may depend on each other
	Cap    float64
	// StaleAfter is the age, in minutes, from which on the signal has not been heard.
	StaleAfter int64
}

// Score is what one signal says.
type Score struct {
	Rule  Rule
	Value float64 // -log10 of the tail probability; below 0 and NaN count as 0
	Age   int64   // minutes since it was said
}

// Part is what one family brought.
type Part struct {
	Family string
	Signal string  // the one of its signals that spoke loudest
	Score  float64 // after cap, age and Bonferroni
}

// Result is the common score and what it is made of.
type Result struct {
	Score float64 // -log10 of the tail probability under independence of families
	Parts []Part  // one a family that was heard, by name
}

// Speaking is the number of parts with a score of at least least.
func (r *Result) Speaking(least float64) int {
	n := 0
	for _, p := range r.Parts {
		if p.Score >= least {
			n++
		}
	}
	return n
}

// maxScore bounds a score, as in package scan.
const maxScore = 300

// Scores combines what was heard. The order of scores does not matter.
func Scores(scores []Score) Result {
	type family struct {
		heard int
		best  Score
		value float64
	}
	families := map[string]*family{}
	var names []string
	for _, s := range scores {
		if s.Age < 0 || s.Age >= s.Rule.StaleAfter {
			continue
		}
		f := families[s.Rule.Family]
		if f == nil {
			f = &family{best: s, value: -1}
			families[s.Rule.Family] = f
			names = append(names, s.Rule.Family)
		}
		f.heard++
		value := faded(s)
		if value > f.value || value == f.value && strings.Compare(s.Rule.Signal, f.best.Rule.Signal) < 0 {
			f.best, f.value = s, value
		}
	}
	slices.Sort(names)
	var r Result
	sum := 0.0
	for _, name := range names {
		f := families[name]
		value := math.Max(0, f.value-math.Log10(float64(f.heard)))
		sum += value
		r.Parts = append(r.Parts, Part{Family: name, Signal: f.best.Rule.Signal, Score: value})
	}
	r.Score = fisher(sum, len(names))
	return r
}

// faded is a score after its cap and its age.
func faded(s Score) float64 {
	if !(s.Value > 0) {
		return 0
	}
	return math.Min(s.Value, s.Rule.Cap) * (1 - float64(s.Age)/float64(s.Rule.StaleAfter))
}

// fisher is -log10 of the chance that the scores of n independent quiet families sum
// to as much: exp(-x) sum of x^j/j! for j < n, with x the sum in nats.
func fisher(sum float64, n int) float64 {
	if n == 0 || sum <= 0 {
		return 0
	}
	x := sum * math.Ln10
	term, total := 1.0, 1.0
	for j := 1; j < n; j++ {
		term *= x / float64(j)
		total += term
	}
	return math.Min(maxScore, math.Max(0, sum-math.Log10(total)))
}
