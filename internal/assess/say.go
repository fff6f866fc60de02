package assess

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"faultline/internal/judge"
	"faultline/outage"
)

// sayAgain is how often a state is said although nothing has changed, so that
// retention takes none away.
const sayAgain = outage.Day

// say puts a service into words, if one of them has changed.
func (b *Book) say(id string, s *service, m outage.Minute) (outage.ProbeState, bool) {
	now := b.state.Listened
	exercise := s.Before
	exercise.Steps = nil
	exercise.Join(&s.Before)
	exercise.Join(&s.Day)
	said := outage.ProbeState{Service: id, Minute: m, Depth: exercise.Depth(), Score: exercise.Score(), Vantages: []outage.VantageState{}}
	voices := make([]judge.Voice, 0, len(s.Views))
	for _, v := range s.Views {
		state := b.vantage(s, v, said.Depth, now)
		said.Vantages = append(said.Vantages, state)
		if state.State != string(judge.StateUnknown) {
			voices = append(voices, voice(&state))
		}
	}
	count := judge.Quorum(voices, b.quorum)
	said.Failing, said.Networks, said.Quorum, said.Why = count.Failing, count.Networks, count.Confirmed, count.Why
	said.Looking = count.Failing + count.Working
	said.Layer, said.Failure = leading(said.Vantages)
	state := overall(&count, said.Vantages, said.Depth)
	if state != s.State {
		s.State, s.Since = state, m
		if state == judge.StateFailing || state == judge.StatePartly {
			s.Since = earliest(said.Vantages, m)
		}
	}
	said.State, said.Since, said.Stands = string(s.State), s.Since, s.Footing.Words(now)
	shape := shapeOf(said)
	if shape == s.Said && m-s.SaidAt < sayAgain {
		return said, false
	}
	s.Said, s.SaidAt = shape, m
	return said, true
}

// vantage is how one agent sees the service.
func (b *Book) vantage(s *service, v *view, depth outage.Depth, now int64) outage.VantageState {
	w := b.state.Agents[v.Agent]
	out := outage.VantageState{
		Agent: v.Agent, Vantage: w.Vantage, Health: string(w.health), HealthWhy: w.why, Since: v.Whole.Since,
	}
	if out.Health == "" {
		out.Health = string(judge.HealthUnknown)
	}
	trouble := v.Whole.Level > fine
	if trouble && v.Refused {
		out.Refused, out.Blocked = s.refused(w.Vantage.Class, now)
	}
	stale := v.stale(now)
	state := v.state(depth, stale, out.Blocked != "")
	out.State = string(state)
	if trouble && !stale {
		out.Layer, out.Failure = v.Layer, v.Whole.Failure
	}
	for i := range v.Layers {
		l := &v.Layers[i]
		if l.Row.Level == unseen || v.Last-l.Last > max(staleAfter, staleGaps*v.Gap) {
			continue
		}
		word := l.Row.Level.word()
		if l.Row.Level == fine && l.Pace.Slow {
			word = outage.LayerSlow
		}
		ls := outage.LayerState{Layer: l.Layer, State: word, Since: l.Row.Since}
		if l.Row.Level > fine {
			ls.Failure = l.Row.Failure
		}
		out.Layers = append(out.Layers, ls)
	}
	return out
}

// voice is what a vantage point brings to a vote.
func voice(v *outage.VantageState) judge.Voice {
	failing := v.State == string(judge.StateFailing) || v.State == string(judge.StateBlocked)
	return judge.Voice{
		Agent: v.Agent, Network: v.Vantage.Network, Health: judge.Health(v.Health), Failing: failing, Blocked: failing && v.Refused,
	}
}

// overall is the word for the service. Where few fail and others do not, the service
// answers and some do not get there.
func overall(c *judge.Count, vantages []outage.VantageState, depth outage.Depth) judge.State {
	failing, partly, blocked := 0, 0, 0
	for i := range vantages {
		v := &vantages[i]
		if v.Health == string(judge.HealthOffline) || v.Health == string(judge.HealthImpaired) {
			continue
		}
		switch judge.State(v.State) {
		case judge.StatePartly:
			partly++
		case judge.StateBlocked:
			blocked++
		case judge.StateFailing:
			failing++
		}
	}
	switch {
	case c.Confirmed, failing > 0 && c.Working == 0:
		return judge.StateFailing
	case failing+partly > 0:
		return judge.StatePartly
	case blocked > 0 && c.Working == 0:
		return judge.StateBlocked
	case c.Working > 0:
		return judge.GoodState(depth)
	}
	return judge.StateUnknown
}

// leading is what most vantage points that can be believed met first; the earlier
// layer where as many met another.
func leading(vantages []outage.VantageState) (outage.Layer, outage.Failure) {
	best, at := 0, len(layers)
	var failure outage.Failure
	type met struct {
		layer   outage.Layer
		failure outage.Failure
	}
	counts := map[met]int{}
	for i := range vantages {
		v := &vantages[i]
		if v.Health != string(judge.HealthHealthy) || v.Failure == "" {
			continue
		}
		k := met{v.Layer, v.Failure}
		counts[k]++
		if n, o := counts[k], order(v.Layer); n > best || n == best && o < at {
			best, at, failure = n, o, v.Failure
		}
	}
	if at == len(layers) {
		return "", failure
	}
	return layers[at], failure
}

// earliest is when the first of those that fail began to.
func earliest(vantages []outage.VantageState, m outage.Minute) outage.Minute {
	first := m
	for i := range vantages {
		if v := &vantages[i]; v.Failure != "" && v.Since > 0 {
			first = min(first, v.Since)
		}
	}
	return first
}

// shapeOf is what must change before a state is said again: its words, not the
// numbers in its sentences.
func shapeOf(s outage.ProbeState) string {
	s.Minute, s.Why = 0, ""
	vantages := make([]outage.VantageState, len(s.Vantages))
	for i, v := range s.Vantages {
		v.HealthWhy = ""
		if v.Blocked != "" {
			v.Blocked = "blocked"
		}
		vantages[i] = v
	}
	s.Vantages = vantages
	data, err := json.Marshal(&s)
	if err != nil {
		return "" // plain fields, which JSON can always say; if not, it is said every minute
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}
