package incident

import (
	"errors"

	"faultline/internal/judge"
	"faultline/internal/scan"
	"faultline/outage"
)

// Config is what an operator may change.
type Config struct {
	// ConfirmScore is what Detection.Confirm must reach, in -log10 of the chance
	// that a quiet series shows as much.
	ConfirmScore float64
	// MinReporters and MinNetworks are asked for before anything is confirmed.
	MinReporters int
	MinNetworks  int
	// Quorum is what it takes to confirm on measurements alone, and SecondLook for how
	// many minutes after it was reached it must still hold.
	Quorum     judge.QuorumConfig
	SecondLook outage.Minute
	// Turn is what it takes for agents that see only some attempts fail: so many of them
	// in so many networks, and TurnShare of all that look, turned from well to trouble
	// within TurnWithin minutes of each other.
	Turn       judge.QuorumConfig
	TurnShare  float64
	TurnWithin outage.Minute
	// ResolveAfter is the number of normal minutes in a row that ends an incident.
	ResolveAfter outage.Minute
	// DismissAfter is the number of normal minutes that ends a suspicion.
	DismissAfter outage.Minute
	// ReopenWithin is how long after its end a wave still belongs to an incident.
	ReopenWithin outage.Minute
	// RunningEvery is the least distance of revisions in which only numbers changed.
	RunningEvery outage.Minute
	// Services are those of the catalog: who owns them and what they stand on.
	Services []outage.Service
}

// DefaultConfig returns the documented values.
func DefaultConfig() Config {
	return Config{
		ConfirmScore: scan.ConfirmScore,
		MinReporters: 5,
		MinNetworks:  2,
		Quorum:       judge.DefaultQuorum(),
		SecondLook:   2,
		Turn:         judge.QuorumConfig{Agents: 3, Networks: 3},
		TurnShare:    2.0 / 3,
		TurnWithin:   3,
		ResolveAfter: 60,
		DismissAfter: 30,
		ReopenWithin: 4 * outage.Hour,
		RunningEvery: 5,
	}
}

// Validate says what is wrong with a configuration.
func (c *Config) Validate() error {
	switch {
	case c.ConfirmScore <= 0:
		return errors.New("incident: the confirm score must be above 0")
	case c.MinReporters < 1 || c.MinNetworks < 1:
		return errors.New("incident: at least one reporter and one network are needed to confirm")
	case c.Quorum.Agents < 1 || c.Quorum.Networks < 1 || c.SecondLook < 1:
		return errors.New("incident: at least one agent, one network and one minute more are needed to confirm on measurements")
	case c.Turn.Agents < c.Quorum.Agents || c.Turn.Networks < c.Quorum.Networks || c.TurnShare < 0 || c.TurnShare > 1 || c.TurnWithin < 1:
		return errors.New("incident: agents that see some attempts fail must be at least as many as those of a quorum, a share of all, and turn within a minute or more")
	case c.ResolveAfter < 1 || c.DismissAfter < 1 || c.RunningEvery < 1 || c.ReopenWithin < 0:
		return errors.New("incident: spans are whole minutes, at least 1")
	}
	return nil
}
