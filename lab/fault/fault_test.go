//go:build linux

package fault

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"faultline/lab/scenario"
	"faultline/lab/topology"
)

// The vocabulary of files is what can be done, and nothing else.
func TestVocabulary(t *testing.T) {
	words := scenario.Faults()
	for name := range table() {
		if words[name] == "" {
			t.Errorf("%s can be done, and no file may say it", name)
		}
	}
	for name := range words {
		if table()[name] == nil {
			t.Errorf("%s can be said, and nobody does it", name)
		}
	}
}

// What is not said is everywhere, and ours.
func TestDefaults(t *testing.T) {
	e := &scenario.Event{}
	if got := pops(e); !slices.Equal(got, []string{topology.PoP1, topology.PoP2}) {
		t.Errorf("pops %v", got)
	}
	if got := nameServers(e); !slices.Equal(got, []string{topology.NameOne, topology.NameTwo}) {
		t.Errorf("name servers %v", got)
	}
	for tenant, want := range map[string]string{"": "feed", "siblings": "siblings", "all": "feed siblings"} {
		if got := strings.Join(tenants(&scenario.Event{Tenant: tenant}), " "); got != want {
			t.Errorf("tenant %q: %s", tenant, got)
		}
	}
	if page(e) != dynamic || page(&scenario.Event{Paths: []string{"/feed"}}) != "/feed" {
		t.Error("the page that a flood asks for")
	}
	if got := len(bottlenecks([]string{topology.PoP1, topology.NameTwo, topology.Origin})); got != 2 {
		t.Errorf("%d bottlenecks", got)
	}
}

// A share of packets is drawn; all of them need no draw.
func TestShare(t *testing.T) {
	for percent, want := range map[int]string{0: "", 100: "", 35: "numgen random mod 100 < 35 "} {
		if got := share(percent); got != want {
			t.Errorf("%d: %q", percent, got)
		}
	}
}

// Routes go back to where they were, whatever they are now.
func TestTo(t *testing.T) {
	p := netip.MustParsePrefix("10.20.0.0/28")
	if got := to(topology.PoP1, p); !strings.HasPrefix(got, "ip route replace 10.20.0.0/28 via 10.0.") || got == to(topology.PoP2, p) {
		t.Error(got)
	}
	for transit, pop := range homes {
		if topology.Upstream(pop) != transit {
			t.Errorf("%s hangs on %s", pop, topology.Upstream(pop))
		}
	}
}

// What is described names its magnitudes.
func TestDescribe(t *testing.T) {
	e := &scenario.Event{Fault: "edge", State: "status", Status: 503, Tenant: "all", Where: []string{"p1"}}
	if got := describe(e); got != "edge  status where [p1] tenant all status 503" {
		t.Errorf("%q", got)
	}
}

// A timetable waits for its moments, and leaves when the run ends.
func TestSleepUntil(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if !sleepUntil(t.Context(), began.Add(3*time.Second)) || time.Since(began) != 3*time.Second {
			t.Error(time.Since(began))
		}
		if !sleepUntil(t.Context(), began) {
			t.Error("a moment that has passed is not waited for")
		}
	})
}
