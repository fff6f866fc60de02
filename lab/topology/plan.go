package topology

import (
	"fmt"
	"net/netip"
	"slices"
)

// link is a pair of virtual network cards. Each end is named after the namespace at
// the other.
type link struct {
	a, b string
	n    int // number, from which addresses follow
}

// links between namespaces that are no client networks.
func links() []link {
	pairs := [][2]string{
		{TransitA, PoP1}, {TransitB, PoP2}, {TransitA, NameOne}, {TransitB, NameTwo},
		{TransitB, ElsewhereX}, {TransitA, ElsewhereY}, {TransitA, BotsOne}, {TransitB, BotsTwo},
		{PoP1, Origin}, {PoP2, Origin}, {PoP1, Siblings}, {PoP2, Siblings}, {Origin, Database},
	}
	var out []link
	for i, p := range pairs {
		out = append(out, link{p[0], p[1], i + 1})
	}
	return out
}

func (l link) addr(first bool, v6 bool) netip.Addr {
	host := 2
	if first {
		host = 1
	}
	if v6 {
		return addr(fmt.Sprintf("fd00:0:%d::%d", l.n, host))
	}
	return addr(fmt.Sprintf("10.0.%d.%d", l.n, host))
}

// Spaces lists all namespaces but the one of management, which the run itself is in.
func Spaces() []string {
	out := []string{TransitA, TransitB, PoP1, PoP2, Origin, Database, Siblings, NameOne, NameTwo, ElsewhereX, ElsewhereY, BotsOne, BotsTwo}
	for _, c := range Clients() {
		out = append(out, c.Space())
	}
	return out
}

// Script is what is run in one namespace.
type Script struct {
	Space string
	Lines []string
}

// Wiring is the batch for ip(8) that makes the namespaces and the links between them,
// in the namespace of management.
func Wiring() []string {
	var out []string
	for _, s := range Spaces() {
		out = append(out, "netns add "+s)
	}
	for _, l := range links() {
		out = append(out, fmt.Sprintf("link add name %s netns %s type veth peer name %s netns %s", l.b, l.a, l.a, l.b))
	}
	out = append(out, "link add name bridge type bridge")
	for _, c := range Clients() {
		out = append(out, fmt.Sprintf("link add name g-%s type veth peer name hub netns %s", c.Name, c.Space()), fmt.Sprintf("link set dev g-%s master bridge up", c.Name))
	}
	return append(out, "link set dev bridge up", "link set dev lo up", fmt.Sprintf("addr add %s/24 dev bridge", HubAddr))
}

// Scripts configures each namespace; lines must exist by then.
func Scripts() []Script {
	byName := map[string]*Script{}
	var order []Script
	for _, s := range Spaces() {
		order = append(order, Script{Space: s, Lines: common(s)})
	}
	for i := range order {
		byName[order[i].Space] = &order[i]
	}
	add := func(space string, lines ...string) {
		byName[space].Lines = append(byName[space].Lines, lines...)
	}
	for _, l := range links() {
		for _, first := range []bool{true, false} {
			space, dev := l.a, l.b
			if !first {
				space, dev = l.b, l.a
			}
			add(space, fmt.Sprintf("ip addr add %s/30 dev %s", l.addr(first, false), dev),
				fmt.Sprintf("ip addr add %s/64 dev %s nodad", l.addr(first, true), dev), fmt.Sprintf("ip link set dev %s up", dev))
		}
	}
	for _, b := range Bottlenecks() {
		add(b.From, b.shape()...)
	}
	for space, list := range served() {
		for _, a := range list {
			add(space, own(a))
		}
	}
	clients(add)
	routes(add)
	return order
}

// own puts an address on a loopback.
func own(a netip.Addr) string {
	if a.Is4() {
		return fmt.Sprintf("ip addr add %s/32 dev lo", a)
	}
	return fmt.Sprintf("ip addr add %s/128 dev lo nodad", a)
}

// served are the addresses that servers listen on, by namespace.
func served() map[string][]netip.Addr {
	m := map[string][]netip.Addr{
		Origin: {OriginAddr}, Siblings: {SiblingsAddr}, Database: {DatabaseAddr},
		ElsewhereX: {BankAddr, NamesHomeAddr, ControlAddrs[0], Control6Addrs[0]}, ElsewhereY: {ControlAddrs[1], Control6Addrs[1], ControlAddrs[2], OtherNameAddr},
	}
	for _, pop := range []string{PoP1, PoP2} {
		m[pop] = append(slices.Clone(FeedAddrs), SiblingAddrs...)
	}
	for space, a := range NameAddrs {
		m[space] = append(m[space], a)
	}
	return m
}

// common settings. SYN cookies are off at the edge at first, so that a queue that is
// full loses what comes; faults and scenarios may switch them on.
func common(space string) []string {
	out := []string{"ip link set dev lo up"}
	set := func(key string, value int) { out = append(out, fmt.Sprintf("sysctl -qw %s=%d", key, value)) }
	set("net.ipv4.conf.all.rp_filter", 0)
	set("net.ipv4.conf.default.rp_filter", 0)
	set("net.ipv6.conf.all.accept_dad", 0)
	set("net.ipv6.conf.default.accept_dad", 0)
	switch space {
	case TransitA, TransitB:
		set("net.ipv4.ip_forward", 1)
		set("net.ipv6.conf.all.forwarding", 1)
		set("net.ipv4.icmp_ratelimit", 0)
		set("net.ipv6.icmp.ratelimit", 0)
	case PoP1, PoP2:
		set("net.core.somaxconn", backlog)
		set("net.ipv4.tcp_max_syn_backlog", backlog)
		set("net.ipv4.tcp_syncookies", 0)
		set("net.ipv4.tcp_no_metrics_save", 1) // or the last quarter of the queue is kept for who was here before
	}
	return out
}

