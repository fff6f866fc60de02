// Package chain makes what an agent says into a chain that nobody can change
// unseen: each record names the hash of the one before, and is signed.
//
// It reads and writes records in memory: Seal completes a measurement, Open checks
// one, and a Verifier follows whole chains and names the first record that was
// changed, removed, moved or put in.
//
// Method: the hash is SHA-256 over the canonical JSON (RFC 8785) of the record
// without its hash, its signature and what the hub adds; the signature is the
// agent's (ed25519) over the 32 bytes of the hash. It is made from the JSON as it
// came and not from a type, so a program that knows fewer fields can check it, and
// so can one that knows more. An agent's id is derived from its public key.
//
// Limits: the chain shows what was done to it after it was made; an agent that lies
// signs its lies. That the last records are missing shows only to somebody who
// knows how far the chain went. Sequences go up to 2^53-1, for JSON has no more.
package chain

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gowebpki/jcs"

	"faultline/outage"
)

// MaxSequence is the last sequence that JSON can say; an agent reaches it never.
const MaxSequence = 1<<53 - 1

// Head is where a chain stands: its last sequence and hash. Zero: it has not begun.
type Head struct {
	Sequence uint64 `json:"sequence"`
	Hash     string `json:"hash"`
}

// Link is what of a record makes it part of a chain.
type Link struct {
	Agent     string      `json:"agent"`
	Sequence  uint64      `json:"sequence"`
	Previous  string      `json:"previous"`
	Hash      string      `json:"hash"`
	Signature string      `json:"signature"`
	Gap       *outage.Gap `json:"gap"`
}

// First is the first sequence that the record stands for.
func (l *Link) First() uint64 {
	if l.Gap != nil {
		return l.Gap.First
	}
	return l.Sequence
}

// Head is where the chain stands after the record: behind a gap it goes on with
// the hash of what was lost.
func (l *Link) Head() Head {
	if l.Gap != nil {
		return Head{l.Sequence, l.Gap.Head}
	}
	return Head{l.Sequence, l.Hash}
}

// idBytes of the hash of a public key make an agent's id: 64 bits, so that two of
// a thousand agents meet by chance once in 10^13 worlds; the key itself decides.
const idBytes = 8

// ID derives the id of an agent from its public key.
func ID(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return "a" + hex.EncodeToString(sum[:idBytes])
}

// PublicKey reads a key's text form (base64).
func PublicKey(text string) (ed25519.PublicKey, error) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(b) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("public key %.60q is not %d bytes of base64: give an agent's public_key as the hub lists it", text, ed25519.PublicKeySize)
	}
	return b, nil
}

// Seal puts a measurement behind a head: it sets agent, sequence, previous, hash
// and signature, and returns the record's JSON and the new head.
func Seal(m *outage.Measurement, after Head, key ed25519.PrivateKey) ([]byte, Head, error) {
	m.Sequence, m.Previous, m.Gap = after.Sequence+1, after.Hash, nil
	raw, err := sign(m, key)
	return raw, Head{m.Sequence, m.Hash}, err
}

// SealGap signs a record that stands for those after a head up to another one.
func SealGap(m *outage.Measurement, after, last Head, reason outage.GapReason, key ed25519.PrivateKey) ([]byte, error) {
	if last.Sequence <= after.Sequence {
		return nil, fmt.Errorf("seal a gap from %d to %d: it would hold nothing", after.Sequence+1, last.Sequence)
	}
	m.Sequence, m.Previous = last.Sequence, after.Hash
	m.Gap = &outage.Gap{First: after.Sequence + 1, Head: last.Hash, Reason: reason}
	return sign(m, key)
}

