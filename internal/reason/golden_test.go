package reason

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"faultline/internal/feature"
	"faultline/internal/knowledge"
	"faultline/outage"
)

var update = flag.Bool("update", false, "write the goldens anew")

// example is a value of each placeholder of the engine's own sentences.
var example = []string{
	"what", "40 % of 200 connects fail", "source", "NetBlocks", "sources", "NetBlocks and ThousandEyes",
	"vantages", "8", "networks", "6", "attempts", "412", "needed", "3", "needednetworks", "2",
	"span", "From 14:02 to 14:09 UTC on 10 March 2025", "day", "10 March 2025", "service", "Photos", "count", "two", "from", "14:02", "to", "14:09", "who", "what 8 vantage points in 6 networks measured of Photos",
	"title", "a denial-of-service attack on the network", "rival", "a failure in its own code or a deployment",
	"titles", "a flood of requests at the application, or with more visitors than it can serve",
	"word", "likely", "trust", "moderate", "reasons", "412 attempts from 8 vantage points in 6 networks, set against 60 quiet minutes before, and the evidence agrees",
	"minutes", "60 quiet minutes", "tries", "8 attempts", "places", "8 vantage points in 1 network", "share", "85 %", "sample", "260", "layer", "the connection", "other", "12 %", "second", "the answer",
	"value", "4.2 times", "text", "traffic of many senders", "look", "whether connects fail in part",
	"sentence", "40 % of 200 connects fail",
}

