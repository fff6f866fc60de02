package siblings

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"faultline/outage"
)

const noon = outage.Minute(29026800)

// agents that look in these tests, each in a network of its own.
var agents = []string{"a0", "a1", "a2", "a3", "a4", "a5"}

// state makes what probes say of a service: a word for each agent, which is ok, bad
// (tcp time-out), 5xx, nx, off (bad, and not to be believed) or - (does not look).
func state(service string, m, since outage.Minute, words string, stands ...string) *outage.ProbeState {
	s := &outage.ProbeState{Service: service, Minute: m, Stands: stands}
	for i, w := range strings.Fields(words) {
		v := outage.VantageState{Agent: agents[i], Health: "healthy", State: "healthy", Since: since}
		switch w {
		case "-":
			continue
		case "bad", "off":
			v.State, v.Layer, v.Failure = "failing", outage.LayerTCP, outage.FailureTimeout
		case "5xx":
			v.State, v.Layer, v.Failure = "failing", outage.LayerHTTP, outage.FailureHTTP5xx
		case "nx":
			v.State, v.Layer, v.Failure = "failing", outage.LayerDNS, outage.FailureNXDOMAIN
		}
		if w == "off" {
			v.Health = "offline"
		} else if v.Failure != "" {
			s.Layer, s.Failure = v.Layer, v.Failure
		}
		s.Vantages = append(s.Vantages, v)
	}
	return s
}

// world has a CDN with four tenants, of which two have one owner, and others.
func world() []outage.Service {
	return []outage.Service{
		{ID: "cdn"}, {ID: "a", Providers: []string{"cdn"}}, {ID: "b", Providers: []string{"cdn"}},
		{ID: "c", Providers: []string{"cdn"}, Family: "owner"}, {ID: "d", Providers: []string{"cdn"}, Family: "owner"},
		{ID: "bank", DependsOn: []string{"logins"}}, {ID: "logins"}, {ID: "far"}, {ID: "old", Providers: []string{"cdn"}, Retired: true},
	}
}

// all feeds a state of every service at noon.
func all(b *Book, words map[string]string) {
	for _, s := range world() {
		if s.Retired {
			continue
		}
		w := words[s.ID]
		if w == "" {
			w = "ok ok ok"
		}
		b.Probed(state(s.ID, noon, noon-60, "ok ok ok ok ok ok"))
		b.Probed(state(s.ID, noon+2, noon+1, w))
	}
}

func group(g Group) string {
	return fmt.Sprintf("%d/%d %s", g.Failing, g.Watched, strings.Join(g.Names, " "))
}

func TestNeighbours(t *testing.T) {
	for _, c := range []struct {
		name  string
		words map[string]string
		of    string
		want  string // siblings, same | family | tenants | elsewhere | region
	}{
		{"alone", map[string]string{"a": "bad bad bad"}, "a", "0/3 , 0 | 0/0  | 0/0  | 0/3 | 0/9"},
		{"the whole provider", map[string]string{"a": "5xx 5xx 5xx", "b": "5xx 5xx 5xx", "c": "5xx 5xx 5xx", "d": "5xx 5xx 5xx"}, "a",
			"3/3 b c d, 3 | 0/0  | 0/0  | 0/3 | 0/9"},
		{"in another way", map[string]string{"a": "5xx 5xx 5xx", "b": "bad bad bad"}, "a", "1/3 b, 0 | 0/0  | 0/0  | 0/3 | 0/9"},
		{"one owner's are no siblings", map[string]string{"c": "5xx 5xx 5xx", "d": "5xx 5xx 5xx"}, "c", "0/2 , 0 | 1/1 d | 0/0  | 0/3 | 0/9"},
		{"seen from the provider", map[string]string{"a": "5xx 5xx 5xx", "b": "5xx 5xx 5xx"}, "cdn", "0/0 , 0 | 0/0  | 2/4 a b | 0/3 | 0/0"},
		{"one region", map[string]string{"a": "bad ok ok ok ok ok", "b": "bad ok ok ok ok ok", "bank": "bad ok ok ok ok ok", "far": "bad ok ok ok ok ok"}, "a",
			"1/3 b, 1 | 0/0  | 0/0  | 0/3 | 2/3 bank far"},
		{"everywhere", map[string]string{"a": "bad bad bad", "bank": "bad bad bad", "far": "bad bad bad", "logins": "bad bad bad"}, "a",
			"0/3 , 0 | 0/0  | 0/0  | 3/3 bank far logins | 9/9 bank far logins"},
		{"whom nobody believes", map[string]string{"a": "bad bad bad", "bank": "off off off", "b": "off off ok"}, "a", "0/3 , 0 | 0/0  | 0/0  | 0/2 | 0/6"},
		{"probes see nothing", nil, "a", "0/3 , 0 | 0/0  | 0/0  | 0/3 | 0/0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := New(world())
			all(b, c.words)
			v := b.Neighbours(c.of, noon+1, noon+10)
			got := fmt.Sprintf("%s, %d | %s | %s | %s | %s", group(v.Siblings), v.Same, group(v.Family), group(v.Tenants), strings.TrimSpace(group(v.Elsewhere)), strings.TrimSpace(group(v.Region)))
			if got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
		})
	}
}

