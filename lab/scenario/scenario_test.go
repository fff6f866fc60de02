package scenario

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"faultline/lab/topology"
	"faultline/outage"
)

const dir = "../scenarios"

// Every scenario is sound, they are as many as there should be, and between them they
// use the whole vocabulary and have every class and every hypothesis.
func TestScenarios(t *testing.T) {
	all, err := LoadAll(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 32 {
		t.Errorf("%d scenarios", len(all))
	}
	used, count, truths := map[string]bool{}, map[outage.CauseClass]int{}, map[string]bool{}
	for _, s := range all {
		count[s.Label.Class]++
		truths[s.Label.Hypothesis] = true
		for _, e := range s.Steps {
			used[e.Fault] = true
		}
		if ClassOf(s.Label.Hypothesis) != s.Label.Class {
			t.Errorf("%s: %s is of class %s, and the label says %s", s.Name, s.Label.Hypothesis, ClassOf(s.Label.Hypothesis), s.Label.Class)
		}
		if s.Label.Class != outage.CauseAttack && !s.Label.Quiet && len(s.Label.Never) == 0 {
			t.Errorf("%s: nothing is forbidden to say", s.Name)
		}
	}
	for name := range Faults() {
		if !used[name] {
			t.Errorf("no scenario uses %s", name)
		}
	}
	for _, c := range classes() {
		if count[c] < 3 {
			t.Errorf("%d scenarios of class %s", count[c], c)
		}
	}
	// One that is added to the table may be without for a while: a hypothesis takes two
	// places to edit, and a scenario is none of them.
	if len(truths) < 18 {
		t.Errorf("%d hypotheses have a scenario", len(truths))
	}
}

const good = `name: x
story: something happens
label: {class: attack, hypothesis: network-dos, pairs: [[network-dos, provider-network]], never: [overload], layer: tcp}
events:
  - {fault: udp-flood, at: 10s, share: 2, where: [any-pop]}
  - {fault: edge, at: 0s, state: status, status: 503, clients: [any-client, datacenter]}
  - {fault: agent-cut, clients: [de, ta]}
`

// Each mistake is told with what to do about it.
func TestMistakes(t *testing.T) {
	if _, err := Parse("x.yaml", []byte("\ufeff"+good)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ from, to, want string }{
		{"name: x", "name: X y", "lower case"},
		{"story: something happens", "story: ''", "say in at most"},
		{"class: attack", "class: sabotage", "use one of"},
		{"hypothesis: network-dos", "hypothesis: gremlins", "not known"},
		{"[network-dos, provider-network]", "[overload, provider-network]", "one of them network-dos"},
		{"never: [overload]", "never: [network-dos]", "it is the truth"},
		{"never: [overload]", "never: [gremlins]", "neither a hypothesis nor a class"},
		{"layer: tcp", "layer: water", "layer"},
		{"hypothesis: network-dos", "hypothesis: network-ddos", `did you mean "network-dos"?`},
		{"fault: udp-flood", "fault: meteor", "no such fault"},
		{"fault: udp-flood", "fault: udp-flod", `did you mean "udp-flood"?`},
		{"share: 2", "share: 200", "at most"},
		{"share: 2", "percent: 20", "takes no percent"},
		{"share: 2, ", "", "needs share"},
		{"at: 10s", "at: 9h", "the fault lasts"},
		{"at: 10s", "every: 3s, down: 1s", "at least 5s on"},
		{"any-pop", "mars", "where"},
		{"any-pop", "n1", `where "n1": use one of any-pop, p1, p2`},
		{"any-client", "mars", "clients"},
		{"state: status", "state: loop", "go together"},
		{"state: status", "state: broken", "use one of"},
		{"status: 503", "status: 200", "400 to 599"},
		{"events:", "evnts:", "x.yaml:4: unknown field"},
		{"at: 10s", "at: soon", `x.yaml:5: time: invalid duration "soon"`},
		{"at: 10s", "at: 10", "x.yaml:5: here stands a number and not a time"},
		{"story: something happens", "story: &a b", "x.yaml:2: tags, anchors and aliases"},
		{"events:", "---\nevents:", "x.yaml:5: a second document"},
	} {
		text := strings.Replace(good, c.from, c.to, 1)
		if _, err := Parse("x.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s -> %s: %v, want %q", c.from, c.to, err, c.want)
		}
	}
	if _, err := Parse("x.yaml", []byte(strings.Repeat("#", maxFile+1))); err == nil {
		t.Error("a file of any length is taken")
	}
	if _, err := LoadAll(t.TempDir()); err == nil {
		t.Error("an empty directory is taken")
	}
}

