package inject

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"

	"faultline/internal/scan"
	"faultline/outage"
)

// The cells that reports of one minute spread over, with their shares, and how many
// networks they come from.
var (
	countries      = [...]string{"BR", "DE", "GB", "IN", "US"}
	countryShares  = [...]float64{0.1, 0.15, 0.2, 0.15, 0.4}
	categories     = [...]string{"app", "login", "website"}
	categoryShares = [...]float64{0.5, 0.2, 0.3}
	networks       = [...]string{"AS64496", "AS64497", "AS64498", "AS64499", "AS64500", "AS64501", "AS64502", "AS64503"}
)

// Cells spreads a minute's count over countries, categories and networks.
func Cells(r *rand.Rand, m outage.Minute, n int) *outage.MinutePoints {
	p := &outage.MinutePoints{Service: "injected", Minute: m}
	left, share := n, 1.0
	for i, c := range countries {
		for j, g := range categories {
			q := countryShares[i] * categoryShares[j]
			k := binomial(r, left, math.Min(1, q/share))
			left, share = left-k, share-q
			for k > 0 {
				one := (k + 1) / 2 // from two networks or more, when there are two people
				k -= one
				p.Points = append(p.Points, outage.Point{
					Signal: outage.SignalReports, Country: c, Category: g,
					Network: networks[r.IntN(len(networks))], Count: one,
				})
			}
		}
	}
	return p
}

// binomial draws how many of n there are with chance p each.
func binomial(r *rand.Rand, n int, p float64) int {
	switch {
	case n <= 0 || p <= 0:
		return 0
	case p >= 1:
		return n
	case n == 1:
		if r.Float64() < p {
			return 1
		}
		return 0
	}
	return int(distuv.Binomial{N: float64(n), P: p, Src: r}.Rand())
}

// crowd draws the reports of a minute: Poisson around a mean that is itself
// unsteady by a tenth.
func crowd(r *rand.Rand, mean float64) int {
	if mean <= 0 {
		return 0
	}
	mean = distuv.Gamma{Alpha: crowdShape, Beta: crowdShape / mean, Src: r}.Rand()
	return int(distuv.Poisson{Lambda: mean, Src: r}.Rand())
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
