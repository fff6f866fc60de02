package siblings

import (
	"net/netip"
	"slices"
	"strings"

	"faultline/outage"
)

// Sorts of ground, with which a word of [outage.ProbeState.Stands] begins.
const (
	groundNet        = "net:"         // addresses side by side: a /24 or a /48
	groundProvider   = "provider:"    // a cloud or CDN, by its id in the catalog
	groundNameserver = "nameservers:" // the domain that the name servers are in
)

// Limits of what is learned of a service.
const (
	// maxNets and maxOthers bound the ground of a service. A network of caches may
	// answer from more; those seen first stay, for a word that comes and goes says
	// nothing new.
	maxNets   = 16
	maxOthers = 8
	// keepGround is how many minutes a ground holds after it was last stood on.
	keepGround = int64(outage.Day)
)

// Footing is what a service was seen to stand on, by the minute in which it last was.
// Its fields are its saved state.
type Footing struct {
	Seen map[string]int64 `json:"seen,omitempty"`
}

// Take learns from an attempt that came through. Of one that did not nothing is
// learned: its answer may be somebody else's. Imports tell less than an attempt.
func (f *Footing) Take(m *outage.Measurement, now int64) {
	if m.Outcome != outage.OutcomeOK || m.Source != "" {
		return
	}
	if m.DNS != nil && m.DNS.Nameserver != "" {
		f.stand(groundNameserver+zone(m.DNS.Nameserver), maxOthers, now)
		return
	}
	if a, err := netip.ParseAddr(m.Target.Address); err == nil && m.TCP != nil {
		f.stand(groundNet+block(a), maxNets, now)
	}
	if m.HTTP != nil && m.HTTP.Provider != "" {
		f.stand(groundProvider+providerID(m.HTTP.Provider), maxOthers, now)
	}
}

// stand notes a ground, unless there are too many of its sort.
func (f *Footing) stand(ground string, limit int, now int64) {
	if _, known := f.Seen[ground]; !known {
		kind, _, _ := strings.Cut(ground, ":")
		n := 0
		for g := range f.Seen {
			if strings.HasPrefix(g, kind+":") {
				n++
			}
		}
		if n >= limit {
			return
		}
		if f.Seen == nil {
			f.Seen = map[string]int64{}
		}
	}
	f.Seen[ground] = now
}

// Join takes over what another one has learned.
func (f *Footing) Join(o *Footing) {
	for _, g := range sortedKeys(o.Seen) {
		limit := maxOthers
		if strings.HasPrefix(g, groundNet) {
			limit = maxNets
		}
		f.stand(g, limit, o.Seen[g])
	}
}

// Words lists the ground, sorted, and forgets what was not stood on for a day.
func (f *Footing) Words(now int64) []string {
	var words []string
	for g, at := range f.Seen {
		if now-at > keepGround {
			delete(f.Seen, g)
			continue
		}
		words = append(words, g)
	}
	slices.Sort(words)
	return words
}

// block is the network that neighbours share: what one link, rule or flood reaches.
func block(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	bits := 24
	if a.Is6() {
		bits = 48
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return a.String() // an address always has these bits
	}
	return p.String()
}

// zone is the domain that a name server is in: providers number their servers.
func zone(server string) string {
	server = strings.ToLower(strings.TrimSuffix(server, "."))
	_, parent, ok := strings.Cut(server, ".")
	if !ok || !strings.Contains(parent, ".") {
		return server
	}
	return parent
}

// providerID is the catalog's word for a provider that the head of an answer names.
func providerID(name string) string {
	switch name {
	case "google":
		return "google-cloud"
	case "azure-front-door":
		return "azure"
	}
	return name
}
