package view

import (
	"strings"
	"testing"

	"faultline/internal/store"
	"faultline/internal/web/words"
	"faultline/outage"
)

func TestShares(t *testing.T) {
	in := []store.Share{{Name: "a", Count: 60}, {Name: "b", Count: 40}, {Name: "c", Waiting: true}, {Name: "d"}}
	for i := range 5 {
		in = append(in, store.Share{Name: string(rune('e' + i)), Count: 5, Waiting: i == 0})
	}
	b := Shares(in, func(s string) string { return "name of " + s })
	if len(b.Top) != topShares || len(b.Rest) != 2 || !b.Waiting {
		t.Fatalf("%d on top, %d folded, waiting %v", len(b.Top), len(b.Rest), b.Waiting)
	}
	if want := (Share{"name of a", "60", "48 %", 100}); b.Top[0] != want {
		t.Errorf("the first is %+v, want %+v", b.Top[0], want)
	}
	if want := (Share{"name of c", "<5", "", 0}); b.Top[2] != want {
		t.Errorf("what is kept back is %+v, want %+v", b.Top[2], want)
	}
	if empty := Shares(nil, nil); len(empty.Top) != 0 {
		t.Errorf("shares of nothing: %+v", empty)
	}
}

func TestNowSortsByVolume(t *testing.T) {
	row := func(id string, s outage.Status, quarter int) store.Row {
		return store.Row{Service: outage.Service{ID: id, Name: id}, Bulletin: outage.Bulletin{Status: s}, Quarter: quarter}
	}
	retired := row("gone", outage.StatusProblems, 99)
	retired.Service.Retired = true
	n := NowOf([]store.Row{
		row("a", outage.StatusProblems, 5), row("b", outage.StatusProblems, 50), row("c", outage.StatusRising, 9),
		row("d", outage.StatusQuiet, 900), row("e", outage.StatusUnknown, 1), row("f", outage.StatusRecovering, 2), retired,
	}, []outage.Incident{{ID: "b-1", Service: "b", Onset: 30}}, nil, words.World{})
	if n.Out.Len() != 2 || n.Out.Cards[0].ID != "b" || n.Out.Cards[0].Incident != "b-1" || n.Out.Cards[0].Since == nil {
		t.Errorf("out: %+v", n.Out)
	}
	if n.Rising.Len() != 1 || n.Recovering.Len() != 1 || n.Unknown != 1 || n.Services != 6 || n.Early {
		t.Errorf("the rest: %+v", n)
	}
	if want := "Users report problems: b, a. Reports are rising: c. Recovering: f."; n.Say != want {
		t.Errorf("a screen reader hears %q, want %q", n.Say, want)
	}
}

// However many are out, the page stays short and says how many there are.
func TestNowIsBounded(t *testing.T) {
	rows := make([]store.Row, 3*maxCards)
	for i := range rows {
		rows[i].Bulletin.Status = outage.StatusProblems
	}
	if n := NowOf(rows, nil, nil, words.World{}); len(n.Out.Cards) != maxCards || n.Out.Len() != 3*maxCards {
		t.Errorf("%d cards for %d services", len(n.Out.Cards), n.Out.Len())
	}
}

func TestGroups(t *testing.T) {
	rows := []store.Row{
		{Service: outage.Service{ID: "z", Name: "Zed", Kind: "games"}}, {Service: outage.Service{ID: "own", Name: "Own", Kind: "our-own"}},
		{Service: outage.Service{ID: "b", Name: "beta", Kind: "games"}}, {Service: outage.Service{ID: "s", Name: "S", Kind: "social"}},
		{Service: outage.Service{ID: "a", Name: "Alpha", Kind: "games"}, Bulletin: outage.Bulletin{Status: outage.StatusRising}},
	}
	var got []string
	for _, g := range GroupsOf(rows, func(string) *outage.Incident { return nil }) {
		got = append(got, g.Label+":")
		for _, i := range g.Items {
			got = append(got, i.Name)
		}
	}
	if s, want := strings.Join(got, " "), "Social networks: S Games: Alpha beta Zed Our own: Own"; s != want {
		t.Errorf("groups %q, want %q", s, want)
	}
}

