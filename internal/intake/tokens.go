package intake

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"faultline/internal/datadir"
)

// tokenPrefix lets people and secret scanners see what a token is.
const tokenPrefix = "faultline_agent_"

// tokenBytes of randomness: nobody guesses 160 bits over a network.
const tokenBytes = 20

// MaxTokenLife is the longest that a token may wait for its agent.
const MaxTokenLife = 30 * 24 * time.Hour

// tokenFile is what is kept of a token: never the token itself.
type tokenFile struct {
	Expires time.Time `json:"expires"`
}

func tokenPath(private, token string) string {
	sum := sha256.Sum256([]byte(token))
	return filepath.Join(private, "agent-tokens", hex.EncodeToString(sum[:])+".json")
}

// NewToken makes a token that registers one agent before it expires. It may be
// called beside a running hub: the private directory is all that they share.
func NewToken(private string, now time.Time, life time.Duration) (string, error) {
	if life <= 0 || life > MaxTokenLife {
		return "", fmt.Errorf("a token that expires after %s: choose up to %s", life, MaxTokenLife)
	}
	random := make([]byte, tokenBytes)
	_, _ = rand.Read(random) // never fails (crypto/rand, Go 1.24)
	token := tokenPrefix + base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(random)
	return token, saveToken(private, token, now.Add(life))
}

func saveToken(private, token string, expires time.Time) error {
	path := tokenPath(private, token)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the directory of tokens: %w", err)
	}
	b, err := json.Marshal(tokenFile{Expires: expires.UTC()})
	if err == nil {
		err = datadir.Replace(path, b)
	}
	if err != nil {
		return fmt.Errorf("save the token's hash: %w", err)
	}
	return nil
}

// errToken is told to who shows a token that is none: not known, used and expired
// look the same from outside.
var errToken = errors.New("the token is not known, used already or expired: make a new one on the hub with 'faultline agent token create'")

// claimToken takes a token out of the world; give puts it back when the agent could
// not be saved. Of two who show the same token one removes the file.
func claimToken(private, token string, now time.Time) (give func(), err error) {
	path := tokenPath(private, token)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, errToken
	}
	var f tokenFile
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, errToken
	}
	if err := os.Remove(path); err != nil {
		return nil, errToken
	}
	if err := datadir.Sync(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("use up the token: %w", err)
	}
	if now.After(f.Expires) {
		return nil, errToken
	}
	// A token that cannot be put back is lost, and the operator makes another.
	return func() { _ = saveToken(private, token, f.Expires) }, nil
}
