//go:build linux

package fault

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"faultline/lab/scenario"
	"faultline/lab/topology"
	"faultline/lab/world"
)

// transits of the lab.
func transits() []string { return []string{topology.TransitA, topology.TransitB} }

// homes are the PoPs with the transit that leads to each.
var homes = map[string]string{topology.TransitA: topology.PoP1, topology.TransitB: topology.PoP2}

// routes changes what transits do with our prefixes, at those that lead to the places,
// and puts it back.
func routes(ctx context.Context, w *world.World, places []string, how func(p netip.Prefix) string) (world.Undo, error) {
	var list []func() (world.Undo, error)
	for _, t := range transits() {
		if !slices.Contains(places, homes[t]) {
			continue
		}
		var do, undo []string
		for _, p := range topology.FeedPrefixes() {
			do = append(do, how(p))
			undo = append(undo, to(homes[t], p))
		}
		list = append(list, func() (world.Undo, error) { return w.Command(ctx, t, do, undo) })
	}
	return together(ctx, list...)
}

// to is the command that leads a prefix to a stub, wherever it leads now.
func to(stub string, p netip.Prefix) string {
	return strings.Replace(topology.RouteAdd(stub, p), "route add", "route replace", 1)
}

// routeWithdrawn takes our prefixes out of the world; where only one place has
// withdrawn them, its half of the world goes to the other.
func routeWithdrawn(ctx context.Context, w *world.World, e *scenario.Event) (world.Undo, error) {
	places := pops(e)
	return routes(ctx, w, places, func(p netip.Prefix) string {
		if len(places) == 1 {
			return fmt.Sprintf("ip route replace %s dev t", p)
		}
		return fmt.Sprintf("ip route del %s", p)
	})
}

func nullRoute(ctx context.Context, w *world.World, e *scenario.Event) (world.Undo, error) {
	return routes(ctx, w, pops(e), func(p netip.Prefix) string { return fmt.Sprintf("ip route replace blackhole %s", p) })
}

// hijack leads our prefixes at transit b to a host there that pretends to be us.
func hijack(ctx context.Context, w *world.World, _ *scenario.Event) (world.Undo, error) {
	return together(ctx,
		func() (world.Undo, error) { return w.Impostor(ctx) },
		func() (world.Undo, error) {
			return routes(ctx, w, []string{topology.PoP2}, func(p netip.Prefix) string { return to(topology.BotsTwo, p) })
		})
}

// protected are a tenant's addresses, as nftables writes them.
func protected(tenant string) (four, six string) {
	if tenant == topology.TenantSiblings {
		return topology.SiblingAddrs[0].String(), ""
	}
	return topology.FeedAddrs[0].String(), topology.FeedAddrs[1].String()
}

// share of packets that a rule is for; all of them when it says nothing.
func share(percent int) string {
	if percent <= 0 || percent >= 100 {
		return ""
	}
	return fmt.Sprintf("numgen random mod 100 < %d ", percent)
}

// firewall puts a wrong rule on edge hosts.
func firewall(ctx context.Context, w *world.World, e *scenario.Event) (world.Undo, error) {
	verdict := map[string]string{"drop": "drop", "reject": "reject with icmpx type admin-prohibited", "reset": "reject with tcp reset"}[e.State]
	var list []func() (world.Undo, error)
	for _, pop := range pops(e) {
		var rules []string
		for _, t := range tenants(e) {
			four, six := protected(t)
			froms := []string{""}
			if len(e.Clients) > 0 {
				froms = nil
				for _, name := range e.Clients {
					if c, ok := topology.ClientNamed(name); ok {
						froms = append(froms, "ip saddr "+c.Prefix().String()+" ")
					}
				}
			}
			for _, from := range froms {
				rules = append(rules, from+"ip daddr "+four+" tcp dport 443 "+share(e.Percent)+verdict)
			}
			if six != "" && len(e.Clients) == 0 {
				rules = append(rules, "ip6 daddr "+six+" tcp dport 443 "+share(e.Percent)+verdict)
			}
		}
		list = append(list, func() (world.Undo, error) { return w.Filter(ctx, pop, "input", rules...) })
	}
	return together(ctx, list...)
}

