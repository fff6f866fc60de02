package siblings

import (
	"fmt"
	"testing"

	"faultline/outage"
)

// glimpsed makes what six agents had in a minute: failed of tried attempts, for each.
func glimpsed(tried int, failed ...int) []Glimpse {
	var out []Glimpse
	for i, n := range failed {
		g := Glimpse{Agent: agents[i], Tried: tried, Failed: n}
		if n > 0 {
			g.Layer, g.Failure = outage.LayerHTTP, outage.FailureHTTP5xx
		}
		out = append(out, g)
	}
	return out
}

// What was seen in the minute that ends counts for that minute, and what nobody may
// have looked at since the trouble began is not called well.
func TestGlimpse(t *testing.T) {
	five := []string{"a", "b", "c", "bank", "far"}
	for _, c := range []struct {
		name string
		seen map[string][]Glimpse
		of   string
		to   outage.Minute
		want string // siblings, same; elsewhere
	}{
		{"nothing", nil, "a", noon, "0/3 , 0; 0/3 "},
		{"in the first minute one alone", map[string][]Glimpse{"a": glimpsed(12, 6, 6, 6), "b": glimpsed(12, 6, 6, 6)}, "a", noon, "0/0 , 0; 0/0 "},
		{"in the first minute two", map[string][]Glimpse{"a": glimpsed(12, 6, 6, 6), "b": glimpsed(12, 6, 6, 6), "c": glimpsed(12, 2, 2, 2)}, "a", noon, "2/2 b c, 2; 0/0 "},
		{"a few of many", map[string][]Glimpse{"a": glimpsed(12, 6, 6, 6), "b": glimpsed(40, 2, 2, 2), "c": glimpsed(12, 1, 1, 1)}, "a", noon, "0/0 , 0; 0/0 "},
		{"one agent of six", map[string][]Glimpse{"far": glimpsed(2, 0, 2, 0, 0, 0, 0)}, "a", noon, "0/3 , 0; 0/3 "},
		{"elsewhere", map[string][]Glimpse{"a": glimpsed(2, 2, 2, 2), "far": glimpsed(2, 2, 2, 2), "bank": glimpsed(2, 2, 2, 2)}, "a", noon, "0/0 , 0; 2/2 bank far"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := New(world())
			for _, s := range append([]string{"d", "logins"}, five...) {
				b.Probed(state(s, noon-60, noon-90, "ok ok ok ok ok ok"))
			}
			for s, g := range c.seen {
				b.Glimpse(s, noon, g)
			}
			v := b.Neighbours(c.of, noon, c.to)
			if got := fmt.Sprintf("%s, %d; %s", group(v.Siblings), v.Same, group(v.Elsewhere)); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			b.End(noon)
			if v := b.Neighbours(c.of, noon, noon+1); v.Siblings.Failing+v.Elsewhere.Failing != 0 {
				t.Errorf("it is remembered: %+v", v)
			}
		})
	}
}

// Glimpses add nothing to trouble that lasts, and fill in for a neighbour of which the
// states of probes do not say so yet.
func TestGlimpseBesideStates(t *testing.T) {
	b := New(world())
	for _, s := range []string{"a", "b", "c", "d", "bank", "far", "logins"} {
		b.Probed(state(s, noon-60, noon-90, "ok ok ok"))
	}
	b.Probed(state("a", noon+1, noon, "5xx 5xx 5xx"))
	b.Glimpse("a", noon+1, glimpsed(12, 12, 12, 12))
	b.Glimpse("b", noon+1, glimpsed(12, 12, 12, 12))
	v := b.Neighbours("a", noon, noon+1)
	if group(v.Siblings) != "1/3 b" || v.Same != 1 || group(v.Elsewhere) != "0/3 " || v.Carried != 0 {
		t.Errorf("siblings %s, %d the same, elsewhere %s, providers known %d", group(v.Siblings), v.Same, group(v.Elsewhere), v.Carried)
	}
	b.Probed(state("cdn", noon-60, noon-90, "ok ok ok"))
	if v := b.Neighbours("a", noon, noon+2); v.Carried != 1 {
		t.Errorf("after two minutes a provider that has no incident is known to have none: %d", v.Carried)
	}
}
