package feature

import (
	"encoding/json"
	"math"
	"testing"

	"faultline/outage"
)

// from gives events that hold from a second on.
func from(second int, e event) func(try) event {
	return func(t try) event {
		if t.second >= second {
			return e
		}
		return event{}
	}
}

// some says yes to a share of tries, evenly.
func some(t try, share float64) bool {
	n := uint32(t.second*2654435761) ^ uint32(t.agent*40503+len(t.address)*7)
	for _, c := range t.address + t.path {
		n = n*31 + uint32(c)
	}
	n ^= n >> 13
	n *= 2654435761
	n ^= n >> 16
	return float64(n%1000) < share*1000
}

// led is a world in which a third address may be answered.
func led(see func(try) event) *world {
	w := newWorld(see)
	w.addresses = append(w.addresses, "203.0.113.9")
	return w
}

func TestFeatures(t *testing.T) {
	const onset = 625 // seconds: ten quiet minutes, and a failure within the eleventh
	for _, c := range []struct {
		name  string
		world *world
		want  map[string]float64
		not   []string // that must be unknown
	}{
		{"fast errors everywhere", newWorld(from(onset, event{status: 500, first: 30})), map[string]float64{
			FailFrac: 1, TCPFailFrac: 0, HTTPFailFrac: 1, FirstHTTPShare: 1, FirstTCPShare: 0, Status5xxShare: 1, Status500Share: 1, TopStatusShare: 1,
			StatusEntropy: 0, ErrorSpeed: 30, AgentFailShare: 1, CountryFailShare: 1, AddressFailShare: 1, SYNLoss: 0, RTTRatio: 1, MixedShare: 0,
			WaveCount: 1, OnsetSpread: 4, AgentsLooking: 6, NetworksLooked: 5, DepthReached: 4, ControlFail: 0, OneCountry: 0, BaselineMin: 10, PeakFailFrac: 1,
		}, []string{RefusedShare, TTFBRatio, FocusShift, MitigationAfter, AddressStillOK}},
		{"a full link", newWorld(func(t try) event {
			switch {
			case t.second < onset:
				return event{}
			case some(t, 0.3):
				return event{tcp: outage.FailureTimeout, retrans: 2}
			}
			return event{rtt: 80 + float64(t.second%40), first: 150}
		}), map[string]float64{
			TimeoutShare: 1, FirstTCPShare: 1, AgentFailShare: 1, TTFBRatio: 2.4, MixedShare: 1, ConnectMixed: 1, HTTPFailFrac: 0,
		}, []string{ErrorSpeed, Status5xxShare}},
		{"the name is gone", newWorld(from(onset, event{dns: outage.FailureNXDOMAIN})), map[string]float64{
			DNSFailFrac: 1, FirstDNSShare: 1, NXDomainShare: 1, ServfailShare: 0, FailFrac: 1,
		}, []string{TCPFailFrac, HTTPFailFrac, TTFBRatio}},
		{"a name server that is overrun", newWorld(func(t try) event {
			if t.second >= onset && some(try{second: t.second, agent: t.agent}, 0.3) {
				return event{dns: outage.FailureTimeout}
			}
			return event{}
		}), map[string]float64{FirstDNSShare: 1, DNSTimeoutShare: 1, MixedShare: 1, AddressStillOK: 1, TCPFailFrac: 0}, nil},
		{"a certificate that has expired", newWorld(from(onset, event{tls: outage.FailureCertExpired, expired: true, cert: "fedcba9876543210"})), map[string]float64{
			TLSFailFrac: 1, FirstTLSShare: 1, CertExpiredShare: 1, CertNameShare: 0, CertChanged: 1, CertExpiredAtOnset: 5,
		}, []string{HTTPFailFrac}},
		{"one country", newWorld(func(t try) event {
			if t.second >= onset && t.agent%3 == 1 {
				return event{tcp: outage.FailureTimeout, retrans: 3}
			}
			return event{}
		}), map[string]float64{OneCountry: 1, AgentFailShare: 1. / 3, OneNetwork: 0, ClassOnly: 0, CountryFailShare: 1. / 3, AddressFailShare: 0, VantageGini: 2. / 3}, nil},
		{"one of two addresses", newWorld(func(t try) event {
			if t.second >= onset && t.address == "192.0.2.2" {
				return event{tcp: outage.FailureRefused}
			}
			return event{}
		}), map[string]float64{AddressFailShare: 0.5, AddressGini: 0.5, RefusedShare: 1, TCPFailFrac: 0.5, AgentFailShare: 1, MixedShare: 0}, nil},
		{"challenges", newWorld(from(onset+120, event{status: 503, body: outage.BodyChallenge})), map[string]float64{
			ChallengeShare: 1, MitigationAfter: 0, RateLimitShare: 0,
		}, nil},
		{"only the deep pages", func() *world {
			w := newWorld(func(t try) event {
				if t.second >= onset && t.path == "/feed" {
					return event{status: 500, first: 900}
				}
				return event{}
			})
			w.paths = []string{"/", "/feed", "/media/1.png"}
			return w
		}(), map[string]float64{FrontOK: 1, DeepFail: 0.5, StaticOK: 1, DynamicFail: 1, OneStepShare: 1}, nil},
		{"slow, then time-outs", newWorld(func(t try) event {
			switch {
			case t.second >= onset+300:
				return event{noAnswer: true}
			case t.second >= onset:
				return event{first: 60 * (1 + float64(t.second-onset)/30)}
			}
			return event{}
		}), map[string]float64{NoAnswer: 1, HTTPFailFrac: 1, TTFBRampMin: 4.4, RTTRatio: 1}, []string{ErrorSpeed}},
		{"fast errors, and answers that stay slow", newWorld(func(t try) event {
			switch {
			case t.second >= onset+60:
				return event{first: 400}
			case t.second >= onset:
				return event{status: 500, first: 20}
			}
			return event{}
		}), map[string]float64{SlowAfter: 1, ErrorSpeed: 20, TTFBRampMin: 0}, nil},
		{"fast errors, and all is well again", newWorld(func(t try) event {
			if t.second >= onset && t.second < onset+60 {
				return event{status: 500, first: 20}
			}
			return event{}
		}), map[string]float64{SlowAfter: 0}, nil},
		{"slow, and then everybody is challenged", newWorld(func(t try) event {
			switch {
			case t.second >= onset+180:
				return event{status: 403, body: outage.BodyChallenge, first: 20}
			case t.second >= onset && some(t, 0.2):
				return event{status: 503, first: 400}
			case t.second >= onset:
				return event{first: 400}
			}
			return event{}
		}), map[string]float64{
			ChallengeShare: 0.906, MitigationAfter: 3, Status503Share: 1, Status403Share: 0, AgentFailShare: 1, FailFrac: 0.2, TTFBRatio: 6.2,
		}, nil},
		{"slow alone, and then limits", newWorld(func(t try) event {
			switch {
			case t.second >= onset+180:
				return event{status: 429, first: 20}
			case t.second >= onset:
				return event{first: 400}
			}
			return event{}
		}), map[string]float64{RateLimitShare: 0.906, MitigationAfter: 3, FailFrac: 0, AgentFailShare: 1, TTFBRatio: 6.2}, []string{Status429Share}},
		{"everybody is forbidden from the start", newWorld(from(onset, event{status: 403, first: 20})),
			map[string]float64{Status403Share: 1, FailFrac: 1, AgentFailShare: 1}, []string{TTFBRatio}},
		{"slow for half of the agents", newWorld(func(t try) event {
			if t.second >= onset && t.agent < 3 {
				return event{first: 400}
			}
			return event{}
		}), map[string]float64{FailFrac: 0, AgentFailShare: 0.5}, nil},
		{"two agents are led elsewhere", led(func(t try) event {
			strange := t.address == "203.0.113.9"
			switch lied := t.second >= onset && t.agent < 2; {
			case strange && lied:
				return event{tcp: outage.FailureRefused}
			case strange, lied && t.address == "192.0.2.1":
				return event{nowhere: true}
			}
			return event{}
		}), map[string]float64{AnswerElsewhere: 1, AddressGini: 0, AddressFailShare: 0, AgentFailShare: 1.0 / 3}, nil},
		{"everybody is led elsewhere", led(func(t try) event {
			strange := t.address == "203.0.113.9"
			switch changed := t.second >= onset; {
			case strange && changed:
				return event{tcp: outage.FailureRefused}
			case strange != changed:
				return event{nowhere: true}
			}
			return event{}
		}), map[string]float64{AnswerChanged: 1, AddressFailShare: 1}, []string{AnswerElsewhere, SlowAfter}},
		{"an agent that is cut off", newWorld(func(t try) event {
			if t.second >= onset && t.agent < 3 {
				return event{tcp: outage.FailureTimeout, control: outage.FailureTimeout}
			}
			return event{}
		}), map[string]float64{FailFrac: 0, AgentFailShare: 0, AgentsLooking: 3, ControlFail: 0.94}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := c.world.play(18).judge(10, 17)
			for name, want := range c.want {
				got, ok := set.Get(name)
				if !ok || math.Abs(got.Value-want) > 0.05*math.Max(1, math.Abs(want)) {
					t.Errorf("%s is %g (%v), want %g", name, got.Value, ok, want)
				}
			}
			for _, name := range c.not {
				if got, ok := set.Get(name); ok {
					t.Errorf("%s is %g and should be unknown", name, got.Value)
				}
			}
		})
	}
}

