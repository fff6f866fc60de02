package incident

import (
	"bytes"
	"encoding/json"
	"testing"

	"faultline/internal/stream"
	"faultline/outage"

	"pgregory.net/rapid"
)

// anyDetection draws what a detector may say, sensible or not.
func anyDetection(t *rapid.T, m outage.Minute) outage.Detection {
	first := m - outage.Minute(rapid.IntRange(0, 90).Draw(t, "first"))
	return outage.Detection{
		Signal:     outage.SignalReports,
		Country:    rapid.SampledFrom([]string{"", "", "US", "GB"}).Draw(t, "country"),
		Phase:      rapid.SampledFrom([]outage.Phase{outage.PhaseAlarm, outage.PhaseAlarm, outage.PhaseEasing, outage.PhaseOver}).Draw(t, "phase"),
		Count:      rapid.IntRange(0, 500).Draw(t, "count"),
		Baseline:   outage.Baseline{Expected: rapid.Float64Range(0, 50).Draw(t, "expected"), Dispersion: 2, Confidence: outage.ConfidenceLow},
		Score:      rapid.Float64Range(0, 20).Draw(t, "score"),
		First:      first,
		Onset:      first - outage.Minute(rapid.IntRange(0, 30).Draw(t, "onset")),
		OnsetCount: rapid.IntRange(0, 900).Draw(t, "since"),
		Confirm:    rapid.Float64Range(0, 8).Draw(t, "confirm"),
		Networks:   rapid.IntRange(0, 4).Draw(t, "networks"),
	}
}

// minute draws one minute of two services.
func minute(t *rapid.T, m outage.Minute) []outage.MinuteDetections {
	var out []outage.MinuteDetections
	for _, s := range []string{"facebook", "instagram"} {
		n := rapid.IntRange(0, 3).Draw(t, s)
		if n == 0 {
			continue
		}
		d := outage.MinuteDetections{Service: s, Minute: m}
		for range n {
			d.Detections = append(d.Detections, anyDetection(t, m))
		}
		out = append(out, d)
	}
	return out
}

// probed draws what probes may say of one of them.
func probed(t *rapid.T, m outage.Minute) []*outage.ProbeState {
	if rapid.IntRange(0, 3).Draw(t, "probed") > 0 {
		return nil
	}
	words := rapid.SliceOfN(rapid.SampledFrom([]string{"ok", "ok", "fail", "fail", "partly", "refused", "off"}), 0, 3).Draw(t, "words")
	s := sees(m, m-outage.Minute(rapid.IntRange(0, 90).Draw(t, "since")), words...)
	s.Service = "facebook"
	return []*outage.ProbeState{s}
}

