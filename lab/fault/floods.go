//go:build linux

package fault

import (
	"context"
	"fmt"
	"net/netip"

	"faultline/lab/scenario"
	"faultline/lab/stand"
	"faultline/lab/topology"
	"faultline/lab/world"
)

// largePacket is the usual size of a flood's packets in bytes.
const largePacket = 1200

// start starts a tool for each.
func start(ctx context.Context, w *world.World, tools []world.Tool) (world.Undo, error) {
	var list []func() (world.Undo, error)
	for _, t := range tools {
		list = append(list, func() (world.Undo, error) { return w.Load(ctx, t) })
	}
	return together(ctx, list...)
}

// victim is an address of a tenant. Which of its places is met follows from where the
// tool runs.
func victim(tenant string) netip.Addr {
	if tenant == topology.TenantSiblings {
		return topology.SiblingAddrs[0]
	}
	return topology.FeedAddrs[0]
}

func udpFlood(ctx context.Context, w *world.World, e *scenario.Event) (world.Undo, error) {
	size := e.Size
	if size == 0 {
		size = largePacket
	}
	var tools []world.Tool
	for _, b := range bottlenecks(pops(e)) {
		for _, t := range tenants(e) {
			tools = append(tools, world.UDPFlood(b, victim(t), e.Share, size)...)
		}
	}
	return start(ctx, w, tools)
}

// synFlood also keeps the hosts for load from taking back what they have begun.
func synFlood(ctx context.Context, w *world.World, e *scenario.Event) (world.Undo, error) {
	var list []func() (world.Undo, error)
	for _, b := range bottlenecks(pops(e)) {
		list = append(list,
			func() (world.Undo, error) {
				return w.Filter(ctx, world.Bots(b.To), "output", "tcp flags & rst == rst drop")
			},
			func() (world.Undo, error) {
				return start(ctx, w, world.SYNFlood(b, victim(topology.TenantFeed), e.Share))
			})
	}
	return together(ctx, list...)
}

// dynamic is a page that asks the database, which floods of requests like.
const dynamic = "/public"

func page(e *scenario.Event) string {
	if len(e.Paths) > 0 {
		return e.Paths[0]
	}
	return dynamic
}

func httpFlood(ctx context.Context, w *world.World, e *scenario.Event) (world.Undo, error) {
	places := pops(e)
	var tools []world.Tool
	for _, p := range places {
		tools = append(tools, world.HTTPFlood(p, topology.FeedAddrs[0], stand.FeedHost, page(e), max(1, e.Connections/len(places))))
	}
	return start(ctx, w, tools)
}

func slowHTTP(ctx context.Context, w *world.World, e *scenario.Event) (world.Undo, error) {
	places := pops(e)
	var tools []world.Tool
	for _, p := range places {
		tools = append(tools, world.SlowHTTP(p, topology.FeedAddrs[0], page(e), max(1, e.Connections/len(places))))
	}
	return start(ctx, w, tools)
}

func dnsFlood(ctx context.Context, w *world.World, e *scenario.Event) (world.Undo, error) {
	questions, err := w.Questions()
	if err != nil {
		return nil, err
	}
	var tools []world.Tool
	for _, b := range bottlenecks(nameServers(e)) {
		tools = append(tools, world.DNSFlood(b, topology.NameAddrs[b.To], e.Share, questions))
	}
	if len(tools) == 0 {
		return nil, fmt.Errorf("%v are no name servers", e.Where)
	}
	return start(ctx, w, tools)
}

// nameServers are the DNS provider's that an event is about: named, or both.
func nameServers(e *scenario.Event) []string {
	if len(e.Where) > 0 {
		return e.Where
	}
	return []string{topology.NameOne, topology.NameTwo}
}
