package scan

import "math"

// Sizes of the season.
const (
	daySlots  = 96
	weekSlots = 168
	blocks    = 8 // of three hours, each with its own dispersion
)

// What is believed before anything was seen, and how long it is remembered.
// Spreads are standard deviations of the logarithm.
const (
	dispersionPrior  = 3.0  // variance over mean of crowd reports before the series has shown its own
	dispersionWeight = 6.0  // degrees of freedom that this belief is worth
	blockWeight      = 40.0 // degrees of freedom that all day is worth against three hours of it
	dispersionDoubt  = 3.0  // standard errors that the excess is taken above its estimate
	dispersionFloor  = 1.05 // never quite Poisson: the tail must not trust the model that far
	dispersionRidge  = 3.0  // keeps single events of tiny series from weighing much
	dispersionLife   = 14 * daySlots
	daySpread        = 0.5  // of one quarter hour around the recent level
	kinSpread        = 0.2  // of one quarter hour around what the parents' shape makes of it
	nearSpread       = 0.2  // of one quarter hour around its neighbours
	weekSpread       = 0.35 // of one hour of the week around the day's shape
	levelSpread      = 0.3  // of the level around the shape
	levelDoubt       = 0.5  // of a level that was learned in hours of the week not known then
	levelStranger    = 0.15 // weight of such an hour for the level
	driftPrior       = 0.15 // of an hour around its forecast
	driftWeight      = 24.0 // hours that this belief is worth
	driftFloor       = 0.05
	driftCeiling     = 0.5
	dayLife          = 21       // visits, one a day, after which a quarter hour weighs half
	weekLife         = 6 * 4    // visits, four a week, after which an hour of the week weighs half
	levelLife        = 24       // quarters: six hours
	recentLong       = daySlots // quarters that the recent level remembers at most
	recentShort      = 4.0      // and at least
	recentEvents     = 30.0     // events, over the dispersion, that the recent level wants to rest on
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
	recentE          float64 // recentN with each exposure times the parents' shape then
	levelC, levelE   float64
	levelU           float64 // levelE by the square of how unknown the hour of the week was
	driftN, driftW   float64
	units            int64 // learned so far
	dayC, dayN       [daySlots]float32
	dayHeld          [daySlots]uint8 // visits in a row that an episode kept from being learned
	weekC, weekE     [weekSlots]float32
	disp             [blocks]dispersion
	groupS, groupM   [groupUnits]float32 // units of the running hour; M 0: not learned
}

// dispersion sums squared residuals against what a Poisson series would show,
// at the scale of a bucket and of a unit.
type dispersion struct {
	fineN, fineD float32
	wideN, wideD float32
	mean, weight float32 // of what a bucket held where this was learned
}

// belief is the predictive law of a unit: per bucket (or attempt) mean, relative
// variance of that mean, and dispersion.
type belief struct {
	mean, spread, disp float64
	base, week         float64 // mean without week and level; factor of the week
	fresh              float64 // share of the prior in the time of day, 1: never seen
	strange            float64 // the same of the hour of the week
}

// ratio is a belief of weight w shrunk by what was seen.
func ratio(prior, w, num, den float64) float64 { return (prior*w + num) / (w + den) }

