// Package places watches the places of one service together: how many reports each of
// its countries, categories or networks usually has, and episodes in which many of
// them have more.
//
// It reads counts, minute by minute, and writes findings; it has no clock and no I/O.
// Its state is saved and restored without a change in what follows.
//
// Method: a place has a share of what is expected of the service as a whole (so that
// it follows the service's season, week and level) and, for a country, the shape of
// the day by its own clock. Shares are gamma-Poisson estimates, learned in quarter
// hours, an hour late, and never while something is unusual. Package pool judges all
// places together; an episode begins when its score reaches the threshold, is dated
// back by likelihood, and goes on while the places that were named then stay above
// what is expected of them. A second look for confirmation counts only those places
// and only minutes after the first alarm, so that it owes nothing to the search.
//
// Limits: nothing is said before Config.History. A place takes part when
// something was learned of it; the first reports of a new one never count. A place
// costs about 300 bytes; the least busy ones of more than Config.Limit are not told apart.
package places

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"faultline/outage"
)

// What is believed of a place, and how long it is remembered.
const (
	unit      = outage.Minute(15) // of learning
	delay     = outage.Hour       // between seeing and learning
	lifeLeast = 96.0              // units after which a busy place's past weighs half: a day
	lifeMost  = 14 * 96.0         // and a quiet one's
	lifeCount = 30.0              // reports that a share wants to rest on
	priorSeen = 0.5               // reports that being new is worth
	// Each hour of the day has a factor of its own around what the share and the clock
	// say, believed at first with the information of a standard deviation of 20 % where
	// the clock is known and of 50 % where it is not.
	clockInfo = 1 / (0.2 * 0.2)
	blindInfo = 1 / (0.5 * 0.5)
	hourLife  = 21 * 4.0 // units of that hour after which one weighs half
	// wander is the relative variance of a place's share around what was learned: weekends
	// and holidays are not everywhere the same.
	wander = 0.25 * 0.25
	// apart is the same of all places together around the service as a whole.
	apart = 0.15 * 0.15
	// Clusters of people within one place: excess of variance over mean, believed with
	// the weight of so many reports, and learned from places with few of them a quarter
	// hour, for in busy ones it cannot be told from wandering.
	excessPrior  = 0.3
	excessWeight = 200.0
	excessFloor  = 0.1
	excessMost   = 3.0 // reports a unit
	excessLife   = 14 * 96.0
	fineWeight   = 100.0 // reports that a place's own is held back by
	excessClip   = 25.0  // squared residual over mean plus one, at most
	// forgotten is the number of reports below which a place makes room for another.
	forgotten = 0.1
)

// Config fixes a tracker's rule.
type Config struct {
	Threshold float64 // score that begins an episode
	Limit     int     // places that are told apart
	History   int     // minutes of listening that are wanted before anything is said
	// Turn is the minute of every lookEvery in which all places are looked at.
	Turn int
}

// lookEvery is how often, in minutes, all places are looked at for the beginning of an
// episode. A weak rise takes many minutes to show, and a look costs some microseconds.
const lookEvery = 3

// Validate says what is wrong with a configuration.
func (c Config) Validate() error {
	if !(c.Threshold > 1) || c.Threshold > 20 {
		return fmt.Errorf("threshold %g of a pooled detection: use 1 to 20", c.Threshold)
	}
	if c.History < 0 || c.History > maxHistory {
		return fmt.Errorf("%d minutes of history before a pooled detection: use 0 to %d", c.History, maxHistory)
	}
	if c.Limit < 0 || c.Limit > maxPlaces {
		return fmt.Errorf("%d places that are told apart: use 0 to %d", c.Limit, maxPlaces)
	}
	return nil
}

// maxHistory is a year: who wants more wants no detection.
const maxHistory = 365 * 24 * 60

// maxPlaces bounds what a saved state may claim.
const maxPlaces = 1 << 16

// place is one country, category or network.
type place struct {
	name     string
	zone     zone
	count    float64 // learned, discounted; without the prior
	exposure float64 // expectation of the whole over the same time, discounted alike
	now      int     // reports of the running minute
	// Reports of each hour of the day, and what share and clock said of them.
	hourN, hourE [hours]float32
	// Excess of the variance of its minutes within quarter hours, and reports.
	fineN, fineD float32
}

// event is the reports of one place in one minute; place -1 stands for the rest.
type event struct {
	minute outage.Minute
	place  int32
	count  int32
}

