package scan

import "math"

// Sizes of the season.
const (
	daySlots  = 96
	weekSlots = 168
)

// What is believed before anything was seen, and how long it is remembered.
// Spreads are standard deviations of the logarithm.
const (
	clumpPrior       = 2.0  // excess of variance over mean of crowd reports before the series has shown its own
	scalePrior       = 0.05 // and what is added for each report a minute expected
	dispersionWeight = 6.0  // degrees of freedom that these beliefs are worth
	dispersionDoubt  = 2.0  // standard errors that the excess is taken above its estimate
	clumpFloor       = 0.01 // never quite Poisson: the tail must not trust the model that far
	scaleFloor       = 0.02
	clumpRidge       = 0.25 // mean of a bucket from which on buckets, not events, are what is learned from
	wideWeight       = 20.0 // degrees of freedom of the belief that quarters vary as minutes do
	dispersionLife   = 14 * daySlots
	hourDrift        = 0.2  // of the level in an hour, while no shape is known
	daySpread        = 0.5  // of one quarter hour around the recent level
	kinSpread        = 0.2  // of one quarter hour around what the parents' shape makes of it
	nearSpread       = 0.2  // of one quarter hour around its neighbours
	weekPrior        = 0.35 // of one hour of the week around the day's shape
	levelSpread      = 0.3  // of the level around the shape
	levelDoubt       = 0.32 // of a level that was learned in hours of the week not known then
	levelStranger    = 0.15 // weight of such an hour for the level
	quarterDrift     = 0.1  // of the day's shape from one quarter to the next
	weekDrift        = 0.15 // of the week's factor from one hour to the next
	weekFloor        = 0.05 // that the spread of the week is learned down to
	weekWeight       = 40.0 // degrees of freedom of the belief about it
	hourSpread       = 0.1  // of an hour around its forecast, where all seasons are known
	errorWeight      = 24.0 // hours that the belief in all these spreads is worth
	errorFloor       = 0.05 // how far they are scaled down by experience, and up
	errorCeiling     = 4.0
	errorAdopted     = 2        // ceilings that an adopted level begins with
	dayLife          = 21       // visits, one a day, after which a quarter hour weighs half
	weekLife         = 6 * 4    // visits, four a week, after which an hour of the week weighs half
	levelLife        = 24       // quarters: six hours, of a level that is well seen
	levelLong        = 2 * 96   // and of one that is hardly seen
	recentLong       = daySlots // quarters that the recent level remembers at most
	recentShort      = 2.0      // and at least
	recentCount      = 0.5      // events of the belief about a series never seen
	recentMinutes    = 25.0     // minutes that belief is worth: 0.02 a minute
	recentAttempts   = 50.0     // of a rate: 1 %
	dayInfo          = 25.0     // most that one visit may teach: one day is one draw of 20 %
	weekInfo         = dayInfo / 4
	levelInfo        = 4.0
	clipSpread       = 8.0 // standard deviations beyond which a unit is cut before it is learned
	clipCount        = 6.0
)

// season is what has been learned of a series. Sums are discounted: c of what
// was seen, n or e of exposure or expectation.
type season struct {
	recentC, recentN float64
	pace             float64 // exposure of a quarter hour, lately
	recentE          float64 // recentN with each exposure times the parents' shape then
	levelC, levelE   float64
	levelU           float64 // levelE by the square of how unknown the hour of the week was
	errorN, errorW   float64 // squared errors of hours over what was believed of them
	weekS, weekW     float64 // products of the week's factors with what came a week later
	units            int64   // learned so far
	dayC, dayN       [daySlots]float32
	dayHeld          [daySlots]uint8 // visits in a row that an episode kept from being learned
	weekC, weekE     [weekSlots]float32
	disp             dispersion
	groupS, groupM   [groupUnits]float32 // units of the running hour; M 0: not learned
}

// belief is the predictive law of a unit: per bucket (or attempt) mean, relative
// variance of that mean, and dispersion.
type belief struct {
	mean, spread float64
	disp, wide   float64 // variance over mean at the scale of a bucket and of a unit
	base, week   float64 // mean without week and level; factor of the week
	fresh        float64 // share of the prior in the time of day, 1: never seen
	strange      float64 // the same of the hour of the week
	dayVar       float64 // relative variance of base
	offset       float64 // what a window's score must lose to be a chance per bucket
	claim        float64 // what of the spread is checked against the errors of hours
}

