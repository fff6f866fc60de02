package demo

import (
	"errors"
	"math"

	"faultline/outage"
)

// The stretch of time that the world is made for.
const (
	// Begin is 2025-01-27T00:00Z, when the six weeks of background begin.
	Begin = outage.Minute(28965600)
	// Day is 2025-03-10T00:00Z, the midnight before the outage.
	Day = outage.Minute(29026080)
	// Open is 09:00 of that day, when the demonstration's clock starts.
	Open = Day + 9*outage.Hour
	// Close is the end of that day, when the clock falls to real speed.
	Close = Day + outage.Day
)

// Options of a world.
type Options struct {
	Seed uint64
	// Poisson draws plain Poisson counts; else variance is three times the mean.
	Poisson bool
	// Ramp is the number of minutes that each wave takes to build up, 2 to 15.
	Ramp int
}

// DefaultOptions are those of the demonstration.
func DefaultOptions() Options { return Options{Seed: 1, Ramp: 5} }

// Validate says what is wrong with options.
func (o *Options) Validate() error {
	if o.Ramp < 2 || o.Ramp > 15 {
		return errors.New("demo: the ramp must be 2 to 15 minutes")
	}
	return nil
}

// Dispersion of over-dispersed counts: variance over mean.
const Dispersion = 3.0

// wander is the standard deviation of the logarithm of a service's level from
// one day to the next.
const wander = 0.08

// World draws reports. It is safe for concurrent use.
type World struct {
	opts   Options
	phi    float64
	lives  []life
	surge  *surge
	surgeC [len(countries)][]float64 // running sums over the usual categories
	nets   [len(countries)][]float64
}

// life is a service with its shapes computed.
type life struct {
	*service
	hours [168]float64                 // mean per minute by hour of the week UTC, from Monday
	who   [168][]float64               // running sums over countries
	share [168][len(countries)]float64 // share of each country
	what  []float64                    // running sums over categories
	noons [64]float64
}

// New prepares a world.
func New(o Options) (*World, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	figures, err := Figures()
	if err != nil {
		return nil, err
	}
	w := &World{opts: o, phi: Dispersion}
	if o.Poisson {
		w.phi = 1
	}
	for i := range services {
		l := newLife(&services[i])
		for d := range l.noons {
			l.noons[d] = source(o.Seed, "day "+l.id, firstNoon+int64(d)).NormFloat64()
		}
		w.lives = append(w.lives, l)
	}
	for i := range countries {
		w.nets[i] = running(weights(countries[i].nets))
		what, ok := surgeCategories[countries[i].code]
		if !ok {
			what = surgeCategories["US"]
		}
		w.surgeC[i] = running(what[:])
	}
	x := &w.lives[0]
	f := fitter{figures: figures, ramp: o.Ramp, surge: &surge{}, quiet: func(c, m int) float64 {
		at := Day + outage.Minute(m)
		return x.rateAt(at) * x.share[hourOf(at)][c]
	}}
	w.surge = f.fit()
	return w, nil
}

func weights(list []share) []float64 {
	out := make([]float64, len(list))
	for i, s := range list {
		out[i] = s.weight
	}
	return out
}

// newLife computes a service's week: each country's audience times its local
// hour's shape.
func newLife(s *service) life {
	l := life{service: s, what: running(weights(s.categories))}
	audience := audienceOf(s)
	total := 0.0
	for h := range l.hours {
		rates := make([]float64, len(countries))
		for c := range countries {
			rates[c] = audience[c] * localShape(s.office, float64(h)+0.5+countries[c].offset)
			l.hours[h] += rates[c]
		}
		for c := range countries {
			l.share[h][c] = rates[c] / l.hours[h]
		}
		l.who[h] = running(rates)
		total += l.hours[h]
	}
	for h := range l.hours {
		l.hours[h] *= s.rate * float64(len(l.hours)) / total
	}
	return l
}

// audienceOf divides what the named countries leave among the others, by their
// weight in the surge.
func audienceOf(s *service) []float64 {
	out := make([]float64, len(countries))
	left, others := 1.0, 0.0
	for _, a := range s.audience {
		out[indexOf(a.name)] = a.weight
		left -= a.weight
	}
	for c := range countries {
		if out[c] == 0 {
			others += countries[c].rest
		}
	}
	for c := range countries {
		if out[c] == 0 {
			out[c] = left * countries[c].rest / others
		}
	}
	return out
}

// localShape is the factor of an hour of the week in local time, which may lie
// before Monday or after Sunday.
func localShape(office bool, hour float64) float64 {
	h := math.Mod(hour+168, 168)
	curve, weekend := &evenings, eveningsWeekend
	if office {
		curve, weekend = &working, workingWeekend
	}
	at := int(h) % 24
	next := (at + 1) % 24
	frac := h - math.Floor(h)
	v := curve[at]*(1-frac) + curve[next]*frac
	if h >= 120 {
		v *= weekend
	}
	return v
}

// hourOf is the hour of the week of a minute, from Monday 00:00 UTC.
func hourOf(m outage.Minute) int {
	// Minute 0 is a Thursday.
	return int(((m+3*outage.Day)%outage.Week + outage.Week) % outage.Week / outage.Hour)
}

// rateAt is the mean of a service's background in a minute, without wander: a
// straight line between the middles of hours.
func (l *life) rateAt(m outage.Minute) float64 {
	at := m - outage.Hour/2
	h := hourOf(at)
	frac := (float64(((at%outage.Hour)+outage.Hour)%outage.Hour) + 0.5) / float64(outage.Hour)
	return l.hours[h]*(1-frac) + l.hours[(h+1)%168]*frac
}

// wanderAt is the factor of the slow wander: one draw for each noon, with a
// straight line between their logarithms.
func (w *World) wanderAt(l *life, m outage.Minute) float64 {
	at := m - outage.Day/2
	day := int64(at / outage.Day)
	frac := float64(at%outage.Day) / float64(outage.Day)
	return math.Exp(wander * (w.noon(l, day)*(1-frac) + w.noon(l, day+1)*frac))
}

// noon is the wander's draw of a day; those of the demonstration are kept.
func (w *World) noon(l *life, day int64) float64 {
	if i := day - firstNoon; i >= 0 && i < int64(len(l.noons)) {
		return l.noons[i]
	}
	return source(w.opts.Seed, "day "+l.id, day).NormFloat64()
}

// firstNoon is the first day whose draw is kept, the one before Begin.
const firstNoon = int64(Begin/outage.Day) - 1

// Services lists the ids of the twenty, largest first.
func Services() []string {
	out := make([]string, len(services))
	for i := range services {
		out[i] = services[i].id
	}
	return out
}
