// Package agentapi is what agents and hubs say to each other: signed requests,
// registrations, batches of measurements, and the plan of what to probe.
//
// It reads and writes nothing by itself: it is types, their checks and their
// signatures, shared by both sides. Method: an agent signs the method, the path,
// the time and the hash of the body of each request with its key (ed25519); the hub
// tells its own time in every answer, so that an agent knows how far its clock is
// off before it signs again.
//
// Limits: a request is good for MaxSkew. Who records one can send it again within
// that time; the hub then says what it said before, and changes nothing.
package agentapi

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"time"

	"faultline/internal/chain"
)

// Headers of requests and answers.
const (
	HeaderAgent     = "Faultline-Agent"     // id of the agent
	HeaderTime      = "Faultline-Time"      // of the request by the hub's clock as the agent knows it; of the answer by the hub's
	HeaderSignature = "Faultline-Signature" // base64
	HeaderOffset    = "Faultline-Offset"    // milliseconds, hub less agent; absent: never measured
	// HeaderSequence names the record that an answer is about, HeaderHead where the
	// hub stands: a sequence, a space and a hash.
	HeaderSequence = "Faultline-Sequence"
	HeaderHead     = "Faultline-Head"
	// HeaderRevoked says that the hub takes nothing from this agent any more.
	HeaderRevoked = "Faultline-Revoked"
)

// Paths of the hub.
const (
	PathAgents       = "/api/v1/agents"
	PathMeasurements = "/api/v1/measurements"
	PathPlan         = "/api/v1/plan"
	PathImports      = "/api/v1/imports"
)

// MaxSkew is how far the time of a request may be from the hub's. An agent whose
// clock is further off learns the time from the refusal and tries again.
const MaxSkew = 2 * time.Minute

// Errors of signed requests.
var (
	// ErrUnsigned means that a header is missing or cannot be read.
	ErrUnsigned = errors.New("the request is not signed by an agent: send the headers Faultline-Agent, Faultline-Time and Faultline-Signature")
	// ErrStale means that the time of the request is not now.
	ErrStale = errors.New("the time of the request is too far from the hub's: take the time from the header Faultline-Time of this answer")
	// ErrSignature means that another key has signed, or that something was changed.
	ErrSignature = errors.New("the signature does not fit the request and the agent's key")
)

// statement is what is signed. It begins with words of its own, so that it can never
// be taken for a record of the chain.
func statement(r *http.Request, agent, at string, body []byte) []byte {
	sum := sha256.Sum256(body)
	return fmt.Appendf(nil, "faultline request 1\n%s\n%s\n%s\n%s\n%x", r.Method, r.URL.RequestURI(), agent, at, sum)
}

// Sign signs a request at a time of the hub's clock.
func Sign(r *http.Request, body []byte, at time.Time, key ed25519.PrivateKey) {
	public, _ := key.Public().(ed25519.PublicKey) // it is always one
	id, text := chain.ID(public), at.UTC().Format(time.RFC3339Nano)
	r.Header.Set(HeaderAgent, id)
	r.Header.Set(HeaderTime, text)
	r.Header.Set(HeaderSignature, base64.StdEncoding.EncodeToString(ed25519.Sign(key, statement(r, id, text, body))))
}

// Check checks a request against a key and the present time. The error is one of
// ErrUnsigned, ErrStale and ErrSignature.
func Check(r *http.Request, body []byte, now time.Time, key ed25519.PublicKey) error {
	text := r.Header.Get(HeaderTime)
	at, err := time.Parse(time.RFC3339Nano, text)
	signature, errSig := base64.StdEncoding.DecodeString(r.Header.Get(HeaderSignature))
	if err != nil || errSig != nil {
		return ErrUnsigned
	}
	id := r.Header.Get(HeaderAgent)
	if id != chain.ID(key) || !ed25519.Verify(key, statement(r, id, text, body), signature) {
		return ErrSignature
	}
	if d := now.Sub(at); d > MaxSkew || d < -MaxSkew {
		return ErrStale
	}
	return nil
}
