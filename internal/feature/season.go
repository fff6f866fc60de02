package feature

import (
	"math"

	"faultline/internal/attempts"
	"faultline/outage"
)

// usualDays of the same hour are better than the minutes before the onset.
const usualDays = 2

// usual is what an agent's times are at this hour, where enough days have told.
func (x *extract) usual(agent string) *attempts.Hour {
	u := x.past.Usual[agent]
	if u == nil {
		return nil
	}
	h := &u.Hours[x.onset%outage.Day/outage.Hour]
	if h.Days < usualDays {
		return nil
	}
	return h
}

// season is by how much an agent's times of this hour usually differ from those of the
// quiet minutes, as factors.
type season struct{ connect, jitter, first float64 }

// season of an agent. What is usual is known over all addresses and looks of the service
// together, and these may be near and far, quick and slow: so it is set against the quiet
// minutes of all of them, and not against one.
func (x *extract) season(agent string) season {
	if s, known := x.seasons[agent]; known {
		return s
	}
	s := season{1, 1, 1}
	if h := x.usual(agent); h != nil {
		var quiet attempts.Small
		for k, c := range x.pairs {
			if k.agent == agent {
				quiet.Merge(&c.base.Small)
			}
		}
		against := func(usual float32, now, least float64, n int) float64 {
			if usual == 0 || n < fewSpread {
				return 1
			}
			return math.Exp(float64(usual)) / max(now, least)
		}
		connect, n := quiet.Times(attempts.TimeConnect).Median()
		first, m := quiet.Times(attempts.TimeFirstByte).Median()
		s.connect = against(h.Connect, connect, leastTime, n)
		s.jitter = against(h.Jitter, quiet.Times(attempts.TimeConnect).Range(), leastTime, n)
		s.first = against(h.FirstByte, first, leastTime, m)
	}
	x.seasons[agent] = s
	return s
}
