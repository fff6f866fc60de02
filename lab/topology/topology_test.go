package topology

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"faultline/internal/geo"
)

// Whatever a script says of addresses is within the lab, and no two hosts have one
// address; names of devices fit the kernel.
func TestScripts(t *testing.T) {
	address := regexp.MustCompile(`^([0-9]{1,3}\.){3}[0-9]{1,3}$|^[0-9a-f]*:[0-9a-f:]*:[0-9a-f]*$`)
	owner := map[netip.Addr]string{}
	seen := map[string]bool{}
	for _, s := range Scripts() {
		seen[s.Space] = true
		for _, line := range s.Lines {
			for _, text := range strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '/' }) {
				if !address.MatchString(text) {
					continue
				}
				if a, err := netip.ParseAddr(text); err != nil || !Within(a) {
					t.Errorf("%s: %q has the address %s: %v", s.Space, line, text, err)
				}
			}
			own, ok := strings.CutPrefix(line, "ip addr add ")
			if !ok {
				continue
			}
			text, _, _ := strings.Cut(strings.Fields(own)[0], "/")
			a := netip.MustParseAddr(text)
			edge := slices.ContainsFunc(EdgeSpace, func(p netip.Prefix) bool { return p.Contains(a) })
			if other, taken := owner[a]; taken && other != s.Space && !edge { // which is at both places
				t.Errorf("%s and %s both have %s", other, s.Space, a)
			}
			owner[a] = s.Space
		}
	}
	for _, space := range Spaces() {
		if !seen[space] {
			t.Errorf("%s has no script", space)
		}
	}
	for _, x := range lines() {
		if len(x.devA) > 15 || len(x.devB) > 15 || x.delay <= 0 {
			t.Errorf("line %+v", x)
		}
	}
}

// Every address that somebody listens on can be reached: a transit has a route to it.
func TestServedIsRouted(t *testing.T) {
	routes := map[string][]netip.Prefix{}
	for _, s := range Scripts() {
		for _, line := range s.Lines {
			f := strings.Fields(strings.Replace(line, "ip -6", "ip", 1))
			if len(f) > 3 && f[1] == "route" && f[2] == "add" && f[3] != "default" {
				p, err := netip.ParsePrefix(f[3])
				if err != nil {
					p = netip.PrefixFrom(netip.MustParseAddr(f[3]), netip.MustParseAddr(f[3]).BitLen())
				}
				routes[s.Space] = append(routes[s.Space], p)
			}
		}
	}
	inner := []string{Origin, Database, Siblings} // behind the edge, reached from there
	for space, list := range served() {
		from := []string{TransitA, TransitB}
		switch {
		case space == Database:
			from = []string{Origin}
		case slices.Contains(inner, space):
			from = []string{PoP1, PoP2}
		}
		for _, a := range list {
			for _, f := range from {
				if !slices.ContainsFunc(routes[f], func(p netip.Prefix) bool { return p.Contains(a) }) {
					t.Errorf("%s has no route to %s of %s", f, a, space)
				}
			}
		}
	}
}

// People press from where they live, or the hub would count them elsewhere.
func TestPeopleLiveInTheirCountry(t *testing.T) {
	places, err := geo.Open(geo.Config{})
	if err != nil {
		t.Fatal(err)
	}
	networks := map[uint32]bool{}
	for _, c := range Clients() {
		for _, p := range c.People {
			for _, last := range []string{"1.1", "128.7", "255.254"} {
				first := strings.TrimSuffix(p.Addr().String(), ".0.0")
				got := places.Lookup(netip.MustParseAddr(first + "." + last))
				if got.Country != c.Country || got.ASN == 0 {
					t.Errorf("%s.%s: %s AS%d, want %s", first, last, got.Country, got.ASN, c.Country)
				}
				networks[got.ASN] = true
			}
		}
	}
	if len(networks) < 10 {
		t.Errorf("people are in %d networks only", len(networks))
	}
}

// Five countries at least, three classes of networks, some with IPv6.
func TestClients(t *testing.T) {
	countries, classes, six, networks := map[string]bool{}, map[string]bool{}, 0, map[string]bool{}
	for _, c := range Clients() {
		countries[c.Country], classes[c.Class], networks[c.Network] = true, true, true
		if c.V6 {
			six++
		}
		if got, ok := ClientNamed(c.Name); !ok || got.Space() != c.Space() || !c.Prefix().Contains(c.Resolver()) || !c.Prefix().Contains(c.Addr()) {
			t.Errorf("%s: %+v", c.Name, got)
		}
	}
	if len(countries) < 5 || len(classes) < 3 || six < 2 || six == len(Clients()) || len(networks) != len(Clients()) {
		t.Errorf("%d countries, %d classes, %d with IPv6, %d networks", len(countries), len(classes), six, len(networks))
	}
}

// Small packets cost a bottleneck as much as Smallest bytes: they are what floods of
// connections are made of.
func TestPacketsPerSecond(t *testing.T) {
	b := Bottleneck{Kbit: 4000}
	for size, want := range map[int]float64{40: 2000, 250: 2000, 1000: 500} {
		if got := b.PacketsPerSecond(size); got != want {
			t.Errorf("%d bytes: %g a second, want %g", size, got, want)
		}
	}
	for _, b := range Bottlenecks() {
		text := strings.Join(b.shape(), "\n")
		for _, tenant := range b.Tenants {
			for _, d := range b.destinations(tenant) {
				if !strings.Contains(text, d) {
					t.Errorf("%s to %s: %s is not told apart", b.From, b.To, d)
				}
			}
		}
		if strings.Count(text, "pfifo limit 50") != len(b.Tenants) {
			t.Errorf("%s to %s: queues are not counted in packets", b.From, b.To)
		}
	}
}

// The routes that a fault takes away can be put back as they were.
func TestRouteAdd(t *testing.T) {
	all := map[string]bool{}
	for _, s := range Scripts() {
		for _, line := range s.Lines {
			all[s.Space+": "+line] = true
		}
	}
	for _, pop := range []string{PoP1, PoP2} {
		for _, p := range FeedPrefixes() {
			if line := Upstream(pop) + ": " + RouteAdd(pop, p); !all[line] {
				t.Errorf("%q is in no script", line)
			}
		}
	}
}
