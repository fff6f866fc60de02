//go:build linux

package world

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"faultline/lab/proc"
	"faultline/lab/scenario"
	"faultline/lab/stand"
	"faultline/lab/topology"
)

// empty is a world in which nothing was made: every start in it must be refused.
func empty(t *testing.T) *World {
	t.Helper()
	w := &World{group: &proc.Group{Logs: t.TempDir(), Outer: 1}, base: t.Context()}
	w.Dir = t.TempDir()
	return w
}

// Load goes nowhere but into the lab, from nowhere but the hosts for it, and no
// further than its bounds; and not even that where the run has made no namespace.
func TestLoadIsRefused(t *testing.T) {
	inside := []netip.Addr{topology.FeedAddrs[0]}
	for name, c := range map[string]struct {
		tool Tool
		want string
	}{
		"outside":          {Tool{Space: topology.BotsOne, To: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}, "not within the lab"},
		"both":             {Tool{Space: topology.BotsOne, To: append(slices.Clone(inside), netip.MustParseAddr("2001:db8::1"))}, "not within the lab"},
		"nowhere":          {Tool{Space: topology.BotsOne}, "not within the lab"},
		"from a client":    {Tool{Space: "c-de", To: inside}, "no host for load"},
		"from the outside": {Tool{To: inside}, "no host for load"},
		"too fast":         {Tool{Space: topology.BotsOne, To: inside, Packets: mostPackets + 1}, "at most"},
		"too many":         {Tool{Space: topology.BotsOne, To: inside, Conns: mostConnections + 1}, "at most"},
	} {
		_, err := empty(t).Load(t.Context(), c.tool)
		if !errors.Is(err, errLoad) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w := empty(t)
	good := Tool{Space: topology.BotsOne, To: inside, Args: []string{"true"}}
	if _, err := w.Load(t.Context(), good); err == nil || errors.Is(err, errLoad) {
		t.Errorf("a namespace that nobody has made: %v", err)
	}
	w.loads = mostTools
	if _, err := w.Load(t.Context(), good); !errors.Is(err, errLoad) {
		t.Errorf("one tool too many: %v", err)
	}
}

// Rates are shares of the bottleneck, split so that each tool sends evenly, and
// bounded together.
func TestFloodRates(t *testing.T) {
	b := topology.Bottlenecks()[0]
	to := topology.FeedAddrs[0]
	for _, c := range []struct {
		tools []Tool
		want  float64
	}{
		{UDPFlood(b, to, 2, 1200), 2 * b.PacketsPerSecond(1200)},
		{SYNFlood(b, to, 0.3), 0.3 * b.PacketsPerSecond(40)},
		{SYNFlood(b, to, 3), 3 * b.PacketsPerSecond(40)},
		{SYNFlood(b, to, 1000), mostPackets},
	} {
		sum := 0.0
		for _, tool := range c.tools {
			sum += tool.Packets
			micros, err := strconv.ParseFloat(tool.Args[slices.Index(tool.Args, "-i")+1][1:], 64)
			if err != nil || tool.Packets > evenly || 1e6/micros < tool.Packets*0.95 || 1e6/micros > tool.Packets*1.05 {
				t.Errorf("%v: %g packets a second, every %g microseconds", tool.Args, tool.Packets, micros)
			}
			if tool.Args[0] != "hping3" || tool.Args[len(tool.Args)-1] != to.String() || tool.Space != topology.BotsOne {
				t.Errorf("%+v", tool)
			}
		}
		if sum < c.want*0.99 || sum > c.want*1.01 {
			t.Errorf("%g packets a second, want %g", sum, c.want)
		}
	}
	if tool := DNSFlood(b, to, 1000, "q"); tool.Packets != mostPackets {
		t.Errorf("%+v", tool)
	}
	if tool := HTTPFlood(topology.PoP2, to, stand.FeedHost, "/public", 10); tool.Space != topology.BotsTwo || tool.Conns != 10 {
		t.Errorf("%+v", tool)
	}
}

// No tool runs longer than a fault lasts, whatever becomes of the run.
func TestLoadEnds(t *testing.T) {
	for _, tool := range []Tool{
		HTTPFlood(topology.PoP1, topology.FeedAddrs[0], stand.FeedHost, "/", 1), SlowHTTP(topology.PoP1, topology.FeedAddrs[0], "/", 1),
	} {
		if !strings.Contains(strings.Join(tool.Args, " "), strconv.Itoa(int(longestLoad.Seconds()))) {
			t.Errorf("%v has no end", tool.Args)
		}
	}
	if longestLoad > scenario.Longest {
		t.Error("load may last longer than a run")
	}
}

// Questions are for names of the lab, most of which nobody has.
func TestQuestions(t *testing.T) {
	w := empty(t)
	path, err := w.Questions()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil || filepath.Dir(path) != w.Dir {
		t.Fatal(err, path)
	}
	for line := range strings.Lines(string(b)) {
		if !strings.HasSuffix(line, ".example A\n") {
			t.Fatalf("%q", line)
		}
	}
}
