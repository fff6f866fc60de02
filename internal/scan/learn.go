package scan

import "math"

// unitSums is what one unit held, without the buckets that must not be learned.
type unitSums struct {
	sum, exposure float64
	noise         noise   // of the buckets, those of a tiny episode too
	perBucket     float64 // exposure of a bucket on average
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
	var b belief
	if u.exposure > 0 || u.noise.events > 0 {
		b = s.believe(p, unit)
		m := b.mean * u.exposure
		s.clip(&u, m, b)
		if u.noise.events > 0 {
			each := b.mean * u.perBucket
			if s.units < groupUnits {
				each = u.sum / float64(p.unit) // the first hour is not yet expected
			}
			s.disp.learnFine(u.noise, each, math.Exp2(-p.perUnit/dispersionLife))
		}
		if u.exposure > 0 {
			if u.whole && s.units >= groupUnits {
				s.groupS[position], s.groupM[position] = float32(u.sum), float32(m)
			}
			s.learnShape(p, unit, u, b)
			s.units++
		}
	}
	if p.unit == 1 {
		s.learnTriple(p, position, b.mean*u.perBucket)
	}
	if position == groupUnits-1 {
		s.learnGroup(p, unit)
	}
}

// habitVisits in a row in an episode make a quarter of the day a habit: without
// that, one that was learned wrongly once would alarm every day and stay wrong.
const habitVisits = 2

// habit takes what an episode held back as the new shape of this quarter of the
// day when it came on the days before too: an outage does not keep its hours.
func (s *season) habit(p *plan, unit int64, u unitSums) bool {
	quarter := p.quarter(unit)
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
	limit := m + clipSpread*math.Sqrt(b.wide*m+b.spread*m*m) + clipCount
	if u.sum > limit {
		f := limit / u.sum
		u.sum, u.noise.squares = limit, u.noise.squares*f*f
	}
}

// learnShape moves the recent level, the time of day, the hour of week and the
// level towards what was seen.
func (s *season) learnShape(p *plan, unit int64, u unitSums, b belief) {
	quarter, hour := p.quarter(unit), p.hour(unit)
	if p.rate {
		s.pace = u.exposure / p.perUnit
	}
	keep := math.Exp2(-p.perUnit / recentLife(s.recent(), b.disp, s.pace))
	s.recentC = s.recentC*keep + u.sum
	s.recentN = s.recentN*keep + u.exposure
	factor, _, ok := p.shape(unit)
	if !ok {
		factor = 1
	}
	s.recentE = s.recentE*keep + factor*u.exposure

	info := b.mean * u.exposure / b.wide
	keep32 := float32(math.Exp2(-p.perUnit / dayLife))
	take := math.Min(1, dayInfo*p.perUnit/info)
	s.dayC[quarter] = s.dayC[quarter]*keep32 + float32(take*u.sum)
	s.dayN[quarter] = s.dayN[quarter]*keep32 + float32(take*u.exposure)

	// Week and level are relative to the day's shape, so they wait for it. The week
	// is learned without the level, which would follow a weekend down before the
	// week can learn it; and the level counts little what an unknown hour says.
	known := 1 - b.fresh
	expect := b.base * b.week * u.exposure
	life := levelLife * math.Sqrt(levelInfo*p.perUnit*b.wide/math.Max(expect, 1e-9))
	take = known * (levelStranger + (1-levelStranger)*(1-b.strange)) * math.Min(1, levelInfo*p.perUnit*b.wide/expect)
	expect *= take
	keep = math.Exp2(-p.perUnit / math.Min(levelLong, math.Max(levelLife, life)))
	s.levelC = s.levelC*keep + take*u.sum
	s.levelE = s.levelE*keep + expect
	s.levelU = s.levelU*keep + expect*b.strange*b.strange

	keep32 = float32(math.Exp2(-p.perUnit / weekLife))
	expect = b.base * u.exposure
	take = known * math.Min(1, weekInfo*p.perUnit*b.wide/expect)
	s.learnWeek(hour, take/b.wide, u.sum, expect)
	s.weekC[hour] = s.weekC[hour]*keep32 + float32(take*u.sum)
	s.weekE[hour] = s.weekE[hour]*keep32 + float32(take*expect)
}

// learnWeek compares what comes in an hour of the week with what came in it
// before: noise is not the same twice, a week is. take is the information that an
// expected event has.
func (s *season) learnWeek(hour int, take, sum, expect float64) {
	before := float64(s.weekE[hour])
	info := take * expect
	if before*take < 0.5 || info <= 0 {
		return
	}
	past := float64(s.weekC[hour])/before - 1
	now := math.Min(1, sum/expect-1)
	// Each product is worth the smaller information, and not more than a spread of
	// weekPrior makes sense of.
	w := info / (1 + info*weekPrior*weekPrior)
	v := before * take
	w *= v / (1/(weekPrior*weekPrior) + v)
	s.weekS += w * math.Min(1, past) * now
	s.weekW += w
	const most = 2000
	if s.weekW > most {
		s.weekS *= most / s.weekW
		s.weekW = most
	}
}

// learnTriple compares a unit of one bucket with the two before: a second
// difference, which no even rise moves, stands for the residuals that longer units
// have inside.
func (s *season) learnTriple(p *plan, position int64, m float64) {
	l, c, r := mod(position-2, groupUnits), mod(position-1, groupUnits), position
	if s.groupM[l] == 0 || s.groupM[c] == 0 || s.groupM[r] == 0 {
		return
	}
	a, b, d := float64(s.groupS[l]), float64(s.groupS[c]), float64(s.groupS[r])
	in := s.inner(p)
	x := float64(in[l] - 2*in[c] + in[r])
	s.disp.learnFine(noise{x * x / 6, (a + 4*b + d) / 6}, m, math.Exp2(-p.perUnit/dispersionLife))
}

// inner is what the units of the hour are compared by: what they had, and of a rate,
// whose attempts change, what they had beyond what was expected.
func (s *season) inner(p *plan) [groupUnits]float32 {
	out := s.groupS
	if p.rate {
		for i := range out {
			out[i] -= s.groupM[i]
		}
	}
	return out
}

// learnGroup compares each inner unit of an hour with its neighbours, which is
// blind to any even rise and to what the shape has wrong, and the hour with its
// forecast, which is not.
func (s *season) learnGroup(p *plan, unit int64) {
	var n, m float64
	for i := range s.groupM {
		if s.groupM[i] == 0 {
			return // a unit is missing, or not as it should be
		}
		n += float64(s.groupS[i])
		m += float64(s.groupM[i])
	}
	b := s.believe(p, unit)
	if n > 0 && p.unit > 1 {
		s.disp.learnWide(s.inner(p), s.groupS, b.disp, math.Exp2(-p.perUnit*groupUnits/dispersionLife))
	}
	noise := b.wide / m
	w := b.claim / (b.claim + noise)
	w *= w * (1 - b.fresh)
	excess := ((n-m)*(n-m)/(m*m) - noise) / b.claim
	// An hour that no one expected is one hour, not the end of all trust.
	const least, most = 1, 9
	keep := math.Exp2(-p.perUnit * groupUnits / dispersionLife)
	s.errorN = s.errorN*keep + w*math.Max(-least-noise/b.claim, math.Min(most, excess))
	s.errorW = s.errorW*keep + w
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
	s.errorN, s.errorW = errorAdopted*errorCeiling*errorWeight, errorWeight
}
