package incident

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"faultline/outage"
)

// familiar is a configuration in which two services have one owner.
func familiar() Config {
	c := DefaultConfig()
	c.Services = []outage.Service{{ID: "facebook", Family: "meta"}, {ID: "instagram", Family: "meta"}, {ID: "zoom"}}
	return c
}

// carried is a configuration with a CDN that carries five services of four owners.
func carried() Config {
	c := DefaultConfig()
	c.Services = []outage.Service{
		{ID: "cdn"}, {ID: "a", Providers: []string{"cdn"}}, {ID: "b", Providers: []string{"cdn"}}, {ID: "c", Providers: []string{"cdn"}},
		{ID: "d", Providers: []string{"cdn"}, Family: "owner"}, {ID: "e", Providers: []string{"cdn"}, Family: "owner"},
		{ID: "u", Providers: []string{"unlisted"}}, {ID: "v", Providers: []string{"unlisted"}}, {ID: "w", Providers: []string{"unlisted"}},
		{ID: "x"}, {ID: "y"}, {ID: "z"},
	}
	return c
}

// says makes what three agents say of a service: ok, or a failure at its layer.
func says(service string, m, since outage.Minute, word string) *outage.ProbeState {
	if word == "ok" {
		s := sees(m, since, "ok", "ok", "ok")
		s.Service, s.Layer, s.Failure = service, "", ""
		return s
	}
	s := sees(m, since, "fail", "fail", "ok")
	s.Service, s.Layer, s.Failure = service, outage.LayerTCP, outage.FailureTimeout
	if word == "5xx" {
		s.Layer, s.Failure = outage.LayerHTTP, outage.FailureHTTP5xx
	}
	for i := range s.Vantages {
		if s.Vantages[i].State == "failing" {
			s.Vantages[i].Layer, s.Vantages[i].Failure = s.Layer, s.Failure
		}
	}
	return s
}

// play lets services fail for some minutes, each written "a 5xx 10-40", and returns
// every revision that was said until four hours after noon.
func play(f *Fold, lines ...string) []outage.Incident {
	var out []outage.Incident
	for i := range f.config.Services {
		f.Probed(says(f.config.Services[i].ID, noon, noon-60, "ok"))
	}
	for i := range outage.Minute(240) {
		for _, l := range lines {
			var service, word string
			var from, to outage.Minute
			if _, err := fmt.Sscanf(strings.ReplaceAll(l, "-", " "), "%s %s %d %d", &service, &word, &from, &to); err != nil {
				panic(err)
			}
			if i == from+1 { // two looks in a row begin a word
				f.Probed(says(service, noon+i, noon+from, word))
			}
			if i == to+1 {
				f.Probed(says(service, noon+i, noon+to, "ok"))
			}
		}
		out = append(out, f.End(noon+i, false)...)
	}
	return out
}

