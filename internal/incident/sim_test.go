package incident

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"faultline/outage"
)

// day is the first minute of the simulations.
const day = outage.Minute(29026080) // 2025-03-10T00:00Z

// series is one scripted series and the state of its simple stand-in detector:
// in alarm five standard deviations above the last five minutes' mean, over after
// ten minutes without.
type series struct {
	country, category string
	base              float64
	extra             func(m outage.Minute) float64 // minutes since day
	first, onset      outage.Minute
	onsetCount, calm  int
	recent            []int
}

// draw samples a count with variance over mean phi.
func draw(rng *rand.Rand, mean, phi float64) int {
	if mean <= 0 {
		return 0
	}
	if phi > 1 { // a Gamma mixture of Poissons
		shape := mean / (phi - 1)
		mean = gamma(rng, shape) * (phi - 1)
	}
	if mean > 500 {
		return max(0, int(math.Round(mean+math.Sqrt(mean)*rng.NormFloat64())))
	}
	n, p := 0, math.Exp(-mean)
	for u := rng.Float64(); u > p; n++ {
		u -= p
		p *= mean / float64(n+1)
	}
	return n
}

// gamma is Marsaglia and Tsang's method.
func gamma(rng *rand.Rand, shape float64) float64 {
	if shape < 1 {
		return gamma(rng, shape+1) * math.Pow(rng.Float64(), 1/shape)
	}
	d := shape - 1.0/3
	for c := 1 / math.Sqrt(9*d); ; {
		x := rng.NormFloat64()
		v := math.Pow(1+c*x, 3)
		if v > 0 && math.Log(1-rng.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

// minute runs the stand-in detector; ok is false while nothing is unusual.
func (s *series) minute(m outage.Minute, n int, phi float64) (outage.Detection, bool) {
	s.recent = append(s.recent, n)
	if len(s.recent) > 5 {
		s.recent = s.recent[1:]
	}
	sum := 0
	for _, v := range s.recent {
		sum += v
	}
	mean := s.base * float64(len(s.recent))
	alarm := float64(sum) > mean+5*math.Sqrt(phi*mean)+9
	if s.first == 0 && !alarm {
		return outage.Detection{}, false
	}
	if s.first == 0 {
		s.first, s.onset = m, m
		for i := len(s.recent) - 1; i >= 0 && float64(s.recent[i]) > s.base+math.Sqrt(phi*s.base); i-- {
			s.onset = m - outage.Minute(len(s.recent)-1-i)
			s.onsetCount += s.recent[i]
		}
		s.onsetCount -= n
	}
	s.onsetCount += n
	d := outage.Detection{
		Signal: outage.SignalReports, Country: s.country, Category: s.category, Phase: outage.PhaseAlarm, Count: n,
		Baseline: outage.Baseline{Expected: s.base, Dispersion: phi, Confidence: outage.ConfidenceNormal},
		Score:    8, Effect: float64(n) / s.base, First: s.first, Onset: s.onset, OnsetCount: s.onsetCount, Networks: 3,
	}
	after, fresh := 0.0, s.recent[len(s.recent)-int(min(m-s.first, outage.Minute(len(s.recent)))):]
	for _, v := range fresh {
		after += float64(v)
	}
	if mean := s.base * float64(len(fresh)); len(fresh) > 0 && after > mean+5*math.Sqrt(phi*mean)+9 {
		d.Confirm = 6
	}
	s.calm++
	if alarm {
		s.calm = 0
	} else {
		d.Phase = outage.PhaseEasing
	}
	if s.calm >= 10 {
		d.Phase, s.first, s.onsetCount, s.calm = outage.PhaseOver, 0, 0, 0
	}
	return d, true
}

// world scripts one or more services through a fold and keeps what was said.
type world struct {
	fold    *Fold
	phi     float64
	rng     *rand.Rand
	series  map[string][]*series
	order   []string
	missing func(m outage.Minute) bool
	said    []outage.Incident
}

func newWorld(seed uint64, phi float64) *world {
	return &world{
		fold: New(DefaultConfig()), phi: phi, rng: rand.New(rand.NewPCG(seed, 1)),
		series: map[string][]*series{}, missing: func(outage.Minute) bool { return false },
	}
}

// service adds a service whose whole is the sum of the given countries.
func (w *world) service(id string, countries ...*series) {
	whole := &series{}
	for _, c := range countries {
		whole.base += c.base
	}
	w.series[id] = append([]*series{whole}, countries...)
	w.order = append(w.order, id)
}

// run plays minutes since day.
func (w *world) run(from, to outage.Minute) {
	for m := from; m < to; m++ {
		if w.missing(m) {
			w.said = append(w.said, w.fold.End(day+m, true)...)
			continue
		}
		for _, id := range w.order {
			w.observe(id, m)
		}
		w.said = append(w.said, w.fold.End(day+m, false)...)
	}
}

func (w *world) observe(id string, m outage.Minute) {
	list := w.series[id]
	whole := 0
	var dets []outage.Detection
	for _, c := range list[1:] {
		n := draw(w.rng, c.base+c.extra(m), w.phi)
		whole += n
		if d, ok := c.minute(day+m, n, w.phi); ok {
			dets = append(dets, d)
		}
	}
	if d, ok := list[0].minute(day+m, whole, w.phi); ok {
		dets = append([]outage.Detection{d}, dets...)
	}
	if len(dets) > 0 {
		w.fold.Observe(&outage.MinuteDetections{Service: id, Minute: day + m, Detections: dets})
	}
}

// last is the newest revision of a service.
func (w *world) last(service string) outage.Incident {
	var out outage.Incident
	for _, i := range w.said {
		if i.Service == service {
			out = i
		}
	}
	return out
}

// story is the life of the incidents as text: a line for each change that is
// more than numbers.
func story(said []outage.Incident) string {
	var b strings.Builder
	before := map[string]string{}
	for _, i := range said {
		var line strings.Builder
		fmt.Fprintf(&line, "%s %s", i.ID, i.State)
		for _, wv := range i.Waves {
			fmt.Fprintf(&line, " [%s..%s]", clockOf(wv.Onset), clockOf(wv.End))
		}
		for _, a := range i.Countries {
			line.WriteString(" " + a.Name)
		}
		fmt.Fprintf(&line, " %s", i.Severity.Word)
		if i.Reopened > 0 {
			fmt.Fprintf(&line, " reopened=%d", i.Reopened)
		}
		for _, l := range i.Links {
			fmt.Fprintf(&line, " %s:%s", l.Why, l.Incident)
		}
		if before[i.ID] == line.String() {
			continue
		}
		before[i.ID] = line.String()
		fmt.Fprintf(&b, "%s #%d %s\n", clockOf(i.Minute), i.Revision, line.String())
	}
	return b.String()
}

func clockOf(m outage.Minute) string {
	if m == 0 {
		return "-"
	}
	return m.Time().Format("15:04")
}

// ramps is a surge that climbs over ramp minutes from start, holds and falls.
func ramps(start, ramp, hold, fall outage.Minute, height float64) func(outage.Minute) float64 {
	return func(m outage.Minute) float64 {
		switch at := m - start; {
		case at < 0 || at >= ramp+hold+fall:
			return 0
		case at < ramp:
			return height * float64(at+1) / float64(ramp)
		case at < ramp+hold:
			return height
		default:
			return height * float64(ramp+hold+fall-at) / float64(fall)
		}
	}
}

// sum adds shapes.
func sum(shapes ...func(outage.Minute) float64) func(outage.Minute) float64 {
	return func(m outage.Minute) float64 {
		v := 0.0
		for _, s := range shapes {
			v += s(m)
		}
		return v
	}
}

func quiet(outage.Minute) float64 { return 0 }
