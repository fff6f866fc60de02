package siblings

import (
	"slices"
	"strings"

	"faultline/outage"
)

// Group counts services of one relation.
type Group struct {
	Watched int // that somebody looks at who can be believed
	Failing int // of those: in trouble in the same minutes
	// Names are of those that fail, sorted; of more than maxNames the first.
	Names []string
}

// maxNames of failing neighbours are told: a sentence holds no more.
const maxNames = 12

// Share is the share that fails; ok is false where nobody looks at any.
func (g *Group) Share() (share float64, ok bool) {
	if g.Watched == 0 {
		return 0, false
	}
	return float64(g.Failing) / float64(g.Watched), true
}

func (g *Group) add(service string, failing bool) {
	g.Watched++
	if !failing {
		return
	}
	g.Failing++
	g.Names = append(g.Names, service)
}

// close puts the names in order.
func (g *Group) close() {
	slices.Sort(g.Names)
	g.Names = g.Names[:min(len(g.Names), maxNames)]
}

// onset leaves of a group what can be known in the minute in which trouble begins:
// what does not fail in it may not have been looked at since, and one alone that does
// may fail by chance.
func (g *Group) onset() {
	if g.Failing < 2 {
		*g = Group{}
	}
	g.Watched = g.Failing
}

// Neighbour is an incident beside a service.
type Neighbour struct {
	Service  string
	Incident string
	Basis    string // as in [outage.Incident]; "tenants": seen by those that stand on it alone
}

// Lead sets the excess of a service's reports against that of the service with the
// most at the same time. Its zero value: nothing to compare.
type Lead struct {
	Known    bool
	Ratio    float64 // peak over expected here, by the same of the other one; at most maxLead
	Service  string  // the other one; empty: nobody reports any other
	Incident string
	// Fails: probes see the other one fail, or it has ten times as many reports.
	Fails bool
}

// View is what stands beside a service, over a stretch of minutes.
type View struct {
	Service  string
	From, To outage.Minute
	// Siblings share a provider, an edge or a network with it, and neither have its owner
	// nor carry it or stand on it. Same counts those of them that fail alike and began within two minutes.
	Siblings Group
	Same     int
	// Nameservers are others on its name servers, failing at their names; Family its
	// owner's others; Tenants those that stand on it; Elsewhere what shares nothing.
	Nameservers, Family, Tenants, Elsewhere Group
	// Region counts looks: an agent that sees the service fail, at one service
	// elsewhere. Names are of services.
	Region Group
	// Providers and Dependencies have an incident that is open in these minutes. Carried
	// and Needs count the services that it stands on and depends on whose trouble would
	// be seen: somebody looks at them or, of a provider, at enough that it carries, and
	// the two minutes that it takes to say so have passed.
	Providers, Dependencies []Neighbour
	Carried, Needs          int
	Lead                    Lead
}

// within is how many minutes apart two services begin to fail whose beginnings are one.
const within outage.Minute = 2

// Neighbours says what of a service's neighbours fails in the same minutes, from one
// minute to another, both included: those in which the service itself was in trouble
// or, where probes see none, all of them.
func (b *Book) Neighbours(service string, from, to outage.Minute) View {
	v := View{Service: service, From: from, To: to}
	own := b.conditions[service]
	if own == nil {
		own = &condition{}
	}
	l := lookAt(own, from, to)
	related := b.related(service)
	for id, r := range related {
		if c := b.conditions[id]; c != nil && c.Watched {
			v.place(l, id, r, c)
		}
	}
	b.elsewhere(&v, l, related)
	for _, g := range []*Group{&v.Siblings, &v.Nameservers, &v.Family, &v.Tenants, &v.Elsewhere, &v.Region} {
		if g.close(); l.began(own).From >= to {
			g.onset()
		}
	}
	v.Same = min(v.Same, v.Siblings.Failing)
	b.stands(&v, related, l.began(own).From > to-within)
	v.Lead = b.lead(service, from, to)
	return v
}

// relation of a neighbour, as bits.
type relation int

