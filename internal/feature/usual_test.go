package feature

import (
	"testing"

	"faultline/outage"
)

// What is usual of an agent is known over all addresses; one that is far away is no
// slower than before when it fails in part.
func TestUsualOfNearAndFar(t *testing.T) {
	const start = 3*24*60 + 60
	w := newWorld(func(x try) event {
		e := event{rtt: 10}
		if x.address == "192.0.2.2" {
			if e.rtt = 100; x.second >= start*60 && x.second/10%3 == 0 {
				e = event{tcp: outage.FailureTimeout}
			}
		}
		return e
	})
	w.addresses, w.period = []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}, 20
	s := w.play(start+10).judge(start, start+9)
	for name, want := range map[string]float64{RTTRatio: 1, RTTRise: 0} {
		if f, ok := s.Get(name); !ok || f.Value < want-0.1*max(want, 10) || f.Value > want+0.1*max(want, 10) {
			t.Errorf("%s is %v (%v), and nothing was slower than before", name, f.Value, ok)
		}
	}
}

// What is slow at this hour of every day is no slower than usual, although the quiet
// minutes before were quicker.
func TestUsualOfTheHour(t *testing.T) {
	const days, hour = 3, 60
	busy := begin%outage.Day/outage.Hour + 1 // the hour after the first one
	for _, c := range []struct {
		name  string
		times float64
		want  float64
	}{{"as every day", 3, 1}, {"three times as slow as every day", 9, 3}} {
		w := newWorld(func(x try) event {
			m := begin + outage.Minute(x.second/60)
			e := event{rtt: 10 + float64(x.second/10%5), first: 60}
			if m%outage.Day/outage.Hour != busy {
				return e
			}
			e.rtt, e.first = 3*e.rtt, 3*e.first
			if x.second/60 >= days*24*60 {
				e.rtt, e.first = e.rtt*c.times/3, e.first*c.times/3
				if x.second/10%4 == 0 {
					e.status = 503
				}
			}
			return e
		})
		w.addresses, w.agents, w.period = w.addresses[:1], 3, 10
		start := days*24*60 + int(hour-begin%hour)
		s := w.play(start+10).judge(start, start+9)
		for _, name := range []string{RTTRatio, TTFBRatio, JitterRatio} {
			if f, ok := s.Get(name); !ok || f.Value < 0.85*c.want || f.Value > 1.15*c.want {
				t.Errorf("%s: %s is %v (%v), want %v", c.name, name, f.Value, ok, c.want)
			}
		}
	}
}
