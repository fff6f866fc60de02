package siblings

import (
	"maps"
	"slices"

	"faultline/outage"
)

// ground is who stands on what: by the catalog, and as measured.
type ground struct {
	services map[string]*outage.Service
	catalog  map[string][]string            // service -> ground that the catalog names, sorted
	measured map[string][]string            // service -> ground as measured, sorted
	on       map[string]map[string]struct{} // ground -> services that stand on it
	families map[string][]string            // family -> services, sorted
	needed   map[string][]string            // service -> those that depend on it, sorted
}

func newGround(services []outage.Service) *ground {
	g := &ground{
		services: map[string]*outage.Service{}, catalog: map[string][]string{}, measured: map[string][]string{},
		on: map[string]map[string]struct{}{}, families: map[string][]string{}, needed: map[string][]string{},
	}
	for i := range services {
		s := services[i]
		if s.Retired {
			continue
		}
		g.services[s.ID] = &s
		for _, p := range s.Providers {
			g.catalog[s.ID] = append(g.catalog[s.ID], groundProvider+p)
		}
		slices.Sort(g.catalog[s.ID])
		for _, on := range g.catalog[s.ID] {
			g.put(on, s.ID)
		}
		if s.Family != "" {
			g.families[s.Family] = append(g.families[s.Family], s.ID)
		}
		for _, d := range s.DependsOn {
			g.needed[d] = append(g.needed[d], s.ID)
		}
	}
	for _, list := range []map[string][]string{g.families, g.needed} {
		for k := range list {
			slices.Sort(list[k])
		}
	}
	return g
}

func (g *ground) put(on, service string) {
	if g.on[on] == nil {
		g.on[on] = map[string]struct{}{}
	}
	g.on[on][service] = struct{}{}
}

// measure replaces what a service was seen to stand on.
func (g *ground) measure(service string, stands []string) {
	if slices.Equal(g.measured[service], stands) {
		return
	}
	for _, on := range g.measured[service] {
		if slices.Contains(g.catalog[service], on) {
			continue
		}
		if delete(g.on[on], service); len(g.on[on]) == 0 {
			delete(g.on, on)
		}
	}
	if len(stands) == 0 {
		delete(g.measured, service)
		return
	}
	g.measured[service] = slices.Clone(stands)
	for _, on := range stands {
		g.put(on, service)
	}
}

// forget drops all that was measured.
func (g *ground) forget() {
	for _, service := range slices.Sorted(maps.Keys(g.measured)) {
		g.measure(service, nil)
	}
}

// of lists all that a service stands on, sorted.
func (g *ground) of(service string) []string {
	all := slices.Concat(g.catalog[service], g.measured[service])
	slices.Sort(all)
	return slices.Compact(all)
}

// family is that of a service; one without is a family of its own.
func (g *ground) family(service string) string {
	if s := g.services[service]; s != nil && s.Family != "" {
		return "family " + s.Family
	}
	return service
}

// kin says whether two services have one owner.
func (g *ground) kin(a, b string) bool { return g.family(a) == g.family(b) }

// dependsOn lists what the catalog says that a service needs.
func (g *ground) dependsOn(service string) []string {
	if s := g.services[service]; s != nil {
		return s.DependsOn
	}
	return nil
}

// StandsOn says whether a service stands on another one, by the catalog or as measured.
func (b *Book) StandsOn(service, on string) bool {
	_, tenant := b.ground.on[groundProvider+on][service]
	return tenant
}