// dispersionAt is variance over mean for a block of the day at mean mu: the
// larger of the two scales, each shrunk to all blocks and those to the prior.
// Above the mean at which it was learned the excess grows with the mean, as it
// does when the noise is multiplicative; below, it stays, which is the safe side.
func (s *season) dispersionAt(block int, mu float64) float64 {
	var all dispersion
	for i := range s.disp {
		all.fineN += s.disp[i].fineN
		all.fineD += s.disp[i].fineD
		all.wideN += s.disp[i].wideN
		all.wideD += s.disp[i].wideD
		all.mean += s.disp[i].mean
		all.weight += s.disp[i].weight
	}
	d := &s.disp[block]
	fine := ratio(dispersionPrior, dispersionWeight, float64(all.fineN), float64(all.fineD))
	fine = ratio(fine, blockWeight, float64(d.fineN), float64(d.fineD))
	wide := ratio(dispersionPrior, dispersionWeight, float64(all.wideN), float64(all.wideD))
	wide = ratio(wide, blockWeight, float64(d.wideN), float64(d.wideD))
	freedom := float64(all.fineD + all.wideD)
	phi := math.Max(fine, wide)
	phi = 1 + (phi-1)*(1+dispersionDoubt/math.Sqrt(dispersionWeight+freedom))
	phi = math.Max(dispersionFloor, phi)
	at := float64(all.mean) / math.Max(1, float64(all.weight))
	at = ratio(at, blockWeight/unitMax, float64(d.mean), float64(d.weight))
	// What was not learned from events was not learned at any mean.
	at = ratio(mu, dispersionWeight, at*freedom, freedom)
	if mu > at {
		phi = 1 + (phi-1)*mu/at
	}
	return phi
}

// recent is the level of the last hours, per bucket or attempt.
func (s *season) recent() float64 {
	return (s.recentC + recentCount) / math.Max(s.recentN, 1)
}

// believe is the predictive law of a unit, from what was learned.
func (s *season) believe(p *plan, unit int64) belief {
	quarter, hour, block := p.slots(unit)
	recent := s.recent()
	phi := s.dispersionAt(block, recent)
	b := belief{}
	before, info := s.dayPrior(p, unit, phi)
	b.base = (float64(s.dayC[quarter]) + phi*info) / (float64(s.dayN[quarter]) + phi*info/before)
	dayVar := 1 / (float64(s.dayN[quarter])*b.base/phi + info)
	b.fresh = dayVar / (daySpread * daySpread)
	pseudo := phi / (weekSpread * weekSpread)
	b.week = ratio(1, pseudo, float64(s.weekC[hour]), float64(s.weekE[hour]))
	weekVar := 1 / (float64(s.weekE[hour])/phi + 1/(weekSpread*weekSpread))
	pseudo = phi / (levelSpread * levelSpread)
	level := ratio(1, pseudo, s.levelC, s.levelE)
	levelVar := 1 / (s.levelE/phi + 1/(levelSpread*levelSpread))
	b.mean = b.base * b.week * level
	b.strange = weekVar / (weekSpread * weekSpread)
	strange := levelDoubt * levelDoubt * (1 - b.fresh) * s.levelU / math.Max(s.levelE, 1e-9)
	b.spread = dayVar + weekVar + levelVar + strange + s.drift() +
		phi/(s.recentC+recentCount)*b.fresh*b.fresh
	b.disp = s.dispersionAt(block, b.mean)
	return b
}

// dayPrior is what is believed of a quarter hour before its own past is looked
// at, with the information (inverse relative variance) that this is worth: the
// recent level, carried along the parents' shape where there are parents, and,
// once the quarters on both sides are known, what lies between those.
func (s *season) dayPrior(p *plan, unit int64, phi float64) (mean, info float64) {
	quarter, _, _ := p.slots(unit)
	left, right := (quarter+daySlots-1)%daySlots, (quarter+1)%daySlots
	mean, info = s.recent(), 1/(daySpread*daySpread)
	if factor, variance, ok := p.shape(unit); ok {
		mean = (s.recentC + recentCount) / math.Max(s.recentE, 1) * factor
		info = math.Max(info, 1/(variance+kinSpread*kinSpread))
	}
	if s.dayN[left] == 0 || s.dayN[right] == 0 {
		return mean, info
	}
	a := float64(s.dayC[left]) / float64(s.dayN[left])
	b := float64(s.dayC[right]) / float64(s.dayN[right])
	known := 2 * math.Min(float64(s.dayC[left]), float64(s.dayC[right])) / phi
	near := known / (1 + known*nearSpread*nearSpread)
	return (mean*info + (a+b)/2*near) / (info + near), info + near
}