// SYNs that are lost are counted, and a third of them are found again.
func TestLoss(t *testing.T) {
	w := newWorld(func(t try) event {
		switch {
		case t.second < 625 || !some(t, 0.4):
			return event{}
		case some(try{second: t.second + 1, agent: t.agent}, 0.4):
			return event{tcp: outage.FailureTimeout, retrans: 2}
		}
		return event{retrans: 1}
	})
	set := w.play(18).judge(10, 17)
	if f, _ := set.Get(SYNLoss); f.Value < 0.3 || f.Value > 0.5 || f.Sample < 400 {
		t.Errorf("loss is %+v", f)
	}
	if f, _ := set.Get(TCPFailFrac); f.Value < 0.1 || f.Value > 0.25 {
		t.Errorf("failed connects are %+v", f)
	}
}

// Waves are told apart, with who fails in each.
func TestWavesShift(t *testing.T) {
	w := newWorld(func(t try) event {
		wave := (t.second - 600) / 180 // three minutes bad, three good
		if t.second < 600 || wave%2 == 1 || t.agent%2 != wave/2%2 {
			return event{}
		}
		return event{tcp: outage.FailureTimeout, retrans: 3}
	})
	set := w.play(30).judge(10, 29)
	if f, _ := set.Get(WaveCount); f.Value != 4 {
		t.Errorf("%g waves", f.Value)
	}
	if f, _ := set.Get(FocusShift); f.Value < 0.9 {
		t.Errorf("focus shifts by %g", f.Value)
	}
}

