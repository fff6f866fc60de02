package intake

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"faultline/internal/agentapi"
	"faultline/internal/datadir"
	"faultline/internal/stream"
	"faultline/outage"
)

// operatorPrefix lets people and secret scanners see what a key is.
const operatorPrefix = "faultline_operator_"

func operatorFile(private string) string { return filepath.Join(private, "operator.key") }

// OperatorKey reads the key of a hub's operator from its private directory: whoever
// may read that may revoke agents and import.
func OperatorKey(private string) (string, error) {
	b, err := os.ReadFile(operatorFile(private))
	if err != nil {
		return "", fmt.Errorf("read the operator's key: %w: it is made when the hub starts; name the hub's data directory, or give the key itself", err)
	}
	key := strings.TrimSpace(string(b))
	if len(key) < len(operatorPrefix)+tokenBytes {
		return "", fmt.Errorf("the operator's key in %s is damaged: remove the file and start the hub again", operatorFile(private))
	}
	return key, nil
}

// makeOperatorKey makes the key at a hub's first start.
func makeOperatorKey(private string) (string, error) {
	key, err := OperatorKey(private)
	if !errors.Is(err, os.ErrNotExist) {
		return key, err
	}
	key = operatorPrefix + rand.Text()
	if err := os.MkdirAll(private, 0o700); err != nil {
		return "", fmt.Errorf("make the private directory: %w", err)
	}
	if err := datadir.Replace(operatorFile(private), []byte(key+"\n")); err != nil {
		return "", fmt.Errorf("save the operator's key: %w", err)
	}
	return key, nil
}

// operator checks that a request is the operator's.
func (in *Intake) operator(w http.ResponseWriter, r *http.Request) error {
	if err := in.secure(r); err != nil {
		return err
	}
	given := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if subtle.ConstantTimeCompare([]byte(given), []byte(in.operatorKey)) != 1 {
		w.Header().Set("WWW-Authenticate", "Bearer")
		return &refusal{status: http.StatusUnauthorized, detail: "the operator's key is missing or wrong: it is in private/operator.key of the hub's data directory; send it as Authorization: Bearer"}
	}
	if !in.ready.Load() {
		return errStarting
	}
	return nil
}

// Limits of a revocation.
const (
	maxRevocation = 4 << 10
	maxReason     = 200
)

// revoke withdraws an agent: nothing of it is taken from then on, and what it has
// said stays where it is.
func (in *Intake) revoke(w http.ResponseWriter, r *http.Request) {
	a, err := in.takeRevocation(w, r)
	if err != nil {
		in.refuse(w, nil, err)
		return
	}
	in.answer(w, http.StatusOK, agentapi.Registered{Agent: a})
}

func (in *Intake) takeRevocation(w http.ResponseWriter, r *http.Request) (outage.Agent, error) {
	if err := in.operator(w, r); err != nil {
		return outage.Agent{}, err
	}
	body, err := readBody(w, r, maxRevocation)
	if err != nil {
		return outage.Agent{}, err
	}
	var why agentapi.Revocation
	if err := json.Unmarshal(body, &why); err != nil || len(why.Reason) > maxReason || strings.ContainsFunc(why.Reason, func(c rune) bool { return c < ' ' }) {
		return outage.Agent{}, &refusal{status: http.StatusBadRequest, detail: fmt.Sprintf(`the body is {"reason":"..."}, with one line of at most %d bytes`, maxReason)}
	}
	e := in.book.find(r.PathValue("agent"))
	if e == nil {
		return outage.Agent{}, &refusal{status: http.StatusNotFound, detail: fmt.Sprintf("there is no agent %.40q here: 'faultline agent list' names them", r.PathValue("agent"))}
	}
	if err := in.Commit.Commit(&revocation{book: in.book, entry: e, reason: why.Reason}); err != nil {
		return outage.Agent{}, err
	}
	return in.book.get(e), nil
}

// revocation is one on its way into the log.
type revocation struct {
	book   *book
	entry  *entry
	reason string
	before entry
}

// Entries implements [stream.Batch]. An agent that is revoked already stays so, with
// the reason that was given first.
func (r *revocation) Entries(m outage.Minute) ([]stream.Entry, error) {
	r.book.mu.Lock()
	defer r.book.mu.Unlock()
	r.before = *r.entry
	if r.entry.now.Revoked != 0 {
		return nil, nil
	}
	a := r.entry.now
	a.Revision, a.Revoked, a.RevokedWhy = r.entry.said.Revision+1, m, r.reason
	e, err := stream.Agents.Entry(m, &a)
	if err != nil {
		return nil, err
	}
	r.entry.now, r.entry.said, r.entry.at = a, a, m
	return []stream.Entry{e}, nil
}

// Settle implements [stream.Batch].
func (r *revocation) Settle(err error) {
	if err == nil {
		return
	}
	r.book.mu.Lock()
	defer r.book.mu.Unlock()
	*r.entry = r.before
}

// revoked says that an agent was withdrawn, to itself.
func revoked(a *outage.Agent) error {
	if a.Revoked == 0 {
		return nil
	}
	why := ""
	if a.RevokedWhy != "" {
		why = ": " + a.RevokedWhy
	}
	return &refusal{status: http.StatusForbidden, revoked: true, detail: fmt.Sprintf("agent %s was revoked by this hub's operator at %s%s; nothing of it is taken any more; to measure from here again, register a new one with a new token and an empty directory", a.ID, a.Revoked, why)}
}
