package agentapi

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"faultline/outage"
)

// Limits of what an agent sends. A hub refuses more with 413; agents send less.
const (
	MaxBody    = 4 << 20 // bytes of a batch
	MaxRecords = 1000    // records of a batch
	MaxRecord  = 64 << 10
)

// ContentType of a batch: one record a line.
const ContentType = "application/x-ndjson"

// Registration asks a hub to know an agent: the body of POST /api/v1/agents, which
// is signed with the key that it brings.
type Registration struct {
	Token     string         `json:"token"`
	PublicKey string         `json:"public_key"` // ed25519, base64
	Version   string         `json:"version,omitempty"`
	Vantage   outage.Vantage `json:"vantage"`
}

// Limits of a registration.
const (
	maxVersion  = 200
	maxToken    = 100
	maxResolver = 100
)

// Validate says what is wrong and what to do.
func (r *Registration) Validate() error {
	if r.Token == "" || len(r.Token) > maxToken || len(r.Version) > maxVersion {
		return errors.New("a registration needs a token: make one on the hub with 'faultline agent token create'")
	}
	return ValidateVantage(r.Vantage)
}

// ValidateVantage checks what is declared of a place. All of it may be left out, but
// an agent of an unknown network adds none to a quorum.
func ValidateVantage(v outage.Vantage) error {
	if v.Country != "" && (len(v.Country) != 2 || strings.ToUpper(v.Country) != v.Country || strings.Trim(v.Country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "") {
		return fmt.Errorf("country %q is not an ISO 3166-1 code of two letters such as US or GB", v.Country)
	}
	if v.Network != "" {
		digits, ok := strings.CutPrefix(v.Network, "AS")
		if n, err := strconv.ParseUint(digits, 10, 32); !ok || err != nil || n == 0 {
			return fmt.Errorf("network %.40q is not an AS number such as AS64500", v.Network)
		}
	}
	if v.Class != "" && !slices.Contains(outage.NetworkClasses(), v.Class) {
		return fmt.Errorf("network class %.40q is not one of %s", v.Class, strings.Join(outage.NetworkClasses(), ", "))
	}
	if v.Resolver == "" || v.Resolver == "system" {
		return nil
	}
	_, errAddr := netip.ParseAddr(v.Resolver)
	_, errPort := netip.ParseAddrPort(v.Resolver)
	if len(v.Resolver) > maxResolver || errAddr != nil && errPort != nil {
		return fmt.Errorf("resolver %.40q is neither \"system\" nor an address", v.Resolver)
	}
	return nil
}

// Registered answers a registration.
type Registered struct {
	Agent outage.Agent `json:"agent"`
}

// Taken answers a batch: everything up to a sequence is on stable storage.
type Taken struct {
	Sequence   uint64 `json:"sequence"`
	Hash       string `json:"hash"`
	Appended   int    `json:"appended"`
	Duplicates int    `json:"duplicates"` // records that the hub had already
}

// Revocation withdraws an agent: the body of POST /api/v1/agents/ID/revoke.
type Revocation struct {
	Reason string `json:"reason,omitempty"` // one line
}

// Imported answers a batch of measurements of others: all of it is on stable storage.
type Imported struct {
	Appended   int `json:"appended"`
	Duplicates int `json:"duplicates"` // measurements that the hub had already
}
