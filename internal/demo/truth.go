package demo

import "faultline/outage"

// Truth is what the generator knows of a wave of X's day: means, not draws.
type Truth struct {
	Onset outage.Minute
	// Peak is the minute with the highest mean, worldwide and in the United States.
	Peak, PeakUS outage.Minute
	// Bucket is the published 15-minute bucket of the United States that both lie in.
	Bucket outage.Minute
	// Countries is when the wave reaches each country.
	Countries map[string]outage.Minute
}

// Truth returns the three waves.
func (w *World) Truth() []Truth {
	us := indexOf("US")
	out := make([]Truth, 0, len(waves))
	for k := range waves {
		to := minutesOfDay
		if k+1 < len(waves) {
			to = waves[k+1].onset
		}
		t := Truth{
			Onset:     Day + outage.Minute(waves[k].onset),
			Bucket:    Day + outage.Minute(waves[k].us),
			Countries: map[string]outage.Minute{},
		}
		best, bestUS := 0.0, 0.0
		for m := waves[k].onset; m < to; m++ {
			all := 0.0
			for c := range countries {
				all += w.surge.mean[c][m]
			}
			if all > best {
				best, t.Peak = all, Day+outage.Minute(m)
			}
			if w.surge.mean[us][m] > bestUS {
				bestUS, t.PeakUS = w.surge.mean[us][m], Day+outage.Minute(m)
			}
		}
		for c := range countries {
			t.Countries[countries[c].code] = onsetOf(k, c)
		}
		out = append(out, t)
	}
	return out
}

// Mean is what the generator expects of X on its day: background and surge,
// without wander. country "" is the world.
func (w *World) Mean(country string, m outage.Minute) float64 {
	x := &w.lives[0]
	sum := 0.0
	for c := range countries {
		if country != "" && countries[c].code != country {
			continue
		}
		sum += x.rateAt(m) * x.share[hourOf(m)][c]
		if m >= Day && m < Day+fadeEnd {
			sum += w.surge.mean[c][m-Day]
		}
	}
	return sum
}
