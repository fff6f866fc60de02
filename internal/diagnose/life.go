package diagnose

import (
	"cmp"
	"math"
	"slices"

	"faultline/internal/feature"
	"faultline/internal/siblings"
	"faultline/outage"
)

// life is an incident with its latest verdict. Its exported fields are its saved state.
type life struct {
	Inc  outage.Incident `json:"incident"`
	Last *outage.Verdict `json:"last,omitempty"`
	// Ended says that the last word was said.
	Ended bool `json:"ended,omitempty"`
	// Stirred says that the incident's state or waves have changed in the open minute.
	Stirred bool `json:"stirred,omitempty"`
}

// How often an incident is judged.
const (
	// closely is for how long after its detection it is judged every minute: that is
	// when people ask.
	closely = outage.Minute(30)
	// afterwards is the distance of later looks.
	afterwards = outage.Minute(5)
	// early is for how long evidence alone is worth a revision every earlyEvery minutes:
	// it comes in fast, and a reader must not look at that of the first minute.
	early      = outage.Minute(10)
	earlyEvery = outage.Minute(2)
)

// look judges an incident at the end of a minute, and says what is worth saying.
func (f *Fold) look(l *life, m outage.Minute) (v outage.Verdict, ok bool) {
	open := l.Inc.State.Open()
	stirred, every := l.Stirred, f.config.RunningEvery
	l.Stirred = false
	switch {
	case open:
		l.Ended = false
		f.window.Hold(l.Inc.Service, l.Inc.Onset)
		age := m - l.Inc.Detected
		if !stirred && age > closely && age%afterwards != 0 && !f.state.Fresh[l.Inc.Service] {
			return v, false
		}
		if age <= early {
			every = min(every, earlyEvery)
		}
		v = f.judge(f.extract(l, m))
	case !l.Ended:
		v = f.judge(f.extract(l, m))
		f.window.Hold(l.Inc.Service, 0)
	case f.state.Fresh[l.Inc.Service] && l.Last != nil:
		set := feature.Of(l.Last)
		if !hear(set, f.state.Observed[l.Inc.Service], l.Inc.Closed) {
			return v, false
		}
		set.At, every = m, 0 // an observer says it once, and nobody looks again
		v = f.judge(set)
	default:
		return v, false
	}
	ended := !open && !l.Ended
	l.Ended = !open
	if l.Last != nil && !ended && !changed(l.Last, &v, every) || ended && l.Last != nil && same(l.Last, &v) {
		return v, false
	}
	return f.say(l, v), true
}

// extract takes the features of an incident.
func (f *Fold) extract(l *life, m outage.Minute) *feature.Set {
	service := l.Inc.Service
	set := feature.Extract(feature.Case{
		Incident: &l.Inc, At: m, Window: f.window, Crowd: f.state.Crowd[service],
		Beside: beside(f.book.Neighbours(service, l.Inc.Onset, m)), Observations: f.state.Observed[service],
	})
	set.Name = f.names[service]
	return set
}

// judge holds features against the table; the verdict keeps them.
func (f *Fold) judge(set *feature.Set) outage.Verdict {
	v := f.config.Judge(set)
	v.Onset, v.Features = set.Onset, set.List()
	return v
}

// say makes a verdict the latest revision.
func (f *Fold) say(l *life, v outage.Verdict) outage.Verdict {
	v.IncidentRevision, v.Revision = l.Inc.Revision, 1
	if l.Last != nil {
		v.Revision = l.Last.Revision + 1
	}
	v.Moved = f.config.Moved(l.Last, &v)
	l.Last = &v
	return v
}

// beside turns what siblings know into the numbers that features are made of.
func beside(v siblings.View) feature.Beside {
	group := func(g siblings.Group) feature.Group { return feature.Group{Watched: g.Watched, Failing: g.Failing} }
	out := func(known bool, list []siblings.Neighbour) feature.Yes {
		y := feature.Yes{Known: known || len(list) > 0, Yes: len(list) > 0}
		for _, n := range list {
			y.Rests = append(y.Rests, n.Incident)
		}
		return y
	}
	return feature.Beside{
		Siblings: group(v.Siblings), Same: v.Same, Elsewhere: group(v.Elsewhere), Nameservers: group(v.Nameservers), Region: group(v.Region),
		Provider: out(v.Carried > 0, v.Providers), Dependency: out(v.Needs > 0, v.Dependencies),
		Lead: v.Lead.Ratio, LeadKnown: v.Lead.Known, LeadFails: v.Lead.Fails,
	}
}

// hear adds observations that a set does not rest on yet, of the time up to the end of
// its incident: what comes later is of another one.
func hear(set *feature.Set, list []outage.Observation, closed outage.Minute) bool {
	known := map[string]bool{}
	for _, f := range set.List() {
		for _, id := range f.Rests {
			known[id] = true
		}
	}
	heard := false
	for i := range list {
		if f, ok := feature.Observed(&list[i], set.Onset, closed); ok && !known[list[i].ID] {
			set.Put(f)
			heard = true
		}
	}
	return heard
}

// supportStep is how much the support of a hypothesis must move to be worth a word.
const supportStep = 0.1

// same says whether two verdicts say the same to a reader.
func same(a, b *outage.Verdict) bool {
	return a.State == b.State && a.Class == b.Class && slices.Equal(a.Leading, b.Leading) && a.Layer.State == b.Layer.State &&
		a.Layer.Layer == b.Layer.Layer && a.Layer.Second == b.Layer.Second && a.Likelihood == b.Likelihood && a.Confidence == b.Confidence
}

// changed says whether a verdict is worth a revision: at once when a reader would read
// something else, and now and then when what it rests on has moved.
func changed(last, v *outage.Verdict, every outage.Minute) bool {
	if !same(last, v) {
		return true
	}
	if v.Minute-last.Minute < every {
		return false
	}
	support := map[string]float64{}
	for i := range last.Hypotheses {
		support[last.Hypotheses[i].ID] = last.Hypotheses[i].Support
	}
	for i := range v.Hypotheses {
		if h := &v.Hypotheses[i]; math.Abs(h.Support-support[h.ID]) >= supportStep {
			return true
		}
	}
	return !slices.EqualFunc(findings(last), findings(v), func(a, b finding) bool { return a == b })
}

// finding is what a sign says.
type finding struct {
	sign, source string
	finding      outage.Finding
}

func findings(v *outage.Verdict) []finding {
	list := make([]finding, 0, len(v.Evidence))
	for i := range v.Evidence {
		e := &v.Evidence[i]
		f := finding{sign: e.Sign, finding: e.Finding}
		if e.Source != nil {
			f.source = e.Source.Name
		}
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b finding) int { return cmp.Or(cmp.Compare(a.sign, b.sign), cmp.Compare(a.source, b.source)) })
	return list
}
