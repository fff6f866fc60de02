package api

import (
	"fmt"
	"time"

	"faultline/outage"
)

// Config is what an operator may set.
type Config struct {
	// MaxAge is how long a client may use an answer without asking again.
	MaxAge time.Duration `json:"max_age"`
	// SeverityRule is the text of the rule that severities follow.
	SeverityRule string `json:"-"`
}

// DefaultConfig returns the defaults.
func DefaultConfig() Config { return Config{MaxAge: 2 * time.Second} }

// Validate names the setting that cannot be used.
func (c Config) Validate() error {
	if c.MaxAge < 0 || c.MaxAge > time.Minute {
		return fmt.Errorf("max_age is %s: want between 0 and 1m, or an outage is seen late", c.MaxAge)
	}
	return nil
}

// Limits of questions.
const (
	// maxBuckets is the longest series: two weeks of quarters and more, or half a
	// megabyte. Who needs more asks for a wider step or in parts.
	maxBuckets = 5000
	// maxStep is the widest bucket.
	maxStep = outage.Day
	// maxIncidents is the longest list, and defaultIncidents the usual one.
	maxIncidents     = 500
	defaultIncidents = 100
	// maxFound is how many services a search gives.
	maxFound = 50
	// maxQuery is the longest query string in bytes.
	maxQuery = 2048
)
