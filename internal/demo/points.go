package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"faultline/outage"
)

// cell codes: country, category and network as one number in record order.
const (
	netsMax = 8
	catsMax = 8
)

func code(c, cat, net int) int { return (c*catsMax+cat)*netsMax + net }

// Points draws a service's minute; nil when nobody reported. service is an index
// into Services.
func (w *World) Points(service int, m outage.Minute) *outage.MinutePoints {
	l := &w.lives[service]
	rng := source(w.opts.Seed, l.id, int64(m))
	codes := w.background(l, m, rng)
	if service == 0 && m >= Day && m < Day+fadeEnd {
		codes = w.surgeAt(int(m-Day), rng, codes)
	}
	if len(codes) == 0 {
		return nil
	}
	slices.Sort(codes)
	p := &outage.MinutePoints{Service: l.id, Minute: m}
	for i := 0; i < len(codes); {
		n := 1
		for i+n < len(codes) && codes[i+n] == codes[i] {
			n++
		}
		p.Points = append(p.Points, l.point(codes[i], n))
		i += n
	}
	return p
}

func (l *life) point(code, n int) outage.Point {
	c := &countries[code/(catsMax*netsMax)]
	return outage.Point{
		Signal:   outage.SignalReports,
		Country:  c.code,
		Category: l.categories[code/netsMax%catsMax].name,
		Network:  c.nets[code%netsMax].name,
		Count:    n,
	}
}

// background draws the cells of a minute's ordinary reports, one code each.
func (w *World) background(l *life, m outage.Minute, rng *rand.Rand) []int {
	n := count(rng, l.rateAt(m)*w.wanderAt(l, m), w.phi)
	if n == 0 {
		return nil
	}
	codes := make([]int, n)
	who := l.who[hourOf(m)]
	for i := range codes {
		c := pick(rng, who)
		codes[i] = code(c, pick(rng, l.what), pick(rng, w.nets[c]))
	}
	return codes
}

// surgeAt adds the cells of X's outage.
func (w *World) surgeAt(minute int, rng *rand.Rand, codes []int) []int {
	for c := range countries {
		for range count(rng, w.surge.mean[c][minute], w.phi) {
			codes = append(codes, code(c, pick(rng, w.surgeC[c]), pick(rng, w.nets[c])))
		}
	}
	return codes
}

// Reports draws the reports of a minute, all services: one for each cell, with
// the number of people in it as weight.
func (w *World) Reports(m outage.Minute) []outage.Report {
	var out []outage.Report
	for s := range services {
		p := w.Points(s, m)
		if p == nil {
			continue
		}
		for i, c := range p.Points {
			out = append(out, outage.Report{
				ID:      fmt.Sprintf("demo-%s-%s-%d", p.Service, m, i),
				Service: p.Service, Category: c.Category, Country: c.Country, Network: c.Network,
				Minute: m, Window: m, Weight: c.Count, Source: outage.SourceDemo,
			})
		}
	}
	return out
}
