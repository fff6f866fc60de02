package agent

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"faultline/internal/chain"
	"faultline/internal/datadir"
	"faultline/outage"
)

// identity is who the agent is: the file agent.json in its private directory.
type identity struct {
	Seed       string         `json:"seed"` // of the ed25519 key, base64
	Vantage    outage.Vantage `json:"vantage"`
	Registered bool           `json:"registered"`

	key ed25519.PrivateKey
}

func identityFile(private string) string { return filepath.Join(private, "agent.json") }

// openIdentity reads who the agent is, or makes a key. What is declared of the place
// cannot change: an agent that has moved is another one.
func openIdentity(private string, declared outage.Vantage) (identity, error) {
	path := identityFile(private)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newIdentity(private, declared)
	}
	if err != nil {
		return identity{}, fmt.Errorf("read the agent's key: %w", err)
	}
	var me identity
	if err := json.Unmarshal(b, &me); err != nil {
		return identity{}, fmt.Errorf("decode the agent's key in %s: %w: put the file back from a copy, or register anew with an empty directory", path, err)
	}
	seed, err := base64.StdEncoding.DecodeString(me.Seed)
	if err != nil || len(seed) != ed25519.SeedSize {
		return identity{}, fmt.Errorf("the key in %s is not %d bytes of base64: put the file back from a copy, or register anew with an empty directory", path, ed25519.SeedSize)
	}
	me.key = ed25519.NewKeyFromSeed(seed)
	if declared != (outage.Vantage{}) && declared != me.Vantage && me.Registered {
		return identity{}, fmt.Errorf("this agent was registered as %+v and is now declared as %+v: register another one, with its own directory", me.Vantage, declared)
	}
	if !me.Registered {
		me.Vantage = declared
	}
	return me, nil
}

func newIdentity(private string, declared outage.Vantage) (identity, error) {
	seed := make([]byte, ed25519.SeedSize)
	_, _ = rand.Read(seed) // never fails (crypto/rand, Go 1.24)
	me := identity{Seed: base64.StdEncoding.EncodeToString(seed), Vantage: declared, key: ed25519.NewKeyFromSeed(seed)}
	return me, me.save(private)
}

func (me *identity) save(private string) error {
	b, err := json.Marshal(me)
	if err == nil {
		err = datadir.Replace(identityFile(private), b)
	}
	if err != nil {
		return fmt.Errorf("save the agent's key: %w", err)
	}
	return nil
}

func (me *identity) public() ed25519.PublicKey {
	public, _ := me.key.Public().(ed25519.PublicKey) // it is always one
	return public
}

func (me *identity) publicText() string { return base64.StdEncoding.EncodeToString(me.public()) }

func (me *identity) id() string { return chain.ID(me.public()) }
