package recording

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"faultline/internal/stream"
	"faultline/internal/stream/memory"
	"faultline/lab/scenario"
	"faultline/outage"
)

var onset = time.Date(2026, 3, 10, 9, 31, 20, 0, time.UTC)

// hub is a log as a run leaves it: three agents look at a service and two controls
// every ten seconds, and from the onset on the service answers with 502.
func hub(t *testing.T) *memory.Log {
	t.Helper()
	log := memory.New()
	begin := outage.MinuteOf(onset) - 2
	var entries []stream.Entry
	add := func(e stream.Entry, err error) {
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
	add(stream.Services.Entry(begin, &outage.Service{ID: "feed", Name: "Feed", Categories: outage.DefaultCategories()}))
	sequence := uint64(0)
	for m := begin; m < begin+6; m++ {
		for second := range 6 {
			at := m.Time().Add(time.Duration(second) * 10 * time.Second)
			for agent := range 3 {
				for _, target := range []outage.Target{
					{Service: "feed", URL: "https://www.feed.example/", Host: "www.feed.example", Address: "10.20.1.10", Family: 4, Role: outage.RolePrimary},
					{URL: "http://10.50.1.20/", Host: "10.50.1.20", Address: "10.50.1.20", Family: 4, Role: outage.RoleControl},
					{URL: "http://10.50.2.20/", Host: "10.50.2.20", Address: "10.50.2.20", Family: 4, Role: outage.RoleControl},
				} {
					sequence++
					x := measured(at, agent, sequence, target)
					add(stream.Measurements.Entry(m, &x))
				}
			}
		}
		for _, topic := range topics()[1:] {
			entries = append(entries, stream.Tick(topic, m, false))
		}
	}
	if err := log.Append(t.Context(), entries, nil); err != nil {
		t.Fatal(err)
	}
	return log
}

func measured(at time.Time, agent int, sequence uint64, target outage.Target) outage.Measurement {
	m := outage.Measurement{
		Agent: fmt.Sprintf("a%d", agent), Sequence: sequence, Attempt: 1, Time: at.Add(1234567), Target: target, Outcome: outage.OutcomeOK,
		Vantage: outage.Vantage{Country: "DE", Network: fmt.Sprintf("AS%d", 64496+agent), Class: outage.ClassEyeball},
		TCP:     &outage.TCP{Span: outage.Span{T0: 0.123, T: 20.456}, Known: true, RTTMS: 19.987},
		HTTP:    &outage.HTTP{Span: outage.Span{T0: 20.5, T: 61.25}, FirstByte: 40.123, Method: "GET", Status: 200, BodyClass: outage.BodyOK, BodySHA256: "00ff"},
		Hash:    "hash", Previous: "previous", Signature: "signature",
	}
	if target.Role == outage.RolePrimary && !at.Before(onset) {
		m.Outcome, m.Layer, m.Operation, m.Failure = outage.OutcomeFail, outage.LayerHTTP, outage.OperationRoundTrip, outage.FailureHTTP5xx
		m.HTTP.Status, m.HTTP.BodyClass, m.HTTP.Failure = 502, outage.BodyErrorPage, outage.FailureHTTP5xx
	}
	return m
}

func header() Header {
	return Header{Scenario: "edge-502", Seed: 3, Magnitude: 1, Label: scenario.Label{Class: outage.CauseInternal, Hypothesis: "edge-config"}, Began: onset.Add(-scenario.WarmUp), Onset: onset, Jobs: 1}
}

// What is kept comes back as it was, and the parts make of it what they made of the
// log: an incident, with a verdict.
func TestRoundTrip(t *testing.T) {
	r, err := From(t.Context(), hub(t), header())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "deep", "edge-502-3.jsonl.gz")
	if err := r.Save(path); err != nil {
		t.Fatal(err)
	}
	back, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(back.Entries) != len(r.Entries) || back.Header.OnsetMinute() != outage.MinuteOf(onset) || back.Header.Label.Hypothesis != "edge-config" {
		t.Fatalf("%d of %d entries, %+v", len(back.Entries), len(r.Entries), back.Header)
	}
	for i := range r.Entries {
		a, b := &r.Entries[i], &back.Entries[i]
		if a.Topic != b.Topic || a.Kind != b.Kind || a.Minute != b.Minute || a.Key != b.Key || !bytes.Equal(a.Data, b.Data) {
			t.Fatalf("entry %d: %+v, kept as %+v", i, a, b)
		}
	}
	p, err := back.Replay(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Incidents) == 0 || p.Incidents[0].Service != "feed" || len(p.Verdicts) == 0 || p.Verdicts[0].Incident != p.Incidents[0].ID {
		t.Errorf("incidents %+v, verdicts %d", p.Incidents, len(p.Verdicts))
	}
	if _, err := back.Replay(t.Context(), "no such table"); err == nil {
		t.Error("played with a table that is not there")
	}
}

