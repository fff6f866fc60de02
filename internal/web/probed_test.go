package web

import (
	"math"
	"strings"
	"testing"

	"faultline/internal/store"
	"faultline/outage"
)

// probedDay is the day of X with two agents that are believed and one that is not;
// connections are refused since 15:00.
func probedDay() *fakeStore {
	f := xDay()
	closed := f.pulse.Closed
	vantages := []outage.VantageState{
		vantage("a0011223344556677", "DE", "AS64500", outage.ClassEyeball, "healthy"),
		vantage("b8899aabbccddeeff", "US", "AS64501", outage.ClassDatacenter, "healthy"),
		vantage("c0123456789abcdef", "FR", "AS64502", outage.ClassMobile, "offline"),
	}
	vantages[2].State, vantages[2].Layers, vantages[2].Layer, vantages[2].Failure = "unknown", nil, "", ""
	vantages[2].HealthWhy = "all of its 2 control targets fail"
	f.states = []outage.ProbeState{{
		Service: "x", Minute: minute("15:02"), State: "failing", Since: minute("15:01"), Depth: outage.DepthPage, Score: 7,
		Looking: 2, Failing: 2, Networks: 2, Quorum: true, Why: "2 agents in 2 networks fail, and 2 were needed in 2",
		Layer: outage.LayerTCP, Failure: outage.FailureRefused, Vantages: vantages,
	}}
	for slot := minute("15:20") + 5 - outage.Day; slot < minute("15:25"); slot += store.SlotWidth {
		for n, agent := range []string{vantages[0].Agent, vantages[1].Agent} {
			if n == 1 && slot < minute("02:00") && slot >= minute("00:30") {
				continue // nobody looked
			}
			down := slot >= minute("15:00")
			f.looks = append(f.looks, store.Look{Slot: slot, Agent: agent, Layer: outage.LayerDNS, Tried: 10})
			tcp := store.Look{Slot: slot, Agent: agent, Layer: outage.LayerTCP, Tried: 10}
			if down {
				tcp.Failed, tcp.Failure = 10, outage.FailureRefused
			}
			f.looks = append(f.looks, tcp)
			if down {
				continue
			}
			http := store.Look{Slot: slot, Agent: agent, Layer: outage.LayerHTTP, Tried: 10}
			if slot >= minute("09:30") && slot < minute("10:30") {
				http.Failed, http.Failure = 4, outage.FailureHTTP5xx
			}
			f.looks = append(f.looks, http)
		}
	}
	from := (closed + 1 + 14) / 15 * 15
	for start := from - outage.Day; start < closed+1; start += 15 {
		p := store.Probed{Start: start}
		if start < minute("15:00") {
			p.Count, p.Sum = 20, 20*math.Log(80+40*noise(start))
		}
		f.latency = append(f.latency, p)
	}
	f.looks = append(f.looks, store.Look{Slot: minute("12:00"), Agent: "import:ooni", Layer: outage.LayerDNS, Tried: 2, Failed: 1, Failure: outage.FailureNXDOMAIN})
	f.imports = []store.Import{
		{Source: "atlas", Count: 1, First: minute("09:00"), Last: minute("09:00")}, {Source: "ooni", Count: 1312, First: minute("12:00") - 30*outage.Day, Last: minute("12:00")},
	}
	f.agents = []store.Heard{
		agent(vantages[0], 12.4, closed), agent(vantages[1], -2300, closed-2), agent(vantages[2], 0, closed-200),
		{Agent: outage.Agent{ID: "d0123456789abcdef", Registered: closed - outage.Day, Seen: closed - 300, Revoked: closed - 290, RevokedWhy: "it has moved <b>"}},
	}
	f.words = []outage.VendorWord{
		{Service: "x", Revision: 1, Minute: closed - outage.Day, Page: "https://status.x.example/", Status: outage.VendorOperational, Reached: closed - outage.Day},
		{Service: "x", Revision: 2, Minute: minute("10:02"), Page: "https://status.x.example/", Status: outage.VendorMajor, Description: "Elevated errors", Troubled: minute("10:02"), Reached: minute("10:02"),
			Incidents: []outage.VendorIncident{{ID: "k1", Title: "Elevated errors <b>", Seen: minute("10:02"), Acknowledged: minute("10:02")}}},
	}
	revs := f.incidents["x-20250310T0932Z"]
	revs[len(revs)-1].Probes = &outage.Probes{
		Agreement: "both", Looking: 2, Failing: 2, Networks: 2, Quorum: true, Layer: outage.LayerTCP, Failure: outage.FailureRefused, Depth: outage.DepthPage,
	}
	return f
}

func vantage(id, country, network, class, health string) outage.VantageState {
	return outage.VantageState{
		Agent: id, Vantage: outage.Vantage{Country: country, Network: network, Class: class, Resolver: "system"},
		Health: health, HealthWhy: "12 of 12 attempts at its control targets succeed", State: "failing", Since: minute("15:01"),
		Layer: outage.LayerTCP, Failure: outage.FailureRefused,
		Layers: []outage.LayerState{
			{Layer: outage.LayerDNS, State: outage.LayerFine}, {Layer: outage.LayerTCP, State: outage.LayerFailing, Since: minute("15:01"), Failure: outage.FailureRefused},
		},
	}
}