// backlog of connections that begin, at the edge.
const backlog = 256

// clients configures client networks and their ends at transit.
func clients(add func(string, ...string)) {
	for _, c := range Clients() {
		gate := addr(fmt.Sprintf("10.1.%d.1", c.index))
		line := c.Line()
		add(c.Transit, fmt.Sprintf("ip addr add %s peer %s dev %s", gate, c.Addr(), line), fmt.Sprintf("ip link set dev %s up", line),
			fmt.Sprintf("ip route add %s dev %s", c.Prefix(), line))
		add(c.Space(), fmt.Sprintf("ip addr add %s peer %s dev wan", c.Addr(), gate), "ip link set dev wan up", own(c.Resolver()),
			fmt.Sprintf("ip route add default dev wan src %s", c.Addr()),
			fmt.Sprintf("ip addr add %s/24 dev hub", c.Managed()), "ip link set dev hub up")
		if c.V6 {
			p := c.Prefix6().Addr()
			add(c.Transit, fmt.Sprintf("ip -6 route add %s dev %s", c.Prefix6(), line))
			add(c.Space(), fmt.Sprintf("ip addr add %s2/64 dev wan nodad", p), "ip -6 route add default dev wan")
		} else {
			add(c.Space(), "sysctl -qw net.ipv6.conf.all.disable_ipv6=1")
		}
	}
}

// routes between the stubs.
func routes(add func(string, ...string)) {
	for _, l := range links() {
		if l.a != TransitA && l.a != TransitB {
			continue
		}
		add(l.b, fmt.Sprintf("ip route add default via %s", l.addr(true, false)), fmt.Sprintf("ip -6 route add default via %s", l.addr(true, true)))
		for _, p := range behind(l.b) {
			add(l.a, RouteAdd(l.b, p))
		}
	}
	for _, pair := range [][2]string{{TransitA, TransitB}, {TransitB, TransitA}} {
		near, far := pair[0], pair[1]
		var own []netip.Prefix
		for _, l := range links() {
			if l.a == near {
				own = append(own, behind(l.b)...)
			}
		}
		add(near, "ip addr add "+between(near)+" peer "+between(far)+" dev t", "ip link set dev t up")
		for _, l := range links() {
			if l.a == far {
				for _, p := range behind(l.b) {
					if !slices.Contains(own, p) { // or it is at both, and the near one is met
						add(near, fmt.Sprintf("ip route add %s dev t", p))
					}
				}
			}
		}
		for _, c := range Clients() {
			if c.Transit == far {
				add(near, fmt.Sprintf("ip route add %s dev t", c.Prefix()), fmt.Sprintf("ip -6 route add %s dev t", c.Prefix6()))
			}
		}
	}
	for _, l := range links() {
		switch l.b {
		case Origin, Siblings:
			a := map[string]netip.Addr{Origin: OriginAddr, Siblings: SiblingsAddr}[l.b]
			add(l.a, fmt.Sprintf("ip route add %s via %s", a, l.addr(false, false)))
		case Database:
			add(Origin, fmt.Sprintf("ip route add %s via %s", DatabaseAddr, l.addr(false, false)))
			add(Database, fmt.Sprintf("ip route add %s via %s", OriginAddr, l.addr(true, false)))
		}
	}
}

// between is a transit's address on the line to the other.
func between(space string) string {
	if space == TransitA {
		return "10.0.0.1"
	}
	return "10.0.0.2"
}

// behind are the prefixes that a stub announces.
func behind(space string) []netip.Prefix {
	switch space {
	case PoP1, PoP2:
		return append(slices.Clone(siblingPrefixes), feedPrefixes...)
	case NameOne:
		return []netip.Prefix{prefix("10.40.1.0/24")}
	case NameTwo:
		return []netip.Prefix{prefix("10.40.2.0/24")}
	case ElsewhereX:
		return []netip.Prefix{prefix("10.50.1.0/24"), prefix("fd00:50:1::/64")}
	case ElsewhereY:
		return []netip.Prefix{prefix("10.50.2.0/24"), prefix("fd00:50:2::/64")}
	case BotsOne:
		return []netip.Prefix{prefix("10.60.1.0/24")}
	case BotsTwo:
		return []netip.Prefix{prefix("10.60.2.0/24")}
	}
	return nil
}

// RouteAdd is the command, at transit, that leads a prefix to a stub.
func RouteAdd(stub string, p netip.Prefix) string {
	for _, l := range links() {
		if l.b == stub && (l.a == TransitA || l.a == TransitB) {
			return fmt.Sprintf("ip route add %s via %s", p, l.addr(false, p.Addr().Is6()))
		}
	}
	return ""
}

// Upstream is the transit that a stub hangs on.
func Upstream(stub string) string {
	for _, l := range links() {
		if l.b == stub {
			return l.a
		}
	}
	return ""
}

// FeedPrefixes are those of our service.
func FeedPrefixes() []netip.Prefix { return slices.Clone(feedPrefixes) }