// A neighbour that failed at another time does not fail with it, and one whose trouble
// began later is not the same.
func TestMinutesInCommon(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to outage.Minute // of the neighbour, after noon
		failing  int
		same     int
	}{
		{"the same minutes", 10, 30, 1, 1},
		{"two minutes later", 12, 30, 1, 1},
		{"three minutes later", 13, 30, 1, 0},
		{"half of them", 20, 40, 1, 0},
		{"a few of them", 24, 60, 0, 0},
		{"before", 0, 9, 0, 0},
		{"after", 31, 60, 0, 0},
	} {
		b := New(world())
		b.Probed(state("a", noon, noon-60, "ok ok ok"))
		b.Probed(state("b", noon, noon-60, "ok ok ok"))
		for i := range outage.Minute(70) {
			if i == 11 {
				b.Probed(state("a", noon+i, noon+10, "bad bad bad"))
			}
			if i == 31 {
				b.Probed(state("a", noon+i, noon+30, "ok ok ok"))
			}
			if i == c.from+1 {
				b.Probed(state("b", noon+i, noon+c.from, "bad bad bad"))
			}
			if i == c.to+1 {
				b.Probed(state("b", noon+i, noon+c.to, "ok ok ok"))
			}
		}
		v := b.Neighbours("a", noon+10, noon+69)
		if v.Siblings.Failing != c.failing || v.Same != c.same {
			t.Errorf("%s: %d fail, %d the same; want %d, %d", c.name, v.Siblings.Failing, v.Same, c.failing, c.same)
		}
	}
}

// Ground that was measured makes siblings of services that the catalog keeps apart, and
// name servers make neighbours at names alone.
func TestMeasuredGround(t *testing.T) {
	b := New(world())
	for s, on := range map[string][]string{
		"bank": {"net:192.0.2.0/24", "nameservers:example.net"}, "far": {"net:192.0.2.0/24"}, "logins": {"nameservers:example.net"}, "a": {"net:198.51.100.0/24"},
	} {
		b.Probed(state(s, noon, noon-60, "ok ok ok", on...))
	}
	b.Probed(state("bank", noon+2, noon+1, "5xx 5xx 5xx", "net:192.0.2.0/24", "nameservers:example.net"))
	b.Probed(state("logins", noon+2, noon+1, "nx nx nx", "nameservers:example.net"))
	b.Probed(state("far", noon+2, noon+1, "bad bad bad", "net:192.0.2.0/24"))
	v := b.Neighbours("far", noon+1, noon+5)
	if group(v.Siblings) != "1/1 bank" || v.Same != 0 {
		t.Errorf("siblings %s, %d the same", group(v.Siblings), v.Same)
	}
	b.Probed(state("bank", noon+3, noon+1, "nx nx nx", "net:192.0.2.0/24", "nameservers:example.net"))
	v = b.Neighbours("logins", noon+1, noon+5)
	if group(v.Nameservers) != "1/1 bank" || group(v.Siblings) != "0/0 " {
		t.Errorf("on the same name servers %s, siblings %s", group(v.Nameservers), group(v.Siblings))
	}
	b.Probed(state("bank", noon+4, noon+1, "bad bad bad", "nameservers:example.net"))
	if v = b.Neighbours("logins", noon+1, noon+5); v.Nameservers.Failing != 0 || v.Nameservers.Watched != 1 {
		t.Errorf("who fails otherwise does not fail at the name: %s", group(v.Nameservers))
	}
	if v = b.Neighbours("far", noon+1, noon+5); v.Siblings.Watched != 0 {
		t.Errorf("it moved away, and is still a sibling: %s", group(v.Siblings))
	}
}

