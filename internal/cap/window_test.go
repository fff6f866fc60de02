package cap

import (
	"bytes"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"faultline/outage"
)

func TestReasonsAndTheWindow(t *testing.T) {
	w := newWorld(7)
	for i := range 30 {
		want := Decision{Counted: i < 10}
		if i >= 10 {
			want.Reason = ReasonPrefix
		}
		if got := w.Admit(w.press("s", "AS1", 1)); got != want {
			t.Fatalf("press %d from one prefix: %+v, want %+v", i, got, want)
		}
	}
	for i := range 15 {
		want := Decision{Counted: i < 10}
		if i >= 10 {
			want.Reason = ReasonNetwork
		}
		if got := w.Admit(w.press("s", "AS1", uint64(100+i))); got != want {
			t.Fatalf("press %d from one network: %+v, want %+v", i, got, want)
		}
	}
	if !w.Admit(w.press("other", "AS1", 1)).Counted {
		t.Error("another service has the same window")
	}
	w.minute += outage.ReportWindow - 1
	if w.Admit(w.press("s", "AS1", 500)).Counted {
		t.Error("the window ended a minute early")
	}
	w.minute++
	if !w.Admit(w.press("s", "AS1", 500)).Counted {
		t.Error("the window did not end")
	}
	w.minute -= 5 // a clock that steps back must not break anything
	if !w.Admit(w.press("s", "AS1", 501)).Counted {
		t.Error("a press from an earlier minute was refused")
	}
}

func TestExemptPrefixHasTheHostsOfASlash24(t *testing.T) {
	w, counted := newWorld(8), 0
	for range 400 {
		p := w.press("s", "AS1", 1)
		p.Exempt = true
		if w.Admit(p).Counted {
			counted++
		}
	}
	if counted != 256 {
		t.Errorf("%d counted, want 256", counted)
	}
}

// After a restart with a snapshot and the reports of the window, decisions are the
// same as without.
func TestRestart(t *testing.T) {
	w := newWorld(9)
	w.live("s", 2*24*60, flat(1))
	var window []Press
	for range 30 {
		w.minute++
		for range 3 {
			if p := w.person("s"); w.Admit(p).Counted {
				window = append(window, p)
			}
		}
	}
	data, err := w.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	again := New(DefaultConfig())
	if err := again.Restore(data); err != nil {
		t.Fatal(err)
	}
	for _, p := range window {
		again.Count(p)
	}
	for i := range uint64(200) {
		if i%10 == 0 {
			w.minute++
		}
		p := w.press("s", "AS100", 1<<40|i)
		if a, b := w.Admit(p), again.Admit(p); a != b {
			t.Fatalf("press %d: %+v before and %+v after the restart", i, a, b)
		}
	}
	a, _ := w.Snapshot()
	b, _ := again.Snapshot()
	if !bytes.Equal(a, b) {
		t.Error("what was learned differs after the restart")
	}
}

func TestRestoreRefusesDamage(t *testing.T) {
	c := New(DefaultConfig())
	if err := c.Restore([]byte("{")); err == nil {
		t.Error("a damaged snapshot was taken")
	}
	if err := c.Restore([]byte(`{"services":{"a":null,"b":{"total":-1},"c":{"minute":"2025-03-10T09:30Z"}}}`)); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"a", "b", "c"} {
		if !c.Admit(Press{Service: id, Minute: start, Network: "AS1"}).Counted {
			t.Errorf("service %s does not count after a strange snapshot", id)
		}
	}
}

func TestPseudonymsAreNotLearned(t *testing.T) {
	w := newWorld(13)
	for i := range uint64(10) {
		w.Admit(w.press("s", "~0badcafe", i))
	}
	w.minute += outage.Hour
	w.Admit(w.press("s", "AS1", 1))
	if l := w.services["s"].learned; len(l.Networks) != 0 || l.Total == 0 {
		t.Errorf("learned %v of %.1f reports, want no network", l.Networks, l.Total)
	}
}

func TestSharesStayBounded(t *testing.T) {
	w := newWorld(10)
	for i := range uint64(3 * MaxShares) {
		if i%50 == 0 {
			w.minute++
		}
		p := w.press("s", fmt.Sprintf("AS%d", i), i)
		p.Exempt = true
		w.Admit(p)
	}
	w.minute += 2 * outage.Hour
	w.Admit(w.press("s", "AS1", 1))
	if n := len(w.services["s"].learned.Networks); n > MaxShares {
		t.Errorf("%d networks are remembered, want %d at most", n, MaxShares)
	}
}

// The counts of the window are those of its events, whatever comes in.
func TestWindowAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, m := New(DefaultConfig()), start
		for range rapid.IntRange(1, 200).Draw(t, "presses") {
			m += outage.Minute(rapid.SampledFrom([]int{0, 0, 0, 1, 7, 40, -3}).Draw(t, "step"))
			c.Admit(Press{
				Service: "s", Minute: m, Network: rapid.SampledFrom([]string{"", "AS1", "AS2", "~x"}).Draw(t, "network"),
				Prefix: rapid.Uint64Range(0, 5).Draw(t, "prefix"), Exempt: rapid.Bool().Draw(t, "exempt"),
			})
		}
		s, n, p := c.services["s"], 0, 0
		for _, v := range s.networks {
			n += v
		}
		for _, v := range s.prefixes {
			p += v
		}
		if n != s.total() || p != s.total() {
			t.Fatalf("networks sum to %d and prefixes to %d, want %d", n, p, s.total())
		}
		for _, e := range s.events[s.head:] {
			if e.minute <= s.now-outage.ReportWindow {
				t.Fatalf("a report of %s is in the window of %s", e.minute, s.now)
			}
		}
	})
}

// FuzzRestore: whatever the bytes, presses are decided on afterwards.
func FuzzRestore(f *testing.F) {
	w := newWorld(11)
	w.live("s", 100, flat(1))
	data, err := w.Snapshot()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"services":{"s":{"minute":"1900-01-01T00:00Z","total":1e300,"networks":{"AS1":1e300}}},"all":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := New(DefaultConfig())
		if err := c.Restore(data); err != nil {
			return
		}
		for i := range uint64(3) {
			if d := c.Admit(Press{Service: "s", Minute: start, Network: "AS1", Prefix: i}); d.Counted != (d.Reason == ReasonNone) {
				t.Errorf("the decision %+v contradicts itself", d)
			}
		}
		if _, err := c.Snapshot(); err != nil {
			t.Errorf("Snapshot after Restore: %v", err)
		}
	})
}