// TestRestore checks at random sequences that a fold restored at any minute goes
// on as the one that was never stopped, and that no sequence breaks an incident.
func TestRestore(t *testing.T) {
	c := DefaultConfig()
	c.Services = familiar().Services
	c.ResolveAfter, c.DismissAfter, c.ReopenWithin = 8, 4, 20
	rapid.Check(t, func(t *rapid.T) {
		live, other := New(c), New(c)
		m := day
		for range rapid.IntRange(1, 120).Draw(t, "minutes") {
			m += outage.Minute(rapid.SampledFrom([]int{1, 1, 1, 1, 1, 1, 2, 30}).Draw(t, "step"))
			for _, d := range minute(t, m) {
				live.Observe(&d)
				other.Observe(&d)
			}
			for _, s := range probed(t, m) {
				live.Probed(s)
				other.Probed(s)
			}
			missing := rapid.IntRange(0, 19).Draw(t, "missing") == 0
			a, b := entries(t, live, m, missing), entries(t, other, m, missing)
			if !bytes.Equal(a, b) {
				t.Fatalf("after a restore:\n%s\nwithout:\n%s", b, a)
			}
			if rapid.IntRange(0, 9).Draw(t, "restore") == 0 {
				state, err := other.Snapshot()
				if err != nil {
					t.Fatal(err)
				}
				other = New(c)
				if err := other.Restore(state); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

// entries ends a minute, checks what is said and encodes it.
func entries(t *rapid.T, f *Fold, m outage.Minute, missing bool) []byte {
	list, err := f.Tick(m, missing)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, e := range list {
		b.WriteString(e.Key)
		b.Write(e.Data)
		i, err := stream.Incidents.Decode(e.Record)
		if err != nil {
			t.Fatal(err)
		}
		sound(t, i)
	}
	return b.Bytes()
}

// sound holds whatever the detections say.
func sound(t *rapid.T, i *outage.Incident) {
	last := outage.Minute(0)
	for n, w := range i.Waves {
		open := w.End == 0
		if w.Onset < last || (!open && w.End <= w.Onset) || (open && n < len(i.Waves)-1) {
			t.Fatalf("waves out of order: %+v", i.Waves)
		}
		last = w.End
	}
	if len(i.Waves) == 0 || i.Onset > i.Detected || i.Detected > i.Minute {
		t.Fatalf("dates do not fit: %+v", i)
	}
	if i.State == outage.StateConfirmed && (i.Confirmed == 0 || i.End != 0) {
		t.Fatalf("confirmed without a minute, or ended: %+v", i)
	}
	if !i.State.Open() && i.Closed == 0 {
		t.Fatalf("closed without a minute: %+v", i)
	}
}

func TestRestoreRefusesDamage(t *testing.T) {
	for _, s := range []string{"", "{", "null", `{"lives":null}`, `{"lives":1,"last":{}}`,
		`{"lives":{"x":null},"last":{}}`, `{"lives":{"x":{}},"last":{}}`} {
		if err := New(DefaultConfig()).Restore([]byte(s)); err == nil {
			t.Errorf("state %q was taken", s)
		}
	}
}

// TestApplyReadsTheTopic goes through the encoded door once.
func TestApplyReadsTheTopic(t *testing.T) {
	f := New(DefaultConfig())
	d := outage.MinuteDetections{Service: "x", Minute: day, Detections: []outage.Detection{{
		Signal: outage.SignalReports, Phase: outage.PhaseAlarm, Count: 9, First: day, Onset: day - 1, OnsetCount: 12,
	}}}
	e, err := stream.Detections.Entry(day, &d)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Apply(stream.Detections.Name, e.Record); err != nil {
		t.Fatal(err)
	}
	out, err := f.Tick(day, false)
	if err != nil || len(out) != 1 {
		t.Fatalf("%d revisions, error %v; want 1", len(out), err)
	}
	var i outage.Incident
	if err := json.Unmarshal(out[0].Data, &i); err != nil {
		t.Fatal(err)
	}
	if i.ID != "x-20250310T0000Z" || i.State != outage.StateSuspected || i.Onset != day-1 || i.Total != 12 {
		t.Errorf("first revision: %+v", i)
	}
	e.Data = []byte("{")
	if err := f.Apply(stream.Detections.Name, e.Record); err == nil {
		t.Error("a damaged record was taken")
	}
}

// FuzzRestore checks that no state breaks the fold, now or in the next minutes.
func FuzzRestore(f *testing.F) {
	live := New(DefaultConfig())
	at := func(m outage.Minute) *outage.MinuteDetections {
		return &outage.MinuteDetections{Service: "x", Minute: m, Detections: []outage.Detection{{
			Signal: outage.SignalReports, Phase: outage.PhaseAlarm, Count: 9, First: day, Onset: day - 1, OnsetCount: 12, Confirm: 9, Networks: 3,
		}}}
	}
	for m := day; m < day+3; m++ {
		state, err := live.Snapshot()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(state)
		live.Observe(at(m))
		live.End(m, false)
	}
	f.Fuzz(func(t *testing.T, state []byte) {
		fold := New(DefaultConfig())
		if fold.Restore(state) != nil {
			return
		}
		for m := day; m < day+90; m++ {
			if m < day+10 {
				fold.Observe(at(m))
			}
			if _, err := fold.Tick(m, false); err != nil {
				t.Fatal(err)
			}
		}
	})
}
