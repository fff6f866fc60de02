package assess

import (
	"math"

	"faultline/internal/judge"
	"faultline/outage"
)

// How looks become words. A look is a minute with attempts.
const (
	// failingShare and partlyShare of the attempts of a look must fail, the one
	// exceeded: where only one of two families of addresses works, people still get in.
	failingShare = 0.5
	partlyShare  = 0.1
	// beginLooks in a row begin a word for trouble, endLooks end it, as in package
	// judge: a lone failure is noise.
	beginLooks = 2
	endLooks   = 2
	// staleAfter is the least number of minutes after which a view says nothing more;
	// one that looks rarely may wait for staleGaps of its usual distances.
	staleAfter = 10
	staleGaps  = 3
	// forgetAfter is when it is forgotten, as when nobody probes the service any more.
	forgetAfter = 60
)

// level is how bad a look was.
type level int

const (
	unseen level = iota
	fine
	partly
	failing
)

func (l level) word() string {
	switch l {
	case partly:
		return outage.LayerPartly
	case failing:
		return outage.LayerFailing
	}
	return outage.LayerFine
}

// levelOf a look.
func levelOf(t *tally) level {
	switch share := float64(t.failed) / float64(t.tried); {
	case share > failingShare:
		return failing
	case share >= partlyShare && t.failed > 0:
		return partly
	}
	return fine
}

// row is a word that stands until enough looks in a row say otherwise.
type row struct {
	Level   level          `json:"level"`
	Since   outage.Minute  `json:"since"`
	Failure outage.Failure `json:"failure,omitempty"`
	// Next is what the last looks say, for Count of them since From.
	Next  level         `json:"next,omitempty"`
	Count int           `json:"count,omitempty"`
	From  outage.Minute `json:"from,omitempty"`
	// Run counts failing looks in a row, since RunFrom.
	Run     int           `json:"run,omitempty"`
	RunFrom outage.Minute `json:"run_from,omitempty"`
}

// take adds a look. Looks that are failing and partly so in turn are partly so; enough
// failing ones in a row are failing whatever came before them, for a service mostly
// stops in the middle of a minute, and that minute is partly failing.
func (r *row) take(t *tally, m outage.Minute) {
	l := levelOf(t)
	if t.failed > 0 {
		r.Failure = t.failure
	}
	if r.fails(l, m) {
		r.Level, r.Since, r.Next, r.Count = failing, r.RunFrom, unseen, 0
		return
	}
	if l == r.Level {
		r.Next, r.Count = unseen, 0
		return
	}
	switch {
	case r.Count == 0 || (l > fine) != (r.Next > fine):
		r.Next, r.Count, r.From = l, 0, m
	case l != r.Next:
		r.Next = min(l, r.Next)
		if r.Next == r.Level {
			r.Next, r.Count = unseen, 0
			return
		}
	}
	r.Count++
	need := beginLooks
	switch {
	case r.Level == unseen && r.Next == fine:
		need = 1
	case r.Next == fine:
		need = endLooks
	}
	if r.Count < need {
		return
	}
	r.Level, r.Since, r.Next, r.Count = r.Next, r.From, unseen, 0
	if r.Level == fine {
		r.Failure = ""
	}
}

// fails counts failing looks, and says whether they begin the word now.
func (r *row) fails(l level, m outage.Minute) bool {
	if l != failing {
		r.Run = 0
		return false
	}
	if r.Run == 0 {
		r.RunFrom = m
	}
	r.Run = min(r.Run+1, beginLooks)
	return r.Run == beginLooks && r.Level != failing
}

// How slow is judged, against a series' own past.
const (
	slowLooks   = 3       // in a row begin the word, and end it
	slowFactor  = 2.0     // a level is slow from so many times the usual ...
	slowSpread  = 4.0     // ... and so many standard deviations above
	slowHistory = 30      // looks before anything is said
	slowMemory  = 24 * 60 // looks after which the past has faded
)