const (
	sibling relation = 1 << iota
	sameNames
	kin
	tenant                                     // stands on the service
	provider                                   // the service stands on it
	needs                                      // the service depends on it
	needed                                     // it depends on the service
	ownRoles = kin | provider | tenant | needs // no strangers to each other
)

// related finds all that shares something with a service.
func (b *Book) related(service string) map[string]relation {
	g := b.ground
	out := map[string]relation{}
	for _, on := range g.of(service) {
		bit := sibling
		name, isProvider := strings.CutPrefix(on, groundProvider)
		if isProvider {
			out[name] |= provider
		}
		if strings.HasPrefix(on, groundNameserver) {
			bit = sameNames
		}
		for id := range g.on[on] {
			out[id] |= bit
		}
	}
	if s := g.services[service]; s != nil && s.Family != "" {
		for _, id := range g.families[s.Family] {
			out[id] |= kin
		}
	}
	for id := range g.on[groundProvider+service] {
		out[id] |= tenant
	}
	for _, id := range g.dependsOn(service) {
		out[id] |= needs
	}
	for _, id := range g.needed[service] {
		out[id] |= needed
	}
	delete(out, service)
	return out
}

// place counts one related service in the groups that it is of.
func (v *View) place(l *look, id string, r relation, c *condition) {
	fails := l.with(c)
	// No edge and no network carries names: who fails at its name says nothing of them.
	named := fails && l.began(c).Manner == MannerName
	if r&sibling != 0 && r&ownRoles == 0 && !named {
		v.Siblings.add(id, fails)
		if fails && l.alike(c) {
			v.Same++
		}
	}
	if r&sameNames != 0 && r&kin == 0 {
		v.Nameservers.add(id, named)
	}
	if r&kin != 0 {
		v.Family.add(id, fails)
	}
	if r&tenant != 0 {
		v.Tenants.add(id, fails)
	}
}

// elsewhere counts what shares nothing with the service: as a whole, and as looks of
// the agents that see the service fail.
func (b *Book) elsewhere(v *View, l *look, related map[string]relation) {
	for id, c := range b.conditions {
		if _, shares := related[id]; shares || id == v.Service || !c.Watched {
			continue
		}
		v.Elsewhere.add(id, overlap(c.trouble(), l.minutes))
		bad := 0
		for agent, minutes := range l.failing {
			if overlap(c.seenBy(agent), minutes) {
				bad++
			}
		}
		if v.Region.Failing += bad; bad > 0 {
			v.Region.Names = append(v.Region.Names, id)
		}
	}
	for agent := range l.failing {
		v.Region.Watched += b.looks[agent]
		for id := range related {
			if c := b.conditions[id]; c != nil {
				if _, looks := slices.BinarySearch(c.Looking, agent); looks {
					v.Region.Watched--
				}
			}
		}
		if _, looks := slices.BinarySearch(l.own.Looking, agent); looks {
			v.Region.Watched--
		}
	}
	v.Region.Watched = max(v.Region.Watched, v.Region.Failing)
}

// stands finds the incidents of what the service stands on.
func (b *Book) stands(v *View, related map[string]relation, early bool) {
	for _, id := range sortedKeys(related) {
		i := b.incidents[id]
		if i != nil && i.Probes != nil && MannerOf(i.Probes.Layer, i.Probes.Failure) == MannerName && i.Tenants == nil {
			continue // its own name fails: that it carries others has nothing to do with it
		}
		watched := b.conditions[id] != nil && b.conditions[id].Watched
		if !early && related[id]&provider != 0 && b.ground.services[id] != nil && (watched || v.Siblings.Watched >= leastTenants-1) {
			v.Carried++
		}
		if !early && related[id]&needs != 0 && watched {
			v.Needs++
		}
		if i == nil || i.Onset > v.To || i.End > 0 && i.End+within < v.From {
			continue
		}
		n := Neighbour{Service: id, Incident: i.ID, Basis: i.Basis}
		if related[id]&provider != 0 {
			v.Providers = append(v.Providers, n)
		}
		if related[id]&needs != 0 {
			v.Dependencies = append(v.Dependencies, n)
		}
	}
}
