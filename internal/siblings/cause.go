package siblings

import (
	"cmp"
	"slices"
	"strings"

	"faultline/outage"
)

// Cause is a suspicion: services of several owners that stand on the same ground fail
// at the same time and in the same manner, while others do not. It is no finding: it
// names what is shared.
type Cause struct {
	Ground    string // as in [outage.ProbeState.Stands]
	Provider  string // service that the ground is; empty: the catalog knows none
	Manner    Manner
	Tenants   []string // that fail, sorted
	Since     outage.Minute
	Watched   int   // that stand on it
	Elsewhere Group // that do not
}

// Limits of a suspicion.
const (
	// leastTenants must fail together, each of another owner: two may be chance.
	leastTenants = 3
	// tenantShare is the least share of those that stand on the ground and are watched:
	// of the sixty services on a large cloud a few always have trouble of their own.
	tenantShare = 0.2
	// elsewhereShare is the largest share of services elsewhere that may fail too, and
	// timesElsewhere how many times that share must fail on the ground: more of them
	// point to the vantage points, or to something larger.
	elsewhereShare = 0.25
	timesElsewhere = 2.0
	// beginWithin is how many minutes may lie between the beginnings of the tenants
	// that raise a suspicion: services that are out for months begin nothing. Public
	// monitors with a period of five minutes noticed the Cloudflare outage of 18
	// November 2025 twenty-two minutes apart.
	beginWithin outage.Minute = 30
)

// key names a suspicion from one minute to the next.
func (c *Cause) key() string { return c.Ground + " " + string(c.Manner) }

// fault is a service in trouble.
type fault struct {
	service string
	span    span
}

// Causes looks for ground on which services fail together now. Counts says of a service
// in trouble whether enough vantage points see it. It is to be asked once a minute: a
// suspicion that was raised lasts as long as enough of them fail. The one that explains
// most comes first, and what it explains is no evidence for another.
func (b *Book) Causes(counts func(service string) bool) []Cause {
	var faults []fault
	for _, id := range sortedKeys(b.conditions) {
		if s, bad := b.conditions[id].now(); bad && s.Manner != MannerUnknown && counts(id) {
			faults = append(faults, fault{id, s})
		}
	}
	var found []Cause
	for len(faults) >= leastTenants {
		best := b.best(faults)
		if best == nil {
			break
		}
		found = append(found, *best)
		faults = slices.DeleteFunc(faults, func(f fault) bool { return slices.Contains(best.Tenants, f.service) })
	}
	clear(b.suspected)
	for i := range found {
		b.suspected[found[i].key()] = true
	}
	return found
}

// best is the suspicion that explains most of the faults; nil: there is none. One that
// names a service is better than one that names addresses.
func (b *Book) best(faults []fault) *Cause {
	grounds := map[string]bool{}
	for _, f := range faults {
		for _, g := range b.ground.of(f.service) {
			grounds[g] = true
		}
	}
	var all []Cause
	for _, g := range sortedKeys(grounds) {
		byManner := map[Manner][]fault{}
		for _, f := range faults {
			if _, on := b.ground.on[g][f.service]; on {
				byManner[f.span.Manner] = append(byManner[f.span.Manner], f)
			}
		}
		for _, manner := range sortedKeys(byManner) {
			if c := b.cause(g, manner, byManner[manner]); c != nil {
				all = append(all, *c)
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	best := slices.MinFunc(all, func(a, b Cause) int {
		return cmp.Or(
			-cmp.Compare(min(len(a.Provider), 1), min(len(b.Provider), 1)),
			-cmp.Compare(len(a.Tenants), len(b.Tenants)),
			-cmp.Compare(len(a.Tenants)*b.Watched, len(b.Tenants)*a.Watched),
			strings.Compare(a.key(), b.key()))
	})
	return &best
}

// cause weighs one ground and one manner; nil: no suspicion.
func (b *Book) cause(on string, manner Manner, faults []fault) *Cause {
	c := &Cause{Ground: on, Manner: manner}
	name, isProvider := strings.CutPrefix(on, groundProvider)
	if _, known := b.ground.services[name]; isProvider && known {
		c.Provider = name
	}
	switch {
	case strings.HasPrefix(on, groundNameserver) && manner != MannerName, strings.HasPrefix(on, groundNet) && manner == MannerName:
		return nil // names and addresses do not carry each other
	}
	faults = slices.DeleteFunc(faults, func(f fault) bool { return f.service == name || c.Provider != "" && b.ground.kin(f.service, name) })
	if !b.suspected[c.key()] {
		faults = began(faults)
	}
	for _, f := range faults {
		c.Tenants = append(c.Tenants, f.service)
		if c.Since == 0 || f.span.From < c.Since {
			c.Since = f.span.From
		}
	}
	failing := b.owners(c.Tenants)
	if failing < leastTenants {
		return nil
	}
	c.Watched = b.watched(c)
	b.spared(c)
	share, elsewhere := float64(len(c.Tenants))/float64(c.Watched), 0.0
	if s, known := c.Elsewhere.Share(); known {
		elsewhere = s
	}
	if share < tenantShare || elsewhere > elsewhereShare || share < timesElsewhere*elsewhere {
		return nil
	}
	return c
}

// began keeps the most faults that began within a few minutes of each other.
func began(faults []fault) []fault {
	slices.SortStableFunc(faults, func(a, b fault) int { return cmp.Compare(a.span.From, b.span.From) })
	var best []fault
	for i, from := 0, 0; i < len(faults); i++ {
		for faults[i].span.From-faults[from].span.From > beginWithin {
			from++
		}
		if i+1-from > len(best) {
			best = faults[from : i+1]
		}
	}
	best = slices.Clone(best)
	slices.SortFunc(best, func(a, b fault) int { return strings.Compare(a.service, b.service) })
	return best
}

// owners counts different owners.
func (b *Book) owners(services []string) int {
	seen := map[string]bool{}
	for _, s := range services {
		seen[b.ground.family(s)] = true
	}
	return len(seen)
}

// watched counts those that stand on the ground and that somebody looks at.
func (b *Book) watched(c *Cause) int {
	n := 0
	for id := range b.ground.on[c.Ground] {
		if k := b.conditions[id]; k != nil && k.Watched && id != c.Provider {
			n++
		}
	}
	return max(n, len(c.Tenants))
}

// spared counts what stands elsewhere and is watched, and what of it fails.
func (b *Book) spared(c *Cause) {
	for id, k := range b.conditions {
		if _, on := b.ground.on[c.Ground][id]; on || !k.Watched || id == c.Provider || c.Provider != "" && b.ground.kin(id, c.Provider) {
			continue
		}
		_, bad := k.now()
		c.Elsewhere.add(id, bad)
	}
	c.Elsewhere.close()
}