// pace is the usual time of a layer, as a level of logarithms of milliseconds.
type pace struct {
	N        int     `json:"n,omitempty"`
	Mean     float64 `json:"mean,omitempty"`
	Variance float64 `json:"variance,omitempty"`
	Slow     bool    `json:"slow,omitempty"`
	Count    int     `json:"count,omitempty"` // looks in a row that say otherwise
}

// take adds a look. What is beyond the usual is learned only up to its bound, so a
// slow evening does not become the usual, and a lasting change does within a day.
func (p *pace) take(t *tally) {
	if t.timed == 0 {
		return
	}
	x := t.logs / float64(t.timed)
	bound := p.Mean + math.Max(math.Log(slowFactor), slowSpread*math.Sqrt(p.Variance))
	slow := p.N >= slowHistory && x > bound
	if slow == p.Slow {
		p.Count = 0
	} else if p.Count++; p.Count >= slowLooks {
		p.Slow, p.Count = slow, 0
	}
	if p.N >= slowHistory {
		x = math.Min(x, bound)
	}
	p.N = min(p.N+1, slowMemory)
	step := 1 / float64(p.N)
	d := x - p.Mean
	p.Mean += step * d
	p.Variance = (1 - step) * (p.Variance + step*d*d)
}

// view is how one agent sees one service. Its exported fields are its saved state.
type view struct {
	Agent  string       `json:"agent"`
	Last   int64        `json:"last"` // look, in minutes as the book counts them
	Gap    int64        `json:"gap"`
	Whole  row          `json:"whole"`
	Layers []layerView  `json:"layers"` // in the order of layers
	Layer  outage.Layer `json:"layer,omitempty"`
	// Refused says that the latest look failed mostly by refusals.
	Refused bool `json:"refused,omitempty"`
}

type layerView struct {
	Layer outage.Layer `json:"layer"`
	Row   row          `json:"row"`
	Pace  pace         `json:"pace"`
	Last  int64        `json:"last"`
}

// take adds a minute's attempts.
func (v *view) take(s *sums, m outage.Minute, now int64) {
	for i, l := range layers {
		t := s.sum(l)
		if t.tried == 0 {
			continue
		}
		lv := v.layer(i)
		lv.Row.take(&t, m)
		lv.Pace.take(&t)
		lv.Last = now
	}
	whole := s.sum("")
	if whole.tried == 0 {
		return
	}
	if v.Last > 0 {
		v.Gap = min(now-v.Last, maxGap)
	}
	v.Last = now
	v.Whole.take(&whole, m)
	v.Refused = 2*whole.refused > whole.failed
	if whole.failed > 0 {
		var failure outage.Failure
		if v.Layer, failure = s.first(); failure != "" {
			v.Whole.Failure = failure
		}
	}
}

// layer finds the i-th layer's view, or makes it.
func (v *view) layer(i int) *layerView {
	at := 0
	for at < len(v.Layers) && order(v.Layers[at].Layer) < i {
		at++
	}
	if at == len(v.Layers) || v.Layers[at].Layer != layers[i] {
		v.Layers = append(v.Layers, layerView{})
		copy(v.Layers[at+1:], v.Layers[at:])
		v.Layers[at] = layerView{Layer: layers[i]}
	}
	return &v.Layers[at]
}

func order(l outage.Layer) int {
	for i := range layers {
		if layers[i] == l {
			return i
		}
	}
	return len(layers)
}

func (v *view) stale(now int64) bool {
	return now-v.Last > max(staleAfter, staleGaps*v.Gap)
}

func (v *view) forgotten(now int64) bool {
	return now-v.Last > max(forgetAfter, 2*staleGaps*v.Gap)
}

// state is the view in a word, with how deep the service is looked at.
func (v *view) state(depth outage.Depth, stale, blocked bool) judge.State {
	switch {
	case stale || v.Whole.Level == unseen:
		return judge.StateUnknown
	case v.Whole.Level == failing && blocked:
		return judge.StateBlocked
	case v.Whole.Level == failing:
		return judge.StateFailing
	case v.Whole.Level == partly:
		return judge.StatePartly
	}
	return judge.GoodState(depth)
}
