package casefile

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"faultline/internal/feature"
	"faultline/internal/names"
	"faultline/internal/plainyaml"
	"faultline/outage"
)

// maxFacts bounds one case: every feature of the vocabulary from ten observers is half
// of it.
const maxFacts = 2000

// Case is what is known of one incident and what may be said of it.
type Case struct {
	Title     string         `yaml:"title"`
	About     string         `yaml:"about"`
	Service   string         `yaml:"service"`
	Onset     outage.Minute  `yaml:"onset"`
	Until     outage.Minute  `yaml:"until"`
	Sources   []Source       `yaml:"sources"`
	Measured  []Fact         `yaml:"measured"`  // as probes measured it, or would have
	Published []Fact         `yaml:"published"` // what observers published
	Claims    []string       `yaml:"claims"`    // told for the reader; they weigh nothing
	Accept    []Accept       `yaml:"accept"`
	set       *feature.Set   // made by Read
	bySource  map[string]int // position of a source
}

// Source is where facts of a case come from.
type Source struct {
	ID            string `yaml:"id"`
	outage.Source `yaml:",inline"`
}

// Fact is one feature with its value.
type Fact struct {
	Feature  string                `yaml:"feature"`
	Value    *float64              `yaml:"value"`
	Sample   int                   `yaml:"sample"`
	Vantages int                   `yaml:"vantages"`
	Networks int                   `yaml:"networks"`
	Origin   outage.EvidenceOrigin `yaml:"origin"` // of what is measured: probes, crowd, catalog or vendor; empty: probes
	Source   string                `yaml:"source"` // id
	Quote    string                `yaml:"quote"`
	Note     string                `yaml:"note"` // how the value follows from the source
}

// Accept is one verdict that a careful reader would accept. What it leaves empty may
// be anything.
type Accept struct {
	State   []outage.VerdictState `yaml:"state"`
	Class   []outage.CauseClass   `yaml:"class"`   // of which the verdict's may be one; undecided is written none
	Leading []string              `yaml:"leading"` // all that lead are among these
	First   []string              `yaml:"first"`   // the best of those that lead is one of these
	Layer   []outage.Layer        `yaml:"layer"`
	Above   []Above               `yaml:"above"` // hypotheses that must have more support than others
}

// Above says that one hypothesis has more support than another.
type Above struct {
	Hypothesis string `yaml:"hypothesis"`
	Over       string `yaml:"over"`
}

// Read decodes and checks a case. The name is for errors.
func Read(name string, data []byte) (*Case, error) {
	c := &Case{}
	if err := plainyaml.Decode(name, data, c, "docs/how-to/add-a-hypothesis.md"); err != nil {
		return nil, err
	}
	if err := c.check(name); err != nil {
		return nil, err
	}
	c.build(name)
	return c, nil
}

// check finds what is wrong with a case that is proper YAML.
func (c *Case) check(name string) error {
	var faults []error
	wrong := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf(name+": "+format, args...))
	}
	if len(c.Measured)+len(c.Published) == 0 {
		wrong("no facts: add features below measured: or published:")
	}
	if len(c.Measured)+len(c.Published) > maxFacts {
		wrong("more than %d facts: a case holds one value a feature and source", maxFacts)
	}
	if (c.Onset == 0) != (c.Until == 0) || c.Until < c.Onset {
		wrong("onset %s, until %s: write both, the earlier first, or neither", written(c.Onset), written(c.Until))
	}
	c.bySource = map[string]int{}
	for i := range c.Sources {
		s := &c.Sources[i]
		if _, ok := c.bySource[s.ID]; ok || s.ID == "" || s.Name == "" {
			wrong("source %d, %q: give each an id of its own and a name", i+1, s.ID)
		}
		if !slices.Contains(outage.SourceKinds(), s.Kind) {
			wrong("source %q is of kind %q: use one of %s", s.ID, s.Kind, strings.Join(outage.SourceKinds(), ", "))
		}
		c.bySource[s.ID] = i
	}
	seen := map[string]bool{}
	for i := range c.Measured {
		for _, err := range c.faults(&c.Measured[i], false) {
			wrong("measured %d: %w", i+1, err)
		}
		f := c.Measured[i].Feature
		if seen[f] {
			wrong("measured %d: feature %q is measured twice: keep one", i+1, f)
		}
		seen[f] = true
	}
	for i := range c.Published {
		for _, err := range c.faults(&c.Published[i], true) {
			wrong("published %d: %w", i+1, err)
		}
	}
	for i := range c.Accept {
		if err := c.Accept[i].check(); err != nil {
			wrong("accept %d: %w", i+1, err)
		}
	}
	return errors.Join(faults...)
}

// written is a time as the file has it.
func written(m outage.Minute) string {
	if m == 0 {
		return "not given"
	}
	return m.String()
}

// faults finds what is wrong with a fact.
func (c *Case) faults(f *Fact, published bool) []error {
	if f.Feature == "" {
		return []error{errors.New("it has no feature: name one of docs/reference/features.md")}
	}
	var faults []error
	word, known := feature.Find(f.Feature)
	if !known {
		var words []string
		for _, w := range feature.Words() {
			words = append(words, w.Name)
		}
		faults = append(faults, fmt.Errorf("unknown feature %q: did you mean %q?", f.Feature, names.Closest(f.Feature, words)))
	}
	if f.Value == nil {
		faults = append(faults, fmt.Errorf("feature %q has no value: give it a number", f.Feature))
	} else if err := word.Check(*f.Value); known && err != nil {
		faults = append(faults, err)
	}
	if f.Sample < 0 || f.Vantages < 0 || f.Networks < 0 {
		faults = append(faults, fmt.Errorf("feature %q: sample, vantages and networks cannot be negative", f.Feature))
	}
	if _, ok := c.bySource[f.Source]; !ok && (published || f.Source != "") {
		faults = append(faults, fmt.Errorf("feature %q rests on unknown source %q: list it below sources:", f.Feature, f.Source))
	}
	if published && f.Origin != "" || !published && !slices.Contains(ownOrigins, f.Origin) {
		faults = append(faults, fmt.Errorf("feature %q: origin %q: what is measured is of probes, crowd, catalog or vendor, "+
			"and what is published has none", f.Feature, f.Origin))
	}
	return faults
}

// ownOrigins are those that a measured fact may have.
var ownOrigins = []outage.EvidenceOrigin{"", outage.OriginProbes, outage.OriginCrowd, outage.OriginCatalog, outage.OriginVendor}

// build makes the set of features.
func (c *Case) build(name string) {
	id := strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
	c.set = &feature.Set{Service: cmp.Or(c.Service, id), Incident: id, Onset: c.Onset, At: c.Until, Own: map[string]feature.Feature{}}
	for _, f := range c.Measured {
		c.set.Put(c.feature(f, cmp.Or(f.Origin, outage.OriginProbes)))
	}
	for _, f := range c.Published {
		c.set.Put(c.feature(f, outage.OriginObserver))
	}
}

func (c *Case) feature(f Fact, origin outage.EvidenceOrigin) feature.Feature {
	out := feature.Feature{
		Name: f.Feature, Value: *f.Value, From: c.Onset, To: c.Until, Sample: f.Sample, Vantages: f.Vantages,
		Networks: f.Networks, Origin: origin, Quote: f.Quote,
	}
	if origin == outage.OriginObserver {
		source := c.Sources[c.bySource[f.Source]].Source
		out.Source = &source
	}
	return out
}

// Set is what the case knows, for judging.
func (c *Case) Set() *feature.Set { return c.set }
