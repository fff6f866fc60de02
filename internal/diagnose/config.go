package diagnose

import (
	"errors"

	"faultline/internal/feature"
	"faultline/outage"
)

// Config is what the part is made of.
type Config struct {
	// Judge holds the features of an incident against a knowledge table. It must be a
	// pure function.
	Judge func(*feature.Set) outage.Verdict
	// Moved says what a verdict changed against the one before, nil for the first.
	Moved func(before, now *outage.Verdict) []outage.Moved
	// Services are those of the catalog: what they are called, and what stands on what.
	Services []outage.Service
	// RunningEvery is the least distance in minutes of revisions in which only
	// evidence moves.
	RunningEvery outage.Minute
	// KeepClosed is for how many minutes after its end an incident is open to what
	// observers publish.
	KeepClosed outage.Minute
}

// DefaultConfig has the documented values; who judges is for the caller to say.
func DefaultConfig() Config {
	return Config{RunningEvery: 5, KeepClosed: outage.Week}
}

// Validate says what is wrong with a configuration.
func (c *Config) Validate() error {
	switch {
	case c.Judge == nil || c.Moved == nil:
		return errors.New("diagnose: nobody judges, or says what moved")
	case c.RunningEvery < 1 || c.KeepClosed < 1:
		return errors.New("diagnose: spans are whole minutes, at least 1")
	}
	return nil
}
