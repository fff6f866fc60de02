package trial

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"faultline/internal/scan"
	"faultline/outage"
)

// InjectedSum is what many outcomes come to.
type InjectedSum struct {
	Outages, Found, Exact int // Exact: found with the right number of waves
	Waves, Matched        int // true waves, and those that a found wave was matched to
	PeaksIn               int
	// Sizes of the errors of matched waves in minutes, rising; onsets of first
	// waves again by themselves; delays from onset to first word.
	Onsets, Firsts, Ends, Delays []int
	// Signed errors, rising, which show a bias.
	SignedOnsets, SignedEnds []int
	Others                   int
}

// Add takes results in.
func (s *InjectedSum) Add(o *Outcome) {
	s.Outages++
	s.Waves += len(o.Outage.Waves)
	if !o.Found {
		return
	}
	s.Found++
	s.Delays = append(s.Delays, int(o.Delay))
	if o.Waves == len(o.Outage.Waves) {
		s.Exact++
	}
	s.Matched += len(o.Onsets)
	s.PeaksIn += o.PeaksIn
	if o.StartOnly != Never {
		s.Firsts = append(s.Firsts, size(o.StartOnly))
	}
	for i := range o.Onsets {
		s.Onsets = append(s.Onsets, size(o.Onsets[i]))
		s.Ends = append(s.Ends, size(o.Ends[i]))
		s.SignedOnsets = append(s.SignedOnsets, o.Onsets[i])
		s.SignedEnds = append(s.SignedEnds, o.Ends[i])
	}
}

// Sort makes the lists fit for [Quantile].
func (s *InjectedSum) Sort() {
	for _, l := range [][]int{s.Onsets, s.Firsts, s.Ends, s.Delays, s.SignedOnsets, s.SignedEnds} {
		slices.Sort(l)
	}
}

// size is the absolute value.
func size(n int) int { return max(n, -n) }

// Cells spreads a count over the countries, categories and networks that quiet
// services have too.
func Cells(r *rand.Rand, m outage.Minute, n int) *outage.MinutePoints {
	p := &outage.MinutePoints{Service: "injected", Minute: m}
	const single = 60 // reports up to which each is drawn by itself
	if n <= single {
		for range n {
			p.Points = addPoint(p.Points, pick(r, quietCountries, countryShares), pick(r, quietCategories, categoryShares), r.IntN(quietNetworks), 1)
		}
		return p
	}
	left, share := n, 1.0
	for i, c := range quietCountries {
		for j, g := range quietCategories {
			q := countryShares[i] * categoryShares[j]
			k := binomial(r, left, math.Min(1, q/share))
			left, share = left-k, share-q
			p.Points = addPoint(p.Points, c, g, r.IntN(quietNetworks), k)
		}
	}
	return p
}

// binomial draws how many of n there are with chance p each.
func binomial(r *rand.Rand, n int, p float64) int {
	if n <= 0 || p <= 0 {
		return 0
	}
	if p >= 1 {
		return n
	}
	return int(distuv.Binomial{N: float64(n), P: p, Src: r}.Rand())
}

// ScanRule is the detector of one series by itself, whose every episode is one
// wave.
func ScanRule(c scan.Config) Rule {
	return func(b *Background) ([]Found, error) {
		s, err := scan.New(c)
		if err != nil {
			return nil, err
		}
		var out []Found
		begin := int64(b.Begin / b.Step)
		minute := func(idx int64) outage.Minute { return outage.Minute(idx) * b.Step }
		for i, n := range b.Counts {
			idx := begin + int64(i)
			if n < 0 {
				s.Missing(idx, idx)
				continue
			}
			e := s.Observe(idx, scan.Observation{Count: n}).Episode
			if e.Phase == scan.None {
				continue
			}
			if e.First == idx {
				out = append(out, Found{Detected: minute(idx) + b.Step - 1, Waves: make([]FoundWave, 1)})
			}
			out[len(out)-1].Waves[0] = FoundWave{Onset: minute(e.Onset), Peak: minute(e.Peak), End: minute(e.Last + 1)}
		}
		return out, nil
	}
}
