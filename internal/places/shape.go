package places

import (
	"math"

	"faultline/outage"
)

// Hours of a day, and how a day is remembered.
const (
	hours     = 24
	shapeLife = 21.0 // days after which a day weighs half
	// shapeSpread is what is believed of one hour around the mean of the day before
	// anything is known of it: the standard deviation of its logarithm, as in the scan
	// of a single series.
	shapeSpread = 0.5
	// shapeNoise is variance over mean of reports, as a new series believes it.
	shapeNoise = 3.0
	// Bounds of a factor: beyond them it is the noise of an empty hour.
	leastFactor, mostFactor = 0.05, 10
)

// Shape is the day of a service, once by the clock of Greenwich and once by the clock
// on the wall of whoever reports: every country passes every local hour once in a day,
// so that the sum over countries by local hour is the day that people live by, whatever
// their shares. Days are taken whole, and only those in which all was quiet.
//
// The zero value knows nothing.
type Shape struct {
	days        float64 // learned, discounted
	local, utc  [hours]float64
	todayLocal  [hours]float64
	todayUTC    [hours]float64
	spoiled     bool // the running day is not whole or not quiet
	begun       bool
	knownOffset float64 // learned reports of places with a known clock
	// Means of the tables over their hours, which are asked for far more often than
	// they change; they are no state of their own.
	localMean, utcMean float64
}

// Add counts reports of the running minute.
func (s *Shape) Add(country string, m outage.Minute, n int) {
	s.todayUTC[hourOf(m, 0)] += float64(n)
	if z := zoneOf(country); z != noZone {
		s.todayLocal[hourOf(m, z)] += float64(n)
	}
}

// hourOf is the hour of a day on a clock.
func hourOf(m outage.Minute, z zone) int {
	return int(((m+outage.Minute(z))%outage.Day + outage.Day) % outage.Day / outage.Hour)
}

// Spoil says that minutes of the running day are missing.
func (s *Shape) Spoil() { s.spoiled = true }

// Close ends a minute; quiet says that somebody listened and nothing was unusual.
func (s *Shape) Close(m outage.Minute, quiet bool) {
	if !s.begun {
		s.begun = true
		s.spoiled = m%outage.Day != 0
	}
	s.spoiled = s.spoiled || !quiet
	if (m+1)%outage.Day != 0 {
		return
	}
	if !s.spoiled {
		keep := math.Exp2(-1 / shapeLife)
		s.days = s.days*keep + 1
		s.knownOffset *= keep
		for h := range hours {
			s.local[h] = s.local[h]*keep + s.todayLocal[h]
			s.utc[h] = s.utc[h]*keep + s.todayUTC[h]
			s.knownOffset += s.todayLocal[h]
		}
		s.average()
	}
	s.todayLocal, s.todayUTC, s.spoiled = [hours]float64{}, [hours]float64{}, false
}

// average takes the means of the tables.
func (s *Shape) average() {
	s.localMean, s.utcMean = 0, 0
	for h := range hours {
		s.localMean += s.local[h]
		s.utcMean += s.utc[h]
	}
	s.localMean /= hours
	s.utcMean /= hours
}

// Country is the factor of a minute around the mean of a whole day for a country, with
// its relative variance; ok is false while nothing is known.
func (s *Shape) Country(name string, m outage.Minute) (factor, variance float64, ok bool) {
	return s.at(zoneOf(name), m)
}

// Service is the same for all reports, or for a category.
func (s *Shape) Service(m outage.Minute) (factor, variance float64, ok bool) { return s.at(noZone, m) }

// at reads a shape between the middles of its hours.
func (s *Shape) at(z zone, m outage.Minute) (factor, variance float64, ok bool) {
	table, mean, offset := &s.local, s.localMean, z
	if z == noZone || s.knownOffset == 0 {
		table, mean, offset = &s.utc, s.utcMean, 0
	}
	if s.days == 0 {
		return 1, 0, false
	}
	prior := shapeNoise / (shapeSpread * shapeSpread)
	h, part := between(m, offset)
	n := table[h]*(1-part) + table[(h+1)%hours]*part
	factor = (n + prior) / (mean + prior)
	variance = 1 / (n/shapeNoise + 1/(shapeSpread*shapeSpread))
	return math.Min(mostFactor, math.Max(leastFactor, factor)), variance, true
}

// between is the hour of a day on a clock whose middle was last passed, and how far the
// minute is on the way to the next one's.
func between(m outage.Minute, z zone) (hour int, part float64) {
	minute := float64(((m+outage.Minute(z))%outage.Day + outage.Day) % outage.Day)
	position := minute/float64(outage.Hour) - 0.5 + hours
	return int(position) % hours, position - math.Floor(position)
}

// relative is how much more than the service as a whole a place has at a minute, by
// the clock on its wall.
func (s *Shape) relative(z zone, m outage.Minute) float64 {
	if z == noZone {
		return 1
	}
	own, _, ok := s.at(z, m)
	all, _, also := s.at(noZone, m)
	if !ok || !also {
		return 1
	}
	return own / all
}