// The open minute may have closed between two reads of the store.
func TestOpenMinuteIsNeverAClosedOne(t *testing.T) {
	f := ServiceFacts{Pulse: store.Pulse{Closed: 100}, Row: store.Row{Open: store.Open{Minute: 100, Count: 7}}}
	if n := numbersOf(f); n.Open != "0" || n.OpenAt == nil || *n.OpenAt != words.At(101, 100) {
		t.Errorf("open %s at %s", n.Open, n.OpenAt.Text)
	}
	f.Row.Open.Minute = 101
	if n := numbersOf(f); n.Open != "7" {
		t.Errorf("open %s", n.Open)
	}
}

// A quarter hour that is not over is drawn apart, and the store's answer is left alone.
func TestSoFar(t *testing.T) {
	in := []store.Bucket{{Start: 0}, {Start: 15}}
	if out := soFar(in, 15, 29); out[1].Provisional {
		t.Error("a quarter hour that is over counts as open")
	}
	if out := soFar(in, 15, 20); !out[1].Provisional || in[1].Provisional || out[0].Provisional {
		t.Errorf("got %+v from %+v", out, in)
	}
}

func TestIncidentSpan(t *testing.T) {
	for name, c := range map[string]struct {
		i    outage.Incident
		p    store.Pulse
		step outage.Minute
	}{
		"just begun":   {outage.Incident{Onset: 10_000}, store.Pulse{Closed: 10_004}, 1},
		"a day":        {outage.Incident{Onset: 10_000}, store.Pulse{Closed: 11_440}, 15},
		"over long":    {outage.Incident{Onset: 1_000, End: 2_000, Closed: 2_060}, store.Pulse{Closed: 90_000}, 5},
		"aged out":     {outage.Incident{Onset: 1_000, End: 1_030, Closed: 1_090}, store.Pulse{Closed: 90_000, Oldest: 60_000}, 60},
		"for ever":     {outage.Incident{Onset: 1_000}, store.Pulse{Closed: 9_000_000}, outage.Day},
		"clock behind": {outage.Incident{Onset: 1_000}, store.Pulse{Closed: 900}, 1},
	} {
		from, to, step := IncidentSpan(&c.i, c.p)
		if n := (to - from) / step; step != c.step || n < 1 || n > maxBuckets+1 || (to-from)%step != 0 || from%step != 0 {
			t.Errorf("%s: from %d to %d by %d, %d buckets; want steps of %d", name, from, to, step, n, c.step)
		}
	}
}

func TestHistory(t *testing.T) {
	a := outage.Incident{Revision: 1, Minute: 600, Onset: 590, State: outage.StateSuspected, Waves: []outage.Wave{{Onset: 590}}, Severity: outage.Severity{Word: "minor"}}
	b := a
	b.Revision, b.Minute, b.Count = 2, 601, 40 // counts alone are no change
	c := b
	c.Revision, c.Minute, c.State, c.Onset = 3, 602, outage.StateConfirmed, 588
	c.Countries = []outage.Affected{{Name: "US", FirstSeen: 590}, {Name: "GB", FirstSeen: 590}, {Name: "IN", FirstSeen: 595}}
	c.Severity.Word = "major"
	list, left := HistoryOf([]outage.Incident{a, b, c})
	if len(list) != 2 || left != 0 {
		t.Fatalf("%d changes, %d left out: %+v", len(list), left, list)
	}
	got := strings.Join(list[0].Texts, " ")
	want := "Confirmed by a later span of reports. Severity: major, after minor. The onset is now put at 09:48 UTC. " +
		"Countries affected: from 09:50 United States, United Kingdom; from 09:55 India."
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	var long []outage.Incident
	for i := range 3 * maxChanges {
		a.Revision, a.State = i, []outage.State{outage.StateConfirmed, outage.StateRecovering}[i%2]
		long = append(long, a)
	}
	if list, left = HistoryOf(long); len(list) != maxChanges || left != 2*maxChanges || list[0].Revision != 3*maxChanges-1 {
		t.Errorf("of a long history %d changes, %d left out, the first is revision %d", len(list), left, list[0].Revision)
	}
}

