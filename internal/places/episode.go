package places

import (
	"math"
	"slices"

	"faultline/internal/pool"
	"faultline/outage"
)

// How an episode begins, goes on and ends; the numbers are those of a single series.
const (
	effectFloor = 1.5 // count over expected in the hot places
	countFloor  = 5   // reports in them
	placeFloor  = 3   // of them: fewer are not many
	onsetSlack  = 0.5 // nats that an earlier onset may cost
	onsetReach  = 60
	surgeCount  = 10.0 // reports that the easing window should hold
	easeMinutes = 30
	insideScore = 1.3
	insideRatio = 1.3
	quietLeast  = 10
	grace       = 15
	adoptAfter  = outage.Day
	lostAfter   = 60
	keptShare   = 0.1 // of what a place's share rests on, once a new level is adopted
	maxNetworks = 8
	// Places that become hot within the first hour are named too, when they are surely
	// so: who looks for a day finds every place hot once.
	extendFor    = outage.Hour
	extendChance = 0.95
)

// hot is a place that was named.
type hot struct {
	place    int
	count    int // since the onset
	expected float64
	last     int // of this minute
}

// episode is a stretch in which many places have more than usual.
type episode struct {
	phase               outage.Phase // empty: none
	first, onset, clear outage.Minute
	hot                 []hot
	fixed               int // of hot, those that were named at the first alarm
	ease, quiet         int
	score, confirm      float64
	window, windowCount int
	windowExpected      float64
	networks            [maxNetworks]uint64 // since the first alarm
}

// open says whether the episode goes on.
func (e *episode) open() bool { return e.phase == outage.PhaseAlarm || e.phase == outage.PhaseEasing }

// named says whether a place is one of those that were named.
func (e *episode) named(place int) bool {
	return e.open() && slices.ContainsFunc(e.hot, func(h hot) bool { return h.place == place })
}

// network notes a network that a named place's reports come from.
func (e *episode) network(hash uint64) {
	for i, n := range e.networks {
		if n == hash {
			return
		}
		if n == 0 {
			e.networks[i] = hash
			return
		}
	}
}

// Report is what a minute of an open episode shows: sums over the named places.
type Report struct {
	Phase          outage.Phase
	Score, Confirm float64
	Window         int
	WindowCount    int
	WindowExpected float64
	First, Onset   outage.Minute
	Count          int // of this minute
	Expected       float64
	Variance       float64 // of this minute's count
	OnsetCount     int
	Networks       int // distinct ones since the first alarm, up to a limit
	Places         []outage.Place
}

// Open says whether an episode is open.
func (t *Tracker) Open() bool { return t.ep.open() }

// Named says whether a place has been named in the open episode.
func (t *Tracker) Named(name string) bool {
	i, known := t.index[name]
	return known && t.ep.named(i)
}

// Close ends the minute that the beat has just taken. Muted names places that are in an
// episode of their own; while whole is set, the service as a whole is in one, and none
// begins here. The second result is false while there is nothing to say.
func (t *Tracker) Close(b *Beat, s *Shape, whole bool, muted func(string) bool) (Report, bool) {
	m := b.Now
	t.record(m)
	if t.ep.phase == outage.PhaseOver {
		t.ep = episode{clear: t.ep.clear}
	}
	switch {
	case t.ep.open():
		t.follow(b, s, muted)
	case !whole && b.Known(t.cfg.History) && t.turn(m):
		t.begin(b, s, muted)
	}
	if t.ep.open() {
		b.hold(t.ep.onset, m)
	} else if t.ep.clear != 0 && m <= t.ep.clear+grace {
		b.hold(m, m)
	}
	t.learn(b, s)
	if t.ep.phase == "" {
		return Report{}, false
	}
	return t.report(b, s), true
}

// begin opens an episode when the places together are beyond the threshold.
func (t *Tracker) begin(b *Beat, s *Shape, muted func(string) bool) {
	scene, places := t.scene(b, s, muted)
	f := pool.Scan(scene)
	if f.Score < t.cfg.Threshold || f.Effect < effectFloor || f.Count < countFloor || len(f.Places) < placeFloor {
		return
	}
	m := b.Now
	t.ep = episode{
		phase: outage.PhaseAlarm, first: m, clear: t.ep.clear,
		score: f.Score, window: f.Window, windowCount: f.Count, windowExpected: f.Expected,
	}
	for _, p := range f.Places {
		t.ep.hot = append(t.ep.hot, hot{place: places[p.Cell]})
	}
	t.ep.fixed = len(t.ep.hot)
	t.ep.onset = t.backdate(b, s)
	for i := range t.ep.hot {
		t.sumHot(&t.ep.hot[i], b, s)
	}
	rate := float64(f.Count) / float64(f.Window)
	t.ep.ease = int(math.Max(1, math.Min(easeMinutes, math.Ceil(surgeCount/rate))))
}

// sumHot sums a place from the onset to now.
func (t *Tracker) sumHot(h *hot, b *Beat, s *Shape) {
	set := []hot{*h}
	w := t.sums(set, t.ep.onset, b, s)
	now := t.sums(set, b.Now, b, s)
	h.count, h.expected, h.last = w.count, w.mean, now.count
}

