package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"faultline/outage"
)

// Cells are numbered by country, category and network, in the order of records.
const (
	netsMax = 8
	catsMax = 8
)

func code(c, cat, net int) int { return (c*catsMax+cat)*netsMax + net }

// scratch is memory that one drawing after another may use.
type scratch struct {
	codes  []int
	minute outage.MinutePoints
}

// Points draws a service's minute; nil when nobody reported. service is an index
// into Services.
func (w *World) Points(service int, m outage.Minute) *outage.MinutePoints {
	return w.points(service, m, &scratch{})
}

// points is Points in borrowed memory: the result holds until the next drawing.
func (w *World) points(service int, m outage.Minute, s *scratch) *outage.MinutePoints {
	l := &w.lives[service]
	rng := source(w.opts.Seed, l.id, int64(m))
	s.codes = w.background(l, m, rng, s.codes[:0])
	if service == 0 && m >= Day && m < Day+fadeEnd {
		s.codes = w.surgeAt(int(m-Day), rng, s.codes)
	}
	if len(s.codes) == 0 {
		return nil
	}
	slices.Sort(s.codes)
	s.minute = outage.MinutePoints{Service: l.id, Minute: m, Points: s.minute.Points[:0]}
	for i := 0; i < len(s.codes); {
		n := 1
		for i+n < len(s.codes) && s.codes[i+n] == s.codes[i] {
			n++
		}
		s.minute.Points = append(s.minute.Points, l.point(s.codes[i], n))
		i += n
	}
	return &s.minute
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
func (w *World) background(l *life, m outage.Minute, rng *rand.Rand, codes []int) []int {
	who := l.who[hourOf(m)]
	for range count(rng, l.rateAt(m)*w.wanderAt(l, m), w.phi) {
		c := pick(rng, who)
		codes = append(codes, code(c, pick(rng, l.what), pick(rng, w.nets[c])))
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