// Tracker watches one dimension of one service.
type Tracker struct {
	cfg      Config
	places   []place
	index    map[string]int
	rest     place   // reports of no place that is told apart
	touched  []int   // places with reports in the running minute
	events   []event // of the last ringLen minutes, oldest first
	exposure float64 // of a place that has never had a report
	excessN  float64
	excessD  float64
	learned  outage.Minute // units before this minute are learned; 0: none
	ep       episode
}

// New makes a tracker that knows no place.
func New(c Config) (*Tracker, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &Tracker{cfg: c, index: map[string]int{}}, nil
}

// Reports are some people in one place.
type Reports struct {
	Place   string // empty: unknown
	Country string // whose clock the place lives by; empty: no clock
	Network uint64 // where they come from; 0: unknown
	Count   int
}

// Add counts reports of the running minute. A place keeps the clock of the country that
// it was first heard of from.
func (t *Tracker) Add(r Reports) {
	name, n := r.Place, r.Count
	i, known := t.index[name]
	if name == "" || !known && len(t.places) >= t.cfg.Limit {
		t.rest.now += n
		return
	}
	if !known {
		i = len(t.places)
		p := place{name: name, zone: zoneOf(r.Country), exposure: t.exposure}
		t.places = append(t.places, p)
		t.index[name] = i
	}
	if t.places[i].now == 0 && n > 0 {
		t.touched = append(t.touched, i)
	}
	t.places[i].now += n
	if r.Network != 0 && t.ep.named(i) {
		t.ep.network(r.Network)
	}
}

// Forget drops what came in a minute that counts as missing.
func (t *Tracker) Forget() {
	for _, i := range t.touched {
		t.places[i].now = 0
	}
	t.touched, t.rest.now = t.touched[:0], 0
}

// Len is the number of places that are told apart.
func (t *Tracker) Len() int { return len(t.places) }

// turn says whether all places are looked at in this minute: when it is the tracker's
// turn and some place has had reports since its last one.
func (t *Tracker) turn(m outage.Minute) bool {
	return (int(m)+t.cfg.Turn)%lookEvery == 0 && t.from(m-lookEvery+1) < len(t.events)
}

// record moves the running minute's reports into the events.
func (t *Tracker) record(m outage.Minute) {
	for len(t.events) > 0 && t.events[0].minute <= m-ringLen {
		n := 1
		for n < len(t.events) && t.events[n].minute <= m-ringLen {
			n++
		}
		t.events = slices.Delete(t.events, 0, n)
	}
	slices.Sort(t.touched)
	for _, i := range t.touched {
		t.events = append(t.events, event{m, int32(i), int32(min(t.places[i].now, math.MaxInt32))})
	}
	if t.rest.now > 0 {
		t.events = append(t.events, event{m, -1, int32(min(t.rest.now, math.MaxInt32))})
	}
	t.Forget()
}

// from is the index of the first event at or after a minute.
func (t *Tracker) from(m outage.Minute) int {
	i, _ := slices.BinarySearchFunc(t.events, m, func(e event, m outage.Minute) int { return cmp.Compare(e.minute, m) })
	return i
}

// share is a place's part of the whole at a minute, and its relative variance.
func (t *Tracker) share(p *place, s *Shape, m outage.Minute) (share, variance float64) {
	if p.exposure <= 0 {
		return 0, 0
	}
	factor, doubt := p.hour(m)
	return (p.count + priorSeen) / p.exposure * s.relative(p.zone, m) * factor, 1/(p.count+priorSeen) + doubt + wander
}

// hour is a place's own factor at a minute, between the middles of hours, with its
// relative variance.
func (p *place) hour(m outage.Minute) (factor, variance float64) {
	info := blindInfo
	if p.zone != noZone {
		info = clockInfo
	}
	h, part := between(m, 0)
	next := (h + 1) % hours
	n := float64(p.hourN[h])*(1-part) + float64(p.hourN[next])*part
	e := float64(p.hourE[h])*(1-part) + float64(p.hourE[next])*part
	return (n + info) / (e + info), 1 / (n + info)
}

// excess is variance over mean less one of a place's reports.
func (t *Tracker) excess() float64 {
	return math.Max(excessFloor, (excessPrior*excessWeight+t.excessN)/(excessWeight+t.excessD))
}

// learn takes in the units that have become old enough.
func (t *Tracker) learn(b *Beat, s *Shape) {
	due := (b.Now + 1 - delay) / unit * unit
	if t.learned == 0 || t.learned < b.Now-ringLen+1 {
		t.learned = max(b.Begin, b.Now-ringLen+1+unit) / unit * unit
	}
	for ; t.learned < due; t.learned += unit {
		t.learnUnit(b, s, t.learned)
	}
}

