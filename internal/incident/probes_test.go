package incident

import (
	"fmt"
	"strings"
	"testing"

	"faultline/internal/judge"
	"faultline/outage"
)

const noon = outage.Minute(29026800)

// sees makes what agents in networks of their own say; a word for each: ok, fail,
// partly, refused, off (its controls fail), the minute from which on that is so.
func sees(m, since outage.Minute, words ...string) *outage.ProbeState {
	s := &outage.ProbeState{Service: "x", Minute: m, Depth: outage.DepthPage, Layer: outage.LayerTCP, Failure: outage.FailureRefused}
	var voices []judge.Voice
	for i, w := range words {
		v := outage.VantageState{Agent: fmt.Sprint("a", i), Health: "healthy", State: "healthy", Since: since}
		v.Vantage.Network = fmt.Sprint("AS6450", i)
		switch w {
		case "fail", "off":
			v.State = "failing"
		case "refused":
			v.State, v.Refused = "failing", true
		case "partly":
			v.State = "partly_failing"
		}
		if w == "off" {
			v.Health = "offline"
		}
		voices = append(voices, judge.Voice{Agent: v.Agent, Network: v.Vantage.Network, Health: judge.Health(v.Health), Failing: v.State == "failing", Blocked: v.Refused})
		s.Vantages = append(s.Vantages, v)
	}
	s.Quorum = judge.Quorum(voices, judge.DefaultQuorum()).Confirmed
	return s
}

// rates is an alarm of all attempts.
func rates(m outage.Minute) *outage.MinuteDetections {
	return &outage.MinuteDetections{Service: "x", Minute: m, Detections: []outage.Detection{{
		Signal: outage.SignalProbeErrors, Phase: outage.PhaseAlarm, Score: 9, First: m, Onset: m, NetworksUnknown: true,
	}}}
}

// crowd is an alarm of reports, with a second look.
func crowd(m outage.Minute) *outage.MinuteDetections {
	return &outage.MinuteDetections{Service: "x", Minute: m, Detections: []outage.Detection{{
		Signal: outage.SignalReports, Phase: outage.PhaseAlarm, Count: 40, Baseline: outage.Baseline{Expected: 1, Dispersion: 1, Confidence: outage.ConfidenceNormal},
		Score: 30, Confirm: 30, First: m, Onset: m, OnsetCount: 40, Networks: 5,
	}}}
}