func incident(service string, onset outage.Minute, basis string, peak int, expected float64) *outage.Incident {
	return &outage.Incident{ID: service + "-1", Service: service, State: outage.StateConfirmed, Onset: onset, Basis: basis, Peak: peak, Expected: expected}
}

func TestIncidentsBeside(t *testing.T) {
	b := New(world())
	all(b, nil)
	b.Incident(incident("cdn", noon, "tenants", 0, 0))
	b.Incident(incident("logins", noon, "probes", 0, 0))
	if v := b.Neighbours("a", noon+1, noon+9); fmt.Sprint(v.Providers, v.Dependencies) != "[{cdn cdn-1 tenants}] []" {
		t.Errorf("a: %v, %v", v.Providers, v.Dependencies)
	}
	if v := b.Neighbours("bank", noon+1, noon+9); fmt.Sprint(v.Providers, v.Dependencies) != "[] [{logins logins-1 probes}]" {
		t.Errorf("bank: %v, %v", v.Providers, v.Dependencies)
	}
	if v := b.Neighbours("a", noon+1, noon+9); v.Carried != 1 || v.Needs != 0 {
		t.Errorf("a stands on %d that is watched, and needs %d", v.Carried, v.Needs)
	}
	if v := b.Neighbours("bank", noon+1, noon+9); v.Carried != 0 || v.Needs != 1 {
		t.Errorf("bank stands on %d that is watched, and needs %d", v.Carried, v.Needs)
	}
	over := incident("logins", noon-90, "probes", 0, 0)
	over.End, over.Closed, over.State = noon-60, noon, outage.StateResolved
	b.Incident(over)
	dropped := incident("cdn", noon, "tenants", 0, 0)
	dropped.State = outage.StateDismissed
	b.Incident(dropped)
	for _, id := range []string{"a", "bank"} {
		if v := b.Neighbours(id, noon+1, noon+9); len(v.Providers)+len(v.Dependencies) != 0 {
			t.Errorf("%s: %v, %v", id, v.Providers, v.Dependencies)
		}
	}
}

func TestLead(t *testing.T) {
	b := New(world())
	b.Incident(incident("a", noon, "probes", 0, 0))
	if v := b.Neighbours("a", noon, noon+9); v.Lead.Known {
		t.Errorf("nobody reports, and %+v", v.Lead)
	}
	b.Incident(incident("a", noon, "crowd", 120, 20))
	if v := b.Neighbours("a", noon, noon+9); v.Lead != (Lead{Known: true, Ratio: 100}) {
		t.Errorf("alone: %+v", v.Lead)
	}
	b.Incident(incident("b", noon+3, "crowd", 210, 10))
	if v := b.Neighbours("a", noon, noon+9); v.Lead != (Lead{Known: true, Ratio: 0.5, Service: "b", Incident: "b-1"}) {
		t.Errorf("half: %+v", v.Lead)
	}
	if v := b.Neighbours("b", noon, noon+9); v.Lead != (Lead{Known: true, Ratio: 2, Service: "a", Incident: "a-1"}) {
		t.Errorf("twice: %+v", v.Lead)
	}
	seen := incident("b", noon+3, "crowd+probes", 210, 10)
	seen.Probes = &outage.Probes{Quorum: true}
	b.Incident(seen)
	if v := b.Neighbours("a", noon, noon+9); !v.Lead.Fails {
		t.Errorf("probes see the other fail: %+v", v.Lead)
	}
	b.Incident(incident("b", noon+3, "crowd", 1010, 10))
	if v := b.Neighbours("a", noon, noon+9); !v.Lead.Fails || v.Lead.Ratio != 0.1 {
		t.Errorf("ten times as many: %+v", v.Lead)
	}
}

func TestManner(t *testing.T) {
	for _, c := range []struct {
		layer   outage.Layer
		failure outage.Failure
		want    Manner
	}{
		{outage.LayerTCP, outage.FailureTimeout, MannerUnreachable}, {outage.LayerTLS, outage.FailureTimeout, MannerUnreachable},
		{outage.LayerTCP, outage.FailureRefused, MannerRefused}, {outage.LayerHTTP, outage.FailureTimeout, MannerSilent},
		{outage.LayerHTTP, outage.FailureHTTP5xx, MannerError}, {outage.LayerApp, outage.FailureHTTP5xx, MannerError},
		{outage.LayerHTTP, outage.FailureEdgeOrigin, MannerError}, {outage.LayerHTTP, outage.FailureHTTP403, MannerDenied},
		{outage.LayerTLS, outage.FailureCertExpired, MannerCertificate}, {outage.LayerDNS, outage.FailureTimeout, MannerName},
		{outage.LayerHTTP, outage.FailureRedirectLoop, MannerMisled}, {outage.LayerApp, outage.FailureKeyword, MannerContent},
		{outage.LayerHTTP, outage.FailureHTTPStatus, MannerError}, {outage.LayerHTTP, outage.FailureTooLarge, MannerContent},
		{outage.LayerTCP, "", MannerUnknown}, {"", outage.FailureTimeout, MannerUnknown},
	} {
		if got := MannerOf(c.layer, c.failure); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.layer, c.failure, got, c.want)
		}
	}
	if MannerUnknown.Alike(MannerUnknown) || !MannerError.Alike(MannerError) || MannerError.Alike(MannerName) {
		t.Error("what is unknown is like nothing, what is equal is alike")
	}
}

