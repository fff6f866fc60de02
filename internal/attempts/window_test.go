package attempts

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"faultline/outage"
)

const begin = outage.Minute(29026620)

// measured is an attempt at a page at a second after the beginning.
func measured(agent string, second int, f outage.Failure) *outage.Measurement {
	m := &outage.Measurement{
		Agent: agent, Attempt: 1, Time: begin.Time().Add(time.Duration(second) * time.Second), Outcome: outage.OutcomeOK,
		Target: outage.Target{Service: "x", URL: "https://x.example/", Host: "x.example", Address: "192.0.2.1", Family: 4},
		TCP:    &outage.TCP{Span: outage.Span{T: 20}, Known: true, RTTMS: 20}, Vantage: outage.Vantage{Country: "DE", Network: "AS64500"},
	}
	if f != "" {
		m.Outcome, m.Layer, m.Operation, m.Failure, m.TCP.Failure = outage.OutcomeFail, outage.LayerTCP, outage.OperationConnect, f, f
	}
	return m
}

func believed(service string, agents ...string) *outage.ProbeState {
	s := &outage.ProbeState{Service: service}
	for _, a := range agents {
		s.Vantages = append(s.Vantages, outage.VantageState{Agent: a, Health: "healthy"})
	}
	return s
}

func total(p *Past, c Code) int {
	n := 0
	for i := range p.Minutes {
		for j := range p.Minutes[i].Bins {
			n += p.Minutes[i].Bins[j].N(c)
		}
	}
	return n
}

// What comes a little late is filed under its own minute, what comes much later or from
// a clock that is ahead under that of its receipt.
func TestFiling(t *testing.T) {
	for _, c := range []struct {
		second   int
		offset   float64 // ms of the hub less the agent
		received outage.Minute
		want     outage.Minute
	}{
		{30, 0, begin, begin}, {30, 0, begin + 3, begin}, {30, 0, begin + 9, begin + 9}, {90, 0, begin, begin}, {30, 60_000, begin + 1, begin + 1},
	} {
		w := New()
		m := measured("a", c.second, "")
		if c.offset != 0 {
			m.Clock = outage.Clock{OffsetMS: c.offset, Synced: true}
		}
		w.Take(c.received, m)
		if p := w.Past("x"); len(p.Minutes) != 1 || p.Minutes[0].At != c.want {
			t.Errorf("%+v: filed under %v", c, p.Minutes)
		}
	}
}

// What says nothing of an attempt is left out.
func TestLeftOut(t *testing.T) {
	w := New()
	for _, change := range []func(*outage.Measurement){
		func(m *outage.Measurement) { m.Late = true },
		func(m *outage.Measurement) { m.Gap = &outage.Gap{} },
		func(m *outage.Measurement) { m.Kind = outage.KindSnapshot },
		func(m *outage.Measurement) { m.Outcome = outage.OutcomeSkipped },
		func(m *outage.Measurement) { m.Layer = outage.LayerMonitor },
		func(m *outage.Measurement) { m.Target.Service = "" },
		func(m *outage.Measurement) { m.Target.Role = outage.RoleControl },
	} {
		m := measured("a", 1, "")
		change(m)
		w.Take(begin, m)
	}
	if p := w.Past("x"); p != nil {
		t.Errorf("kept %+v", p)
	}
	if tried, failed := w.Agent("a").Control(begin, begin); tried != 1 || failed != 0 {
		t.Errorf("controls: %d of %d fail", failed, tried)
	}
}

// An agent that cannot be believed is marked from the minute before that was known on.
func TestDoubt(t *testing.T) {
	w := New()
	for i := range 6 {
		m := begin + outage.Minute(i)
		w.Take(m, measured("a", 60*i, ""))
		w.Take(m, measured("b", 60*i+1, ""))
		if i < 4 {
			w.Heard(believed("x", "a", "b"))
		} else {
			w.Heard(believed("x", "b"))
		}
		w.Close(m, false)
	}
	got := ""
	p := w.Past("x")
	for i := range p.Minutes {
		for _, b := range p.Minutes[i].Bins {
			if b.Doubted {
				got += fmt.Sprintf("%s%d ", p.Spots[b.Spot].Agent, i)
			}
		}
	}
	if got != "a3 a4 a5 " {
		t.Errorf("doubted: %s", got)
	}
}

