// Package scenario reads what shall happen in a run of the lab: a file that says in
// prose what goes wrong, on which timetable and how strongly, and what a diagnosis may
// and may not say of it.
//
// It reads YAML and writes nothing. Method: a scenario is checked as a whole against
// the vocabulary of faults before anything is started; a seed and a magnitude make
// variants of it, with other victims, moments and rates, and the same seed makes the
// same variant.
//
// Limits: named below. A scenario is bounded in time, and the run again bounds every
// load by itself, whatever a file says.
package scenario

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"faultline/internal/knowledge"
	"faultline/internal/names"
	"faultline/internal/plainyaml"
	"faultline/outage"
)

// Times of a run. The warm-up is all the history that it has: what is usual is what
// was measured in it.
const (
	WarmUp  = 90 * time.Second
	Fault   = 200 * time.Second // from the onset to the end
	Longest = 5 * time.Minute   // of both together
)

// Scenario is one file.
type Scenario struct {
	Name  string  `yaml:"name"`
	Story string  `yaml:"story"` // what happens, in prose
	Label Label   `yaml:"label"`
	Note  string  `yaml:"note"`
	Usual Usual   `yaml:"usual"`
	Steps []Event `yaml:"events"`
}

// Label is the truth, and what a diagnosis may make of it.
type Label struct {
	Class      outage.CauseClass `yaml:"class" json:"class"`
	Hypothesis string            `yaml:"hypothesis" json:"hypothesis"`
	// Pairs are hypotheses that cannot be told apart from outside: a verdict that names
	// both of one, and the truth is one of them, is right.
	Pairs [][]string `yaml:"pairs" json:"pairs,omitempty"`
	// Never lists hypotheses and classes that a verdict may not lead with.
	Never []string     `yaml:"never" json:"never,omitempty"`
	Layer outage.Layer `yaml:"layer" json:"layer,omitempty"` // that fails; empty: none
	// Service is what the label is about; empty: ours.
	Service string `yaml:"service" json:"service,omitempty"`
	// Quiet says that no incident need open: what happens is no outage of the service.
	Quiet bool `yaml:"quiet" json:"quiet,omitempty"`
}

// Usual is what is the same all the time.
type Usual struct {
	People  int  `yaml:"people"`      // in each country, at first
	Cookies bool `yaml:"syn-cookies"` // at the edge
}

// Event is a fault that is switched on and off again.
type Event struct {
	Fault string        `yaml:"fault"`
	At    time.Duration `yaml:"at"`  // after the onset
	For   time.Duration `yaml:"for"` // 0: to the end
	// Every and Down make it flap: on for Down, again after Every.
	Every time.Duration `yaml:"every"`
	Down  time.Duration `yaml:"down"`

	Where   []string `yaml:"where"`   // namespaces, or any-pop
	Clients []string `yaml:"clients"` // client networks, or any-client, datacenter, eyeball, mobile
	Tenant  string   `yaml:"tenant"`  // feed, siblings; default feed
	Share   float64  `yaml:"share"`   // of the bottleneck's rate
	Size    int      `yaml:"size"`    // of packets in bytes
	// Connections of load tools, all hosts together.
	Connections int      `yaml:"connections"`
	Status      int      `yaml:"status"`
	Paths       []string `yaml:"paths"`
	Mobile      bool     `yaml:"mobile"`
	Percent     int      `yaml:"percent"`
	PerSecond   int      `yaml:"per-second"`
	State       string   `yaml:"state"` // which way it is broken
	Count       int      `yaml:"count"` // of people
	KB          int      `yaml:"kb"`
	Service     string   `yaml:"service"`
}

// Bounds of a file: one that needs more is two.
const (
	maxFile   = 16 << 10
	maxEvents = 12
	maxText   = 2000
)

var namePattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Load reads a file; its name is the scenario's.
func Load(path string) (*Scenario, error) {
	f, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read a scenario: %w", err)
	}
	s, err := Parse(path, f)
	if err != nil {
		return nil, err
	}
	if want := strings.TrimSuffix(filepath.Base(path), ".yaml"); s.Name != want {
		return nil, fmt.Errorf("%s: it is named %q: name the file after it, or it after the file", path, s.Name)
	}
	return s, nil
}

