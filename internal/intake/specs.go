package intake

import (
	"errors"
	"fmt"
	"os"
	"time"

	"faultline/internal/agentapi"
	"faultline/internal/plainyaml"
	"faultline/internal/probe"
	"faultline/outage"
)

// Specs say what is probed: the file that an operator writes.
type Specs struct {
	Contact  string   `yaml:"contact"`
	Targets  []Spec   `yaml:"targets"`
	Controls []Spec   `yaml:"controls"`
	OptOut   []string `yaml:"opt-out"`
	// Lab says that all of this belongs to a laboratory of one's own: see
	// [agentapi.LabMinPeriod].
	Lab bool `yaml:"lab"`
}

// Spec is one address of a service, or a control.
type Spec struct {
	Service   string        `yaml:"service"`
	URL       string        `yaml:"url"` // empty: the service's homepage
	Period    time.Duration `yaml:"period"`
	Retries   int           `yaml:"retries"`
	Resolvers []string      `yaml:"resolvers"`
	PerMinute int           `yaml:"per-minute"`
	Also      []string      `yaml:"also"`
	// Journeys are taken beside the looks, every JourneyPeriod and in each variant.
	Journeys      []probe.Journey `yaml:"journeys"`
	JourneyPeriod time.Duration   `yaml:"journey-period"`
}

// Defaults of specs.
const (
	defaultPeriod = time.Minute
	// defaultJourneyPeriod is longer: a journey costs its service many requests.
	defaultJourneyPeriod = 5 * time.Minute
	// defaultPerMinute is the cap on attempts at a service from one agent: eight
	// addresses with a retry each and some redirects, once a minute.
	defaultPerMinute = 30
)

// maxSpecs bounds the file; ten thousand targets take a tenth of it.
const maxSpecs = 8 << 20

// LoadSpecs reads a file. Services tells what the catalog knows.
func LoadSpecs(path string, services func(id string) (outage.Service, bool)) (*Specs, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read what to probe: %w", err)
	}
	if info.Size() > maxSpecs {
		return nil, fmt.Errorf("%s has %d bytes: at most %d", path, info.Size(), maxSpecs)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read what to probe: %w", err)
	}
	s, err := parseSpecs(path, b)
	if err != nil {
		return nil, err
	}
	if err := s.complete(services); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// ParseSpecs reads the YAML form; unknown keys are errors.
func ParseSpecs(b []byte) (*Specs, error) { return parseSpecs("what to probe", b) }

// parseSpecs is ParseSpecs with a name for errors. A file that says nothing is one that
// asks for nothing.
func parseSpecs(name string, b []byte) (*Specs, error) {
	s := &Specs{}
	form := plainyaml.Form{Remedy: "docs/how-to/run-an-agent.md", Most: maxSpecs}
	if err := form.Decode(name, b, s); err != nil && !errors.Is(err, plainyaml.ErrEmpty) {
		return nil, err
	}
	for _, list := range [][]Spec{s.Targets, s.Controls} {
		for i := range list {
			t := &list[i]
			if t.Period == 0 {
				t.Period = defaultPeriod
			}
			if t.JourneyPeriod == 0 {
				t.JourneyPeriod = defaultJourneyPeriod
			}
			if t.PerMinute == 0 {
				t.PerMinute = defaultPerMinute
			}
		}
	}
	return s, nil
}

// complete fills in homepages; a service that the catalog does not know is a mistake.
func (s *Specs) complete(services func(id string) (outage.Service, bool)) error {
	for i := range s.Targets {
		t := &s.Targets[i]
		service, ok := services(t.Service)
		if !ok || service.Retired {
			return fmt.Errorf("target %d: service %q is not in the catalog: add it there, or use an id of it", i+1, t.Service)
		}
		if t.URL == "" {
			t.URL = service.Homepage
		}
	}
	return s.Validate()
}

// Validate says what is wrong and what to do.
func (s *Specs) Validate() error {
	if len(s.Targets)+len(s.Controls) > 0 && s.Contact == "" {
		return errors.New("there are targets and no contact: nothing is probed before the people whose servers are probed can find you; " +
			"write contact: https://your.host/probing (a page that faultline has) or contact: mailto:you@example.org")
	}
	for i, t := range s.Controls {
		if t.Service != "" {
			return fmt.Errorf("control %d: it has service %q: controls judge the agent and belong to no service", i+1, t.Service)
		}
	}
	for _, list := range [][]Spec{s.Targets, s.Controls} {
		for i, t := range list {
			for _, r := range t.Resolvers {
				if err := agentapi.ValidateVantage(outage.Vantage{Resolver: r}); err != nil {
					return fmt.Errorf("target %d: %w", i+1, err)
				}
			}
			if _, err := probe.ParseTarget(t.URL); err != nil {
				return err
			}
		}
	}
	p := s.Plan(nil)
	return p.Validate()
}