// The page for those who write scenarios has every fault with its keys.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/how-to/add-a-scenario.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, k := range kinds {
		row := ""
		for line := range strings.Lines(string(page)) {
			if cells := strings.SplitN(line, "|", 3); len(cells) == 3 && strings.Contains(cells[1], "`"+name+"`") {
				row = line
			}
		}
		for _, word := range slices.Concat(k.keys, k.states) {
			if !strings.Contains(row, "`"+word+"`") {
				t.Errorf("the row of %s does not name %s: %s", name, word, row)
			}
		}
	}
}

// The same seed makes the same run, another makes another; seed 0 is the file.
func TestVary(t *testing.T) {
	s, err := Parse("x.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	text := func(v *Variant) string {
		b, err := json.Marshal([]any{v.Steps, v.Phase})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if text(s.Vary(3, 1)) != text(s.Vary(3, 1)) || text(s.Vary(3, 1)) == text(s.Vary(4, 1)) {
		t.Error("seeds do not make runs")
	}
	before := text(&Variant{Scenario: s})
	v := s.Vary(0, 1)
	if e := v.Steps[0]; e.Share != 2 || e.At != 10*time.Second || !slices.Contains([]string{topology.PoP1, topology.PoP2}, e.Where[0]) {
		t.Errorf("seed 0: %+v", e)
	}
	if got := v.Steps[1].Clients; len(got) < 2 || len(got) > 3 || !slices.Contains(got, "nl") || !slices.Contains(got, "dc") {
		t.Errorf("a client and datacentres: %v", got)
	}
	if got := strings.Join(v.Steps[2].Clients, " "); got != "de fr gb nl" {
		t.Errorf("one and those of a transit: %s", got)
	}
	if text(&Variant{Scenario: s}) != before {
		t.Error("a variant changes the scenario")
	}
}

// No seed and no magnitude leads beyond what a file may ask for.
func TestVariantsAreBounded(t *testing.T) {
	all, err := LoadAll(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		for seed := range uint64(50) {
			for _, magnitude := range []float64{0.1, 0.5, 1, 2, 4} {
				v := s.Vary(seed, magnitude)
				if v.Phase < 0 || v.Phase >= time.Minute {
					t.Fatalf("%s: phase %s", s.Name, v.Phase)
				}
				for i := range v.Steps {
					e := v.Steps[i]
					if err := e.validate(); err != nil && !(magnitude < 1 && strings.Contains(err.Error(), "needs")) {
						t.Fatalf("%s, seed %d, x%g: %+v: %v", s.Name, seed, magnitude, e, err)
					}
					if len(e.Clients) > 0 && slices.Contains(e.Clients, AnyClient) || slices.Contains(e.Where, AnyPoP) {
						t.Fatalf("%s: nobody was chosen: %+v", s.Name, e)
					}
				}
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("name: a\nevents: [{fault: zone, state: empty}]"))
	f.Add([]byte("name: a\nevents: !0 00000000"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Parse("x.yaml", b)
		if err != nil {
			return
		}
		for i := range s.Steps {
			e := &s.Steps[i]
			if e.At+e.For > Fault || e.Share > maxShare || e.Connections > maxConnections || e.Every != 0 && e.Down <= 0 {
				t.Errorf("a scenario passes with %+v", e)
			}
		}
		s.Vary(1, 1)
	})
}
