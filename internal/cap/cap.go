// Package cap decides whether a report counts, so that one network cannot pretend
// an outage while a carrier is still heard in its own.
//
// It reads presses that the caller hands it and writes nothing; the caller keeps
// what does not count with weight zero. Method: within a rolling window of
// outage.ReportWindow, a network may make up a fraction f of a service's counted
// reports, so it may have f/(1-f) times as many as all others together, and never
// fewer than a floor. The fraction grows with the network's usual share of the
// service's reports, which is learned over days and leans on its share over all
// services while the service has little history of its own. A /24 or /48 has a
// smaller fraction and floor. Where many other networks confirm that something is
// going on - their reports alone are three times what the service usually has -
// a network may go to the largest fraction. Networks that the caller exempts, by
// the operator's word or because they are the service's own, have no cap of the
// network; their prefixes have the number of hosts of a /24.
//
// Limits: an attack that is spread evenly over many networks looks like an outage
// to it, and in the first day of a service's life so does any burst that ten
// reports from five other networks go along with. MaxEvents and MaxShares bound
// the memory. It is not safe for concurrent use: ingest calls it under the lock
// that orders its presses. State depends on the presses alone, never on a clock.
package cap

import "faultline/outage"

// Reason says which cap a press was over.
type Reason string

// Reasons of a decision.
const (
	ReasonNone    Reason = ""
	ReasonNetwork Reason = "network"
	ReasonPrefix  Reason = "prefix"
)

// Press is what is known of one report when it comes in.
type Press struct {
	Service string
	Minute  outage.Minute // never earlier than the press before; an earlier one is taken as that
	Network string        // as in outage.Report
	Prefix  uint64        // keyed hash of the /24 or /48; only equality matters
	Exempt  bool          // the network is the service's own, or the operator exempts it
}

// Decision says whether the press counts.
type Decision struct {
	Counted bool
	Reason  Reason // set when not counted
}

// Config holds the constants of the rule.
type Config struct {
	NetworkFloor int // counted reports that any network may have in a window
	PrefixFloor  int // counted reports that any prefix may have
	// PrefixMost is what a prefix of an exempt or confirmed network may have: the
	// number of addresses in a /24. A /48 has more and is held to the same.
	PrefixMost int

	NetworkBase, NetworkSlope, NetworkMax float64 // fraction: base + slope * usual share, at most max
	PrefixBase, PrefixSlope, PrefixMax    float64

	// A burst is confirmed when the others have ConfirmCount reports from
	// ConfirmNetworks networks, and ConfirmTimes what the whole service usually has.
	ConfirmCount, ConfirmNetworks int
	ConfirmTimes                  float64
}

// DefaultConfig is the rule as documented.
func DefaultConfig() Config {
	return Config{
		NetworkFloor: 20, PrefixFloor: 10, PrefixMost: 256,
		NetworkBase: 0.25, NetworkSlope: 4, NetworkMax: 0.95,
		PrefixBase: 0.05, PrefixSlope: 1, PrefixMax: 0.5,
		ConfirmCount: 10, ConfirmNetworks: 5, ConfirmTimes: 3,
	}
}

// Caps holds the windows and the usual shares.
type Caps struct {
	cfg      Config
	services map[string]*service
	all      *shares // over all services
}

// New makes caps that have learned nothing yet.
func New(cfg Config) *Caps {
	return &Caps{cfg: cfg, services: map[string]*service{}, all: newShares()}
}

// Admit decides on a press and, if it counts, takes it into the window.
func (c *Caps) Admit(p Press) Decision {
	s := c.advance(p)
	if reason := c.judge(s, p); reason != ReasonNone {
		return Decision{Reason: reason}
	}
	s.add(p)
	return Decision{Counted: true}
}

// Forget takes back the last press of a service that was admitted, for it could not
// be saved: it must not leave less room for those that come after it.
func (c *Caps) Forget(service string) {
	if s := c.services[service]; s != nil && s.total() > 0 {
		last := len(s.events) - 1
		s.uncount(s.events[last])
		s.events = s.events[:last]
	}
}

// Count takes a press into the window that was counted before: after a restart the
// caller feeds it the reports of the last outage.ReportWindow, oldest first.
func (c *Caps) Count(p Press) { c.advance(p).add(p) }

// advance brings a service's window to the minute of the press.
func (c *Caps) advance(p Press) *service {
	s := c.services[p.Service]
	if s == nil {
		s = newService(p.Minute)
		c.services[p.Service] = s
	}
	s.advance(p.Minute, c.all)
	return s
}

// judge compares the window with the caps.
func (c *Caps) judge(s *service, p Press) Reason {
	ofNetwork, ofPrefix := s.networks[p.Network], s.prefixes[p.Prefix]
	others := s.total() - ofNetwork
	share := s.learned.shareOf(p.Network, c.all)
	confirmed := c.confirmed(s, ofNetwork, others)
	if !p.Exempt {
		f := fraction(c.cfg.NetworkBase, c.cfg.NetworkSlope, c.cfg.NetworkMax, share)
		if confirmed {
			f = c.cfg.NetworkMax
		}
		if float64(ofNetwork+1) > max(float64(c.cfg.NetworkFloor), among(f, others)) {
			return ReasonNetwork
		}
	}
	most := float64(c.cfg.PrefixMost)
	if !p.Exempt && !confirmed {
		f := fraction(c.cfg.PrefixBase, c.cfg.PrefixSlope, c.cfg.PrefixMax, share)
		most = min(most, max(float64(c.cfg.PrefixFloor), among(f, s.total()-ofPrefix)))
	}
	if float64(ofPrefix+1) > most {
		return ReasonPrefix
	}
	return ReasonNone
}

// confirmed says whether the reports of other networks show a burst by themselves.
func (c *Caps) confirmed(s *service, ofNetwork, others int) bool {
	networks := len(s.networks)
	if ofNetwork > 0 {
		networks--
	}
	return networks >= c.cfg.ConfirmNetworks &&
		float64(others) >= max(float64(c.cfg.ConfirmCount), c.cfg.ConfirmTimes*s.learned.usual())
}

func fraction(base, slope, most, share float64) float64 { return min(most, base+slope*share) }

// among is how many reports make up the fraction f together with the others.
func among(f float64, others int) float64 { return f / (1 - f) * float64(others) }