// ratio is a belief of weight w shrunk by what was seen.
func ratio(prior, w, num, den float64) float64 { return (prior*w + num) / (w + den) }

// recent is the level of the last hours, per bucket or attempt.
func (s *season) recent() float64 {
	return (s.recentC + recentCount) / math.Max(s.recentN, 1)
}

// recentLife is how many quarters the recent level remembers: so many that the
// error of its count is as large as what the level may have moved since.
func recentLife(recent, phi, perQuarter float64) float64 {
	const drift = hourDrift * hourDrift / 4 // in a quarter
	return math.Min(recentLong, math.Max(recentShort, math.Sqrt(phi/math.Max(recent*perQuarter*drift, 1e-9))))
}

// believe is the predictive law of a unit, from what was learned.
func (s *season) believe(p *plan, unit int64) belief {
	bucket := 1.0 // exposure of one
	if p.rate {
		bucket = s.pace * p.perUnit / float64(p.unit)
	}
	phi := s.disp.fine(s.recent() * bucket)
	b := belief{}
	s.believeDay(&b, p, unit, phi)
	weekVar, weekSpread := s.believeWeek(&b, p, unit, phi)
	pseudo := phi / (levelSpread * levelSpread)
	level := ratio(1, pseudo, s.levelC, s.levelE)
	levelVar := 1 / (s.levelE/phi + 1/(levelSpread*levelSpread))
	b.mean = b.base * b.week * level
	b.strange = weekVar / (weekSpread * weekSpread)
	b.claim = b.dayVar + weekVar + levelVar + hourSpread*hourSpread
	strange := levelDoubt * levelDoubt * (1 - b.fresh) * s.levelU / math.Max(s.levelE, 1e-9) *
		math.Pow(weekSpread/weekPrior, 4)
	b.spread = s.scale()*b.claim + strange + phi/(s.recentC+recentCount)*b.fresh*b.fresh
	b.disp = s.disp.fine(b.mean * bucket)
	b.wide = b.disp * s.disp.wide()
	b.offset = p.offset(b.mean*bucket, b, &s.disp)
	return b
}

// believeDay is the time of day's mean: its own past, what the neighbours on both
// sides say, ever less the farther they are, and the recent level, carried along
// the parents' shape where there are parents. The recent level counts the more
// the less is known of the time of day.
func (s *season) believeDay(b *belief, p *plan, unit int64, phi float64) {
	quarter := p.quarter(unit)
	c, n := s.withNeighbours(quarter, phi)
	own := c / phi
	recent := s.recent()
	life := recentLife(recent, phi, s.pace)
	lag := (life*math.Log2E + p.perUnit*1.5) / 4 // hours
	doubt := math.Min(daySpread*daySpread, hourDrift*hourDrift*lag)
	known := 1 / (daySpread * daySpread)
	if factor, variance, ok := p.shape(unit); ok {
		recent = (s.recentC + recentCount) / math.Max(s.recentE, 1) * factor
		doubt = math.Min(doubt, variance+kinSpread*kinSpread)
	}
	b.fresh = known / (known + own)
	doubt += daySpread * daySpread * own / (known + own)
	prior := phi / doubt
	b.base = (c + prior) / (n + prior/recent)
	b.dayVar = 1 / (n*b.base/phi + 1/doubt)
}

// withNeighbours is what a quarter's own past and the quarters on both sides say,
// as events and exposure. A side that contradicts the past by more than both can
// be wrong by says the less: shapes have edges.
func (s *season) withNeighbours(quarter int, phi float64) (c, n float64) {
	own, exposure := float64(s.dayC[quarter]), float64(s.dayN[quarter])
	c, n = own, exposure
	before, after := (quarter+daySlots-1)%daySlots, (quarter+1)%daySlots
	if exposure == 0 && (s.dayN[before] == 0 || s.dayN[after] == 0) {
		return 0, 0 // the recent level says all that there is, and says it once
	}
	for _, step := range [...]int{1, daySlots - 1} {
		nc, nn := s.neighbours(quarter, step, phi)
		if own > 0 && nc > 0 {
			d := math.Log(nc / nn * exposure / own)
			edge := d*d - phi/nc - phi/own
			if edge > 0 {
				keep := 1 / (1 + nc/phi*edge)
				nc, nn = nc*keep, nn*keep
			}
		}
		c, n = c+nc, n+nn
	}
	return c, n
}

