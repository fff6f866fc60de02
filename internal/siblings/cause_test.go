package siblings

import (
	"fmt"
	"strings"
	"testing"

	"faultline/outage"
)

// line feeds what three agents see, five minutes a letter: u up, f 500, r refused. A word
// begins with its letter.
func line(b *Book, service, letters string, i int) {
	if i >= len(letters) {
		return
	}
	words := map[byte]string{'u': "ok ok ok", 'f': "5xx 5xx 5xx", 'r': "bad bad bad"}[letters[i]]
	m := noon + outage.Minute(5*i)
	b.Probed(state(service, m, m, words))
}

func TestCauses(t *testing.T) {
	services := []outage.Service{
		{ID: "cdn", Family: "maker"}, {ID: "made", Providers: []string{"cdn"}, Family: "maker"},
		{ID: "a", Providers: []string{"cdn"}}, {ID: "b", Providers: []string{"cdn"}}, {ID: "c", Providers: []string{"cdn"}}, {ID: "d", Providers: []string{"cdn", "host"}},
		{ID: "e", Providers: []string{"host"}}, {ID: "g", Providers: []string{"host"}}, {ID: "h"}, {ID: "i"}, {ID: "j"},
	}
	for _, c := range []struct {
		name  string
		lines map[string]string
		want  string // of each suspicion, at the letter at which it is raised
	}{
		{"three together", map[string]string{"a": "uffuu", "b": "uffuu", "c": "uffuu"}, "1 cdn a b c"},
		{"two are chance", map[string]string{"a": "uffuu", "b": "uffuu"}, ""},
		{"one after the other", map[string]string{"a": "uffuuuuuu", "b": "uuuuffuuu", "c": "uuuuuuuff"}, ""},
		{"in another way", map[string]string{"a": "uffuu", "b": "uffuu", "c": "urruu"}, ""},
		{"elsewhere too", map[string]string{"a": "uffuu", "b": "uffuu", "c": "uffuu", "e": "uffuu", "h": "uffuu"}, ""},
		{"its maker's own do not count", map[string]string{"a": "uffuu", "b": "uffuu", "made": "uffuu"}, ""},
		{"it lasts with others", map[string]string{"a": "uffuuuuuu", "b": "ufffffffu", "c": "ufffffffu", "d": "uuufffffu"}, "1 cdn a b c"},
		{"out for long, and a third", map[string]string{"a": "uffffffffff", "b": "uffffffffff", "c": "uuuuuuuuffff"}, ""},
		{"what explains most", map[string]string{"a": "uffuu", "b": "uffuu", "c": "uffuu", "d": "uffuu", "g": "uffuu"}, "1 cdn a b c d"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := New(services)
			var got []string
			raised := map[string]bool{}
			for i := range 12 {
				for _, s := range services {
					if letters, ok := c.lines[s.ID]; ok {
						line(b, s.ID, letters, i)
					} else if i == 0 {
						line(b, s.ID, "u", 0)
					}
				}
				now := map[string]bool{}
				for _, k := range b.Causes(func(string) bool { return true }) {
					if now[k.key()] = true; !raised[k.key()] {
						got = append(got, fmt.Sprintf("%d %s %s", i, k.Provider, strings.Join(k.Tenants, " ")))
					}
					if k.Ground != "provider:cdn" {
						t.Errorf("%+v", k)
					}
				}
				raised = now
			}
			if text := strings.Join(got, "; "); text != c.want {
				t.Errorf("%q, want %q", text, c.want)
			}
		})
	}
}

// Of a large cloud three of sixty are no suspicion, and twelve are.
func TestCauseOfALargeCloud(t *testing.T) {
	services := []outage.Service{{ID: "cloud"}}
	for i := range 60 {
		services = append(services, outage.Service{ID: fmt.Sprintf("s%02d", i), Providers: []string{"cloud"}})
	}
	for n, want := range map[int]int{3: 0, 11: 0, 12: 1, 60: 1} {
		b := New(services)
		for i := range 60 {
			words := "ok ok ok"
			if i < n {
				words = "5xx 5xx ok"
			}
			b.Probed(state(fmt.Sprintf("s%02d", i), noon, noon-1, words))
		}
		causes := b.Causes(func(string) bool { return true })
		if len(causes) != want {
			t.Errorf("%d of 60: %d suspicions, want %d", n, len(causes), want)
		}
	}
}

