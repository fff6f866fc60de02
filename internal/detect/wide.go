package detect

import (
	"fmt"
	"math"

	"faultline/internal/places"
	"faultline/internal/scan"
	"faultline/outage"
)

// dimensions are the sorts of places that are watched together, in the order of their
// detections, each with its share of Config.PooledBudget.
var dimensions = [...]struct {
	name  outage.Dimension
	share float64
}{
	{outage.DimensionCountries, 0.5}, {outage.DimensionCategories, 0.3}, {outage.DimensionNetworks, 0.2},
}

// bound is what the threshold of a wide detection gives back of what its score leaves
// on the table: the score bounds a chance, and minutes of one hour are not independent.
// In simulated quiet worlds (docs/methodology.md) a month has as many episodes as it
// may with two decades given back; this keeps half a decade of them.
const bound = 1.5

// watchPlaces makes the trackers of a service's places.
func (s *service) watchPlaces(cfg Config) error {
	for i, d := range &dimensions {
		t, err := places.New(places.Config{
			Threshold: math.Log10(scan.Month.Minutes()/(cfg.PooledBudget*d.share)) - bound,
			Limit:     cfg.Places, History: cfg.PlaceHistory, Turn: i,
		})
		if err != nil {
			return fmt.Errorf("watch the %s of service %s: %w", d.name, s.id, err)
		}
		s.wide[i] = t
	}
	return nil
}

// closePlaces ends the minute of the places together. What stands out by itself is
// told by its own series, so it has no say here; and while the service as a whole is in
// an episode no wide one begins.
func (s *service) closePlaces(m outage.Minute) []outage.Detection {
	total := s.cells[0]
	whole := baseline(total.series.Forecast(int64(m)))
	// What is expected before an hour has been learned is a belief about nothing: a share
	// of that would be one, too.
	held := s.held || whole.Confidence == outage.ConfidenceNone
	s.beat.Take(places.Look{Minute: m, Expected: whole.Expected, Dispersion: whole.Dispersion, Held: held})
	var out []outage.Detection
	for i, t := range &s.wide {
		r, ok := t.Close(&s.beat, &s.shape, s.held, s.muted(dimensions[i].name))
		if !ok {
			continue
		}
		d := wideDetection(&r, whole)
		d.Dimension = dimensions[i].name
		d.NetworksUnknown = total.since(0) == 0
		out = append(out, d)
	}
	// A rise of small places hardly shows in the day of all, and a day that was held back
	// for one that was none could never be learned.
	s.shape.Close(m, !s.held)
	return out
}

// muted says which places have an episode of their own.
func (s *service) muted(d outage.Dimension) func(string) bool {
	if d == outage.DimensionNetworks {
		return nil
	}
	return func(name string) bool {
		c := s.index[keyOf(d, name)]
		return c != nil && c.open
	}
}

func keyOf(d outage.Dimension, name string) cellKey {
	if d == outage.DimensionCountries {
		return cellKey{country: name}
	}
	return cellKey{category: name}
}

// named says whether a country or category is part of a wide rise.
func (s *service) named(k cellKey) bool {
	if k.country != "" {
		return s.wide[0].Named(k.country)
	}
	return s.wide[1].Named(k.category)
}

// wideDetection puts a report of places into a detection; its numbers are sums over
// them. The band is not told: the places were chosen for being high.
func wideDetection(r *places.Report, whole outage.Baseline) outage.Detection {
	d := outage.Detection{
		Signal: outage.SignalReports, Phase: r.Phase, Count: r.Count, Baseline: whole,
		Score: r.Score, Window: r.Window, WindowCount: r.WindowCount, WindowExpected: r.WindowExpected,
		First: r.First, Onset: r.Onset, OnsetCount: r.OnsetCount, Confirm: r.Confirm,
		Networks: r.Networks, Places: r.Places,
	}
	if r.WindowExpected > 0 {
		d.Effect = float64(r.WindowCount) / r.WindowExpected
	}
	d.Baseline.Expected = r.Expected
	spread := math.Sqrt(r.Variance)
	d.Baseline.Low = math.Max(0, math.Floor(r.Expected-1.645*spread))
	d.Baseline.High = math.Ceil(r.Expected + 1.645*spread)
	d.Baseline.Dispersion = math.Max(1, r.Variance/math.Max(r.Expected, 1e-9))
	return d
}