// In the first minutes of an outage the quarter hour that is not over towers over
// the day: it is the one to mark, and it says that it may still grow.
func TestHighestBucketMayBeOpen(t *testing.T) {
	f := ServiceFacts{Day: []store.Bucket{{Start: 0, Count: 611}, {Start: 15, Count: 36173}}}
	f.Row.Service.Name, f.Pulse.Closed = "X", 20
	l := dayLine(f)
	if want := "The highest quarter hour has 36,173 reports so far"; !strings.Contains(l.Plot.Desc, want) || len(l.Plot.Dots) != 1 || l.Plot.Dots[0].Label != "36,173" {
		t.Errorf("described as %q with dots %+v", l.Plot.Desc, l.Plot.Dots)
	}
}

func TestSummaryNamesAWaveWhereThereAreSeveral(t *testing.T) {
	i := &outage.Incident{State: outage.StateConfirmed, Waves: make([]outage.Wave, 1)}
	if got := summary(i, "14 minutes"); !strings.HasSuffix(got, "14 minutes ago, and are still above the usual.") {
		t.Errorf("one wave: %s", got)
	}
	i.Waves = make([]outage.Wave, 3)
	if got := summary(i, "14 minutes"); !strings.HasSuffix(got, "above the usual in wave 3.") {
		t.Errorf("three waves: %s", got)
	}
}

// TestWhatAnIncidentRestsOn words families and dimensions; nothing names a network.
func TestWhatAnIncidentRestsOn(t *testing.T) {
	for families, want := range map[string]string{
		"crowd": "", "": "", "crowd+probes": "our own probes", "crowd+operator+probes": "the operator's own word and our own probes", "flows": "flows",
	} {
		if got := basis(families); got != want {
			t.Errorf("%q: %q, want %q", families, got, want)
		}
	}
	for d, want := range map[outage.Dimension]string{
		"": "", outage.DimensionCountries: "countries", outage.DimensionCategories: "kinds of problem", outage.DimensionNetworks: "networks",
	} {
		if got := wide(d); got != want {
			t.Errorf("%q: %q, want %q", d, got, want)
		}
	}
}

// In lists a verdict answers both questions in a few words of its own.
func TestJudgedInShort(t *testing.T) {
	tcp := outage.LayerVerdict{State: outage.VerdictVeryLikely, Layer: outage.LayerTCP}
	for want, c := range map[string]struct {
		v    outage.Verdict
		open bool
	}{
		"Connection (TCP) · consistent with a flood, likely": {outage.Verdict{State: outage.VerdictLikely, Layer: tcp, Short: "consistent with a flood, likely"}, true},
		"Consistent with a flood, likely":                    {outage.Verdict{State: outage.VerdictLikely, Short: "consistent with a flood, likely"}, true},
		"Connection (TCP) · cannot tell yet":                 {outage.Verdict{State: outage.VerdictInsufficient, Layer: tcp, Short: "cannot tell"}, true},
		"Cannot tell":                                        {outage.Verdict{State: outage.VerdictInsufficient, Short: "cannot tell"}, false},
		"More than one explanation fits":                     {outage.Verdict{State: outage.VerdictAmbiguous}, false},
	} {
		if got := JudgedOf(&c.v, c.open).Short; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if JudgedOf(nil, true) != nil {
		t.Error("there is a verdict where nothing was said")
	}
}
