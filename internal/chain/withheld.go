package chain

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"

	"faultline/outage"
)

// withheld says whether a record is one that a hub has published without addresses
// of routers that answered: those next to the agent, which would tell where it
// stands. Such a record cannot be held against its hash. A gap is never taken for
// one, for it has no path, and would speak for records that nobody has seen.
func withheld(raw []byte) bool {
	var m struct {
		Gap  *outage.Gap  `json:"gap"`
		Path *outage.Path `json:"path"`
	}
	if json.Unmarshal(raw, &m) != nil || m.Gap != nil || m.Path == nil {
		return false
	}
	for _, h := range m.Path.Hops {
		if h.Address == "" && h.RTTMS > 0 {
			return true
		}
	}
	return false
}

// vouched says whether the agent has signed the hash that a record names: then
// nobody but the agent can have given the record its place in the chain, whatever
// its content is now.
func (l *Link) vouched(key ed25519.PublicKey) bool {
	sum, err := hex.DecodeString(l.Hash)
	if err != nil || l.Agent != ID(key) {
		return false
	}
	signature, err := base64.StdEncoding.DecodeString(l.Signature)
	return err == nil && ed25519.Verify(key, sum, signature)
}
