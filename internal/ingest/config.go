package ingest

import (
	"errors"
	"fmt"
	"net/netip"
)

// Config is what an operator can say about ingest.
type Config struct {
	// TrustedHops are the proxies whose X-Forwarded-For is believed.
	TrustedHops []netip.Prefix
	// ExemptNetworks are AS numbers that no cap applies to.
	ExemptNetworks []uint32
	// ReplayToken opens the replay endpoint; it is accepted only in
	// a driven world. Empty: the endpoint refuses everybody.
	ReplayToken string
	// Driven says that the world's clock is moved by hand: by the demonstration or
	// by recorded reports. Minutes it jumps over are quiet instead of missing.
	Driven bool
	// MinFree is the free space in bytes under which presses are refused, so that
	// the log never meets a full disk in the middle of a commit.
	MinFree uint64
}

// DefaultConfig trusts no hop and keeps 64 MiB free.
func DefaultConfig() Config { return Config{MinFree: 64 << 20} }

// Validate says what is wrong and what to do.
func (c *Config) Validate() error {
	var errs []error
	for _, p := range c.TrustedHops {
		if !p.IsValid() || p.Masked() != p {
			errs = append(errs, fmt.Errorf("trusted hop %s: write the network itself, such as 10.0.0.0/8", p))
		}
		if p.IsValid() && p.Bits() == 0 {
			errs = append(errs, fmt.Errorf("trusted hop %s trusts everybody, so anybody could press for anybody: name your proxies' addresses", p))
		}
	}
	if c.ReplayToken != "" && len(c.ReplayToken) < minToken {
		errs = append(errs, fmt.Errorf("replay token of %d characters: use at least %d", len(c.ReplayToken), minToken))
	}
	if c.ReplayToken != "" && !c.Driven {
		errs = append(errs, errors.New("a replay token is of use only with a simulated clock: start with --simulated-clock, or leave it out"))
	}
	return errors.Join(errs...)
}

// minToken is the shortest token that cannot be guessed over a network.
const minToken = 8
