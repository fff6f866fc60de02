// Package people is those who use the lab's services: they wait for pages, think, go
// on, and say so at the hub when something is wrong.
//
// It reads pages and lines of orders, and writes presses as lines, which the run gives
// to the hub. Method: a closed loop. Each person has a session: a front page, a login,
// pages of the feed, pictures, sometimes a post, with time to think between. A failed
// or slow page is tried again; then the person gives up, and a share of those who do
// press the button, under the category of what failed. The next session is somebody
// else's, with an address of the country's own.
//
// Limits: nobody here is faster than a person, but for those who were told to retry;
// Crowd bounds how many there are.
package people

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"
)

// Orders say how many people there are in one country and how they are. A new line
// replaces the one before.
type Orders struct {
	Count int `json:"count"` // people at our service
	// ThinkMS is how long a person thinks between pages, on average.
	ThinkMS int `json:"think_ms"`
	// Retry makes clients ask again at once and again, as badly written ones do.
	Retry bool `json:"retry,omitempty"`
	// BrokenApp is the percentage of pages that phones cannot show, whatever came.
	BrokenApp int `json:"broken_app,omitempty"`
	// Rumour is how many people a minute press although nothing failed for them, on
	// each service.
	Rumour map[string]float64 `json:"rumour,omitempty"`
	// Confused is the percentage of those who press that press for our service when
	// another one has failed.
	Confused int `json:"confused,omitempty"`
	// Referrer is where people say they come from.
	Referrer string `json:"referrer,omitempty"`
}

// Crowd is the most people of one country.
const Crowd = 400

// Press is a press of the button.
type Press struct {
	Service  string     `json:"service"`
	Category string     `json:"category"`
	Address  netip.Addr `json:"address"` // of the person
}

// Sum is what people met since the last one, for the run's own diary.
type Sum struct {
	Pages  int `json:"pages"`
	Failed int `json:"failed"`
	Slow   int `json:"slow"`
}

// Line is what is written: either.
type Line struct {
	Press *Press `json:"press,omitempty"`
	Sum   *Sum   `json:"sum,omitempty"`
}

// Config is one country's.
type Config struct {
	Ranges []netip.Prefix // that people press from
	Seed   uint64
	Sites  []Site
}

// Site is a service that people use.
type Site struct {
	Service string
	URL     string
	Main    bool // ours, with a login
	Weight  float64
}

// Country is the people of one country.
type Country struct {
	cfg Config
	out io.Writer

	mu     sync.Mutex
	orders Orders
	random *rand.Rand
	sum    Sum
	ends   []context.CancelFunc // of the people that there are
	all    sync.WaitGroup
}

// New makes a country without people.
func New(cfg Config, out io.Writer) *Country {
	return &Country{cfg: cfg, out: out, random: rand.New(rand.NewPCG(cfg.Seed, 1))}
}

// sumEvery is how often the diary is written.
const sumEvery = 5 * time.Second

// Run follows orders, a line each, until they or the context end.
func (c *Country) Run(ctx context.Context, in io.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer c.all.Wait()
	defer cancel()
	c.all.Go(func() { c.diary(ctx) })
	c.all.Go(func() { c.rumours(ctx) })
	d := json.NewDecoder(in)
	for {
		var o Orders
		if err := d.Decode(&o); err != nil {
			if err == io.EOF || ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("read orders: %w", err)
		}
		c.order(ctx, o)
	}
}

// order makes people come or go.
func (c *Country) order(ctx context.Context, o Orders) {
	o.Count = min(max(o.Count, 0), Crowd)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.orders = o
	for len(c.ends) > o.Count {
		c.ends[len(c.ends)-1]()
		c.ends = c.ends[:len(c.ends)-1]
	}
	for len(c.ends) < o.Count {
		one, end := context.WithCancel(ctx)
		c.ends = append(c.ends, end)
		c.all.Go(func() { c.live(one) })
	}
}

// live is one place in the crowd: session after session, each another person's.
func (c *Country) live(ctx context.Context) {
	if !c.think(ctx, 1) {
		return
	}
	for ctx.Err() == nil {
		s := c.session()
		s.run(ctx)
		s.client.CloseIdleConnections()
		if !c.think(ctx, 2) {
			return
		}
	}
}

// think waits as long as people do, times a factor; false: it is over.
func (c *Country) think(ctx context.Context, factor float64) bool {
	c.mu.Lock()
	d := time.Duration(factor * float64(max(c.orders.ThinkMS, 50)) * (0.4 + c.random.ExpFloat64()*0.6) * float64(time.Millisecond))
	c.mu.Unlock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// chance says yes in a share of all cases.
func (c *Country) chance(share float64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.random.Float64() < share
}

func (c *Country) current() Orders {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.orders
}

// address is a person's: any of the country's ranges but for their ends.
func (c *Country) address() netip.Addr {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.cfg.Ranges[c.random.IntN(len(c.cfg.Ranges))]
	b := p.Addr().As4()
	b[2], b[3] = byte(c.random.IntN(256)), byte(1+c.random.IntN(254))
	return netip.AddrFrom4(b)
}

// pick is a service by how much it is used.
func (c *Country) pick() Site {
	c.mu.Lock()
	defer c.mu.Unlock()
	sum := 0.0
	for _, s := range c.cfg.Sites {
		sum += s.Weight
	}
	x := c.random.Float64() * sum
	for _, s := range c.cfg.Sites {
		if x -= s.Weight; x < 0 {
			return s
		}
	}
	return c.cfg.Sites[0]
}

func (c *Country) press(service, category string) {
	c.write(Line{Press: &Press{Service: service, Category: category, Address: c.address()}})
}

func (c *Country) write(l Line) {
	b, err := json.Marshal(l)
	if err != nil {
		return // plain fields, which JSON can always say
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = c.out.Write(append(b, '\n')) // the run may have ended
}

// diary says what people met.
func (c *Country) diary(ctx context.Context) {
	tick := time.NewTicker(sumEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		c.mu.Lock()
		s := c.sum
		c.sum = Sum{}
		c.mu.Unlock()
		c.write(Line{Sum: &s})
	}
}

// rumours are presses of people for whom nothing failed: a few always, and more when
// people talk.
func (c *Country) rumours(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for service, perMinute := range c.current().Rumour {
			if c.chance(perMinute / 60) {
				c.press(service, c.category(""))
			}
		}
	}
}
