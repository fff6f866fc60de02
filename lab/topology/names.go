package topology

import (
	"fmt"
	"net/netip"
)

// Namespaces of the lab. Client networks are named by [Clients].
const (
	TransitA   = "ta"
	TransitB   = "tb"
	PoP1       = "p1"
	PoP2       = "p2"
	Origin     = "o"
	Database   = "db"
	Siblings   = "s"  // where the services beside ours have their origin
	NameOne    = "n1" // of the DNS provider
	NameTwo    = "n2"
	ElsewhereX = "x" // unrelated services and controls, at transit b
	ElsewhereY = "y" // the same, at transit a, with a DNS server of its own
	BotsOne    = "b1"
	BotsTwo    = "b2"
	Management = "m"
)

// Tenants of the edge, each with a share of the bottleneck before it.
const (
	TenantFeed     = "feed"
	TenantSiblings = "siblings"
	TenantNames    = "names" // the DNS provider
)

// Addresses that servers listen on and clients go to.
var (
	// FeedAddrs and SiblingAddrs are the same at both places of the edge provider:
	// each transit leads to its own, so where somebody is decides which one is met.
	FeedAddrs    = []netip.Addr{addr("10.20.0.10"), addr("fd00:20:0:a::10")}
	SiblingAddrs = []netip.Addr{addr("10.20.0.20")}
	NameAddrs    = map[string]netip.Addr{NameOne: addr("10.40.1.53"), NameTwo: addr("10.40.2.53")}
	OriginAddr   = addr("10.30.0.10")
	DatabaseAddr = addr("10.30.9.2")
	SiblingsAddr = addr("10.31.0.10")
	// BankAddr is the unrelated service, ControlAddrs are known to be healthy.
	BankAddr      = addr("10.50.1.10")
	NamesHomeAddr = addr("10.50.1.30") // the DNS provider's own page
	ControlAddrs  = []netip.Addr{addr("10.50.1.20"), addr("10.50.2.20"), addr("10.50.2.21")}
	// Control6Addrs are of the first two: an agent without IPv6 is known by them.
	Control6Addrs = []netip.Addr{addr("fd00:50:1::20"), addr("fd00:50:2::20")}
	OtherNameAddr = addr("10.50.2.53")
	HubAddr       = addr("10.99.0.1")
)

// Prefixes that routes lead to.
var (
	feedPrefixes    = []netip.Prefix{prefix("10.20.0.0/28"), prefix("fd00:20:0:a::/64")}
	siblingPrefixes = []netip.Prefix{prefix("10.20.0.16/28")}
)

// EdgeSpace holds every address of the edge provider.
var EdgeSpace = []netip.Prefix{prefix("10.20.0.0/16"), prefix("fd00:20::/32")}

// Inside are the addresses of the lab: nothing that it starts goes anywhere else.
var Inside = []netip.Prefix{prefix("10.0.0.0/8"), prefix("fd00::/16")}

// Within says whether an address is one of the lab.
func Within(a netip.Addr) bool {
	for _, p := range Inside {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// Client is a network that people and an agent are in.
type Client struct {
	Name    string
	Country string // ISO 3166-1
	Network string // of the agent, from the numbers for documentation (RFC 5398)
	Class   string
	Transit string
	// Delay is the time to transit, one way, in milliseconds, Jitter how much more it
	// may be.
	Delay, Jitter float64
	V6            bool
	// People are ranges of the real Internet that its people press from, as the hub's
	// proxy would say; no packet carries them. None: nobody lives there.
	People []netip.Prefix
	index  int
}

// Clients are the client networks. Two are in datacentres: what is done to monitors
// is done there.
func Clients() []Client {
	list := []Client{
		{Name: "de", Country: "DE", Network: "AS64496", Class: "eyeball", Transit: TransitA, Delay: 9, Jitter: 1, V6: true, People: ranges("91.10.0.0/16", "95.90.0.0/16")},
		{Name: "fr", Country: "FR", Network: "AS64497", Class: "mobile", Transit: TransitA, Delay: 24, Jitter: 6, People: ranges("90.10.0.0/16", "78.192.0.0/16")},
		{Name: "gb", Country: "GB", Network: "AS64498", Class: "eyeball", Transit: TransitA, Delay: 12, Jitter: 1, V6: true, People: ranges("86.130.0.0/16", "82.0.0.0/16")},
		{Name: "nl", Country: "NL", Network: "AS64499", Class: "datacenter", Transit: TransitA, Delay: 4, Jitter: 0.3},
		{Name: "us", Country: "US", Network: "AS64500", Class: "eyeball", Transit: TransitB, Delay: 16, Jitter: 2, V6: true, People: ranges("73.20.0.0/16", "172.56.0.0/16")},
		{Name: "dc", Country: "US", Network: "AS64501", Class: "datacenter", Transit: TransitB, Delay: 5, Jitter: 0.3, V6: true},
		{Name: "br", Country: "BR", Network: "AS64502", Class: "eyeball", Transit: TransitB, Delay: 38, Jitter: 3, People: ranges("177.32.0.0/16", "187.10.0.0/16")},
		{Name: "jp", Country: "JP", Network: "AS64503", Class: "mobile", Transit: TransitB, Delay: 46, Jitter: 5, V6: true, People: ranges("126.10.0.0/16", "114.160.0.0/16")},
	}
	for i := range list {
		list[i].index = i + 1
	}
	return list
}

// ClientNamed finds a client network.
func ClientNamed(name string) (Client, bool) {
	for _, c := range Clients() {
		if c.Name == name {
			return c, true
		}
	}
	return Client{}, false
}

// Space is the client's namespace.
func (c Client) Space() string { return "c-" + c.Name }

// Addr is the client's own, of IPv4.
func (c Client) Addr() netip.Addr { return addr(fmt.Sprintf("10.1.%d.2", c.index)) }

// Prefix is the client's network.
func (c Client) Prefix() netip.Prefix { return prefix(fmt.Sprintf("10.1.%d.0/24", c.index)) }

// Prefix6 is the client's network of IPv6, which some have.
func (c Client) Prefix6() netip.Prefix { return prefix(fmt.Sprintf("fd00:1:%d::/64", c.index)) }

// Resolver is where the network's caching resolver listens.
func (c Client) Resolver() netip.Addr { return addr(fmt.Sprintf("10.1.%d.53", c.index)) }

// Managed is the client's address in the network that agents and hub speak over.
func (c Client) Managed() netip.Addr { return addr(fmt.Sprintf("10.99.0.%d", 10+c.index)) }

// Line is the name of the client's line at transit.
func (c Client) Line() string { return "l-" + c.Name }

func addr(s string) netip.Addr     { return netip.MustParseAddr(s) }
func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

func ranges(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		out = append(out, prefix(s))
	}
	return out
}