func agent(v outage.VantageState, offset float64, seen outage.Minute) store.Heard {
	return store.Heard{Agent: outage.Agent{
		ID: v.Agent, Vantage: v.Vantage, Registered: minute("08:00") - 9*outage.Day, Seen: seen - 3, Presence: outage.AgentPresent,
		Clock: outage.Clock{OffsetMS: offset, Synced: offset != 0}, Sequence: 182340, Observed: "AS64500",
	}, Measured: seen}
}

// alone is one agent that sees the edge only, of a vendor that cannot be heard.
func alone() *fakeStore {
	f := probedDay()
	s := &f.states[0]
	s.State, s.Depth, s.Score, s.Looking, s.Failing, s.Networks, s.Quorum = "edge_answers", outage.DepthEdge, 3, 1, 0, 0, false
	s.Why, s.Layer, s.Failure = "no agent that counts fails", "", ""
	s.Vantages = s.Vantages[:1]
	s.Vantages[0].State, s.Vantages[0].Layer, s.Vantages[0].Failure = "edge_answers", "", ""
	s.Vantages[0].Layers = s.Vantages[0].Layers[:1]
	f.looks = f.looks[:0:0]
	f.latency = nil
	for slot := minute("15:20") + 5 - outage.Day; slot < minute("15:25"); slot += store.SlotWidth {
		f.looks = append(f.looks, store.Look{Slot: slot, Agent: s.Vantages[0].Agent, Layer: outage.LayerDNS, Tried: 5})
	}
	f.words = []outage.VendorWord{{
		Service: "x", Revision: 3, Minute: minute("09:40"), Page: "javascript:alert(1)", Status: outage.VendorUnknown, Reached: minute("09:20"),
		Unknown: minute("09:25"), LastStatus: outage.VendorOperational, Why: "HTTP 503",
	}}
	return f
}

// unheard is an incident that probes alone have confirmed.
func unheard() *fakeStore {
	f := probedDay()
	revs := f.incidents["x-20250310T0932Z"]
	for i := range revs {
		revs[i].Basis, revs[i].Peak, revs[i].Total, revs[i].Count = "probes", 0, 0, 0
	}
	last := &revs[len(revs)-1]
	last.Probes.Agreement, last.Probes.Note = "probes_only", "2 agents in 2 networks fail, and 2 were needed in 2"
	f.words = nil
	return f
}

// The four states of crowd against probes each have a title on the page, and an edge
// that answers is never called healthy.
func TestAgreement(t *testing.T) {
	for name, c := range map[string]struct {
		crowd  bool
		quorum bool
		depth  outage.Depth
		state  string
		says   string
	}{
		"both":    {true, true, outage.DepthPage, "failing", "People and probes agree"},
		"crowd":   {true, false, outage.DepthPage, "healthy", "Reported, not seen by probes"},
		"probes":  {false, true, outage.DepthPage, "failing", "Seen by probes, not reported"},
		"neither": {false, false, outage.DepthPage, "healthy", "Nothing unusual."},
		"edge":    {false, false, outage.DepthEdge, "edge_answers", "Nothing unusual, seen from the edge"},
	} {
		t.Run(name, func(t *testing.T) {
			f := probedDay()
			if revs := f.incidents["x-20250310T0932Z"]; !c.crowd {
				revs[len(revs)-1].Basis = "probes" // reports are as usual
			}
			f.states[0].Quorum, f.states[0].Depth, f.states[0].State = c.quorum, c.depth, c.state
			body := get(t, newTestWeb(f, nil), "/s/x").Body.String()
			_, part, _ := strings.Cut(body, `data-part="probes"`)
			part, _, _ = strings.Cut(part, `class="vantage"`)
			if !strings.Contains(part, c.says) {
				t.Errorf("the page lacks %q: %s", c.says, part)
			}
			if strings.Contains(part, "Healthy") != (c.state == "healthy") {
				t.Errorf("the page says or lacks healthy: %s", part)
			}
		})
	}
}

// Nobody's words come onto a page as markup, and no page of a vendor is linked that
// is none.
func TestHostileVendor(t *testing.T) {
	if body := get(t, newTestWeb(probedDay(), nil), "/s/x").Body.String(); strings.Contains(body, "errors <b>") {
		t.Error("a vendor's title is markup")
	}
	if body := get(t, newTestWeb(alone(), nil), "/s/x").Body.String(); strings.Contains(body, "javascript:") {
		t.Error("a vendor's page is a script")
	}
}

func TestContact(t *testing.T) {
	for contact, says := range map[string]string{
		"mailto:ops@example.org": `href="mailto:ops@example.org"`, "": "probes nothing",
		"http://127.0.0.1:8080/probing": "webmaster", "https://example.org/us": `href="https://example.org/us"`,
	} {
		w := newTestWeb(xDay(), nil)
		w.cfg.Contact = func() string { return contact }
		for _, path := range []string{"/probes", "/probing"} {
			if body := get(t, w, path).Body.String(); !strings.Contains(body, says) {
				t.Errorf("%s with contact %q lacks %q", path, contact, says)
			}
		}
	}
}
