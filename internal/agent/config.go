package agent

import (
	"errors"
	"fmt"

	"faultline/internal/agentapi"
	"faultline/internal/probe"
	"faultline/internal/spool"
	"faultline/outage"
)

// Config is what an operator can say about an agent.
type Config struct {
	Hub   string // base URL: https, or http on this machine
	Token string // for the first start
	// NewToken makes a token when one is needed and none was given; nil: there must
	// be one. The hub's own agent has it.
	NewToken func() (string, error)
	Data     string // directory of this agent alone
	Version  string
	Vantage  outage.Vantage
	// Lab makes this an agent of a laboratory: it takes plans that ask for more than
	// is polite, and goes to no public address, whatever the plan says.
	Lab bool
	// OptOut are hosts that this agent does not probe, whatever the hub says.
	OptOut []string
	// Concurrent bounds how many targets are probed at once. When all of them hang,
	// the others wait, and their periods grow.
	Concurrent int
	// SpoolLimit and SpoolSegment are in bytes: see spool.Options.
	SpoolLimit, SpoolSegment int64
}

// DefaultConfig holds a thousand hanging targets and a gibibyte of measurements.
func DefaultConfig() Config {
	return Config{Concurrent: 1024, SpoolLimit: spool.DefaultLimit, SpoolSegment: spool.DefaultSegment}
}

// probing is how the agent's prober differs from the usual.
func (c *Config) probing() []probe.Option {
	if c.Lab {
		return []probe.Option{probe.WithinLab()}
	}
	return nil
}

// errLab refuses what only a laboratory may ask for.
var errLab = errors.New("the plan has the limits of a laboratory, and this agent was not started for one: take 'lab' out of the hub's file, or start the agent with --lab")

// accept says whether the agent would do what a plan asks for.
func (c *Config) accept(p *agentapi.Plan) error {
	if p.Lab && !c.Lab {
		return errLab
	}
	return p.Validate()
}

// Validate says what is wrong and what to do.
func (c *Config) Validate() error {
	if _, err := agentapi.ParseHub(c.Hub); err != nil {
		return err
	}
	if c.Data == "" {
		return errors.New("data is empty: name a directory for this agent")
	}
	if c.Concurrent < 1 {
		return fmt.Errorf("%d targets at once: at least 1", c.Concurrent)
	}
	return agentapi.ValidateVantage(c.Vantage)
}
