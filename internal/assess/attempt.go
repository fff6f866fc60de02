package assess

import (
	"math"

	"faultline/internal/judge"
	"faultline/internal/siblings"
	"faultline/outage"
)

// layers in the order in which a request passes them.
var layers = [...]outage.Layer{
	outage.LayerDNS, outage.LayerRoute, outage.LayerTCP, outage.LayerTLS, outage.LayerQUIC, outage.LayerHTTP, outage.LayerApp,
}

// cell is what attempts are told apart by, at one agent. An empty layer is the whole
// attempt; a family of 0 is a look-up, which goes to no address.
type cell struct {
	layer  outage.Layer
	family int
}

// tally sums attempts.
type tally struct {
	tried, failed, refused int
	failure                outage.Failure // of the latest that failed
	timed                  int            // that did not fail and took a known time
	logs                   float64        // sum of their logarithms, in milliseconds
}

func (t *tally) add(o *tally) {
	t.tried, t.failed, t.refused = t.tried+o.tried, t.failed+o.failed, t.refused+o.refused
	t.timed, t.logs = t.timed+o.timed, t.logs+o.logs
	if o.failure != "" {
		t.failure = o.failure
	}
}

// step is one layer of an attempt.
type step struct {
	layer   outage.Layer
	failure outage.Failure
	ms      float64 // 0: not known
}

// steps lists the layers that an attempt came to, and whether it is one that a
// person's request could be: a look at a name server, an echo or a second transport
// says something of its layer and nothing of the whole.
func steps(m *outage.Measurement) (list []step, whole bool) {
	add := func(layer outage.Layer, ms float64) {
		s := step{layer: layer, ms: ms}
		if m.Layer == layer {
			s.failure = m.Failure
		}
		list = append(list, s)
	}
	switch {
	case m.Echo != nil || m.Path != nil:
		add(outage.LayerRoute, 0)
		return list, false
	case m.QUIC != nil && m.TCP == nil:
		add(outage.LayerQUIC, m.QUIC.Duration())
		return list, false
	}
	if m.DNS != nil {
		add(outage.LayerDNS, m.DNS.Duration())
	}
	if m.TCP != nil {
		add(outage.LayerTCP, m.TCP.Duration())
	}
	if m.TLS != nil {
		add(outage.LayerTLS, m.TLS.Duration())
	}
	if m.HTTP != nil {
		add(outage.LayerHTTP, m.HTTP.FirstByte)
	}
	if m.Journey != nil {
		add(outage.LayerApp, 0)
	}
	if m.Layer != "" && m.Failure != "" && (len(list) == 0 || list[len(list)-1].failure == "") {
		list = append(list, step{layer: m.Layer, failure: m.Failure})
	}
	onlyName := m.DNS != nil && m.TCP == nil && m.TLS == nil && m.HTTP == nil && m.Journey == nil
	return list, !onlyName
}

// took is how long a person would have waited for the first byte, in milliseconds; 0:
// not known.
func took(m *outage.Measurement) float64 {
	switch {
	case m.Journey != nil:
		return 0
	case m.HTTP != nil && m.HTTP.FirstByte > 0:
		return m.HTTP.T0 + m.HTTP.FirstByte
	case m.HTTP == nil && m.TCP != nil:
		return m.TCP.T
	}
	return 0
}

// sums are the attempts of one agent at one service in the open minute.
type sums struct {
	cells map[cell]*tally
	// names are failed look-ups of the agent's own resolver, which keep a person from
	// every address: each counts as an attempt at all of those that were met.
	names     tally
	addresses map[string]bool
	exercise  judge.Exercise
	footing   siblings.Footing
}

func (s *sums) at(c cell) *tally {
	t := s.cells[c]
	if t == nil {
		t = &tally{}
		s.cells[c] = t
	}
	return t
}

// take adds an attempt.
func (s *sums) take(m *outage.Measurement) {
	s.exercise.Add(m)
	list, whole := steps(m)
	for _, p := range list {
		c := cell{p.layer, m.Target.Family}
		if p.layer == outage.LayerDNS {
			c.family = 0
		}
		s.at(c).attempt(p.failure, p.ms)
	}
	failure := outage.Failure("")
	if judge.Failed(m) {
		failure = m.Failure
		if failure == "" {
			failure = outage.FailureHTTPRequest
		}
	}
	switch {
	case whole:
		s.at(cell{"", m.Target.Family}).attempt(failure, took(m))
		s.meet(m.Target.Address)
	case m.DNS != nil && m.DNS.Nameserver == "" && failure != "" && m.DNS.Resolver == ownResolver(m):
		s.names.attempt(failure, 0)
	}
}

// systemResolver is how an agent names the resolver of its machine.
const systemResolver = "system"

// ownResolver is the one that the agent's own programs ask.
func ownResolver(m *outage.Measurement) string {
	if m.Vantage.Resolver == "" {
		return systemResolver
	}
	return m.Vantage.Resolver
}

// maxAddresses bounds what a failed look-up stands for.
const maxAddresses = 16

func (s *sums) meet(address string) {
	if s.addresses == nil {
		s.addresses = map[string]bool{}
	}
	if address != "" && len(s.addresses) < maxAddresses {
		s.addresses[address] = true
	}
}

// attempt counts one.
func (t *tally) attempt(failure outage.Failure, ms float64) {
	t.tried++
	switch {
	case failure != "":
		t.failed++
		t.failure = failure
		if judge.Refusal(failure) {
			t.refused++
		}
	case ms > 0 && !math.IsInf(ms, 0):
		t.timed++
		t.logs += math.Log(math.Max(ms, leastMS))
	}
}

// leastMS is the shortest time that is told apart: below it clocks are noise.
const leastMS = 0.01

// settle drops the families that the agent itself cannot reach, and counts failed
// look-ups among the whole.
func (s *sums) settle(dead [2]bool) {
	for c := range s.cells {
		if c.family == 4 && dead[0] || c.family == 6 && dead[1] {
			delete(s.cells, c)
		}
	}
	if n := s.names.failed * max(1, len(s.addresses)); n > 0 {
		*s.at(cell{}) = tally{tried: n, failed: n, failure: s.names.failure}
	}
	if tcp := s.sum(outage.LayerTCP); tcp.tried > tcp.failed {
		// Who can connect is not cut off, whatever becomes of echoes.
		for c, t := range s.cells {
			if c.layer == outage.LayerRoute && t.failed > 0 {
				delete(s.cells, c)
			}
		}
	}
}

// sum is a layer over both families.
func (s *sums) sum(layer outage.Layer) tally {
	var out tally
	for _, family := range [...]int{0, 4, 6} {
		if t := s.cells[cell{layer, family}]; t != nil {
			out.add(t)
		}
	}
	return out
}

// first is the first layer of most failures, with its failure.
func (s *sums) first() (outage.Layer, outage.Failure) {
	var best tally
	var at outage.Layer
	for _, l := range layers {
		if t := s.sum(l); t.failed > best.failed {
			best, at = t, l
		}
	}
	return at, best.failure
}
