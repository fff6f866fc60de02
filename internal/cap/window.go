package cap

import "faultline/outage"

// MaxEvents bounds the reports of one service that are held for its window. At
// more than 8,700 reports a minute the oldest leave early, so that the window is
// shorter and the caps follow the volume faster; nobody else is hurt.
const MaxEvents = 1 << 18

// event is one counted report in the window.
type event struct {
	minute  outage.Minute
	network string
	prefix  uint64
	weight  float32 // with which it is learned when it leaves
}

// service is the window of one service and what was learned of it.
type service struct {
	now      outage.Minute
	events   []event // oldest first, from head
	head     int
	networks map[string]int
	prefixes map[uint64]int
	learned  *shares
}

func newService(m outage.Minute) *service {
	return &service{now: m, networks: map[string]int{}, prefixes: map[uint64]int{}, learned: newShares()}
}

// total is the number of counted reports in the window.
func (s *service) total() int { return len(s.events) - s.head }

// advance moves to a minute: what has left the window is learned, also for all
// services together.
func (s *service) advance(m outage.Minute, all *shares) {
	for s.total() >= MaxEvents {
		s.leave(all)
	}
	if m <= s.now {
		return
	}
	s.now = m
	for s.total() > 0 && s.events[s.head].minute <= m-outage.ReportWindow {
		s.leave(all)
	}
	s.learned.elapse(m - outage.ReportWindow)
	all.elapse(m - outage.ReportWindow)
	s.compact()
}

// leave takes the oldest report out of the window and learns from it.
func (s *service) leave(all *shares) {
	e := s.events[s.head]
	s.head++
	s.uncount(e)
	if s.learned.learn(e) {
		all.add(e)
	}
}

// uncount takes a report out of the numbers by network and by prefix.
func (s *service) uncount(e event) {
	if s.networks[e.network]--; s.networks[e.network] == 0 {
		delete(s.networks, e.network)
	}
	if s.prefixes[e.prefix]--; s.prefixes[e.prefix] == 0 {
		delete(s.prefixes, e.prefix)
	}
}

// compact gives back the room of events that have left.
func (s *service) compact() {
	if s.head > 64 && s.head > len(s.events)/2 {
		s.events = append(s.events[:0], s.events[s.head:]...)
		s.head = 0
	}
}

// add takes a counted report in. In a burst it is learned with a small weight
// only: neither an outage nor an attack shall become what is usual.
func (s *service) add(p Press) {
	weight := float32(1)
	if float64(s.total()) > burstTimes*s.learned.rate()+burstFloor {
		weight = burstWeight
	}
	s.events = append(s.events, event{s.now, p.Network, p.Prefix, weight})
	s.networks[p.Network]++
	s.prefixes[p.Prefix]++
}
