package scan

import "math"

// Marks of a bucket in the ring.
const (
	seen uint8 = 1 << iota // somebody looked
	held                   // must not be learned
)

// counter is the detector of counts and of rates.
type counter struct {
	cfg       Config
	plan      plan
	threshold float64

	begun   bool
	begin   int64 // first bucket of the history
	looked  int64 // buckets in which somebody looked
	unit    int64 // unit of the current belief
	learned int64 // first unit that is not yet learned
	season  season
	belief  belief
	ep      episode

	ring

	band     Baseline // cache of the current unit's
	bandUnit int64
	bandOK   bool
}

// newCounter makes a detector without history.
func newCounter(c Config) *counter {
	s := &counter{cfg: c, plan: planFor(c), threshold: threshold(c)}
	// The belief about a new series fades as what is seen does.
	s.season.recentN = math.Max(1, recentMinutes/c.Step.Minutes())
	if c.Kind == Rate {
		s.season.recentN = recentAttempts
		s.attempts = make([]uint64, ringLen)
	}
	s.season.recentE = s.season.recentN
	s.scale = 1
	s.season.pace = unitMin / c.Step.Minutes()
	return s
}

// Observe implements [Series].
func (s *counter) Observe(idx int64, o Observation) Result {
	if s.begun && idx <= s.now {
		return Result{}
	}
	s.start(idx)
	if s.cfg.Kind == Rate || s.cfg.GapsMissing {
		s.Missing(s.now+1, idx-1)
	} else {
		s.zeros(idx - 1)
	}
	s.push(idx, clampCount(o.Count), clampCount(o.Attempts), seen)
	r := s.look(idx)
	for i := int64(0); i < int64(min(o.Hold, reach)); i++ {
		s.mark[at(idx-i)] |= held
	}
	return r
}

// start begins the history at idx.
func (s *counter) start(idx int64) {
	if s.begun {
		return
	}
	s.begun, s.begin, s.now = true, idx, idx-1
	s.unit = s.plan.unitOf(idx)
	s.learned = s.unit
	s.belief = s.season.believe(&s.plan, s.unit)
}

// Missing implements [Series].
func (s *counter) Missing(from, to int64) {
	if to < from {
		return
	}
	s.start(from)
	if s.cfg.Kind == Count && !s.cfg.GapsMissing {
		s.zeros(from - 1)
	}
	if to-s.now > kept {
		s.ep.interrupt()
		s.leap(to-kept, 0)
	}
	for i := s.now + 1; i <= to; i++ {
		s.push(i, 0, 0, 0)
		s.ep.gap(&s.plan)
	}
}

// zeros takes the buckets up to idx as zero. A zero cannot raise an alarm, so
// they are not looked at; an open episode is looked at bucket by bucket by its
// owner and never gets here with more than a gap.
func (s *counter) zeros(idx int64) {
	if idx-s.now > 2*kept && s.ep.phase == None {
		s.leap(idx-kept, seen)
	}
	for i := s.now + 1; i <= idx; i++ {
		s.push(i, 0, 0, seen)
		if s.ep.phase != None {
			s.look(i)
		}
	}
}

// forgotten is how many units of zeros are learned at most: what was there before
// two years of quarter hours of zeros weighs nothing.
const forgotten = 2 * 365 * daySlots

// leap goes to bucket idx over a stretch of zeros (or of nothing), a unit at a
// time. What lies in the ring is learned first; afterwards the ring is empty.
func (s *counter) leap(idx int64, mark uint8) {
	target := s.plan.unitOf(idx)
	last := s.plan.unitOf(s.now) + 1
	for i := s.now + 1; i < last*s.plan.unit && i <= idx; i++ {
		s.push(i, 0, 0, mark)
	}
	s.learnUpTo(last)
	if mark&seen != 0 {
		s.looked += max(0, idx-s.now)
		zero := unitSums{exposure: float64(s.plan.unit), perBucket: 1, whole: true}
		for u := max(last, target-forgotten); u < target; u++ {
			s.season.learn(&s.plan, u, zero)
		}
	}
	s.clear(max(s.now, idx), mark)
	s.season.groupM = [groupUnits]float32{}
	s.learned = max(target, last)
	s.unit = s.learned
	s.belief = s.season.believe(&s.plan, s.unit)
	s.bandOK = false
}