func TestProbes(t *testing.T) {
	states := func(at map[int]*outage.ProbeState) func(*Fold, int) {
		return func(f *Fold, i int) {
			if s := at[i]; s != nil {
				f.Probed(s)
			}
		}
	}
	for _, c := range []struct {
		name string
		feed func(f *Fold, i int)
		to   int
		want string
	}{
		{"a quorum", states(map[int]*outage.ProbeState{
			0: sees(noon, noon, "ok", "ok", "ok"), 5: sees(noon+5, noon+4, "fail", "fail", "ok"), 20: sees(noon+20, noon+19, "ok", "ok", "ok"),
		}), 90, "5 suspected, 7 confirmed, 20 recovering, 79 resolved; onset 4 end 19; probes_only 2/3 tcp connection_refused; probes"},
		{"a quorum for a moment", states(map[int]*outage.ProbeState{
			5: sees(noon+5, noon+4, "fail", "fail", "ok"), 6: sees(noon+6, noon+6, "ok", "ok", "ok"),
		}), 60, "5 suspected, 35 dismissed; onset 4 end 6; probes_only 2/3 tcp connection_refused; probes"},
		{"one vantage", states(map[int]*outage.ProbeState{5: sees(noon+5, noon+4, "fail")}), 60, ""},
		{"one of three", states(map[int]*outage.ProbeState{5: sees(noon+5, noon+4, "fail", "ok", "ok")}), 60, ""},
		{"agents cut off", states(map[int]*outage.ProbeState{5: sees(noon+5, noon+4, "off", "off", "ok")}), 60, ""},
		{"monitors refused", states(map[int]*outage.ProbeState{5: sees(noon+5, noon+4, "refused", "refused", "ok")}), 60, ""},
		{"one vantage and its series", func(f *Fold, i int) {
			if i == 5 {
				f.Probed(sees(noon+5, noon+4, "fail"))
			}
			if i >= 6 && i < 20 {
				f.Observe(rates(noon + outage.Minute(i)))
			}
		}, 60, "6 suspected, 49 dismissed; onset 4 end 20; neither 1/1 tcp connection_refused; probes"},
		{"part of the attempts", func(f *Fold, i int) {
			if i == 5 {
				f.Probed(sees(noon+5, noon+4, "partly", "partly", "ok"))
			}
			if i >= 6 {
				f.Observe(rates(noon + outage.Minute(i)))
			}
		}, 20, "6 suspected, 8 confirmed; onset 4 end 0; probes_only 2/3 tcp connection_refused; probes"},
		{"one of three and the series of all", func(f *Fold, i int) {
			if i == 5 {
				f.Probed(sees(noon+5, noon+4, "fail", "ok", "ok"))
			}
			if i >= 6 && i < 20 {
				f.Observe(rates(noon + outage.Minute(i)))
			}
		}, 60, "14 suspected, 49 dismissed; onset 4 end 20; neither 1/3 tcp connection_refused; probes"},
		{"people and probes", func(f *Fold, i int) {
			if i == 5 {
				f.Probed(sees(noon+5, noon+4, "fail", "fail", "ok"))
			}
			if i >= 4 && i < 10 {
				f.Observe(crowd(noon + outage.Minute(i)))
			}
		}, 30, "4 suspected, 4 confirmed; onset 4 end 0; both 2/3 tcp connection_refused; crowd+probes"},
		{"people alone", func(f *Fold, i int) {
			if i == 0 {
				f.Probed(sees(noon, noon, "ok", "ok", "ok"))
			}
			if i >= 4 && i < 10 {
				f.Observe(crowd(noon + outage.Minute(i)))
			}
		}, 10, "4 suspected, 4 confirmed; onset 4 end 0; crowd_only 0/3; crowd"},
		{"refused while people report", func(f *Fold, i int) {
			if i == 0 {
				f.Probed(sees(noon, noon, "refused", "refused", "ok"))
			}
			if i >= 4 && i < 10 {
				f.Observe(crowd(noon + outage.Minute(i)))
			}
		}, 10, "4 suspected, 4 confirmed; onset 4 end 0; both 2/3 tcp connection_refused; crowd+probes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := probedStory(t, c.feed, c.to, false); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if got := probedStory(t, c.feed, c.to, true); got != c.want {
				t.Errorf("after restarts: got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// probedStory plays minutes and sums up the incident.
func probedStory(t *testing.T, feed func(*Fold, int), to int, restart bool) string {
	t.Helper()
	f := New(DefaultConfig())
	var steps []string
	var last outage.Incident
	for i := range to {
		feed(f, i)
		for _, r := range f.End(noon+outage.Minute(i), false) {
			if r.State != last.State {
				if last.State == "" && r.State == outage.StateConfirmed {
					steps = append(steps, fmt.Sprintf("%d suspected", i))
				}
				steps = append(steps, fmt.Sprintf("%d %s", i, r.State))
			}
			last = r
		}
		if restart {
			state, err := f.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			f = New(DefaultConfig())
			if err := f.Restore(state); err != nil {
				t.Fatal(err)
			}
		}
	}
	if last.ID == "" {
		return ""
	}
	end := last.Waves[0].End
	if end != 0 {
		end -= noon
	}
	p := last.Probes
	failing := strings.TrimSpace(fmt.Sprintf("%s %d/%d %s %s", p.Agreement, p.Failing, p.Looking, p.Layer, p.Failure))
	return fmt.Sprintf("%s; onset %d end %d; %s; %s", strings.Join(steps, ", "), last.Onset-noon, end, failing, last.Basis)
}