// Whatever comes, a book that was saved and restored in between says the same, and
// shares are shares.
func TestRestoreSaysTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := []string{"a", "b", "c", "d", "bank", "far", "cdn"}
		words := rapid.SampledFrom([]string{"ok", "bad", "5xx", "nx", "off", "-"})
		grounds := rapid.SampledFrom([]string{"net:192.0.2.0/24", "net:198.51.100.0/24", "provider:cdn", "nameservers:example.net"})
		one, two := New(world()), New(world())
		for i := range rapid.IntRange(1, 60).Draw(t, "minutes") {
			m := noon + outage.Minute(i)
			id := rapid.SampledFrom(ids).Draw(t, "service")
			line := strings.Join(rapid.SliceOfN(words, 0, 4).Draw(t, "words"), " ")
			stands := rapid.SliceOfNDistinct(grounds, 0, 3, rapid.ID).Draw(t, "stands")
			slices.Sort(stands)
			s := state(id, m, m-outage.Minute(rapid.IntRange(0, 5).Draw(t, "since")), line, stands...)
			one.Probed(s)
			two.Probed(s)
			one.End(m)
			two.End(m)
			if rapid.IntRange(0, 9).Draw(t, "save") == 0 {
				saved, err := two.Snapshot()
				if err != nil {
					t.Fatal(err)
				}
				two = New(world())
				if err := two.Restore(saved); err != nil {
					t.Fatal(err)
				}
			}
			at := rapid.SampledFrom(ids).Draw(t, "of")
			v, w := one.Neighbours(at, noon, m), two.Neighbours(at, noon, m)
			if fmt.Sprintf("%+v", v) != fmt.Sprintf("%+v", w) {
				t.Fatalf("%+v\nand restored\n%+v", v, w)
			}
			for _, g := range []Group{v.Siblings, v.Nameservers, v.Family, v.Tenants, v.Elsewhere, v.Region} {
				if share, _ := g.Share(); share < 0 || share > 1 || v.Same > v.Siblings.Failing {
					t.Fatalf("%+v", v)
				}
			}
		}
		first, err := one.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		second, err := two.Snapshot()
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("saved as %s\nand %s, %v", first, second, err)
		}
	})
}

// Who is looked at no more is forgotten a day after its trouble, and its ground with it.
func TestForgotten(t *testing.T) {
	b := New(world())
	b.Probed(state("bank", noon, noon-60, "ok ok ok", "net:192.0.2.0/24"))
	b.Probed(state("far", noon, noon-60, "ok ok ok", "net:192.0.2.0/24"))
	b.Probed(state("bank", noon+2, noon+1, "bad bad bad", "net:192.0.2.0/24"))
	b.Probed(state("bank", noon+9, noon+9, "", "net:192.0.2.0/24")) // nobody looks any more
	for _, c := range []struct {
		at   outage.Minute
		kept int
	}{{noon + 9, 2}, {noon + 9 + keepTrouble, 2}, {noon + 10 + keepTrouble, 1}} {
		b.End(c.at)
		if len(b.conditions) != c.kept {
			t.Errorf("at %s %d services are known, want %d", c.at, len(b.conditions), c.kept)
		}
	}
	if v := b.Neighbours("far", noon, noon+9); v.Siblings.Watched != 0 || len(b.looks) != 3 {
		t.Errorf("it still stands there: %+v, %d agents look", v.Siblings, len(b.looks))
	}
}

func TestRestoreRefuses(t *testing.T) {
	for _, bad := range []string{"", "{", `{"conditions":{"a":null}}`, `{"incidents":{"a":{"service":"b"}}}`, `{"incidents":{"a":null}}`} {
		if err := New(nil).Restore([]byte(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
