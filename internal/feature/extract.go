package feature

import (
	"faultline/internal/attempts"
	"faultline/outage"
)

// Case is all that the features of an incident are taken from.
type Case struct {
	Incident     *outage.Incident // latest revision
	At           outage.Minute    // closed minutes up to this one are looked at
	Window       *attempts.Window
	Crowd        []CrowdMinute // of the service, rising
	Beside       Beside
	Observations []outage.Observation // of the service
}

// Bounds of what is looked at.
const (
	// maxLook is how long after the onset attempts are looked at: an incident that
	// lasts longer is judged by its first day.
	maxLook = outage.Day
	// lookBack is how far before the onset quiet minutes are taken from.
	lookBack = 2 * outage.Hour
	// lookEarlier is how far before the incident's onset the first failure is sought.
	lookEarlier = outage.Minute(30)
)

// Extract takes the features of an incident.
func Extract(c Case) *Set {
	x := newExtract(c)
	if x.past != nil {
		x.believe()
		x.findShield()
		x.findWaves()
		x.gather()
		x.layers()
		x.names()
		x.connects()
		x.certificates()
		x.paths()
		x.answers()
		x.mitigation()
		x.journeys()
		x.ratios()
		x.after()
		x.where()
		x.when()
		x.controls()
	}
	x.crowd()
	x.beside()
	x.observed()
	x.set.Onset = x.onset
	return x.set
}

// extract is the work on one case.
type extract struct {
	Case
	set  *Set
	past *attempts.Past

	ok      [][]bool      // by minute and bin of the past: the agent can be believed
	waves   []wave        // as measured, rising; none: nothing of note fails
	onset   outage.Minute // as measured, or else the incident's
	in      map[outage.Minute]bool
	all     attempts.Sum // of attempts in the incident that count
	quiet   attempts.Sum // of those before it
	base    map[outage.Minute]bool
	cells   []cell // by spot
	pairs   map[pair]*cell
	seasons map[string]season // by agent
	agents  map[string]*seen
	ids     []string          // of agents with attempts that count, sorted
	line    slots             // all that is looked at
	spots   map[string]*tally // by address
	steps   map[string]*tally
	// failing is the share of the attempts in the chosen minutes that came after the first
	// failure: less than 1 only while there is no whole minute.
	failing float64
	// slowFor is for how many minutes answers were slow before the first failure.
	slowFor float64
	// shield is the minute from which on defences hide what fails behind them, 0 where
	// none do; until is the last minute that attempts are looked at.
	shield, until outage.Minute
}

// tally counts attempts and those that failed.
type tally struct{ tried, failed int }

func (t *tally) share() float64 {
	if t.tried == 0 {
		return 0
	}
	return float64(t.failed) / float64(t.tried)
}

// seen is what one agent sees of the service in the incident.
type seen struct {
	tally
	quiet   tally
	doubted tally // attempts that do not count
	vantage outage.Vantage
	names   mixed // look-ups
	first   int64 // second of its first failure; 0: none
	answers tally // that are fine, and those of them that take several times as long as before
}

// fails says whether an agent sees the service fail: more than noise, and more than
// before.
func (s *seen) fails() bool { return fails(&s.tally, s.quiet.share()) }

// Bounds of slowness at one agent.
const (
	slowTimes = 3
	slowShare = 0.5
	slowLeast = 3
)

// suffers says whether an agent sees it fail, or most answers several times as slow as
// before: a page that takes five seconds is no page to whoever waits for it.
func (s *seen) suffers() bool {
	return s.fails() || s.answers.failed >= slowLeast && s.answers.share() >= slowShare
}

// Bounds of failing.
const (
	failsShare = 0.1
	failsTwice = 2
	smallTry   = 10
)

func fails(t *tally, before float64) bool {
	if t.tried < smallTry {
		return t.failed > 0 && t.share() >= 0.5
	}
	return t.failed >= failsTwice && t.share() >= failsShare+before
}

func newExtract(c Case) *extract {
	x := &extract{
		Case: c, onset: c.Incident.Onset, until: c.At, failing: 1, in: map[outage.Minute]bool{}, base: map[outage.Minute]bool{},
		pairs: map[pair]*cell{}, seasons: map[string]season{}, agents: map[string]*seen{}, spots: map[string]*tally{}, steps: map[string]*tally{},
		set: &Set{Service: c.Incident.Service, Incident: c.Incident.ID, Onset: c.Incident.Onset, At: c.At, Own: map[string]Feature{}},
	}
	if c.Window != nil {
		x.past = c.Window.Past(c.Incident.Service)
	}
	return x
}

