package stand

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"

	"faultline/lab/topology"
)

// States of our zone.
const (
	ZoneGood  = ""
	ZoneGone  = "nxdomain" // the name is not there
	ZoneEmpty = "empty"    // the name is there and has no address
	ZoneBroke = "servfail" // the server does not serve the zone
	ZoneWrong = "wrong"    // the address is one where nobody is
)

// ZoneStates lists the bad ones.
func ZoneStates() []string { return []string{ZoneGone, ZoneEmpty, ZoneBroke, ZoneWrong} }

// Times to live in seconds: of our service, of what is beside it, and of the answer
// that there is none.
const (
	feedTTL     = 10
	otherTTL    = 30
	negativeTTL = 5
)

// nobody is an address of the lab that no host has.
const nobody = "10.20.9.9"

// zone is one zone with its file.
type zone struct {
	name    string
	servers []string // names of its servers
	records []string
}

// NameServer is one authoritative server.
type NameServer struct {
	Name  string // of its process, and of its namespace for those of the DNS provider
	Addr  netip.Addr
	Dir   string
	Other bool   // serves the zones that are not the DNS provider's
	Zone  string // state of our zone
}

// zones that a server has.
func (s *NameServer) zones() []zone {
	if s.Other {
		ns := []string{"ns.other.example"}
		return []zone{
			{"other.example", ns, []string{"ns 60 A " + topology.OtherNameAddr.String()}},
			{"bank.example", ns, []string{line("www", otherTTL, topology.BankAddr)}},
			{"mail.example", ns, siblingLines()},
			{"control-one.example", ns, []string{line("@", otherTTL, topology.ControlAddrs[0]), line("@", otherTTL, topology.Control6Addrs[0])}},
			{"control-two.example", ns, []string{line("@", otherTTL, topology.ControlAddrs[1]), line("@", otherTTL, topology.Control6Addrs[1])}},
		}
	}
	ns := []string{"ns1.namehost.example", "ns2.namehost.example"}
	out := []zone{
		{"namehost.example", ns, []string{
			"ns1 60 A " + topology.NameAddrs[topology.NameOne].String(), "ns2 60 A " + topology.NameAddrs[topology.NameTwo].String(),
			line("www", otherTTL, topology.NamesHomeAddr),
		}},
		{"shop.example", ns, siblingLines()}, {"news.example", ns, siblingLines()}, {"edgehost.example", ns, siblingLines()},
	}
	if s.Zone != ZoneBroke {
		out = append(out, zone{"feed.example", ns, s.feedLines()})
	}
	return out
}

func line(name string, ttl int, a netip.Addr) string {
	kind := "A"
	if a.Is6() {
		kind = "AAAA"
	}
	return fmt.Sprintf("%s %d %s %s", name, ttl, kind, a)
}

func siblingLines() []string {
	var out []string
	for _, a := range topology.SiblingAddrs {
		out = append(out, line("www", otherTTL, a))
	}
	return out
}

// feedLines are the records of our service in the zone's state.
func (s *NameServer) feedLines() []string {
	switch s.Zone {
	case ZoneGone:
		return nil
	case ZoneEmpty:
		return []string{fmt.Sprintf("www %d TXT empty", feedTTL)}
	case ZoneWrong:
		return []string{fmt.Sprintf("www %d A %s", feedTTL, nobody)}
	}
	var out []string
	for _, a := range topology.FeedAddrs {
		out = append(out, line("www", feedTTL, a))
	}
	return out
}

// Files are the server's configuration and zones, by path.
func (s *NameServer) Files() map[string]string {
	files := map[string]string{}
	var conf strings.Builder
	fmt.Fprintf(&conf, `server:
	ip-address: %s
	username: ""
	chroot: ""
	zonesdir: "%s"
	pidfile: "%s"
	xfrdfile: "%s"
	database: ""
	server-count: 1
	rrl-ratelimit: 0
remote-control:
	control-enable: no
`, s.Addr, s.Dir, s.file("pid"), s.file("xfrd"))
	for _, z := range s.zones() {
		path := s.file("zone-" + z.name)
		fmt.Fprintf(&conf, "zone:\n\tname: %q\n\tzonefile: %q\n", z.name, path)
		files[path] = z.text()
	}
	files[s.Config()] = conf.String()
	return files
}

// Config is the path of the server's configuration.
func (s *NameServer) Config() string { return s.file("conf") }

func (s *NameServer) file(what string) string { return filepath.Join(s.Dir, s.Name+"."+what) }

func (z *zone) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "$ORIGIN %s.\n$TTL %d\n@ SOA %s. ops.%s. 1 60 30 600 %d\n", z.name, otherTTL, z.servers[0], z.name, negativeTTL)
	for _, ns := range z.servers {
		fmt.Fprintf(&b, "@ NS %s.\n", ns)
	}
	for _, r := range z.records {
		b.WriteString(r + "\n")
	}
	return b.String()
}

// Resolver is the caching resolver of a client network.
type Resolver struct {
	Client topology.Client
	Dir    string
	// Lie is answered for our service instead of the truth, as a censor's resolver
	// does; the zero address: the truth.
	Lie netip.Addr
}

// Config is its unbound.conf. It keeps what it was told no longer than it may, so that
// a fault of names is seen within seconds.
func (r *Resolver) Config() string {
	var b strings.Builder
	fmt.Fprintf(&b, `server:
	interface: %s
	access-control: 0.0.0.0/0 allow
	do-ip6: no
	username: ""
	chroot: ""
	directory: "%s"
	pidfile: "%s"
	use-syslog: no
	verbosity: 1
	module-config: "iterator"
	num-threads: 1
	cache-max-negative-ttl: %d
	infra-host-ttl: 15
	infra-keep-probing: yes
	prefetch: no
	qname-minimisation: no
`, r.Client.Resolver(), r.Dir, filepath.Join(r.Dir, "resolver-"+r.Client.Name+".pid"), negativeTTL)
	if r.Lie.IsValid() {
		fmt.Fprintf(&b, "\tlocal-zone: \"%s.\" redirect\n\tlocal-data: \"%s. 10 A %s\"\n", FeedHost, FeedHost, r.Lie)
	}
	b.WriteString("remote-control:\n\tcontrol-enable: no\n")
	stub := func(name string, addrs ...netip.Addr) {
		fmt.Fprintf(&b, "stub-zone:\n\tname: %q\n", name)
		for _, a := range addrs {
			fmt.Fprintf(&b, "\tstub-addr: %s\n", a)
		}
	}
	ours, other := NameServer{}, NameServer{Other: true}
	for _, z := range ours.zones() {
		stub(z.name, topology.NameAddrs[topology.NameOne], topology.NameAddrs[topology.NameTwo])
	}
	for _, z := range other.zones() {
		stub(z.name, topology.OtherNameAddr)
	}
	return b.String()
}
