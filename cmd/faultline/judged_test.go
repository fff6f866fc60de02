package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"faultline/internal/stream"
	"faultline/outage"
)

// latest is the newest fact of a topic; nil: there is none.
func latest[T any](v *vantages, topic stream.Topic[T]) *T {
	v.t.Helper()
	var last *T
	err := stream.EachFact(v.t.Context(), v.world.log, topic.Name, 0, func(r stream.Record) (err error) {
		last, err = topic.Decode(r)
		return err
	})
	if err != nil {
		v.t.Fatal(err)
	}
	return last
}

// rate is how many looks at the service an agent's measurements of the last minutes hold.
func (v *vantages) rate(minutes int) float64 {
	all, _, _ := v.seen(v.agents[1], outage.RolePrimary, time.Now().Add(-time.Duration(minutes)*time.Minute))
	return float64(all) / float64(minutes)
}

// Three agents and a hub: cutting one agent's uplink makes an agent offline and no
// incident; cutting the service makes an incident that a quorum confirms, with its
// layer named. It is probed harder while that lasts, and left alone again after.
func TestThreeAgentsAreJudged(t *testing.T) {
	var down atomic.Bool
	serve := func(service bool) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if down.Load() && service {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			_, _ = io.WriteString(w, "<title>fine</title>")
		}))
		t.Cleanup(s.Close)
		return s.URL + "/"
	}
	target, one, two := serve(true), serve(false), serve(false)
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	signal.Stop(hangup)
	synctest.Test(t, func(t *testing.T) {
		v := newVantages(t, 3, target, one, two)
		healths := func() string {
			s := latest(v, stream.ProbeStates)
			if s == nil {
				return "nothing was said"
			}
			var words []string
			for _, a := range v.agents {
				for _, x := range s.Vantages {
					if x.Agent == a.ID() {
						words = append(words, x.Health)
					}
				}
			}
			return s.State + ": " + strings.Join(words, " ")
		}
		time.Sleep(5*time.Minute + time.Second)
		if got := healths(); got != "healthy: healthy healthy healthy" {
			t.Errorf("at first: %s", got)
		}
		v.uplinks[0].set(true)
		time.Sleep(10 * time.Minute)
		if got := healths(); got != "healthy: offline healthy healthy" {
			t.Errorf("one is cut off: %s", got)
		}
		v.uplinks[0].set(false)
		time.Sleep(10 * time.Minute)
		if got := healths(); got != "healthy: healthy healthy healthy" {
			t.Errorf("back again: %s", got)
		}
		if i := latest(v, stream.Incidents); i != nil {
			t.Errorf("an uplink made an incident: %+v", i)
		}
		usual := v.rate(5)
		down.Store(true)
		time.Sleep(6 * time.Minute)
		i := latest(v, stream.Incidents)
		if i == nil || i.State != outage.StateConfirmed || i.Probes == nil || !i.Probes.Quorum || i.Probes.Failing < 2 || i.Probes.Networks < 2 ||
			i.Probes.Layer != outage.LayerHTTP || i.Probes.Failure != outage.FailureHTTP5xx || i.Probes.Agreement != "probes_only" {
			t.Fatalf("the service is cut: %+v, %s", i, healths())
		}
		if b := latest(v, stream.Bulletins); b == nil || b.Headline != "Mine: probes fail when asking for the page" {
			t.Errorf("said: %+v", b)
		}
		verdict := latest(v, stream.Verdicts)
		if verdict == nil || verdict.Incident != i.ID || verdict.Layer.Layer != outage.LayerHTTP || verdict.Class == outage.CauseAttack {
			t.Errorf("verdict: %+v", verdict)
		} else {
			t.Logf("verdict: %s %v: %s", verdict.State, verdict.Leading, verdict.Sentence)
		}
		if harder := v.rate(3); harder < 2*usual {
			t.Errorf("%.1f looks a minute while it fails, %.1f before", harder, usual)
		}
		down.Store(false)
		time.Sleep(4 * time.Minute)
		if i := latest(v, stream.Incidents); i.State != outage.StateRecovering {
			t.Errorf("it answers again: %s", i.State)
		}
		time.Sleep(65 * time.Minute)
		if i := latest(v, stream.Incidents); i.State != outage.StateResolved || len(i.Waves) != 1 {
			t.Errorf("an hour later: %+v", i)
		}
		if after := v.rate(3); after > 1.5*usual {
			t.Errorf("%.1f looks a minute afterwards, %.1f before", after, usual)
		}
	})
}