// drift is the relative variance of an hour around its forecast that no season
// explains.
func (s *season) drift() float64 {
	d := ratio(driftPrior*driftPrior, driftWeight, s.driftN, s.driftW)
	return math.Min(driftCeiling*driftCeiling, math.Max(driftFloor*driftFloor, d))
}

// unitSums is what one unit held, without the buckets that must not be learned.
type unitSums struct {
	sum, exposure float64
	squares       float64 // of residuals of the buckets around the unit's own mean
	freedom       float64 // what a Poisson series would give for them, over the sum
	whole         bool    // no bucket was left out
	// What was seen but held back, because of an episode.
	heldSum, heldExposure float64
}

// learn takes one unit in.
func (s *season) learn(p *plan, unit int64, u unitSums) {
	if s.habit(p, unit, u) {
		u = unitSums{}
	}
	position := mod(unit, groupUnits)
	s.groupM[position] = 0
	if u.exposure > 0 {
		b := s.believe(p, unit)
		m := b.mean * u.exposure
		s.clip(&u, m, b)
		if u.whole && s.units >= groupUnits {
			s.groupS[position], s.groupM[position] = float32(u.sum), float32(m)
		}
		s.learnDispersion(p, unit, u, m)
		s.learnShape(p, unit, u, b)
		s.units++
	}
	if position == groupUnits-1 {
		s.learnGroup(p, unit)
		s.groupM = [groupUnits]float32{}
	}
}

// habitVisits in a row in an episode make a quarter of the day a habit: without
// that, one that was learned wrongly once would alarm every day and stay wrong.
const habitVisits = 2

// habit takes what an episode held back as the new shape of this quarter of the
// day when it came on the days before too: an outage does not keep its hours.
func (s *season) habit(p *plan, unit int64, u unitSums) bool {
	quarter, _, _ := p.slots(unit)
	held := &s.dayHeld[quarter]
	switch {
	case u.heldExposure <= u.exposure:
		if u.exposure > 0 {
			*held = 0
		}
		return false
	case *held < habitVisits:
		*held++
		return false
	}
	*held = 0
	phi := s.believe(p, unit).disp
	take := math.Min(1, dayInfo*p.perUnit*phi/math.Max(u.heldSum, 1))
	s.dayC[quarter], s.dayN[quarter] = float32(take*u.heldSum), float32(take*u.heldExposure)
	return true
}

// clip cuts what is far outside, so that what was not noticed teaches little.
// The first hour is taken as it is: there is nothing to cut it by.
func (s *season) clip(u *unitSums, m float64, b belief) {
	if s.units < groupUnits {
		return
	}
	limit := m + clipSpread*math.Sqrt(b.disp*m+b.spread*m*m) + clipCount
	if u.sum > limit {
		f := limit / u.sum
		u.sum, u.squares = limit, u.squares*f*f
	}
}

// learnShape moves the recent level, the time of day, the hour of week and the
// level towards what was seen.
func (s *season) learnShape(p *plan, unit int64, u unitSums, b belief) {
	quarter, hour, _ := p.slots(unit)
	recent := s.recent()
	life := math.Min(recentLong, math.Max(recentShort, recentEvents*b.disp/(recent*u.exposure/p.perUnit)))
	keep := math.Exp2(-p.perUnit / life)
	s.recentC = s.recentC*keep + u.sum
	s.recentN = s.recentN*keep + u.exposure
	factor, _, ok := p.shape(unit)
	if !ok {
		factor = 1
	}
	s.recentE = s.recentE*keep + factor*u.exposure

	info := b.mean * u.exposure / b.disp
	keep32 := float32(math.Exp2(-p.perUnit / dayLife))
	take := math.Min(1, dayInfo*p.perUnit/info)
	s.dayC[quarter] = s.dayC[quarter]*keep32 + float32(take*u.sum)
	s.dayN[quarter] = s.dayN[quarter]*keep32 + float32(take*u.exposure)

	// Week and level are relative to the day's shape, so they wait for it. The week
	// is learned without the level, which would follow a weekend down before the
	// week can learn it; and the level counts little what an unknown hour says.
	known := 1 - b.fresh
	keep = math.Exp2(-p.perUnit / levelLife)
	expect := b.base * b.week * u.exposure
	take = known * (levelStranger + (1-levelStranger)*(1-b.strange)) * math.Min(1, levelInfo*p.perUnit*b.disp/expect)
	expect *= take
	s.levelC = s.levelC*keep + take*u.sum
	s.levelE = s.levelE*keep + expect
	s.levelU = s.levelU*keep + expect*b.strange*b.strange

	keep32 = float32(math.Exp2(-p.perUnit / weekLife))
	take = known * math.Min(1, weekInfo*p.perUnit*b.disp/(b.base*u.exposure))
	s.weekC[hour] = s.weekC[hour]*keep32 + float32(take*u.sum)
	s.weekE[hour] = s.weekE[hour]*keep32 + float32(take*u.exposure*b.base)
}