// nearest is how many quarters on each side are asked: beyond, nothing is left.
const nearest = 10

// neighbours is what the quarters on one side say of a quarter, as events and
// exposure: a random walk's filter that runs towards it.
func (s *season) neighbours(quarter, step int, phi float64) (c, n float64) {
	for i := nearest; i > 0; i-- {
		j := (quarter + i*step) % daySlots
		c, n = c+float64(s.dayC[j]), n+float64(s.dayN[j])
		keep := 1 / (1 + c/phi*quarterDrift*quarterDrift)
		c, n = c*keep, n*keep
	}
	return c, n
}

// nearHours is how many hours of the week on each side are asked.
const nearHours = 4

// believeWeek is the factor of the hour of the week, with its neighbours, shrunk to
// 1 as far as this series has been seen to have no week.
func (s *season) believeWeek(b *belief, p *plan, unit int64, phi float64) (variance, spread float64) {
	hour := p.hour(unit)
	if s.units < 7*p.day {
		// The hours before say nothing yet that the level does not say.
		b.week = 1
		return weekPrior * weekPrior, weekPrior
	}
	c, e := s.weekAround(hour, phi)
	spread2 := ratio(weekPrior*weekPrior, weekWeight, s.weekS, s.weekW)
	spread2 = math.Min(weekPrior*weekPrior, math.Max(weekFloor*weekFloor, spread2))
	b.week = ratio(1, phi/spread2, c, e)
	return 1 / (e/phi + 1/spread2), math.Sqrt(spread2)
}

// weekAround is what an hour of the week and its neighbours say, as events over
// expectation. A weekend ends at midnight: a side that contradicts the hour's own
// past, or the other side where the hour has none, says the less.
func (s *season) weekAround(hour int, phi float64) (c, e float64) {
	lc, le := s.weekSide(hour, weekSlots-1, phi)
	rc, re := s.weekSide(hour, 1, phi)
	own, expect := float64(s.weekC[hour]), float64(s.weekE[hour])
	if expect == 0 {
		if le == 0 || re == 0 {
			return 0, 0
		}
		keep := agree(lc, le, rc, re, phi)
		return (lc + rc) * keep, (le + re) * keep
	}
	left, right := agree(lc, le, own, expect, phi), agree(rc, re, own, expect, phi)
	return own + lc*left + rc*right, expect + le*left + re*right
}

// weekSide is what the hours on one side say, ever less the farther they are; the
// nearest one must be known.
func (s *season) weekSide(hour, step int, phi float64) (c, e float64) {
	if s.weekE[(hour+step)%weekSlots] == 0 {
		return 0, 0
	}
	for i := nearHours; i > 0; i-- {
		j := (hour + i*step) % weekSlots
		c, e = c+float64(s.weekC[j]), e+float64(s.weekE[j])
		keep := 1 / (1 + e/phi*weekDrift*weekDrift)
		c, e = c*keep, e*keep
	}
	return c, e
}

// agree is how much of its information a side keeps when its ratio differs from
// another one by more than both can be wrong by: shapes have edges.
func agree(c, n, own, exposure, phi float64) float64 {
	const least = 0.5 // events that stand for none, so that the logarithm exists
	if n <= 0 || exposure <= 0 {
		return 1
	}
	d := math.Log((c + least) / (n + least) * (exposure + least) / (own + least))
	edge := d*d - phi/(c+least) - phi/(own+least)
	return 1 / (1 + c/phi*math.Max(0, edge))
}

// scale is how large the errors of hours were over what was believed of them.
func (s *season) scale() float64 {
	return math.Min(errorCeiling, math.Max(errorFloor, ratio(1, errorWeight, s.errorN, s.errorW)))
}