// push puts a bucket into the ring and learns what has become old enough.
func (s *counter) push(idx int64, n, attempts uint32, mark uint8) {
	if u := s.plan.unitOf(idx); u != s.unit {
		s.enter(u, idx)
	}
	exposure := 1.0
	if s.attempts != nil {
		exposure = float64(attempts)
	}
	mean := 0.0
	if mark&seen != 0 {
		mean = s.belief.mean * exposure
		s.looked++
		if idx <= s.ep.grace {
			mark |= held
		}
	}
	s.put(n, attempts, mean, mark)
}

// hasteUnits is the delay of learning in the first day, in units: while the time
// of day is unknown, following the recent level closely is all there is.
const hasteUnits = 1

// enter begins a unit: what is an hour old is learned and the belief made anew.
// The first hour is learned as a whole, as soon as it is complete.
func (s *counter) enter(unit, idx int64) {
	due := unit - s.plan.delay
	if s.season.units < s.plan.day {
		due = unit - hasteUnits
	}
	if s.season.units == 0 {
		due = s.learned
		if s.looked >= s.plan.minimum {
			due = unit
		}
	}
	unknown := s.season.units == 0
	s.learnUpTo(due)
	s.unit = unit
	s.belief = s.season.believe(&s.plan, unit)
	s.bandOK = false
	s.refine()
	if unknown && s.season.units > 0 {
		s.rejudge()
	}
}

// rejudge gives what is in the ring the expectation of now: what was expected
// before the first hour was learned was a guess about nothing.
func (s *counter) rejudge() {
	mean := s.belief.mean
	for i := s.now - kept + 1; i <= s.now; i++ {
		mean = math.Max(mean, s.belief.mean*s.exposure(i))
	}
	s.fit(mean)
	s.remake(s.scale, func(i int64, _ float64) float64 {
		if s.mark[at(i)]&seen == 0 {
			return 0
		}
		return s.belief.mean * s.exposure(i)
	})
}

// refine changes the units of the ring when they have become coarse for what is
// expected now, and much coarser than they must be.
func (s *counter) refine() {
	const slack = 3
	mean := s.belief.mean
	if s.attempts != nil {
		mean *= s.season.pace * s.plan.perUnit / float64(s.plan.unit)
	}
	if mean > 0 && mean*s.scale < 1<<(finest-slack) {
		s.fit(mean)
	}
}

// learnUpTo learns the units before due that are still in the ring.
func (s *counter) learnUpTo(due int64) {
	oldest := s.plan.unitOf(s.now-kept) + 1
	for ; s.learned < due; s.learned++ {
		if s.learned >= oldest {
			s.season.learn(&s.plan, s.learned, s.sums(s.learned))
		}
	}
}

// tinyEpisode is how many reports an episode may hold back in a unit so that they
// still tell how people clump: were they never learned, a series of few reports
// that come in clumps would alarm for ever.
const tinyEpisode = 12

// sums gathers what may be learned of one unit.
func (s *counter) sums(unit int64) unitSums {
	u := unitSums{whole: true}
	first := unit * s.plan.unit
	for i := first; i < first+s.plan.unit; i++ {
		j := at(i)
		if i < s.begin || i > s.now || s.mark[j]&seen == 0 {
			u.whole = false
			continue
		}
		n, exposure := float64(s.count(i)), s.exposure(i)
		if s.mark[j]&held != 0 {
			u.whole = false
			u.heldSum += n
			u.heldExposure += exposure
			continue
		}
		u.sum += n
		u.exposure += exposure
		u.perBucket++
	}
	u.perBucket = u.exposure / math.Max(u.perBucket, 1)
	switch {
	case u.heldSum > 0 && u.heldSum <= tinyEpisode:
		u.perBucket = (u.exposure + u.heldExposure) / float64(s.plan.unit)
		u.noise = s.noise(first, seen|held, u.sum+u.heldSum, u.exposure+u.heldExposure)
	case u.sum > 0:
		u.noise = s.noise(first, seen, u.sum, u.exposure)
	}
	return u
}

// noise compares the buckets of a unit that have no other marks than the given
// ones with their own mean.
func (s *counter) noise(first int64, marks uint8, sum, exposure float64) (n noise) {
	var squared float64
	for i := first; i < first+s.plan.unit; i++ {
		j := at(i)
		if i < s.begin || i > s.now || s.mark[j]&seen == 0 || s.mark[j]&^marks != 0 {
			continue
		}
		e := s.exposure(i)
		squared += e * e
		r := float64(s.count(i)) - sum*e/exposure
		n.squares += r * r
	}
	n.events = sum * (1 - squared/(exposure*exposure))
	if s.attempts != nil {
		n.events *= math.Max(0, 1-sum/exposure) // what independent attempts would give
	}
	return n
}