// learnUnit takes in one unit of which every minute was seen and quiet.
func (t *Tracker) learnUnit(b *Beat, s *Shape, start outage.Minute) {
	for m := start; m < start+unit; m++ {
		if m < b.Begin || b.mark[at(m)] != seen {
			return
		}
	}
	whole := b.sum(start, start+unit-1)
	if whole <= 0 {
		return
	}
	counts, squares := make([]float64, len(t.places)), make([]float64, len(t.places))
	rest := 0.0
	for _, e := range t.events[t.from(start):t.from(start+unit)] {
		if e.place < 0 {
			rest += float64(e.count)
		} else {
			counts[e.place] += float64(e.count)
			squares[e.place] += float64(e.count) * float64(e.count)
		}
	}
	middle := start + unit/2
	t.exposure = t.exposure*math.Exp2(-1/lifeMost) + whole
	t.rest.learn(rest, whole)
	n, d := 0.0, 0.0
	for i := range t.places {
		p := &t.places[i]
		share, spread := t.share(p, s, middle)
		a, c := t.residual(p, counts[i], whole*share, spread+b.common/float64(unit))
		n, d = n+a, d+c
		part := whole * s.relative(p.zone, middle)
		p.learnHour(middle, counts[i], part)
		p.learnFine(counts[i], squares[i], b.common)
		p.learn(counts[i], part)
	}
	keep := math.Exp2(-1 / excessLife)
	t.excessN, t.excessD = t.excessN*keep+n, t.excessD*keep+d
	if (start+unit)%outage.Day == 0 {
		t.prune()
	}
}

// residual is what a place's unit says of clusters: squared residual less what a
// Poisson law, the share's doubt and the common noise explain, and the mean. New and
// busy places say nothing.
func (t *Tracker) residual(p *place, n, m, spread float64) (excess, mean float64) {
	if p.count < 1 || m <= 0 || m > excessMost {
		return 0, 0
	}
	square := math.Min((n-m)*(n-m), excessClip*(m+1))
	return square - m - math.Min(spread, 1)*m*m, m
}

// learnFine compares the minutes of a unit with each other: what they vary beyond a
// Poisson law and the common noise comes in clusters.
func (p *place) learnFine(n, squares, common float64) {
	if n == 0 {
		return
	}
	const minutes = float64(unit)
	over := (squares-n*n/minutes)*minutes/(minutes-1) - n - common*n*n/minutes
	keep := float32(math.Exp2(-1 / excessLife))
	p.fineN = max(0, p.fineN*keep+float32(over))
	p.fineD = p.fineD*keep + float32(n)
}

// excessOf is the excess of one place: its own once it has shown enough reports.
func (t *Tracker) excessOf(p *place) float64 {
	return math.Max(t.excess(), float64(p.fineN)/(float64(p.fineD)+fineWeight))
}

// learnHour moves the factor of the hour towards what was seen.
func (p *place) learnHour(m outage.Minute, n, part float64) {
	if p.exposure <= 0 || p.count < 1 {
		return
	}
	h := hourOf(m, 0)
	keep := float32(math.Exp2(-1 / hourLife))
	p.hourN[h] = p.hourN[h]*keep + float32(n)
	p.hourE[h] = p.hourE[h]*keep + float32((p.count+priorSeen)/p.exposure*part)
}

// learn moves a place's share towards what was seen.
func (p *place) learn(n, part float64) {
	life := lifeMost
	if p.exposure > 0 {
		rate := (p.count + priorSeen) / p.exposure * part
		life = math.Min(lifeMost, math.Max(lifeLeast, lifeCount/math.Max(rate, 1e-9)))
	}
	keep := math.Exp2(-1 / life)
	p.count, p.exposure = p.count*keep+n, p.exposure*keep+part
}

// prune forgets places that have had nothing for long when others want to be told
// apart. Numbers of places change, so it waits for the end of an episode.
func (t *Tracker) prune() {
	if len(t.places) < t.cfg.Limit || t.ep.open() {
		return
	}
	to := make([]int32, len(t.places))
	var kept []place
	for i, p := range t.places {
		to[i] = -1
		if p.count >= forgotten || p.now > 0 {
			to[i] = int32(len(kept))
			kept = append(kept, p)
		}
	}
	t.places = kept
	clear(t.index)
	for i := range kept {
		t.index[kept[i].name] = i
	}
	for i := range t.events {
		if p := t.events[i].place; p >= 0 {
			t.events[i].place = to[p]
		}
	}
	for i, p := range t.touched {
		t.touched[i] = int(to[p])
	}
}

// errState is what a saved state that does not fit is refused with.
var errState = errors.New("saved state of places does not fit: remove the snapshot so that it is made anew from the log")