// What began slowly before the incident was seen is dated to where it began, and lone
// failures before it are not.
func TestOnset(t *testing.T) {
	w := newWorld(func(t try) event {
		switch {
		case t.second == 130 && t.agent == 0: // noise
			return event{tcp: outage.FailureReset}
		case t.second >= 430 && some(t, math.Min(1, float64(t.second-400)/200)):
			return event{status: 502}
		}
		return event{}
	})
	set := w.play(18).judge(10, 17)
	if d := set.Onset - begin; d != 7 {
		t.Errorf("onset at minute %d", d)
	}
	if f, _ := set.Get(OnsetRamp); f.Value < 0.5 || f.Value > 2.5 {
		t.Errorf("ramp of %g minutes", f.Value)
	}
	if f, _ := set.Get(OnsetSharpness); f.Value < 0.2 || f.Value > 0.9 {
		t.Errorf("sharpness %g", f.Value)
	}
}

// A cut in the middle of a minute is a cut, also before there is a whole minute of it.
func TestFirstMinute(t *testing.T) {
	set := newWorld(from(630, event{tcp: outage.FailureTimeout, retrans: 3})).play(11).judge(10, 10)
	for _, name := range []string{FailFrac, TCPFailFrac, PeakFailFrac} {
		if f, ok := set.Get(name); !ok || f.Value < 0.95 {
			t.Errorf("%s is %+v", name, f)
		}
	}
	for _, name := range []string{MixedShare, ConnectMixed} {
		if f, ok := set.Get(name); ok {
			t.Errorf("%s is told: %+v", name, f)
		}
	}
}

// Where probes see nothing, what they see is said of the incident's own minutes.
func TestGreenProbes(t *testing.T) {
	set := newWorld(func(try) event { return event{} }).play(18).judge(10, 17)
	for name, want := range map[string]float64{FailFrac: 0, AgentFailShare: 0, TTFBRatio: 1, RTTRatio: 1, Attempts: 8 * 6 * 6 * 2} {
		if f, ok := set.Get(name); !ok || math.Abs(f.Value-want) > 0.05*math.Max(1, want) {
			t.Errorf("%s is %g (%v), want %g", name, f.Value, ok, want)
		}
	}
	if _, ok := set.Get(PeakFailFrac); ok {
		t.Error("a peak of nothing")
	}
}