// learnDispersion compares the buckets of a unit with each other.
func (s *season) learnDispersion(p *plan, unit int64, u unitSums, m float64) {
	_, _, block := p.slots(unit)
	d := &s.disp[block]
	keep := float32(math.Exp2(-p.perUnit * blocks / dispersionLife))
	if u.freedom > 0 {
		if s.units < groupUnits {
			m = u.sum // the first hour is not yet expected
		}
		w := 1 / (m/float64(p.unit) + dispersionRidge)
		d.fineN = d.fineN*keep + float32(u.squares*w)
		d.fineD = d.fineD*keep + float32(u.sum*u.freedom*w)
	}
	d.mean = d.mean*keep + float32(u.sum/u.exposure)
	d.weight = d.weight*keep + 1
}

// learnGroup compares each inner unit of an hour with its neighbours, which is
// blind to any even rise and to what the shape has wrong, and the hour with its
// forecast, which is not.
func (s *season) learnGroup(p *plan, unit int64) {
	var n, m float64
	for i := range s.groupM {
		if s.groupM[i] == 0 {
			return
		}
		n += float64(s.groupS[i])
		m += float64(s.groupM[i])
	}
	_, _, block := p.slots(unit)
	b := s.disp[block]
	if n > 0 {
		var num, den float64
		w := 1 / (m/groupUnits + dispersionRidge)
		for i := 1; i < groupUnits-1; i++ {
			l, c, r := float64(s.groupS[i-1]), float64(s.groupS[i]), float64(s.groupS[i+1])
			d := l - 2*c + r
			num += d * d / 6 * w
			den += (l + 4*c + r) / 6 * w
		}
		keep := float32(math.Exp2(-p.perUnit * groupUnits * blocks / dispersionLife))
		s.disp[block].wideN = b.wideN*keep + float32(num)
		s.disp[block].wideD = b.wideD*keep + float32(den)
	}
	phi := s.dispersionAt(block, 0)
	if m > 10*phi {
		keep := math.Exp2(-p.perUnit * groupUnits / dispersionLife)
		// While the season is hardly known, its error is not drift.
		w := s.drift() / s.believe(p, unit).spread
		excess := ((n-m)*(n-m) - phi*m) / (m * m)
		s.driftN = s.driftN*keep + w*math.Max(-0.25, math.Min(1, excess))
		s.driftW = s.driftW*keep + w
	}
}

// shift moves the level by a factor, and forgets how sure it was. The shapes stay:
// they follow in time if the level stays where it is.
func (s *season) shift(factor, phi float64) {
	const kept = 0.1
	pseudo := phi / (levelSpread * levelSpread)
	level := factor * ratio(1, pseudo, s.levelC, s.levelE)
	s.levelE = s.levelE*kept + pseudo
	s.levelU = 0
	s.levelC = level*(pseudo+s.levelE) - pseudo
	s.recentC *= factor * kept
	s.recentN *= kept
	s.recentE *= kept
	s.groupM = [groupUnits]float32{}
}
