package scan

import "math"

// How an episode goes on and ends.
const (
	// surgeEvents is how many events of the surge the easing window should hold, so
	// that a surge of a few reports an hour is not declared over between two of them.
	surgeEvents = 10.0
	easeMinutes = 30  // that the easing window has at most
	insideScore = 1.3 // a window below this (5 %) is inside the baseline
	insideRatio = 1.3 // and so is one with less than this times its expectation
	// quietMinutes inside the baseline, or two easing windows, end an episode.
	quietMinutes = 10
	// graceMinutes after the end are not learned: the tail is still the outage.
	graceMinutes = 15
	// adoptMinutes of an open episode make it the new normal: after a day, what
	// lasts is no outage any more but a change of level.
	adoptMinutes = 24 * 60
	// surgeShare of the highest excess is what belongs to the surge, at its end and at
	// its beginning: what is left of a crowd for hours, or a drift of the day before the
	// surge, is no part of it.
	surgeShare = 0.2
	// towerMinutes are compared with the weakMinutes before them when the beginning is
	// judged again.
	towerMinutes = 5
	weakMinutes  = 30
	// lostMinutes without anybody looking end an episode.
	lostMinutes = 60
)

// episode is the open episode of a series.
type episode struct {
	phase               Phase
	first, onset        int64
	peak, last          int64
	peakValue, peakMean float64
	sum, score, confirm float64
	top                 float64 // highest excess of the easing window, a bucket
	window              int64   // buckets of the easing window
	quiet, blind        int64   // buckets inside, buckets without anybody looking, in a row
	lost                bool    // nobody looked for so long that it cannot be followed
	ended, grace        int64   // last bucket of the episode before, and of the grace after it
}

// open begins an episode at idx, found by window w.
func (s *counter) open(idx int64, w window, score float64) {
	onset := s.onset(idx)
	s.ep = episode{phase: Alarm, first: idx, onset: onset, last: idx, peak: onset}
	perBucket := math.Max(w.n/float64(w.length), 1e-9)
	s.ep.window = int64(math.Max(1, math.Min(float64(s.plan.buckets(easeMinutes, 1)), math.Ceil(surgeEvents/perBucket))))
	for i := onset; i < idx; i++ {
		s.ep.note(i, float64(s.count(i)), s.expect(i), score)
		s.mark[at(i)] |= held
	}
}

// follow moves an open episode on by one bucket.
func (s *counter) follow(idx int64, score float64) {
	e := &s.ep
	if after := idx - e.first; after > 0 {
		e.confirm = s.second(idx, after)
		// Whoever looks every minute finds something in the end: the chance is that
		// of one look times the number of looks.
		e.confirm = math.Max(0, e.confirm-math.Log10(float64(after)))
	}
	last := e.last
	w := s.back(idx, int(min(e.window, idx-e.onset+1)))
	if e.advance(idx, w.n >= insideRatio*w.mean && s.score(w) >= insideScore, &s.plan) {
		s.adopt(idx)
	}
	excess := w.excess()
	e.top = math.Max(e.top, excess)
	if e.phase == Alarm && math.Min(excess, s.back(idx, 1).excess()) < surgeShare*e.top {
		e.last = last // still outside its baseline, and no more than the rest of a surge
	}
	if s.towers(idx) {
		s.redate(idx)
	}
}

// excess over the expectation, a bucket.
func (w window) excess() float64 { return (w.n - w.mean) / float64(w.length) }

// towers says whether the newest buckets leave what the episode was before them so
// far behind that it was not yet the surge.
func (s *counter) towers(idx int64) bool {
	now, before := s.plan.buckets(towerMinutes, 1), s.plan.buckets(weakMinutes, 2)
	if now+before > reach || idx-s.ep.onset+1 < now+before || s.attempts != nil {
		return false
	}
	w := s.back(idx, int(now))
	b := s.back(idx-now, int(before))
	if w.mean <= 0 || b.mean <= 0 || w.excess()*surgeShare < b.excess() {
		return false
	}
	w.mean *= math.Max(1, b.n/b.mean) // as high as it was: is this more?
	return w.n >= effectFloor*w.mean && s.score(w) >= s.threshold
}

// redate moves the onset of an episode to where its surge began.
func (s *counter) redate(idx int64) {
	e := &s.ep
	onset := s.onset(idx)
	if onset <= e.onset {
		return
	}
	e.onset, e.sum, e.peakValue = onset, 0, 0
	for i := onset; i < idx; i++ {
		e.note(i, float64(s.count(i)), s.expect(i), 0)
	}
}

// advance moves the phase by one bucket, outside the baseline or not. It says
// whether the episode has lasted so long that it is the new normal.
func (e *episode) advance(idx int64, outside bool, p *plan) (adopt bool) {
	e.blind = 0
	if outside {
		e.phase, e.quiet, e.last = Alarm, 0, idx
	} else {
		e.phase = Easing
		e.quiet++
	}
	adopt = idx-e.first >= max(2, adoptMinutes*60/p.seconds)
	if adopt || e.lost || e.quiet >= max(p.buckets(quietMinutes, 2), 2*e.window) {
		e.phase, e.ended, e.grace = Over, idx, idx+p.buckets(graceMinutes, 1)
	}
	return adopt
}

// adopt takes what lasted as the new level: the forecast is moved to the last
// hour, and is uncertain again, as for a series of which an hour is known.
func (s *counter) adopt(idx int64) {
	w := s.back(idx, s.plan.longest())
	if w.mean <= 0 {
		return
	}
	factor := math.Max(w.n, 1) / w.mean
	s.season.shift(factor, s.belief.disp)
	s.belief = s.season.believe(&s.plan, s.unit)
	s.remake(math.Ldexp(s.scale, -math.Ilogb(factor)), func(_ int64, mean float64) float64 { return mean * factor })
	s.bandOK = false
}

// hold keeps the bucket of an open episode from being learned.
func (s *counter) hold(idx int64) {
	if s.ep.phase != None {
		s.mark[at(idx)] |= held
	}
}

// note adds a bucket to the episode's sums.
func (e *episode) note(idx int64, n, mean, score float64) {
	e.sum += n
	e.score = math.Max(e.score, score)
	if n > e.peakValue && e.phase == Alarm { // what comes while it eases is no peak
		e.peak, e.peakValue, e.peakMean = idx, n, mean
	}
}

// clear is how far a look from idx may reach back: not into the episode before,
// whose reports have been told already.
func (e *episode) clear(idx int64) int64 {
	if (e.phase == None || e.phase == Over) && e.ended != 0 {
		return min(reach, idx-e.ended)
	}
	return reach
}

// gap counts a bucket in which nobody looked.
func (e *episode) gap(p *plan) {
	if e.phase == Alarm || e.phase == Easing {
		if e.blind++; e.blind >= p.buckets(lostMinutes, 2) {
			e.interrupt()
		}
	}
}

// interrupt ends an episode that nobody can follow any more: the next bucket
// that is seen ends it.
func (e *episode) interrupt() {
	if e.phase == Alarm || e.phase == Easing {
		e.lost = true
	}
}

// episode is the public form.
func (e *episode) episode() Episode {
	return Episode{
		Phase: e.phase, First: e.first, Onset: e.onset, Peak: e.peak, PeakValue: e.peakValue,
		PeakMean: e.peakMean, Last: e.last, Count: e.sum, Score: e.score, Confirm: e.confirm,
	}
}
