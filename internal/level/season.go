package level

import "math"

// Slots of time, and how the baseline learns.
const (
	quarters     = 96  // of a day
	hours        = 168 // of a week
	quarterSecs  = 900
	hourSecs     = 3600
	daySecs      = 86400
	weekSecs     = 7 * daySecs
	slotKeep     = 0.9    // of the weight of the visits before, at each visit
	slotPrior    = 0.2    // visits that the recent level counts for
	offsetDays   = 0.25   // half-life of the offset from the time of day
	scaleHalf    = 4000.0 // buckets after which a deviation weighs half in the scale
	scaleSlow    = 4.0    // times as long for the part that is not cut
	scaleClip    = 4.0    // scales that one bucket may teach the scale, and the baseline: so much for outages
	scaleKnown   = 5      // buckets before a scale is believed
	errorClip    = 5.0    // mean errors that one bucket may teach an expert's error
	simpler      = 0.95   // of a simpler expert's error, that another must do with
	logScale     = 0.02   // the least scale of logarithms: two percent are no effect
	maxVisits    = 40     // after which the weight of the visits before stays
	expertRecent = 0
	expertDay    = 1
	expertOffset = 2
	expertWeek   = 3
	experts      = 4
)

// expert is one way to tell what comes next, with how well it did.
type expert struct {
	n    int64   // buckets learned
	err  float64 // mean error of late
	cut  float64 // mean deviation, each cut
	all  float64 // mean deviation, slowly
	ring [Window - 1]float32
}

// slots are means by time, with the number of visits.
type slot struct {
	mean float32
	n    uint8
}

// baseline tells what a value should be.
type baseline struct {
	seconds    int64
	count      int // experts in use
	log        bool
	fadeDay    float64
	fadeOffset float64

	n               int64 // buckets learned
	ringN           int32
	recent          fading
	offset          fading
	open            int64 // quarter that is being summed, since 1970
	openS           float64
	openN, openHeld int32 // buckets that are learned there, and that are not
	expert          [experts]expert
	shift           shift
	day             [quarters]slot
	week            [hours]slot

	guess  [experts]float64 // of the bucket that is being judged
	usable int              // experts that know it
	best   int
}

// fading is a mean with forgetting.
type fading struct{ sum, n float64 }

// mean is 0 where nothing is known.
func (f *fading) mean() float64 { return f.sum / max(f.n, tiny) }

// learn takes a value in.
func (f *fading) learn(x, keep float64) { f.sum, f.n = f.sum*keep+x, f.n*keep+1 }

// init sets what follows from the configuration.
func (b *baseline) init(c Config) {
	day := float64(daySecs) / float64(c.Seconds)
	b.seconds, b.log = c.Seconds, c.Log
	b.fadeDay, b.fadeOffset = math.Exp2(-1/day), math.Exp2(-1/(offsetDays*day))
	b.count = [...]int{Auto: experts, None: 1, Day: expertWeek, Week: experts}[c.Season]
}

// expected is what the baseline says of a bucket.
type expected struct {
	known    bool
	seasonal bool // the expert that was chosen knows the time
	mean     float64
	scale    float64
	residual float64 // of the bucket, in scales
	window   float64 // mean of the last residuals, in scales
}

// guesses fills in what each expert expects of a bucket. It returns how many of
// them know that time.
func (b *baseline) guesses(idx int64, guess *[experts]float64) int {
	secs := idx * b.seconds
	recent := b.recent.mean()
	q := &b.day[mod(secs, daySecs)/quarterSecs]
	w := visitWeight[q.n]
	day := (float64(q.mean)*w + slotPrior*recent) / (w + slotPrior)
	h := &b.week[mod(secs, weekSecs)/hourSecs]
	guess[expertRecent], guess[expertDay] = recent, day
	guess[expertOffset] = day + b.offset.mean()
	hw := visitWeight[h.n]
	guess[expertWeek] = day + float64(h.mean)*hw/(hw+slotPrior)
	switch {
	case q.n == 0:
		return expertDay
	case h.n == 0:
		return min(b.count, expertWeek)
	}
	return b.count
}

// visitWeight is the weight of n visits with forgetting.
var visitWeight = func() (w [maxVisits + 1]float64) {
	for i := 1; i <= maxVisits; i++ {
		w[i] = w[i-1]*slotKeep + 1
	}
	return w
}()

// choose is the expert that erred least of late; a simpler one is preferred.
func (b *baseline) choose(usable int) int {
	best := 0
	for k := 1; k < usable; k++ {
		if b.expert[k].n > scaleKnown && b.expert[k].err < simpler*b.expert[best].err {
			best = k
		}
	}
	return best
}

// scale of an expert at x.
func (b *baseline) scale(e *expert, x float64) float64 {
	return math.Sqrt(e.cut*e.cut+e.all*e.all) + b.least(x)
}

// least is the difference from x that is no difference.
func (b *baseline) least(x float64) float64 {
	if b.log {
		return logScale
	}
	return closeEnough*math.Abs(x) + tiny
}