// Every sentence that the engine can print is in a golden, so that whoever changes one
// sees it as a reader will; a sentence without a golden fails here, and so does a
// golden without a sentence.
func TestEverySentenceHasAGolden(t *testing.T) {
	file := filepath.Join("testdata", "sentences-"+knowledge.Current+".golden")
	want := sentences(t, table(t))
	if *update {
		if err := os.WriteFile(file, []byte(strings.Join(want, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	have := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	for _, line := range want {
		if !slices.Contains(have, line) {
			t.Errorf("not in %s, or otherwise there (go test ./internal/reason -update writes it): %s", file, line)
		}
	}
	for _, line := range have {
		if !slices.Contains(want, line) {
			t.Errorf("%s has a sentence that the engine cannot print: %s", file, line)
		}
	}
}

var unfilled = regexp.MustCompile(`\{[a-z]*\}`)

// sentences renders every template, one line each, sorted.
func sentences(t *testing.T, k *knowledge.Table) []string {
	t.Helper()
	var lines []string
	add := func(key, text string) {
		if left := unfilled.FindString(text); left != "" {
			t.Errorf("%s: %s stays open: %s", key, left, text)
		}
		lines = append(lines, key+": "+text)
	}
	for key := range templates {
		add("engine "+key, fill(key, slices.Clone(example)...))
	}
	for i := range k.Signs {
		s := &k.Signs[i]
		add("sign "+s.ID+" present", sentenceOf(s.Says.Present, typical(s.Feature, s.Present)))
		if s.Says.Absent != "" {
			add("sign "+s.ID+" absent", sentenceOf(s.Says.Absent, typical(s.Feature, s.Absent)))
		}
		add("sign "+s.ID+" expected", spanText(s.Present, unitOf(s.Feature))+"; absent: "+orNone(spanText(s.Absent, unitOf(s.Feature))))
		add("sign "+s.ID+" wanted", s.Look)
	}
	for i := range k.Hypotheses {
		h := &k.Hypotheses[i]
		add("hypothesis "+h.ID, h.Title)
		for role, l := range map[string]*knowledge.Link{"trigger": h.Chain.Trigger, "mechanism": h.Chain.Mechanism, "amplifier": h.Chain.Amplifier, "visible": h.Chain.Visible} {
			if l != nil {
				add("hypothesis "+h.ID+" "+role, l.Text)
			}
		}
		for _, r := range h.Against {
			add("hypothesis "+h.ID+" against "+r.Hypothesis, r.Look)
		}
	}
	for _, p := range k.Pairs {
		add("pair "+strings.Join(p.Between, " and "), strings.TrimSpace(p.Title+"; "+p.Decide))
	}
	for l, word := range layerWords {
		add("layer "+string(l), word)
	}
	for _, p := range []float64{0.03, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99} {
		add(fmt.Sprintf("likelihood %.2f", p), likelihood(p)+"; "+chanceWord(&outcome{support: p, state: outage.VerdictVeryLikely}, ground{probes: true}))
	}
	units := map[string]bool{"": true}
	for _, w := range feature.Words() {
		units[w.Unit] = true
	}
	for unit := range units {
		add("unit "+unit, valueText(0.004, unit)+"; "+valueText(1, unit)+"; "+valueText(12.34, unit)+"; a threshold: "+exactText(0.005, unit)+", "+exactText(1.25, unit))
	}
	add("count", countText(0)+"; "+countText(7)+"; "+many(1, "agent")+"; "+many(2, "agent"))
	slices.Sort(lines)
	return lines
}

// typical is a feature with a value from a range.
func typical(name string, r knowledge.Range) feature.Feature {
	f := feature.Feature{Name: name, Sample: 120, Vantages: 8, Networks: 6, Origin: outage.OriginProbes}
	switch {
	case r.From != nil && r.To != nil:
		f.Value = (*r.From + *r.To) / 2
	case r.From != nil:
		f.Value = *r.From
	case r.To != nil:
		f.Value = *r.To
	}
	return f
}

// The quoted sentences of every state, as a reader meets them.
func TestWholeVerdicts(t *testing.T) {
	k := table(t)
	observed := &feature.Set{Service: "photos", Incident: "photos-1", Onset: 29_000_000, At: 29_000_060, Own: map[string]feature.Feature{}}
	for _, name := range []string{"First Observer", "Second Observer"} {
		observed.Put(feature.Feature{Name: feature.SYNLoss, Value: 0.3, Origin: outage.OriginObserver, Source: &outage.Source{Name: name, Kind: "measurer"}})
	}
	alone := &feature.Set{Service: "photos", Incident: "photos-1", Onset: 29_000_000, At: 29_001_440, Own: map[string]feature.Feature{}}
	alone.Put(observed.Observed[0])
	cases := map[string]*feature.Set{
		"one-observer": alone,
		"one-vantage":  setOf(map[string]float64{feature.AgentsLooking: 1, feature.NetworksLooked: 1}),
		"fine":         setOf(map[string]float64{feature.FailFrac: 0}),
		"slow":         setOf(map[string]float64{feature.FailFrac: 0, feature.RTTRatio: 1, feature.TTFBRatio: 4.2, feature.BaselineMin: 0}),
		"two-layers": setOf(map[string]float64{
			feature.FailFrac: 0.5, feature.FirstTCPShare: 0.5, feature.FirstTLSShare: 0.5, feature.FirstDNSShare: 0, feature.FirstHTTPShare: 0,
			feature.FirstAppShare: 0, feature.AgentFailShare: 1, feature.TCPFailFrac: 0.3, feature.RTTRatio: 1, feature.RefusedShare: 1,
		}),
		"crowd-alone": {Service: "photos", Incident: "photos-1", Onset: 29_000_000, At: 29_000_003, Own: map[string]feature.Feature{}},
		"nobody": {Service: "photos", Incident: "photos-1", Onset: 29_000_000, At: 29_000_003, Own: map[string]feature.Feature{
			feature.ReportTotal: {Name: feature.ReportTotal, Origin: outage.OriginCrowd},
		}},
		"few-vantages": setOf(map[string]float64{feature.AgentsLooking: 2}),
		"few-attempts": setOf(map[string]float64{feature.Attempts: 8}),
		"nothing":      setOf(nil),
		"observers":    observed,
		"flood": setOf(map[string]float64{
			feature.FailFrac: 0.4, feature.TCPFailFrac: 0.35, feature.SYNLoss: 0.4, feature.ConnectMixed: 0.9, feature.MixedShare: 0.9,
			feature.RTTRatio: 12, feature.RTTRise: 180, feature.JitterRatio: 8, feature.FirstTCPShare: 0.8, feature.FirstHTTPShare: 0.2,
			feature.FirstDNSShare: 0, feature.FirstTLSShare: 0, feature.FirstAppShare: 0, feature.AgentFailShare: 1,
		}),
		"crowd-or-flood": setOf(map[string]float64{
			feature.FailFrac: 0.3, feature.TCPFailFrac: 0, feature.HTTPFailFrac: 0.3, feature.RTTRatio: 1, feature.TTFBRatio: 8, feature.TTFBRampMin: 3,
			feature.FirstHTTPShare: 1, feature.FirstTCPShare: 0, feature.FirstDNSShare: 0, feature.FirstTLSShare: 0, feature.FirstAppShare: 0,
			feature.MixedShare: 0.9, feature.NoAnswer: 0.6, feature.AgentFailShare: 1,
		}),
	}
	for name, set := range cases {
		t.Run(name, func(t *testing.T) {
			v := Judge(set, k)
			file := filepath.Join("testdata", "verdict-"+name+".golden")
			golden(t, file, Explain(&v))
		})
	}
}

// golden holds what is printed against a file.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("it reads otherwise than %s (go test ./internal/reason -update writes it anew):\n%s", file, got)
	}
}