// What nobody counts makes no suspicion: the caller may ask for more vantage points.
func TestCausesOnlyOfWhatCounts(t *testing.T) {
	b := New(world())
	all(b, map[string]string{"a": "5xx 5xx 5xx", "b": "5xx 5xx 5xx", "c": "5xx 5xx 5xx"})
	if causes := b.Causes(func(s string) bool { return s != "c" }); len(causes) != 0 {
		t.Errorf("%+v", causes)
	}
	if causes := b.Causes(func(string) bool { return true }); len(causes) != 1 || causes[0].Provider != "cdn" || causes[0].Since != noon+1 {
		t.Errorf("%+v", causes)
	}
}

// Name servers are a ground for failures of names alone, and addresses for all others.
func TestCauseAtNames(t *testing.T) {
	for _, c := range []struct {
		words, ground string
		want          int
	}{
		{"nx nx nx", "nameservers:example.net", 1}, {"5xx 5xx 5xx", "nameservers:example.net", 0},
		{"nx nx nx", "net:192.0.2.0/24", 0}, {"5xx 5xx 5xx", "net:192.0.2.0/24", 1},
	} {
		b := New(nil)
		for _, s := range []string{"p", "q", "r"} {
			b.Probed(state(s, noon, noon-1, c.words, c.ground))
		}
		if causes := b.Causes(func(string) bool { return true }); len(causes) != c.want || c.want == 1 && causes[0].Provider != "" {
			t.Errorf("%s on %s: %+v", c.words, c.ground, causes)
		}
	}
}

// A service that fails at its name is no sibling that falls with its edge, nor a
// provider that takes others along.
func TestNamesAreNotCarried(t *testing.T) {
	b := New(world())
	all(b, map[string]string{"a": "nx nx nx", "b": "nx nx nx", "c": "nx nx nx", "cdn": "nx nx nx"})
	i := incident("cdn", noon, "probes", 0, 0)
	i.Probes = &outage.Probes{Quorum: true, Layer: outage.LayerDNS, Failure: outage.FailureTimeout}
	b.Incident(i)
	v := b.Neighbours("a", noon+1, noon+9)
	if group(v.Siblings) != "0/1 " || len(v.Providers) != 0 || v.Carried != 0 {
		t.Errorf("siblings %s, providers %v of %d known", group(v.Siblings), v.Providers, v.Carried)
	}
}

func BenchmarkNeighbours(b *testing.B) {
	var services []outage.Service
	for i := range 10_000 {
		services = append(services, outage.Service{ID: fmt.Sprintf("s%04d", i), Providers: []string{fmt.Sprintf("p%d", i%50)}})
	}
	book := New(services)
	for i := range services {
		words := "ok ok ok ok ok ok"
		if i%50 == 7 {
			words = "5xx 5xx 5xx 5xx ok ok"
		}
		book.Probed(state(services[i].ID, noon, noon-1, words))
	}
	for b.Loop() {
		if v := book.Neighbours("s0007", noon, noon+60); v.Siblings.Failing == 0 {
			b.Fatal("nothing fails")
		}
	}
}

func BenchmarkCauses(b *testing.B) {
	var services []outage.Service
	for i := range 10_000 {
		services = append(services, outage.Service{ID: fmt.Sprintf("s%04d", i), Providers: []string{fmt.Sprintf("p%d", i%50)}})
	}
	book := New(services)
	for i := range services {
		words := "ok ok ok ok ok ok"
		if i%50 == 7 {
			words = "5xx 5xx 5xx 5xx ok ok"
		}
		book.Probed(state(services[i].ID, noon, noon-1, words))
	}
	for b.Loop() {
		if c := book.Causes(func(string) bool { return true }); len(c) != 1 {
			b.Fatalf("%d causes", len(c))
		}
	}
}
