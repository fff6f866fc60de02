package agent

import (
	"sync"
	"time"
)

// caps bound the attempts at each service: never more than so many within any
// minute, whoever asks for them - targets, addresses, retries or redirects.
type caps struct {
	mu sync.Mutex
	of map[string]*ring
}

// ring remembers when the last attempts at a service were made: as many as the
// largest of its caps allows, for two targets of a service may have different ones.
type ring struct {
	times []int64 // nanoseconds since 1970; 0: none yet
	next  int
}

func newCaps() *caps { return &caps{of: map[string]*ring{}} }

// maxCapped bounds the services that are remembered; beyond it those that have been
// quiet for a minute are forgotten, which changes no decision.
const maxCapped = 50_000

// allow takes one attempt out of a service's minute, if there is one left.
func (c *caps) allow(service string, perMinute int, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.ring(service, perMinute, now)
	if r.made(perMinute, now) {
		return false
	}
	r.times[r.next] = now.UnixNano()
	r.next = (r.next + 1) % len(r.times)
	return true
}

// room says whether a service's minute has so many attempts left; it takes none.
func (c *caps) room(service string, attempts, perMinute int, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return attempts <= perMinute && !c.ring(service, perMinute, now).made(perMinute-attempts+1, now)
}

// ring of a service, with room for its cap.
func (c *caps) ring(service string, perMinute int, now time.Time) *ring {
	r := c.of[service]
	if r == nil {
		if len(c.of) >= maxCapped {
			c.forget(now)
		}
		r = &ring{}
		c.of[service] = r
	}
	if len(r.times) < perMinute {
		r.grow(perMinute)
	}
	return r
}

// made says whether so many attempts or more were made within the last minute.
func (r *ring) made(n int, now time.Time) bool {
	before := r.times[(r.next+len(r.times)-n)%len(r.times)]
	return before != 0 && now.UnixNano()-before < int64(time.Minute)
}

// grow makes room for a larger cap; what is known stays, the newest last.
func (r *ring) grow(size int) {
	times := make([]int64, size)
	known := copy(times[size-len(r.times):], r.times[r.next:])
	copy(times[size-len(r.times)+known:], r.times[:r.next])
	r.times, r.next = times, 0
}

func (c *caps) forget(now time.Time) {
	for name, r := range c.of {
		newest := r.times[(r.next+len(r.times)-1)%len(r.times)]
		if now.UnixNano()-newest >= int64(time.Minute) {
			delete(c.of, name)
		}
	}
}