// expect judges a bucket.
func (b *baseline) expect(idx int64, x float64) expected {
	if b.n == 0 {
		b.recent = fading{x, 1}
	}
	b.usable = b.guesses(idx, &b.guess)
	b.best = b.choose(b.usable)
	e := &b.expert[b.best]
	mean := b.guess[b.best]
	sum := x - mean
	for _, r := range e.ring[Window-1-b.ringN:] {
		sum += float64(r)
	}
	scale := b.scale(e, x)
	return expected{
		known: b.n > scaleKnown, seasonal: b.best > 0, mean: mean, scale: scale,
		residual: (x - mean) / scale, window: sum / float64(b.ringN+1) / scale,
	}
}

// forecast is the mean and the scale of a later bucket.
func (b *baseline) forecast(idx int64) (mean, scale float64) {
	var guess [experts]float64
	k := b.choose(b.guesses(idx, &guess))
	return guess[k], b.scale(&b.expert[k], guess[k])
}

// learn takes in the bucket that was judged last.
func (b *baseline) learn(idx int64, x float64, held bool) {
	for k := range b.expert[:b.count] {
		e := &b.expert[k]
		r := x - b.guess[k]
		copy(e.ring[:], e.ring[1:])
		e.ring[Window-2] = float32(r)
		if k < b.usable {
			b.learnExpert(e, math.Abs(r))
		}
	}
	b.ringN = min(b.ringN+1, Window-1)
	if q := idx * b.seconds / quarterSecs; q != b.open {
		b.closeQuarter()
		b.open = q
	}
	b.n++
	if reach := scaleClip * b.scale(&b.expert[b.best], x); b.n > scaleKnown {
		x = max(b.guess[b.best]-reach, min(b.guess[b.best]+reach, x))
	}
	b.recent.learn(x, b.fadeDay)
	b.offset.learn(x-b.guess[expertDay], b.fadeOffset)
	if held { // an outage says nothing of the time of day
		b.openHeld++
		return
	}
	b.openS, b.openN = b.openS+x, b.openN+1
}

// learnExpert takes in how far an expert was off.
func (b *baseline) learnExpert(e *expert, d float64) {
	slow := max(1/(scaleSlow*scaleHalf/math.Ln2), 1/float64(e.n+1))
	quick := max(math.Ln2/scaleHalf, 1/float64(e.n+1))
	e.all += (d - e.all) * slow
	cut, off := d, d
	if e.n > scaleKnown {
		cut = min(d, scaleClip*math.Sqrt(e.cut*e.cut+e.all*e.all)+tiny)
		off = min(d, errorClip*e.err+tiny)
	}
	e.cut += (cut - e.cut) * quick
	e.err += (off - e.err) * max(1-b.fadeDay, 1/float64(e.n+1))
	e.n++
}

// shifted is the score of a shift of the level that ends with the bucket that was
// judged last.
func (b *baseline) shifted(idx int64, x float64, learn bool) float64 {
	var residuals [Window]float64
	e := &b.expert[b.best]
	n := copyWide(residuals[:], e.ring[Window-1-b.ringN:])
	residuals[n] = x - b.guess[b.best]
	return b.shift.score(residuals[:n+1], int(mod(idx*b.seconds, daySecs)/quarterSecs), floors{b.least(x), shiftFloor * e.all}, learn)
}

// copyWide widens numbers; it returns how many.
func copyWide(to []float64, from []float32) int {
	for i, v := range from {
		to[i] = float64(v)
	}
	return len(from)
}

// closeQuarter teaches the slots what the open quarter was.
func (b *baseline) closeQuarter() {
	secs := b.open * quarterSecs
	b.shift.close(int(mod(secs, daySecs) / quarterSecs))
	q := &b.day[mod(secs, daySecs)/quarterSecs]
	if b.openN > b.openHeld {
		mean := b.openS / float64(b.openN)
		if q.n > 0 {
			h := &b.week[mod(secs, weekSecs)/hourSecs]
			h.learn(mean - float64(q.mean))
		}
		q.learn(mean)
	}
	b.openS, b.openN, b.openHeld = 0, 0, 0
}

// learn takes one visit in.
func (s *slot) learn(x float64) {
	before := visitWeight[s.n] * slotKeep
	s.mean = float32((float64(s.mean)*before + x) / (before + 1))
	s.n = min(s.n+1, maxVisits)
}

// interrupt forgets the residuals before a gap.
func (b *baseline) interrupt() { b.ringN = 0 }

// adopt makes the level of the last buckets the one to expect.
func (b *baseline) adopt(idx int64) {
	var guess [experts]float64
	best := b.choose(b.guesses(idx, &guess))
	shift := 0.0
	for _, r := range b.expert[best].ring[Window-1-b.ringN:] {
		shift += float64(r) / float64(max(1, b.ringN))
	}
	b.recent = fading{b.recent.mean() + shift, 1}
	for i := range b.day {
		b.day[i].mean += float32(shift)
	}
	b.offset = fading{}
}

// mod is the remainder that is never negative.
func mod(a, b int64) int64 {
	if r := a % b; r < 0 {
		return r + b
	} else {
		return r
	}
}