// Two hours are kept, and beside them what lies around the onset of an open incident.
func TestKept(t *testing.T) {
	w := New()
	for i := range 400 {
		m := begin + outage.Minute(i)
		w.Take(m, measured("a", 60*i, ""))
		w.Heard(believed("x", "a"))
		if i == 150 {
			w.Hold("x", begin+140)
		}
		w.Close(m, false)
	}
	p := w.Past("x")
	if n := len(p.Minutes); n != 370 || p.Minutes[0].At != begin+30 {
		t.Errorf("%d minutes from %d on while it lasts", n, p.Minutes[0].At-begin)
	}
	w.Hold("x", 0)
	w.Close(begin+400, false)
	if n := len(p.Minutes); n != quietSpan-1 {
		t.Errorf("%d minutes after it", n)
	}
	if w.bins != len(p.Minutes) {
		t.Errorf("%d bins are counted of %d", w.bins, len(p.Minutes))
	}
	for m := begin + 400; m <= begin+400+usualLife+outage.Hour; m++ {
		w.Close(m, false)
	}
	if w.Past("x") != nil {
		t.Errorf("a service that nobody looks at is not forgotten: %+v", w.Past("x"))
	}
}

// What is usual at an hour is learned from days without an incident.
func TestUsual(t *testing.T) {
	w := New()
	for i := range 3 * 24 * 60 {
		m := begin + outage.Minute(i)
		x := measured("a", 60*i, "")
		x.TCP.T = 20 + 20*float64(m/outage.Hour%24)
		w.Take(m, x)
		w.Heard(believed("x", "a"))
		w.Close(m, false)
	}
	u := w.Past("x").Usual["a"]
	for h := range u.Hours {
		if got, want := math.Exp(float64(u.Hours[h].Connect)), 20+20*float64(h); u.Hours[h].Days < 2 || math.Abs(got/want-1) > 0.1 {
			t.Errorf("hour %d: %.1f ms after %d days, want %.1f", h, got, u.Hours[h].Days, want)
		}
	}
}

func TestLooks(t *testing.T) {
	page := func(path string) *outage.Measurement {
		m := measured("a", 0, "")
		m.Target.URL = "https://x.example" + path
		return m
	}
	step := func(name string, order int) *outage.Measurement {
		m := page("/api/" + name)
		m.Target.Journey, m.Target.Step, m.Journey = "feed", name, &outage.Journey{Order: order}
		return m
	}
	hop := step("login", 2)
	hop.Journey = nil
	for _, c := range []struct {
		m    *outage.Measurement
		want Look
	}{
		{page(""), LookFront}, {page("/"), LookFront}, {page("/feed"), LookDynamic}, {page("/media/7"), LookStatic}, {page("/app.js"), LookStatic},
		{step("home", 1), LookFront}, {step("login", 2), LookDynamic}, {step("photo", 3), LookStatic}, {hop, LookHop},
		{&outage.Measurement{DNS: &outage.DNS{}}, LookName}, {&outage.Measurement{Echo: &outage.Echo{}}, LookEcho},
		{&outage.Measurement{Path: &outage.Path{}}, LookTrace}, {&outage.Measurement{QUIC: &outage.QUIC{}, DNS: &outage.DNS{}}, LookQUIC},
	} {
		if got := spotOf(c.m).Look; got != c.want {
			t.Errorf("%s %s: %s, want %s", c.m.Target.URL, c.m.Target.Step, got, c.want)
		}
	}
}