// believe notes which bins count: those of agents that could be believed, and whose own
// controls did not mostly fail in that minute, at spots that worked before.
func (x *extract) believe() {
	x.ok = make([][]bool, len(x.past.Minutes))
	never := x.neverWorked()
	for i := range x.past.Minutes {
		m := &x.past.Minutes[i]
		x.ok[i] = make([]bool, len(m.Bins))
		doubted := map[string]bool{}
		for j := range m.Bins {
			id := x.past.Spots[m.Bins[j].Spot].Agent
			bad, known := doubted[id]
			if !known {
				a := x.Window.Agent(id)
				bad = a == nil || a.Doubted(m.At)
				doubted[id] = bad
			}
			x.ok[i][j] = !m.Bins[j].Doubted && !bad && !never[m.Bins[j].Spot]
		}
	}
}

// neverTries at a spot before the onset, all of them failed, say that it tells nothing
// of what began then.
const neverTries = 5

// neverWorked finds the spots at which all attempts before the onset failed, such as
// those over a family of addresses that a network does not have.
func (x *extract) neverWorked() []bool {
	before := make([]tally, len(x.past.Spots))
	for i := range x.past.Minutes {
		if m := &x.past.Minutes[i]; m.At < x.Incident.Onset {
			for j := range m.Bins {
				tried, failed := m.Bins[j].Tally()
				before[m.Bins[j].Spot].add(tally{tried, failed})
			}
		}
	}
	never := make([]bool, len(before))
	for i, t := range before {
		never[i] = t.tried >= neverTries && t.failed == t.tried
	}
	return never
}

// each hands over the bins of minutes, with their spots and whether they count.
func (x *extract) each(from, to outage.Minute, take func(m outage.Minute, s *attempts.Spot, b *attempts.Bin, ok bool)) {
	for i := range x.past.Minutes {
		m := &x.past.Minutes[i]
		if m.At < from || m.At > to {
			continue
		}
		for j := range m.Bins {
			take(m.At, &x.past.Spots[m.Bins[j].Spot], &m.Bins[j], x.ok[i][j])
		}
	}
}

// to is the last minute that attempts are looked at, and last that anything is.
func (x *extract) to() outage.Minute   { return min(x.until, x.last()) }
func (x *extract) last() outage.Minute { return min(x.At, x.onset+maxLook) }

// gather adds up what counts, in the incident and before it.
func (x *extract) gather() {
	x.cells = make([]cell, len(x.past.Spots))
	x.each(x.onset-lookBack, x.to(), func(m outage.Minute, s *attempts.Spot, b *attempts.Bin, ok bool) {
		in, base := x.in[m], x.base[m]
		if !in && !base {
			return
		}
		tried, failed := b.Tally()
		t := tally{tried, failed}
		a, c := x.agent(s.Agent), &x.cells[b.Spot]
		switch {
		case !ok && in:
			a.doubted.add(t)
		case !ok:
		case base:
			x.quiet.Add(b)
			c.base.add(m, b, t)
			a.quiet.add(t)
		default:
			x.all.Add(b)
			c.now.add(m, b, t)
			c.tally.add(t)
			a.add(t)
			if looked := b.N(attempts.Looked); looked > 0 {
				bad := b.N(attempts.LookFailed)
				a.names.add(m, bad > 0, looked > bad, false) // questions of a minute have no order
			}
		}
	})
	for i := range x.cells {
		if s := &x.past.Spots[i]; s.Address != "" {
			at(x.spots, s.Address).add(x.cells[i].tally)
		}
	}
	x.joinPairs()
	x.ids = x.looking()
}

func (t *tally) add(o tally) { t.tried, t.failed = t.tried+o.tried, t.failed+o.failed }

func at(m map[string]*tally, key string) *tally {
	if m[key] == nil {
		m[key] = &tally{}
	}
	return m[key]
}

func (x *extract) agent(id string) *seen {
	s := x.agents[id]
	if s == nil {
		s = &seen{}
		if a := x.Window.Agent(id); a != nil {
			s.vantage = a.Vantage
		}
		x.agents[id] = s
	}
	return s
}