// What diagnosis does not look at is not kept, and the rest is.
func TestSlim(t *testing.T) {
	m := measured(onset, 1, 9, outage.Target{Service: "feed"})
	slim(&m)
	if m.Hash+m.Previous+m.Signature+m.HTTP.BodySHA256 != "" {
		t.Errorf("%+v", m)
	}
	if m.TCP.T != 20.5 || m.TCP.RTTMS != 20 || m.HTTP.FirstByte != 40.1 || m.Time.Nanosecond() != 1_000_000 || m.HTTP.Status != 200 {
		t.Errorf("%+v %+v %s", m.TCP, m.HTTP, m.Time)
	}
}

// A history is as quiet as it says, ends at the minute before, and is heard by the
// detector: no minute of it is missing.
func TestHistory(t *testing.T) {
	h := History{Minutes: 120, PerMinute: 0.03, Services: []string{"feed", "bank"}, Seed: 5}
	entries, err := h.entries(1000)
	if err != nil {
		t.Fatal(err)
	}
	reports, ticks := 0, map[string]int{}
	for _, e := range entries {
		switch {
		case e.Minute > 1000 || e.Minute <= 880:
			t.Fatalf("%+v", e)
		case e.Kind == stream.KindTick:
			ticks[e.Topic]++
		case e.Topic == stream.Reports.Name:
			reports++
			r, err := stream.Reports.Decode(e.Record)
			if err != nil || r.Weight != 1 || r.Country == "" || len(r.Reporter) != 32 || r.Network == "" {
				t.Fatalf("%+v %v", r, err)
			}
		}
	}
	if want := 120 * 6 * 2 * 0.03; float64(reports) < want/2 || float64(reports) > want*2 {
		t.Errorf("%d reports, want about %.0f", reports, want)
	}
	for _, topic := range topics()[1:] {
		if ticks[topic] != 120 {
			t.Errorf("%s has %d ends of minutes", topic, ticks[topic])
		}
	}
}

func packed(lines ...string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(strings.Join(lines, "\n"))) // to memory
	_ = z.Close()
	return b.Bytes()
}

// head is a first line.
const head = `{"lab":2}`

// What is no recording is told from one.
func TestNoRecording(t *testing.T) {
	for want, b := range map[string][]byte{
		"gzip":          []byte("plain"),
		"first line":    packed(),
		"no header":     packed(`{"lab":99}`),
		"line 2":        packed(head, `{"t":"measurements","d":`),
		"kind 9":        packed(head, `{"t":"reports","k":9,"m":"2026-03-10T09:30Z"}`),
		"parse minute":  packed(head, `{"t":"reports","m":"yesterday"}`),
		"not recorded":  packed(head, `{"t":"verdicts","m":"2026-03-10T09:30Z","d":{}}`),
		"token too lon": packed(head, strings.Repeat("x", maxLine+1)),
		"two entries":   packed(head, `{"t":"reports","d":{}}`, `{"t":"reports","d":{}}`),
		"nothing is at": packed(head, `{"t":"reports","i":3,"d":{}}`),
		"at most":       packed(head, `{"t":"reports","i":99999999,"d":{}}`),
		"is damaged":    packed(head, `{"c":{"x":{},"i":[0],"q":[1],"t":[],"r":[0],"v":[]}}`),
		"column of mea": packed(head, `{"c":{"x":{"http":{}},"i":[0],"q":[1],"t":[0],"r":[0],"v":[]}}`),
		"of measuremen": packed(head, `{"c":{"x":7,"i":[0],"q":[1],"t":[0],"r":[0],"v":[[0]]}}`),
	} {
		if _, err := Read(bytes.NewReader(b)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// One that is too long is not taken for one that ends there.
func TestTooLong(t *testing.T) {
	b := packed(head, `{"t":"reports","d":{}}`, `{"t":"reports","i":1,"d":{}}`, "")
	for most, want := range map[int64]string{100: "", 30: "more than 30 bytes", 40: "more than 40 bytes"} {
		if _, err := read(bytes.NewReader(b), most); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("at most %d: %v", most, err)
		}
	}
}

// Whatever a line says, it ends in entries of topics that are recorded, or in an error.
func FuzzTake(f *testing.F) {
	f.Add([]byte(`{"c":{"x":{"agent":"a","tcp":{}},"i":[0,1],"q":[1,1],"t":[5,9],"r":[0,0],"v":[[0,0],[1,2],[3,4],[5,6],[0,0]]}}`))
	f.Add([]byte(`{"t":"reports","k":1,"m":"2026-03-10T09:30Z"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		u := unpacker{}
		if u.take(b) != nil {
			return
		}
		list, err := u.entries()
		for i := range list {
			if err == nil && (list[i].Topic == "" || list[i].Kind != stream.KindFact && list[i].Kind != stream.KindTick && list[i].Kind != stream.KindMissing) {
				t.Errorf("%+v", list[i])
			}
		}
	})
}

// Times keep three digits, and a tenth of a millisecond.
func TestRounded(t *testing.T) {
	for x, want := range map[float64]float64{0: 0, 0.04: 0, 0.06: 0.1, 99.96: 100, 123.4: 123, 1234.5: 1230, 9999: 10000, 20034: 20000, -3.21: -3.2} {
		if got := rounded(x); got != want {
			t.Errorf("%g: %g, want %g", x, got, want)
		}
	}
}
