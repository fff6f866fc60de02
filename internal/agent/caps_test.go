package agent

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"faultline/internal/agentapi"
	"faultline/internal/probe"
	"faultline/outage"
)

// Whatever fails and is retried, the cap of a service holds in every minute.
func TestCapInARetryStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{failure: outage.FailureRefused, addrs: 8}
		storm := target(0, 10*time.Second)
		storm.Retries, storm.PerMinute = 3, 20
		other := storm
		other.URL = "https://s0.example/other"
		got := probeFor(t, alone(t, f), 10*time.Minute, planOf(storm, other))
		times := f.begun["s0.example"]
		for i := range times {
			if i >= 20 && times[i].Sub(times[i-20]) < time.Minute {
				t.Fatalf("21 attempts within %s", times[i].Sub(times[i-20]))
			}
		}
		if len(times) < 150 || len(got) != len(times) {
			t.Errorf("%d attempts, %d records", len(times), len(got))
		}
		retries := 0
		for i := range got {
			if got[i].Attempt > 1 {
				retries++
			}
		}
		if retries == 0 {
			t.Error("no retry is a record of its own")
		}
	})
}

// Journeys that are led around keep to the cap, too: each of their requests counts, in
// the minute in which it is made.
func TestCapOfJourneys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		robots, err := probe.ParseRobots(http.StatusNotFound, nil)
		if err != nil {
			t.Fatal(err)
		}
		f := &fake{robots: robots, hops: 9}
		var targets []agentapi.Target
		for _, variant := range []string{probe.VariantMobile, probe.VariantDesktop} {
			j := target(1, 10*time.Second)
			j.ID, j.PerMinute, j.Variant = variant, 20, variant
			j.Journey = &probe.Journey{Name: "feed", Steps: []probe.Step{{Name: "home", URL: "https://s1.example/"}}}
			targets = append(targets, j)
		}
		probeFor(t, alone(t, f), 20*time.Minute, &agentapi.Plan{Contact: "mailto:ops@example.org", Targets: targets})
		times := f.begun["request"]
		for i := range times {
			if i >= 20 && times[i].Sub(times[i-20]) < time.Minute {
				t.Fatalf("21 requests within %s", times[i].Sub(times[i-20]))
			}
		}
		if len(times) < 300 {
			t.Errorf("%d requests in 20 minutes", len(times))
		}
	})
	c, now := newCaps(), time.Date(2025, 3, 10, 9, 30, 0, 0, time.UTC)
	for n, want := range map[int]bool{1: true, 9: true, 10: true, 11: false} {
		if got := c.room("x", n, 10, now); got != want {
			t.Errorf("room for %d of 10 unused: %t", n, got)
		}
	}
	c.allow("x", 10, now)
	if c.room("x", 10, 10, now) || !c.room("x", 9, 10, now) || !c.room("x", 10, 10, now.Add(time.Minute)) {
		t.Error("one of ten was used, and is not counted for a minute")
	}
}

// A cap that changes keeps what was done before.
func TestCapChanges(t *testing.T) {
	c := newCaps()
	now := time.Date(2025, 3, 10, 9, 30, 0, 0, time.UTC)
	made := 0
	for i := range 600 {
		perMinute := []int{30, 60, 10}[i%3]
		if i >= 300 {
			perMinute = 10
		}
		if c.allow("x", perMinute, now.Add(time.Duration(i)*time.Second/10)) {
			made++
		}
	}
	if made > 60 {
		t.Errorf("%d attempts in a minute whose highest cap was 60", made)
	}
	for i := range maxCapped + 10 {
		c.allow(fmt.Sprint(i), 1, now.Add(time.Duration(i)*time.Minute))
	}
	if len(c.of) > maxCapped {
		t.Errorf("%d services are remembered", len(c.of))
	}
}