func sign(m *outage.Measurement, key ed25519.PrivateKey) ([]byte, error) {
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok || m.Sequence > MaxSequence {
		return nil, fmt.Errorf("sign record %d: no key, or a sequence beyond %d", m.Sequence, uint64(MaxSequence))
	}
	m.Agent, m.Hash, m.Signature, m.Received, m.Late = ID(public), "", "", 0, false
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode record %d: %w", m.Sequence, err)
	}
	// None of the fields that the hash leaves out is there yet.
	canonical, err := jcs.Transform(raw)
	if err != nil {
		return nil, fmt.Errorf("hash record %d: %w", m.Sequence, err)
	}
	sum := sha256.Sum256(canonical)
	m.Hash = hex.EncodeToString(sum[:])
	m.Signature = base64.StdEncoding.EncodeToString(ed25519.Sign(key, sum[:]))
	// Both are the last fields of a record: what is encoded need not be so again.
	return fmt.Appendf(raw[:len(raw)-1], `,"hash":%q,"signature":%q}`, m.Hash, m.Signature), nil
}

// unhashed are the fields that the hash leaves out: itself, what is made from it,
// and what the hub adds.
func unhashed() [4]string { return [...]string{"hash", "signature", "received", "late"} }

// hash of a record as it came.
func hash(raw []byte) (sum [sha256.Size]byte, err error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return sum, err
	}
	if fields == nil {
		return sum, errors.New("a record is a JSON object")
	}
	for _, name := range unhashed() {
		delete(fields, name)
	}
	rest, err := json.Marshal(fields)
	if err != nil {
		return sum, err
	}
	canonical, err := jcs.Transform(rest)
	if err != nil {
		return sum, err
	}
	return sha256.Sum256(canonical), nil
}

// Errors of single records.
var (
	// ErrUnreadable means that the record is no JSON of the expected form.
	ErrUnreadable = errors.New("cannot be read")
	// ErrChanged means that the content does not have the hash that it names.
	ErrChanged = errors.New("was changed: its content does not have the hash it names")
	// ErrForged means that the signature is not the agent's.
	ErrForged = errors.New("is not signed by its agent")
)

// Open reads the link of a record and checks its hash, and with a key its
// signature and that the agent's id is the key's. The error is one of the above.
func Open(raw []byte, key ed25519.PublicKey) (Link, error) {
	var l Link
	if err := exactNames(raw); err != nil {
		return l, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	if err := json.Unmarshal(raw, &l); err != nil {
		return l, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	if l.Agent == "" || l.Sequence == 0 || l.Sequence > MaxSequence || l.First() == 0 || l.First() > l.Sequence {
		return l, fmt.Errorf("%w: it has no agent, or a sequence that is none", ErrUnreadable)
	}
	sum, err := hash(raw)
	if err != nil {
		return l, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	if hex.EncodeToString(sum[:]) != l.Hash {
		return l, ErrChanged
	}
	if key == nil {
		return l, nil
	}
	signature, err := base64.StdEncoding.DecodeString(l.Signature)
	if err != nil || l.Agent != ID(key) || !ed25519.Verify(key, sum[:], signature) {
		return l, ErrForged
	}
	return l, nil
}

// Added completes a sealed record with what the hub knows of it: its minute of
// receipt, and whether that was too late for detection. All else stays as it came.
// It is an error that the record says such things of itself.
func Added(raw []byte, received outage.Minute, late bool) ([]byte, error) {
	var own struct {
		Received, Late json.RawMessage
	}
	if err := json.Unmarshal(raw, &own); err != nil {
		return nil, err
	}
	if own.Received != nil || own.Late != nil {
		return nil, errors.New("the fields received and late are for the hub to set: leave them out")
	}
	body := bytes.TrimRight(raw, " \t\r\n")
	out := append(make([]byte, 0, len(body)+48), body[:len(body)-1]...)
	out = fmt.Appendf(out, `,"received":%q`, received)
	if late {
		out = append(out, `,"late":true`...)
	}
	return append(out, '}'), nil
}

// exactNames refuses names of fields with capitals: Go reads them as the fields
// that they look like, so a record could say one thing to the hash and another to
// its readers.
func exactNames(raw []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return err
	}
	for name := range fields {
		for _, c := range []byte(name) {
			if c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
				return fmt.Errorf("field %.40q: names have small letters, digits and _ only", name)
			}
		}
	}
	return nil
}