// ends says of each incident its life, what it rests on and what it is linked with.
func ends(said []outage.Incident) string {
	last, states := map[string]*outage.Incident{}, map[string][]string{}
	for i := range said {
		s := &said[i]
		if l := last[s.Service]; l == nil || l.State != s.State {
			states[s.Service] = append(states[s.Service], fmt.Sprintf("%d %s", s.Minute-noon, s.State))
		}
		last[s.Service] = s
	}
	var out []string
	for _, l := range last {
		text := fmt.Sprintf("%s: %s; onset %d; %s", l.Service, strings.Join(states[l.Service], ", "), l.Onset-noon, l.Basis)
		if t := l.Tenants; t != nil {
			text += fmt.Sprintf("; %s of %d, %d of %d spared, %s", strings.Join(t.Failing, " "), t.Watched, t.Spared, t.Elsewhere, t.Manner)
		}
		for _, k := range l.Links {
			text += fmt.Sprintf("; %s %s", k.Why, k.Service)
		}
		out = append(out, text)
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

func TestProviderIncident(t *testing.T) {
	three := []string{"a 5xx 10-40", "b 5xx 10-40", "c 5xx 11-40"}
	const cdn = "cdn: 12 suspected, 14 confirmed, 41 recovering, 100 resolved; onset 10; tenants; a b c of 5, 6 of 6 spared, error; tenant a; tenant b; tenant c"
	for _, c := range []struct {
		name  string
		lines []string
		want  string // of the provider; empty: it gets none
	}{
		{"three tenants", three, cdn},
		{"two are chance", three[:2], ""},
		{"one owner counts once", []string{"a 5xx 10-40", "d 5xx 10-40", "e 5xx 10-40"}, ""},
		{"in another manner", []string{"a 5xx 10-40", "b 5xx 10-40", "c out 10-40"}, ""},
		{"one after the other", []string{"a 5xx 10-20", "b 5xx 25-40", "c 5xx 45-60"}, ""},
		{"out for long, and one more", []string{"a 5xx 0-200", "b 5xx 20-200", "c 5xx 40-200"}, ""},
		{"elsewhere too", append([]string{"x 5xx 10-40", "y 5xx 10-40"}, three...), ""},
		{"one elsewhere by chance", append([]string{"x out 5-60"}, three...),
			strings.Replace(cdn, "6 of 6", "5 of 6", 1)},
		{"a moment", []string{"a 5xx 10-12", "b 5xx 10-12", "c 5xx 10-12"},
			"cdn: 11 suspected, 42 dismissed; onset 10; tenants; a b c of 5, 6 of 6 spared, error; tenant a; tenant b; tenant c"},
		{"its own probes too", append([]string{"cdn 5xx 12-40"}, three...),
			"cdn: 12 suspected, 14 confirmed, 41 recovering, 100 resolved; onset 10; probes+tenants; a b c of 5, 6 of 6 spared, error; tenant a; tenant b; tenant c"},
		{"in waves", []string{"a 5xx 10-20", "b 5xx 10-20", "c 5xx 10-20", "a 5xx 30-40", "b 5xx 30-40", "c 5xx 30-40", "d 5xx 30-40"},
			"cdn: 11 suspected, 13 confirmed, 21 recovering, 31 confirmed, 41 recovering, 100 resolved; onset 10; tenants; a b c d of 5, 6 of 6 spared, error; tenant a; tenant b; tenant c; tenant d"},
	} {
		t.Run(c.name, func(t *testing.T) {
			said := play(New(carried()), c.lines...)
			got := ""
			for _, line := range strings.Split(ends(said), "\n") {
				if strings.HasPrefix(line, "cdn:") {
					got = line
				}
			}
			if got != c.want {
				t.Errorf("%s\nwant %s\nall:\n%s", got, c.want, ends(said))
			}
			if c.want == "" {
				return
			}
			opened := 0
			for i := range said {
				if said[i].Service == "cdn" && said[i].Revision == 1 {
					opened++
				}
			}
			if opened != 1 || !strings.Contains(ends(said), "a: ") || !strings.Contains(ends(said), "; provider cdn") {
				t.Errorf("opened %d times, and the tenants say\n%s", opened, ends(said))
			}
		})
	}
}

// Where the catalog has no service for what is shared, those that share it are linked.
func TestCommonCause(t *testing.T) {
	got := ends(play(New(carried()), "u out 10-40", "v out 10-40", "w out 10-40"))
	for _, want := range []string{"common cause suspected v; common cause suspected w", "common cause suspected u; common cause suspected w"} {
		if !strings.Contains(got, want) || strings.Contains(got, "tenants") || strings.Contains(got, "unlisted:") {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	f := New(carried()) // and the same of measured ground
	for _, s := range []string{"x", "y", "z"} {
		p := says(s, noon-9, noon-60, "ok")
		p.Stands = []string{"net:192.0.2.0/24"}
		f.Probed(p)
	}
	for _, s := range []string{"x", "y", "z"} {
		p := says(s, noon, noon-1, "out")
		p.Stands = []string{"net:192.0.2.0/24"}
		f.Probed(p)
	}
	said := f.End(noon, false)
	if text := ends(said); strings.Count(text, outage.LinkCommon) != 6 {
		t.Errorf("neighbours by address are not linked:\n%s", text)
	}
}

// reported feeds counts of reports, each at its peak, for some minutes.
func reported(f *Fold, peaks map[string]int, minutes int) []outage.Incident {
	var out []outage.Incident
	sent := map[string]int{}
	for i := range outage.Minute(minutes) {
		m := noon + i
		for service, peak := range peaks {
			sent[service] += peak
			f.Observe(&outage.MinuteDetections{Service: service, Minute: m, Detections: []outage.Detection{{
				Signal: outage.SignalReports, Phase: outage.PhaseAlarm, Count: peak, Baseline: outage.Baseline{Expected: 1, Dispersion: 1, Confidence: outage.ConfidenceNormal},
				Score: 30, Confirm: 30 * float64(min(i, 1)), First: noon, Onset: noon, OnsetCount: sent[service], Networks: 9,
			}}})
		}
		out = append(out, f.End(m, false)...)
	}
	return out
}

// labels lists the collateral links of the last revisions.
func labels(said []outage.Incident) string {
	last := map[string]outage.Incident{}
	for _, s := range said {
		last[s.Service] = s
	}
	var out []string
	for _, l := range last {
		for _, k := range l.Links {
			if k.Why == outage.LinkCollateral {
				out = append(out, fmt.Sprintf("%s %s %.3f", l.Service, k.Service, k.Ratio))
			}
		}
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

// Published figures of three days on which people reported the wrong carrier, and of
// one that was really out because its owner was.
func TestCollateral(t *testing.T) {
	carriers := DefaultConfig()
	carriers.Services = []outage.Service{
		{ID: "t-mobile-us", Family: "deutsche-telekom"}, {ID: "sprint", Family: "deutsche-telekom"}, {ID: "verizon"},
		{ID: "att", Family: "att"}, {ID: "cricket", Family: "att"}, {ID: "boost"},
		{ID: "vodafone"}, {ID: "o2"}, {ID: "ee"}, {ID: "three"},
	}
	for _, c := range []struct {
		name   string
		peaks  map[string]int
		probes map[string]string
		want   string
	}{
		{"T-Mobile US, 15 June 2020", map[string]int{"t-mobile-us": 113980, "verizon": 8619, "att": 3861, "sprint": 5000}, nil,
			"att t-mobile-us 0.034; verizon t-mobile-us 0.076"},
		{"Vodafone UK, 9 June 2020", map[string]int{"vodafone": 9686, "o2": 519, "ee": 411, "three": 322}, nil,
			"ee vodafone 0.042; o2 vodafone 0.053; three vodafone 0.033"},
		{"AT&T, 22 February 2024", map[string]int{"att": 73000, "verizon": 3000, "t-mobile-us": 1100, "boost": 700, "cricket": 9000}, nil,
			"boost att 0.010; t-mobile-us att 0.015; verizon att 0.041"},
		{"owned, and few", map[string]int{"att": 73000, "cricket": 900}, nil, ""},
		{"twelve in a hundred of a stranger", map[string]int{"att": 73000, "boost": 9000}, nil, ""},
		{"and probes find it well", map[string]int{"att": 73000, "boost": 9000}, map[string]string{"att": "out", "boost": "ok"}, "boost att 0.123"},
		{"and probes see it fail", map[string]int{"att": 73000, "boost": 900}, map[string]string{"att": "out", "boost": "out"}, ""},
		{"two of a size", map[string]int{"att": 5000, "verizon": 4900}, map[string]string{"att": "ok", "verizon": "ok"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := New(carriers)
			for service, word := range c.probes {
				f.Probed(says(service, noon, noon-1, word))
			}
			if got := labels(reported(f, c.peaks, 20)); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// A label goes when probes see the service fail, and stays when the other one is over.
func TestCollateralGoes(t *testing.T) {
	c := DefaultConfig()
	c.ResolveAfter = 5
	c.Services = []outage.Service{{ID: "big"}, {ID: "small"}}
	f := New(c)
	said := reported(f, map[string]int{"big": 9000, "small": 90}, 20)
	if got := labels(said); got != "small big 0.010" {
		t.Fatalf("%q", got)
	}
	saved, err := f.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	f.Probed(says("small", noon+20, noon+19, "out"))
	if got := labels(append(said, f.End(noon+20, false)...)); got != "" {
		t.Errorf("probes see it fail, and the label is %q", got)
	}
	f = New(c)
	if err := f.Restore(saved); err != nil {
		t.Fatal(err)
	}
	sent := 2000
	for i := outage.Minute(20); i < 60; i++ { // the large one ends, the small one goes on
		sent += 90
		f.Observe(&outage.MinuteDetections{Service: "small", Minute: noon + i, Detections: []outage.Detection{{
			Signal: outage.SignalReports, Phase: outage.PhaseAlarm, Count: 90, Baseline: outage.Baseline{Expected: 1, Dispersion: 1},
			Score: 30, Confirm: 30, First: noon, Onset: noon, OnsetCount: sent, Networks: 9,
		}}})
		said = append(said, f.End(noon+i, false)...)
	}
	if got := labels(said); got != "small big 0.010" || f.state.Lives["big"].Inc.State != outage.StateResolved {
		t.Errorf("the large one is %s, and the label is %q", f.state.Lives["big"].Inc.State, got)
	}
}

// A fold restored at any minute says what one says that never stopped, with providers
// and their tenants in every state.
func TestRestoreBeside(t *testing.T) {
	c := carried()
	c.ResolveAfter, c.DismissAfter, c.ReopenWithin = 8, 4, 20
	rapid.Check(t, func(t *rapid.T) {
		live, other := New(c), New(c)
		for i := range rapid.IntRange(1, 80).Draw(t, "minutes") {
			m := noon + outage.Minute(i)
			for range rapid.IntRange(0, 4).Draw(t, "states") {
				s := says(rapid.SampledFrom([]string{"a", "b", "c", "d", "cdn", "u", "v", "w", "x"}).Draw(t, "service"),
					m, m-outage.Minute(rapid.IntRange(0, 2).Draw(t, "since")), rapid.SampledFrom([]string{"ok", "5xx", "5xx", "out"}).Draw(t, "word"))
				live.Probed(s)
				other.Probed(s)
			}
			if rapid.IntRange(0, 5).Draw(t, "restart") == 0 {
				saved, err := other.Snapshot()
				if err != nil {
					t.Fatal(err)
				}
				other = New(c)
				if err := other.Restore(saved); err != nil {
					t.Fatal(err)
				}
			}
			one, two := live.End(m, false), other.End(m, false)
			if !reflect.DeepEqual(one, two) {
				t.Fatalf("minute %d: %+v\nand restored: %+v", i, one, two)
			}
		}
		first, err := live.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		if second, err := other.Snapshot(); err != nil || !bytes.Equal(first, second) {
			t.Fatalf("the states differ, %v:\n%s\n%s", err, first, second)
		}
	})
}