// linkDown cuts the link to a place, silently, as a cut fibre is at first.
func linkDown(ctx context.Context, w *world.World, e *scenario.Event) (world.Undo, error) {
	var list []func() (world.Undo, error)
	for _, stub := range e.Where {
		if stub == topology.Origin { // its links lead to the edges
			list = append(list, func() (world.Undo, error) {
				return w.Filter(ctx, stub, "input", fmt.Sprintf("iifname { %q, %q } drop", topology.PoP1, topology.PoP2))
			})
			continue
		}
		up := topology.Upstream(stub)
		if up == "" || up != topology.TransitA && up != topology.TransitB {
			return nil, fmt.Errorf("%s hangs on no transit", stub)
		}
		list = append(list, func() (world.Undo, error) {
			return w.Filter(ctx, up, "forward", fmt.Sprintf("oifname %q drop", stub), fmt.Sprintf("iifname %q drop", stub))
		})
	}
	return together(ctx, list...)
}

func transitLoss(ctx context.Context, w *world.World, e *scenario.Event) (world.Undo, error) {
	places := e.Where
	if len(places) == 0 {
		places = transits()
	}
	var list []func() (world.Undo, error)
	for _, t := range places {
		list = append(list, func() (world.Undo, error) { return w.Filter(ctx, t, "forward", share(e.Percent)+"drop") })
	}
	return together(ctx, list...)
}

// clients of an event, each with a change.
func clients(ctx context.Context, e *scenario.Event, change func(c topology.Client) (world.Undo, error)) (world.Undo, error) {
	var list []func() (world.Undo, error)
	for _, name := range e.Clients {
		c, ok := topology.ClientNamed(name)
		if !ok {
			return nil, fmt.Errorf("client network %q is not there", name)
		}
		list = append(list, func() (world.Undo, error) { return change(c) })
	}
	return together(ctx, list...)
}

// regionCut takes everything, or the edge, from client networks.
func regionCut(ctx context.Context, w *world.World, e *scenario.Event) (world.Undo, error) {
	return clients(ctx, e, func(c topology.Client) (world.Undo, error) {
		in, out := fmt.Sprintf("iifname %q ", c.Line()), fmt.Sprintf("oifname %q ", c.Line())
		if e.State == "all" {
			return w.Filter(ctx, c.Transit, "forward", in+"drop", out+"drop")
		}
		return w.Filter(ctx, c.Transit, "forward", fmt.Sprintf("%sip daddr %s drop", in, topology.EdgeSpace[0]), fmt.Sprintf("%sip6 daddr %s drop", in, topology.EdgeSpace[1]))
	})
}

// agentCut takes the line from the agent alone, whose packets have its user.
func agentCut(ctx context.Context, w *world.World, e *scenario.Event) (world.Undo, error) {
	return clients(ctx, e, func(c topology.Client) (world.Undo, error) {
		return w.Filter(ctx, c.Space(), "output", `meta skuid 65534 oifname "wan" drop`)
	})
}

// censor answers in our place: with a wrong address, or with an end of the connection
// as soon as it says what it is for.
func censor(ctx context.Context, w *world.World, e *scenario.Event) (world.Undo, error) {
	if e.State == "dns" {
		return w.Lie(ctx, e.Clients, topology.OtherNameAddr)
	}
	return clients(ctx, e, func(c topology.Client) (world.Undo, error) {
		four, six := protected(topology.TenantFeed)
		return w.Filter(ctx, c.Transit, "forward",
			fmt.Sprintf("iifname %q ip daddr %s tcp dport 443 tcp flags & psh == psh reject with tcp reset", c.Line(), four),
			fmt.Sprintf("iifname %q ip6 daddr %s tcp dport 443 tcp flags & psh == psh reject with tcp reset", c.Line(), six))
	})
}