// LoadAll reads all files of a directory, by name.
func LoadAll(dir string) ([]*Scenario, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(paths) == 0 {
		return nil, fmt.Errorf("no scenario in %s: name a directory with .yaml files", dir)
	}
	var out []*Scenario
	var errs []error
	for _, p := range paths {
		s, err := Load(p)
		out, errs = append(out, s), append(errs, err)
	}
	return out, errors.Join(errs...)
}

// Parse reads the YAML form and checks it; unknown keys are errors. The name is for
// errors.
func Parse(name string, b []byte) (*Scenario, error) {
	if len(b) > maxFile {
		return nil, fmt.Errorf("%s: a scenario of %d bytes: at most %d", name, len(b), maxFile)
	}
	s := &Scenario{Usual: Usual{People: usualPeople}}
	if err := plainyaml.Decode(name, b, s, "docs/how-to/add-a-scenario.md"); err != nil {
		return nil, err
	}
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

// usualPeople of each country.
const usualPeople = 8

// Validate says what is wrong and what to do.
func (s *Scenario) Validate() error {
	switch {
	case !namePattern.MatchString(s.Name) || len(s.Name) > 48:
		return fmt.Errorf("name %.60q: use lower case letters, digits and single hyphens, at most 48", s.Name)
	case strings.TrimSpace(s.Story) == "" || len(s.Story) > maxText || len(s.Note) > maxText:
		return fmt.Errorf("story: say in at most %d bytes what happens", maxText)
	case len(s.Steps) > maxEvents:
		return fmt.Errorf("%d events: at most %d", len(s.Steps), maxEvents)
	case s.Usual.People < 1 || s.Usual.People > maxPeople:
		return fmt.Errorf("people: %d in each country: between 1 and %d", s.Usual.People, maxPeople)
	}
	if err := s.Label.validate(); err != nil {
		return fmt.Errorf("label: %w", err)
	}
	for i := range s.Steps {
		if err := s.Steps[i].validate(); err != nil {
			return fmt.Errorf("event %d, %s: %w", i+1, s.Steps[i].Fault, err)
		}
	}
	return nil
}

// hypotheses of the present knowledge table, with their classes.
var hypotheses = sync.OnceValue(func() map[string]outage.CauseClass {
	out := map[string]outage.CauseClass{}
	table, err := knowledge.Open(knowledge.Current)
	if err != nil {
		return out // it is part of the program, and a test of its own opens it
	}
	for i := range table.Hypotheses {
		out[table.Hypotheses[i].ID] = table.Hypotheses[i].Class
	}
	return out
})

// suggest is what somebody may have meant who named a hypothesis that there is not.
func suggest(id string) string {
	return names.Suggest(id, slices.Sorted(maps.Keys(hypotheses())))
}

// Classes of causes that a label may have.
func classes() []outage.CauseClass {
	return []outage.CauseClass{outage.CauseAttack, outage.CauseInternal, outage.CauseUpstream, outage.CauseOverload, outage.CauseNoOutage}
}

func (l *Label) validate() error {
	if !slices.Contains(classes(), l.Class) {
		return fmt.Errorf("class %q: use one of %v", l.Class, classes())
	}
	known := hypotheses()
	if known[l.Hypothesis] == "" {
		return fmt.Errorf("hypothesis %q is not known%s", l.Hypothesis, suggest(l.Hypothesis))
	}
	for _, p := range l.Pairs {
		if len(p) != 2 || known[p[0]] == "" || known[p[1]] == "" || !slices.Contains(p, l.Hypothesis) {
			return fmt.Errorf("pair %v: write two hypotheses, one of them %s", p, l.Hypothesis)
		}
	}
	for _, n := range l.Never {
		if known[n] == "" && !slices.Contains(classes(), outage.CauseClass(n)) {
			return fmt.Errorf("never %q: it is neither a hypothesis nor a class%s", n, suggest(n))
		}
		if n == l.Hypothesis || n == string(l.Class) {
			return fmt.Errorf("never %q: it is the truth", n)
		}
	}
	layers := []outage.Layer{"", outage.LayerDNS, outage.LayerRoute, outage.LayerTCP, outage.LayerTLS, outage.LayerHTTP, outage.LayerApp}
	if !slices.Contains(layers, l.Layer) {
		return fmt.Errorf("layer %q: use one of %v", l.Layer, layers)
	}
	return nil
}

// ClassOf a hypothesis; empty: there is no such one.
func ClassOf(hypothesis string) outage.CauseClass { return hypotheses()[hypothesis] }