// A retry is no attempt, and one look-up that gave two addresses counts once.
func TestCountsOnce(t *testing.T) {
	w := newWorld(func(try) event { return event{} })
	w.play(12)
	before, _ := w.judge(10, 11).Get(Attempts)
	x := w.measurement(0, (begin + 11).Time(), outage.Target{Service: "x", Host: "x.example", Address: "192.0.2.1", Family: 4}, event{tcp: outage.FailureTimeout})
	x.Attempt = 2
	w.window.Take(begin+11, x)
	set := w.judge(10, 11)
	if after, _ := set.Get(Attempts); after.Value != before.Value {
		t.Errorf("%g attempts, %g with a retry", before.Value, after.Value)
	}
	if f, _ := set.Get(DNSFailFrac); float64(f.Sample) != before.Value/2 {
		t.Errorf("%d look-ups of %g attempts at two addresses", f.Sample, before.Value)
	}
	if f, _ := set.Get(SYNLoss); f.Value == 0 {
		t.Error("the retry's connect is not counted")
	}
}

// Equal memories give equal features, also after a restart, and the order of agents is
// none of their business.
func TestRestart(t *testing.T) {
	w := newWorld(from(625, event{status: 503}))
	w.play(18)
	want, err := json.Marshal(w.judge(10, 17).List())
	if err != nil {
		t.Fatal(err)
	}
	state, err := w.window.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.window.Restore(state); err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(w.judge(10, 17).List())
	if err != nil || string(got) != string(want) {
		t.Errorf("after a restart\n%s\nbefore\n%s", got, want)
	}
}

// Observers stand beside what was measured here, and of another day say nothing.
func TestObserved(t *testing.T) {
	inc := &outage.Incident{ID: "x-1", Service: "x", Onset: begin, Waves: []outage.Wave{{Onset: begin}}}
	list := []outage.Observation{
		{ID: "a", Service: "x", Feature: BGPUnchanged, Value: 1, From: begin, To: begin + 9, Source: outage.Source{Name: "B"}},
		{ID: "b", Service: "x", Feature: BGPUnchanged, Value: 0, From: begin - 900, To: begin - 800, Source: outage.Source{Name: "A"}},
		{ID: "c", Service: "x", Feature: VendorAdmits, Value: 1, From: begin + 2, To: begin + 9, Source: outage.Source{Name: "X"}},
	}
	crowd := []CrowdMinute{{At: begin + 1, Total: 40, Countries: map[string]int{"US": 30, "": 10}, Categories: map[string]int{"app": 40}}}
	set := Extract(Case{Incident: inc, At: begin + 9, Observations: list, Crowd: crowd})
	if len(set.Observed) != 1 || set.Observed[0].Rests[0] != "a" {
		t.Errorf("observed: %+v", set.Observed)
	}
	for name, want := range map[string]float64{VendorAdmits: 1, ReportTotal: 40, ReportCountries: 1, ReportTopCountry: 0.75, ReportApp: 1} {
		if f, ok := set.Get(name); !ok || f.Value != want {
			t.Errorf("%s is %+v, want %g", name, f, want)
		}
	}
	back := Of(&outage.Verdict{Service: "x", Incident: "x-1", Onset: set.Onset, Minute: set.At, Features: set.List()})
	if got, want := len(back.List()), len(set.List()); got != want {
		t.Errorf("%d features come back of %d", got, want)
	}
}

func BenchmarkExtractDay(b *testing.B) {
	w := newWorld(from(600, event{status: 503, first: 90}))
	w.agents, w.period, w.addresses = 10, 5, []string{"192.0.2.1"}
	for m := range 1440 {
		if m == 11 {
			w.window.Hold("x", begin+10)
		}
		for s := 0; s < 60; s += w.period {
			for a := range w.agents {
				w.look(begin+outage.Minute(m), a, m*60+s)
			}
		}
		w.health(begin + outage.Minute(m))
		w.window.Close(begin+outage.Minute(m), false)
	}
	b.ReportAllocs()
	for b.Loop() {
		w.judge(10, 1439)
	}
}
