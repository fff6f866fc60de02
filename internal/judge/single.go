package judge

import (
	"fmt"
	"time"

	"faultline/outage"
)

// SingleConfig is how one vantage point is judged.
type SingleConfig struct {
	// Begin and End are the failures in a row that begin a wave, and the successes
	// in a row that end one: a lone failure is noise. A monitor that logs changes
	// has judged that already, so its records count at once.
	Begin, End int
	// BlockedAfter is how long failures that may be refusals must last.
	BlockedAfter time.Duration
	// Silence is how long a vantage point may say nothing before its word is stale.
	// Monitors that log changes alone are silent while nothing changes.
	Silence time.Duration
}

// DefaultSingleConfig takes two of each, half an hour, and six hours.
func DefaultSingleConfig() SingleConfig {
	return SingleConfig{Begin: 2, End: 2, BlockedAfter: BlockedAfter, Silence: 6 * time.Hour}
}

// Wave is a stretch in which a target failed at a vantage point.
type Wave struct {
	Onset    time.Time // of the first failure
	End      time.Time // of the first success behind it; zero: not known
	Last     time.Time // of the last failure
	SeenUp   time.Time // a snapshot said that it was over by then, and nothing says since when
	Failures int       // attempts, or changes to another failure
	Failure  outage.Failure
	Layer    outage.Layer // of the first failure; empty: not told
	Refusals bool         // every failure of it may have been a refusal
	Lost     bool         // the vantage point fell silent within it
}

// Open says whether a wave goes on, as far as anybody knows.
func (w *Wave) Open() bool { return w.End.IsZero() && w.SeenUp.IsZero() && !w.Lost }

// Period is a stretch in which the same was to be said of a target.
type Period struct {
	State State
	From  time.Time
}

// Track is one target seen from one vantage point over time. Its attempts are taken
// as they come: where one target has several addresses, of which some fail, whoever
// wants them apart keeps a track for each.
type Track struct {
	Target  string // id of the service; the host where none is known
	Agent   string
	Periods []Period // in the order of time; the last one goes on
	Waves   []Wave
	Depth   outage.Depth // the deepest that a success has shown

	cfg       SingleConfig
	exercise  Exercise
	last      time.Time
	bad, good int // in a row
	first     *outage.Measurement
	firstGood time.Time
}

// maxWaves of one track are kept; of more the oldest go. A target that has more is
// not out: it is not worth probing this way.
const maxWaves = 4096

// NewTrack begins a track.
func NewTrack(target, agent string, cfg SingleConfig) *Track {
	return &Track{Target: target, Agent: agent, Depth: outage.DepthNone, cfg: cfg}
}

// Add takes in a measurement of the track's target from its agent. Measurements
// come in the order of time; an earlier one is passed over.
func (t *Track) Add(m *outage.Measurement) {
	if !Counts(m) || m.Time.Before(t.last) {
		return
	}
	if m.Kind == "" && !t.last.IsZero() && m.Time.Sub(t.last) > t.cfg.Silence {
		t.silent()
	}
	t.last = m.Time
	bad := Failed(m)
	switch {
	case m.Kind == outage.KindSnapshot:
		t.snapshot(m, bad)
	case bad:
		t.failure(m)
	default:
		t.success(m)
	}
}

// silent ends what was said: nobody looked for too long.
func (t *Track) silent() {
	at := t.last.Add(t.cfg.Silence)
	if w := t.wave(); w != nil {
		w.Lost = true
	}
	t.bad, t.good, t.first = 0, 0, nil
	t.say(StateUnknown, at)
}

// wave is the one that goes on; nil: none.
func (t *Track) wave() *Wave {
	if n := len(t.Waves); n > 0 && t.Waves[n-1].Open() {
		return &t.Waves[n-1]
	}
	return nil
}

// State is what is to be said now.
func (t *Track) State() State {
	if n := len(t.Periods); n > 0 {
		return t.Periods[n-1].State
	}
	return StateUnknown
}

// say begins a period, unless the same is said already.
func (t *Track) say(s State, at time.Time) {
	if t.State() == s && len(t.Periods) > 0 {
		return
	}
	t.Periods = append(t.Periods, Period{State: s, From: at})
	if len(t.Periods) > 2*maxWaves {
		t.Periods = t.Periods[1:]
	}
}

