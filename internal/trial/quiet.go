// Package trial makes the trials that the detector is judged by: simulated quiet
// services, and recorded episodes of real reports with the rules they are judged
// by.
//
// It reads a file of recorded episodes and writes tables for people. It knows
// the statistics (package scan) and the facts, no part.
//
// Limits: quiet services are stationary but for a daily shape and a slow drift of
// their level; holidays, news and jokes are not simulated.
package trial

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"

	"faultline/outage"
)

// Quiet describes services that have no outage.
type Quiet struct {
	Mean float64 // reports a minute
	// Dispersion is variance over mean of a minute; ignored when K is set.
	Dispersion float64
	// K makes the noise multiplicative: variance is mean + mean^2/K.
	K     float64
	Shape float64 // amplitude of the day, 0..1
	Drift float64 // standard deviation of the slow wandering of the log level
	// Weekend is the factor of Saturdays and Sundays; 0 stands for 1.
	Weekend float64
	Seed    uint64
}

// Quiet services start on a Monday.
const quietStart = outage.Minute(1736121600 / 60)

// driftMemory is the correlation of the drift from one quarter hour to the next:
// it forgets within about a day.
const driftMemory = 0.99

// Shares of the cells of a quiet service. Reports of one burst spread over all of
// them, as people do who saw the same thing.
var (
	quietCountries  = []string{"BR", "DE", "GB", "IN", "US"}
	countryShares   = []float64{0.1, 0.15, 0.2, 0.15, 0.4}
	quietCategories = []string{"app", "login", "website"}
	categoryShares  = []float64{0.5, 0.2, 0.3}
)

// quietNetworks is how many networks the reports of a quiet service come from.
const quietNetworks = 12

// Validate says what is wrong with a description.
func (q *Quiet) Validate() error {
	switch {
	case q.Mean <= 0 || q.Mean > 1e5:
		return fmt.Errorf("mean %g: use above 0 to 100000 reports a minute", q.Mean)
	case q.K < 0 || q.K == 0 && (q.Dispersion < 1 || q.Dispersion > 100):
		return fmt.Errorf("dispersion %g: use 1 to 100 times the mean", q.Dispersion)
	case q.Weekend < 0 || q.Weekend > 10:
		return fmt.Errorf("weekend %g: use above 0 to 10 times a working day", q.Weekend)
	case q.Shape < 0 || q.Shape > 1 || q.Drift < 0 || q.Drift > 2:
		return fmt.Errorf("shape %g and drift %g: use 0 to 1 and 0 to 2", q.Shape, q.Drift)
	}
	return nil
}

// Minutes draws the minutes of one service, those without reports too. Which
// service it is (and the seed) decides the draw. The record is reused: who keeps
// it copies it.
func (q *Quiet) Minutes(service int, days int) iter.Seq[*outage.MinutePoints] {
	return func(yield func(*outage.MinutePoints) bool) {
		r := rand.New(rand.NewPCG(q.Seed, uint64(service)))
		p := &outage.MinutePoints{Service: fmt.Sprintf("quiet-%d", service)}
		drift := q.Drift * r.NormFloat64()
		phase := r.Float64() * 2 * math.Pi
		for i := range outage.Minute(days) * outage.Day {
			if i%15 == 0 {
				drift = driftMemory*drift + q.Drift*math.Sqrt(1-driftMemory*driftMemory)*r.NormFloat64()
			}
			day := float64(i%outage.Day) / float64(outage.Day)
			mean := q.Mean * (1 + q.Shape*math.Sin(2*math.Pi*day+phase)) * math.Exp(drift)
			if q.Weekend > 0 && i/outage.Day%7 >= 5 {
				mean *= q.Weekend
			}
			p.Minute = quietStart + i
			q.draw(r, p, mean)
			if !yield(p) {
				return
			}
		}
	}
}

// draw fills in one minute: a gamma level for all, then Poisson in each cell.
func (q *Quiet) draw(r *rand.Rand, p *outage.MinutePoints, mean float64) {
	p.Points = p.Points[:0]
	mean = q.level(r, mean)
	const single = 30 // reports a minute up to which each is drawn by itself
	if mean > single {
		for i, c := range quietCountries {
			for j, g := range quietCategories {
				p.Points = spread(r, p.Points, outage.Point{Country: c, Category: g}, i*len(quietCategories)+j,
					poisson(r, mean*countryShares[i]*categoryShares[j]))
			}
		}
		return
	}
	for range poisson(r, mean) {
		p.Points = addPoint(p.Points, pick(r, quietCountries, countryShares), pick(r, quietCategories, categoryShares), r.IntN(quietNetworks), 1)
	}
}

// cellNetworks is how many of the networks the reports of one cell come from: people
// of one country share few, and the same every day.
const cellNetworks = 4

// spread adds the reports of a cell, each from one of the cell's networks.
func spread(r *rand.Rand, points []outage.Point, of outage.Point, cell, n int) []outage.Point {
	var counts [cellNetworks]int
	for range n {
		counts[r.IntN(cellNetworks)]++
	}
	for k, n := range counts {
		points = addPoint(points, of.Country, of.Category, (5*cell+3*k)%quietNetworks, n)
	}
	return points
}

// level draws the minute's own mean around the given one.
func (q *Quiet) level(r *rand.Rand, mean float64) float64 {
	k := q.K
	if k == 0 && q.Dispersion > 1 {
		k = mean / (q.Dispersion - 1)
	}
	if mean > 0 && k > 0 {
		return distuv.Gamma{Alpha: k, Beta: k / mean, Src: r}.Rand()
	}
	return mean
}

// addPoint adds reports of one cell.
func addPoint(points []outage.Point, country, category string, network, n int) []outage.Point {
	if n == 0 {
		return points
	}
	return append(points, outage.Point{
		Signal: outage.SignalReports, Country: country, Category: category,
		Network: networkNames[network], Count: n,
	})
}

// networkNames are AS numbers that are reserved for documentation.
var networkNames = func() (names [quietNetworks]string) {
	for i := range names {
		names[i] = fmt.Sprintf("AS%d", 64496+i)
	}
	return names
}()

// poisson draws a count.
func poisson(r *rand.Rand, mean float64) int {
	if mean <= 0 {
		return 0
	}
	return int(distuv.Poisson{Lambda: mean, Src: r}.Rand())
}

// pick draws a name by its share.
func pick(r *rand.Rand, names []string, shares []float64) string {
	x := r.Float64()
	for i, s := range shares {
		if x -= s; x < 0 {
			return names[i]
		}
	}
	return names[len(names)-1]
}
