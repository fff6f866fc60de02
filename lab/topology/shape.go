package topology

import (
	"fmt"
	"net/netip"
)

// Smallest is the least number of bytes that a packet costs at a bottleneck.
const Smallest = 250

// Bottleneck is the last link before tenants: each has its own share, for a provider
// sells ports, and the whole has a limit, too.
type Bottleneck struct {
	From, To string
	Kbit     int // of each tenant
	Whole    int // of the link, in kbit/s
	Tenants  []string
}

// Rates of the bottlenecks in kbit/s. They are small, so that a flood which fills them
// many times over costs the machine little.
const (
	edgeKbit  = 4000
	edgeWhole = 9000
	nameKbit  = 200
	// queuePackets is what a tenant's share holds: packets of any size, so that those
	// which begin a connection are lost like all others. A tenth of a second of large
	// packets each.
	queuePackets = 50
)

// Bottlenecks are the links that floods can fill.
func Bottlenecks() []Bottleneck {
	return []Bottleneck{
		{TransitA, PoP1, edgeKbit, edgeWhole, []string{TenantFeed, TenantSiblings}},
		{TransitB, PoP2, edgeKbit, edgeWhole, []string{TenantFeed, TenantSiblings}},
		{TransitA, NameOne, nameKbit, nameKbit, []string{TenantNames}},
		{TransitB, NameTwo, nameKbit, nameKbit, []string{TenantNames}},
	}
}

// PacketsPerSecond fill a tenant's share of a bottleneck with packets of a size in
// bytes, headers included.
func (b Bottleneck) PacketsPerSecond(size int) float64 {
	return float64(b.Kbit) * 1000 / 8 / float64(max(size, Smallest))
}

// destinations of a tenant behind a bottleneck.
func (b Bottleneck) destinations(tenant string) []string {
	list := []netip.Prefix{netip.PrefixFrom(NameAddrs[b.To], 32)}
	switch tenant {
	case TenantFeed:
		list = feedPrefixes
	case TenantSiblings:
		list = siblingPrefixes
	}
	var out []string
	for _, p := range list {
		out = append(out, p.String())
	}
	return out
}

// shape is the script that makes the bottleneck at its sending side.
func (b Bottleneck) shape() []string {
	dev := b.To
	out := []string{
		fmt.Sprintf("tc qdisc add dev %s root handle 1: htb default 99", dev),
		fmt.Sprintf("tc class add dev %s parent 1: classid 1:1 htb rate %dkbit burst 6k cburst 6k mpu %d", dev, b.Whole, Smallest),
		fmt.Sprintf("tc class add dev %s parent 1: classid 1:99 htb rate 100mbit burst 64k cburst 64k", dev),
		fmt.Sprintf("tc qdisc add dev %s parent 1:99 pfifo limit 1000", dev),
	}
	for i, tenant := range b.Tenants {
		class := fmt.Sprintf("1:1%d", i)
		out = append(out,
			fmt.Sprintf("tc class add dev %s parent 1:1 classid %s htb rate %dkbit ceil %dkbit burst 6k cburst 6k mpu %d", dev, class, b.Kbit, b.Kbit, Smallest),
			fmt.Sprintf("tc qdisc add dev %s parent %s pfifo limit %d", dev, class, queuePackets))
		for _, to := range b.destinations(tenant) {
			protocol, match, priority := "ip", "ip", 1
			if prefix(to).Addr().Is6() {
				protocol, match, priority = "ipv6", "ip6", 2
			}
			out = append(out, fmt.Sprintf("tc filter add dev %s parent 1: protocol %s prio %d u32 match %s dst %s flowid %s", dev, protocol, priority, match, to, class))
		}
	}
	return out
}