// snapshot takes in the state at a fixed hour. It neither begins a wave nor ends
// one: it says that something is so, and not since when.
func (t *Track) snapshot(m *outage.Measurement, bad bool) {
	w := t.wave()
	switch {
	case bad && w == nil && t.State() == StateUnknown:
		t.say(StateFailing, m.Time)
	case !bad && w != nil:
		w.SeenUp = m.Time
		t.learn(m)
		t.say(GoodState(t.Depth), m.Time)
	case !bad:
		t.learn(m)
		if t.State() == StateUnknown {
			t.say(GoodState(t.Depth), m.Time)
		}
	}
}

func (t *Track) failure(m *outage.Measurement) {
	t.good = 0
	if t.bad++; t.bad == 1 {
		first := *m
		t.first = &first
	}
	w := t.wave()
	if w == nil {
		if t.bad < t.cfg.Begin && m.Kind != outage.KindChange {
			return
		}
		t.begin(m)
		return
	}
	w.Failures++
	w.Last = m.Time
	w.Refusals = w.Refusals && mayBeRefusal(m)
	t.fail(w, m.Time)
}

// begin opens a wave at the first of the failures in a row.
func (t *Track) begin(m *outage.Measurement) {
	t.Waves = append(t.Waves, Wave{
		Onset: t.first.Time, Last: m.Time, Failures: t.bad, Failure: t.first.Failure, Layer: t.first.Layer,
		Refusals: mayBeRefusal(t.first) && mayBeRefusal(m),
	})
	if len(t.Waves) > maxWaves {
		t.Waves = t.Waves[1:]
	}
	t.say(StateFailing, t.first.Time)
	t.fail(&t.Waves[len(t.Waves)-1], m.Time)
}

// fail says what kind of failing a wave is by now.
func (t *Track) fail(w *Wave, now time.Time) {
	if w.Refusals && now.Sub(w.Onset) >= t.cfg.BlockedAfter {
		t.say(StateBlocked, now)
		return
	}
	t.say(StateFailing, now)
}

func (t *Track) success(m *outage.Measurement) {
	t.bad, t.first = 0, nil
	if t.good++; t.good == 1 {
		t.firstGood = m.Time
	}
	t.learn(m)
	w := t.wave()
	if w == nil {
		t.say(GoodState(t.Depth), m.Time)
		return
	}
	if t.good >= t.cfg.End || m.Kind == outage.KindChange {
		w.End = t.firstGood
		t.say(GoodState(t.Depth), t.firstGood)
	}
}

// learn takes over how deep a success has looked.
func (t *Track) learn(m *outage.Measurement) {
	t.exercise.Add(m)
	t.Depth = t.exercise.Depth()
}

// Label says what one vantage point is worth, for the page: it alone confirms
// nothing.
func (t *Track) Label() string {
	switch t.State() {
	case StateFailing:
		return "failing, single vantage"
	case StateBlocked:
		return "single vantage, possibly blocked"
	case StateHealthy:
		return "healthy, single vantage"
	}
	return t.State().Words() + ", single vantage"
}

// Tracks judges every target at every vantage point by itself.
type Tracks struct {
	cfg   SingleConfig
	list  []*Track // in the order of appearance
	index map[[2]string]*Track
}

// MaxTracks bounds the pairs of target and vantage point that are followed at once.
const MaxTracks = 100_000

// NewTracks begins without any.
func NewTracks(cfg SingleConfig) *Tracks {
	return &Tracks{cfg: cfg, index: map[[2]string]*Track{}}
}

// Add takes a measurement in. An error says that there are too many targets.
func (ts *Tracks) Add(m *outage.Measurement) error {
	target := m.Target.Service
	if target == "" {
		target = m.Target.Host
	}
	key := [2]string{target, m.Agent}
	t := ts.index[key]
	if t == nil {
		if len(ts.list) == MaxTracks {
			return fmt.Errorf("more than %d pairs of target and vantage point: judge them in parts", MaxTracks)
		}
		t = NewTrack(target, m.Agent, ts.cfg)
		ts.index[key] = t
		ts.list = append(ts.list, t)
	}
	t.Add(m)
	return nil
}

// All lists the tracks in the order of their first measurement.
func (ts *Tracks) All() []*Track { return ts.list }