// backdate finds where the rise of the named places began: the start of maximum
// likelihood, moved back to the edge of what the counts cannot tell from it.
func (t *Tracker) backdate(b *Beat, s *Shape) outage.Minute {
	var ratios [onsetReach + 1]float64
	var counts [onsetReach + 1]int
	top := 0.0
	for n := 1; n <= onsetReach && b.Now-outage.Minute(n) >= max(t.ep.clear, b.Begin-1); n++ {
		w := t.sums(t.ep.hot, b.Now-outage.Minute(n)+1, b, s)
		counts[n] = w.count
		if x := float64(w.count); x > w.mean && w.mean > 0 {
			ratios[n] = (x*math.Log(x/w.mean) - x + w.mean) / (1 + t.excess())
		}
		top = math.Max(top, ratios[n])
	}
	start := 1
	for n := 1; n <= onsetReach; n++ {
		if ratios[n] > 0 && ratios[n] >= top-onsetSlack && counts[n] > counts[n-1] {
			start = n
		}
	}
	return b.Now - outage.Minute(start) + 1
}

// follow moves an open episode on by one minute.
func (t *Tracker) follow(b *Beat, s *Shape, muted func(string) bool) {
	e := &t.ep
	m := b.Now
	if t.turn(m) && m-e.first <= extendFor {
		t.extend(b, s, muted)
	}
	for i := range e.hot {
		t.addMinute(&e.hot[i], b, s)
	}
	e.confirm = t.second(b, s)
	w, score := t.judge(e.hot, min(e.ease, int(m-e.onset)+1), b, s)
	mean, _ := t.law(w, min(e.ease, int(m-e.onset)+1), b)
	if float64(w.count) >= insideRatio*mean && score >= insideScore {
		e.phase, e.quiet = outage.PhaseAlarm, 0
	} else {
		e.phase = outage.PhaseEasing
		e.quiet++
	}
	e.score, e.window, e.windowCount, e.windowExpected = score, min(e.ease, int(m-e.onset)+1), w.count, mean
	adopt := m-e.first >= adoptAfter
	if adopt {
		t.adopt(b)
	}
	if adopt || e.quiet >= max(quietLeast, 2*e.ease) || b.blind() >= lostAfter {
		e.phase, e.clear = outage.PhaseOver, m
	}
}

// addMinute adds the running minute to a named place.
func (t *Tracker) addMinute(h *hot, b *Beat, s *Shape) {
	w := t.sums([]hot{*h}, b.Now, b, s)
	h.count, h.expected, h.last = h.count+w.count, h.expected+w.mean, w.count
}

// extend names places that have become hot since the first alarm. They change neither
// the second look nor the end before they are named.
func (t *Tracker) extend(b *Beat, s *Shape, muted func(string) bool) {
	scene, places := t.scene(b, s, muted)
	f := pool.Scan(scene)
	for _, p := range f.Places {
		if i := places[p.Cell]; p.Chance >= extendChance && !t.ep.named(i) {
			h := hot{place: i}
			t.sumHot(&h, b, s)
			// The running minute is added to all of them next.
			now := t.sums([]hot{h}, b.Now, b, s)
			h.count, h.expected = h.count-now.count, h.expected-now.mean
			t.ep.hot = append(t.ep.hot, h)
		}
	}
}

// second is the score of the best window wholly after the first alarm, of the places
// that were named there, less the logarithm of the looks taken.
func (t *Tracker) second(b *Beat, s *Shape) float64 {
	after := int(b.Now - t.ep.first)
	best := 0.0
	look := func(minutes int) {
		_, score := t.judge(t.ep.hot[:t.ep.fixed], minutes, b, s)
		best = math.Max(best, score)
	}
	for _, n := range pool.Windows() {
		if n <= after {
			look(n)
		}
	}
	if after > 0 && after <= onsetReach {
		look(after)
	}
	return math.Max(0, best-math.Log10(math.Max(1, float64(after))))
}

// adopt takes what lasted a day as the places' new share.
func (t *Tracker) adopt(b *Beat) {
	whole := b.sum(b.Now-onsetReach+1, b.Now)
	if whole <= 0 {
		return
	}
	counts := map[int]float64{}
	for _, e := range t.events[t.from(b.Now-onsetReach+1):] {
		counts[int(e.place)] += float64(e.count)
	}
	for _, h := range t.ep.hot {
		p := &t.places[h.place]
		p.exposure *= keptShare
		p.count = counts[h.place] / whole * p.exposure
	}
}

// report puts the minute together.
func (t *Tracker) report(b *Beat, s *Shape) Report {
	e := &t.ep
	r := Report{
		Phase: e.phase, Score: e.score, Confirm: e.confirm, Window: e.window, WindowCount: e.windowCount,
		WindowExpected: e.windowExpected, First: e.first, Onset: e.onset,
	}
	now := t.sums(e.hot, b.Now, b, s)
	r.Count, r.Expected = now.count, now.mean
	_, r.Variance = t.law(now, 1, b)
	for _, h := range e.hot {
		r.OnsetCount += h.count
		r.Places = append(r.Places, outage.Place{Name: t.places[h.place].name, Count: h.count, Expected: h.expected, Last: h.last})
	}
	for _, n := range e.networks {
		if n != 0 {
			r.Networks++
		}
	}
	return r
}
