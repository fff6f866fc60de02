package attempts

import (
	"math"

	"faultline/outage"
)

// Usual are the usual times of a service as one agent sees it, by hour of the day, so
// that an evening is held against evenings.
type Usual struct {
	Hours [24]Hour
	Last  outage.Minute
}

// Hour is what is usual in one hour of the day.
type Hour struct {
	Days      uint8   // that it rests on, up to usualDays
	Connect   float32 // median round trip, as the logarithm of milliseconds
	Jitter    float32 // the same of the range between quartiles
	FirstByte float32 // the same of the first byte
}

const (
	// usualDays is the memory of an hour: older days fade.
	usualDays = 7
	// usualLooks in an hour are needed for it to be learned.
	usualLooks = 20
	// usualLife is how long an agent that looks no more is remembered.
	usualLife = 7 * outage.Day
	// leastJitter keeps ratios of ranges sane where all times are equal.
	leastJitter = 0.1
)

// learn takes an hour without an incident into what is usual.
func (p *Past) learn(from, to outage.Minute) {
	sums := map[string]*Sum{}
	for i := range p.Minutes {
		if p.Minutes[i].At < from || p.Minutes[i].At > to {
			continue
		}
		for j := range p.Minutes[i].Bins {
			b := &p.Minutes[i].Bins[j]
			if b.Doubted {
				continue
			}
			agent := p.Spots[b.Spot].Agent
			if sums[agent] == nil {
				sums[agent] = &Sum{}
			}
			sums[agent].Add(b)
		}
	}
	for agent, s := range sums {
		u := p.Usual[agent]
		if u == nil {
			u = &Usual{}
			p.Usual[agent] = u
		}
		u.Last = to
		u.Hours[from%outage.Day/outage.Hour].learn(s)
	}
}

func (h *Hour) learn(s *Sum) {
	connects, bytes := s.Times(TimeConnect), s.Times(TimeFirstByte)
	if connects.N() < usualLooks {
		return
	}
	h.Days = min(h.Days+1, usualDays)
	step := func(v *float32, x float64) {
		if *v == 0 {
			*v = float32(math.Log(x)) // the first day of its kind
			return
		}
		*v += (float32(math.Log(x)) - *v) / float32(h.Days)
	}
	step(&h.Connect, connects.Quantile(0.5))
	step(&h.Jitter, connects.Range())
	if bytes.N() > 0 {
		step(&h.FirstByte, bytes.Quantile(0.5))
	}
}
