//go:build linux

package world

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"syscall"
	"time"

	"faultline/lab/proc"
	"faultline/lab/scenario"
	"faultline/lab/topology"
)

// Bounds of load, whatever a scenario, a seed and a magnitude say.
const (
	mostPackets     = 12_000 // a second, of one tool
	mostConnections = 1500   // of one tool
	mostTools       = 48     // in a run
	longestLoad     = scenario.Fault + 10*time.Second
)

// Tool is a load tool of Debian's with what it is to do.
type Tool struct {
	Space   string // of the hosts for load
	To      []netip.Addr
	Args    []string
	Packets float64 // a second
	Conns   int
}

// errLoad refuses load that could leave the lab, or is more than it is for.
var errLoad = errors.New("this load is refused")

// check is done before every start of a tool, with nothing between the two.
func (w *World) check(t *Tool) error {
	switch {
	case t.Space != topology.BotsOne && t.Space != topology.BotsTwo:
		return fmt.Errorf("%w: %s is no host for load", errLoad, t.Space)
	case len(t.To) == 0 || slices.ContainsFunc(t.To, func(a netip.Addr) bool { return !topology.Within(a) }):
		return fmt.Errorf("%w: %v is not within the lab", errLoad, t.To)
	case t.Packets > mostPackets || t.Conns > mostConnections:
		return fmt.Errorf("%w: %.0f packets a second, %d connections: at most %d and %d", errLoad, t.Packets, t.Conns, mostPackets, mostConnections)
	}
	w.mu.Lock()
	w.loads++
	n := w.loads
	w.mu.Unlock()
	if n > mostTools {
		return fmt.Errorf("%w: %d tools in one run: at most %d", errLoad, n, mostTools)
	}
	return w.group.Check(t.Space)
}

// Load starts a tool, which ends by itself at the longest a fault lasts.
func (w *World) Load(_ context.Context, t Tool) (Undo, error) {
	if err := w.check(&t); err != nil {
		return nil, err
	}
	limit := strconv.Itoa(int(longestLoad / time.Second))
	p, err := w.group.Start(w.base, proc.Spec{Space: t.Space, Name: "load-" + t.Space, Share: proc.Load, Dir: w.Dir, Args: append([]string{"timeout", "-k", "2", limit}, t.Args...)})
	if err != nil {
		return nil, err
	}
	return func(context.Context) error { p.Stop(syscall.SIGINT); return nil }, nil
}

// Bots are the hosts for load that are nearest to a PoP or name server.
func Bots(stub string) string {
	if topology.Upstream(stub) == topology.TransitA {
		return topology.BotsOne
	}
	return topology.BotsTwo
}

// interval between packets, in microseconds, as hping3 takes it.
func interval(perSecond float64) string {
	return fmt.Sprintf("u%d", max(1, int(1e6/perSecond)))
}

// headers that an IPv4 packet has around its payload, of UDP and of TCP.
const (
	udpHeaders = 28
	synSize    = 40
)

// UDPFlood fills a tenant's share of a bottleneck so many times with large packets.
func UDPFlood(b topology.Bottleneck, to netip.Addr, share float64, size int) []Tool {
	return packets(b, to, b.PacketsPerSecond(size)*share, "--udp", "-d", strconv.Itoa(size-udpHeaders))
}

// SYNFlood begins connections and goes on with none; what comes back is dropped where
// the tool runs, so that half of a connection stays.
func SYNFlood(b topology.Bottleneck, to netip.Addr, share float64) []Tool {
	return packets(b, to, b.PacketsPerSecond(synSize)*share, "-S")
}

// evenly is how many packets a second one hping3 sends evenly; beyond it the signals
// that time them run together.
const evenly = 1500

// packets are sent by as many tools as the rate takes.
func packets(b topology.Bottleneck, to netip.Addr, rate float64, how ...string) []Tool {
	rate = min(rate, mostPackets)
	n := int(math.Ceil(rate / evenly))
	var out []Tool
	for range n {
		args := append([]string{"hping3", "-q", "-n", "-p", "443", "-i", interval(rate / float64(n))}, how...)
		out = append(out, Tool{Space: Bots(b.To), To: []netip.Addr{to}, Packets: rate / float64(n), Args: append(args, to.String())})
	}
	return out
}

// HTTPFlood asks for a page over and over, on so many connections.
func HTTPFlood(pop string, to netip.Addr, host, path string, connections int) Tool {
	return Tool{Space: Bots(pop), To: []netip.Addr{to}, Conns: connections, Args: []string{
		"wrk", "-t", "1", "-c", strconv.Itoa(connections), "-d", fmt.Sprintf("%ds", int(longestLoad/time.Second)), "--timeout", "10s",
		"-H", "Host: " + host, fmt.Sprintf("https://%s%s", to, path),
	}}
}

// SlowHTTP holds connections with heads that never end. The tool ends when the last
// connection was closed on it, and begins again, until its time is over.
func SlowHTTP(pop string, to netip.Addr, path string, connections int) Tool {
	return Tool{Space: Bots(pop), To: []netip.Addr{to}, Conns: connections, Args: []string{
		"sh", "-c", `while :; do "$@"; done`, "again",
		"slowhttptest", "-c", strconv.Itoa(connections), "-H", "-i", "8", "-r", "150", "-l", strconv.Itoa(int(longestLoad / time.Second)), "-x", "24",
		"-u", fmt.Sprintf("https://%s%s", to, path),
	}}
}

// DNSFlood asks a name server of the DNS provider, so many times what its link can
// carry.
func DNSFlood(b topology.Bottleneck, to netip.Addr, share float64, questions string) Tool {
	rate := min(b.PacketsPerSecond(topology.Smallest)*share, mostPackets)
	return Tool{Space: Bots(b.To), To: []netip.Addr{to}, Packets: rate, Args: []string{
		"dnsperf", "-s", to.String(), "-d", questions, "-l", strconv.Itoa(int(longestLoad / time.Second)), "-Q", strconv.Itoa(int(rate)),
		"-q", "20000", "-t", "1", "-c", "8",
	}}
}

// Questions writes a file of names for DNSFlood: some that are there, and many that
// are not.
func (w *World) Questions() (string, error) {
	path := w.path("questions")
	text := ""
	for i := range 500 {
		text += fmt.Sprintf("n%d.feed.example A\nn%d.shop.example A\n", i, i)
	}
	return path, w.keep(path, text)
}
