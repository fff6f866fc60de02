package agent

import (
	"container/heap"
	"crypto/sha256"
	"encoding/binary"
	"sync/atomic"
	"time"

	"faultline/internal/agentapi"
	"faultline/outage"
)

// jitterShare of a period is how far a moment may be moved, either way: enough that
// nobody's probes fall into step with anything, and two moments are never further
// from a period apart than twice as much.
const jitterShare = 0.015

// item is a target with its next moment.
type item struct {
	target agentapi.Target
	base   outage.Target // as measurements name it
	seed   uint64        // of the agent and the target
	turn   int64         // number of the period since 1970
	due    time.Time
	busy   atomic.Bool // being probed
	place  int         // in the heap; -1: not in it
}

// schedule says which target is due when. It reads no clock: it is told the time.
type schedule struct {
	agent string
	items map[string]*item
	queue queue
}

func newSchedule(agent string) *schedule {
	return &schedule{agent: agent, items: map[string]*item{}}
}

// set takes over a plan. Targets that stay keep their moments, and with them the
// knowledge that they are being probed.
func (s *schedule) set(targets []agentapi.Target, now time.Time) {
	seen := make(map[string]bool, len(targets))
	for i := range targets {
		t := targets[i]
		seen[t.ID] = true
		it := s.items[t.ID]
		if it == nil {
			it = &item{seed: seedOf(s.agent, t.ID), place: -1}
			s.items[t.ID] = it
		}
		same := it.place >= 0 && it.target.PeriodMS == t.PeriodMS
		it.target = t
		it.base, _ = t.Parse() // a plan that was accepted can be read
		if !same {
			s.put(it, now)
		}
	}
	for id, it := range s.items {
		if !seen[id] {
			heap.Remove(&s.queue, it.place)
			delete(s.items, id)
		}
	}
}

// first is the target that is due first; nil when there is none. A clock that was
// set back would leave all of them waiting for it, so they begin anew then.
func (s *schedule) first(now time.Time) *item {
	if len(s.queue) == 0 {
		return nil
	}
	it := s.queue[0]
	if it.due.Sub(now) > 2*it.target.Period() {
		for _, it := range s.items {
			s.put(it, now)
		}
	}
	return s.queue[0]
}

// advance gives a target its next moment after now. Moments that have passed
// meanwhile are left out: probes are late, but never pile up.
func (s *schedule) advance(it *item, now time.Time) { s.put(it, latest(now, it.due)) }

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// put computes the first moment of a target after a time.
func (s *schedule) put(it *item, after time.Time) {
	p := it.target.Period()
	it.turn = after.UnixNano()/int64(p) - 1
	for it.due = it.moment(); !it.due.After(after); it.due = it.moment() {
		it.turn++
	}
	if it.place < 0 {
		heap.Push(&s.queue, it)
	} else {
		heap.Fix(&s.queue, it.place)
	}
}

// moment of a turn: the target's own place in the period, and a little to either
// side. It follows from names and numbers alone, so a restart keeps it.
func (it *item) moment() time.Time {
	p := it.target.Period()
	own := time.Duration(float64(p) * share(it.seed))
	jitter := time.Duration(float64(p) * jitterShare * (2*share(mix(it.seed+uint64(it.turn))) - 1))
	return time.Unix(0, it.turn*int64(p)).Add(own + jitter)
}

// seedOf an agent and a target.
func seedOf(agent, target string) uint64 {
	sum := sha256.Sum256([]byte(agent + "\x00" + target))
	return binary.BigEndian.Uint64(sum[:8])
}

// share of 1 that a number stands for.
func share(n uint64) float64 { return float64(n>>11) / (1 << 53) }

// mix spreads the bits of a number (the finalizer of SplitMix64).
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// queue is a heap of items, the first due on top.
type queue []*item

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].due.Before(q[j].due) }
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

// Push implements [heap.Interface].
func (q *queue) Push(x any) {
	it, _ := x.(*item) // heap.Push above is the only caller
	it.place = len(*q)
	*q = append(*q, it)
}

// Pop implements [heap.Interface].
func (q *queue) Pop() any {
	old := *q
	it := old[len(old)-1]
	it.place = -1
	*q = old[:len(old)-1]
	return it
}