// Codes do not run into each other.
func TestCodes(t *testing.T) {
	seen := map[Code]string{}
	add := func(c Code, name string) {
		if other, twice := seen[c]; twice || int(c) >= Codes {
			t.Errorf("%s has the code %d of %q, of %d", name, c, other, Codes)
		}
		seen[c] = name
	}
	for c := Tried; c < codeReached; c++ {
		add(c, "counter")
	}
	for _, l := range layers {
		add(Reached(l), "reached")
		add(Fell(l), "fell")
		for i := range wordCount {
			add(codeWord+Code(layerIndex(l)*wordCount+i), "word")
		}
	}
	if len(words) >= wordCount {
		t.Errorf("%d words have no room beside the last of %d", len(words), wordCount)
	}
	for i := range 600 {
		add(Status(i), "status")
	}
	for _, b := range bodies {
		c, _ := Body(b)
		add(c, "body")
	}
	for i := range maxCerts {
		add(CertCode(i), "cert")
	}
	for i := range maxHops {
		add(Length(i), "length")
		add(End(i), "end")
	}
	for i := range Slots {
		add(SlotTried(i), "slot")
		add(SlotFailed(i), "slot")
	}
	for k := range timeCount {
		for b := range buckets {
			add(codeTime+Code(int(k)*buckets+b), "time")
		}
	}
}

// A median is found again to 9 percent, in whatever order the times came.
func TestQuantiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		times := rapid.SliceOfN(rapid.Float64Range(0.1, 60_000), 1, 50).Draw(t, "times")
		b := Bin{}
		for _, ms := range times {
			b.add(timeCode(TimeConnect, ms), 1)
		}
		var h Histogram
		h.Add(&b, TimeConnect)
		lowest, highest := math.Inf(1), 0.0
		for _, ms := range times {
			lowest, highest = math.Min(lowest, ms), math.Max(highest, ms)
		}
		got, n := h.Median()
		if n != len(times) || got < lowest/1.1 || got > highest*1.1 {
			t.Fatalf("median %g of %d times in %g to %g", got, n, lowest, highest)
		}
		var s Sum
		s.Add(&b)
		all := s.Times(TimeConnect)
		if again, _ := all.Median(); again != got {
			t.Fatalf("median %g of the sum, %g of the bin", again, got)
		}
	})
}

// A memory that is saved and read back is the same, whatever was tried.
func TestSnapshot(t *testing.T) {
	w := New()
	for i := range 200 {
		m := begin + outage.Minute(i)
		f := outage.Failure("")
		if i%7 == 0 {
			f = outage.FailureTimeout
		}
		x := measured(fmt.Sprint("a", i%3), 60*i, f)
		// A path of any bytes, and one that is cut in the middle of a letter.
		x.Target.URL = "https://x.example/" + []string{"", "%ff%fe", strings.Repeat("a", maxStep-2) + "%C3%A4"}[i%3]
		x.TLS = &outage.TLS{Certificate: &outage.Certificate{SHA256: fmt.Sprintf("%064d", i/50), NotAfter: x.Time}}
		w.Take(m, x)
		w.Heard(believed("x", "a0", "a1"))
		w.Close(m, false)
		state, err := w.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		if i%20 == 0 {
			if err := w.Restore(state); err != nil {
				t.Fatal(err)
			}
		}
		if again, err := w.Snapshot(); err != nil || !bytes.Equal(again, state) {
			t.Fatalf("minute %d: saved again as %d bytes, %v; before %d", i, len(again), err, len(state))
		}
	}
}

func FuzzRestore(f *testing.F) {
	w := New()
	w.Take(begin, measured("a", 1, outage.FailureTimeout))
	w.Close(begin, false)
	state, err := w.Snapshot()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(state)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		w := New()
		if w.Restore(data) != nil {
			return
		}
		w.Take(begin, measured("a", 1, ""))
		w.Close(begin, false)
		if _, err := w.Snapshot(); err != nil {
			t.Fatal(err)
		}
	})
}
