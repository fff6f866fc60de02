package intake

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"net/http"

	"faultline/internal/agentapi"
	"faultline/internal/chain"
	"faultline/internal/geo"
	"faultline/internal/stream"
	"faultline/outage"
)

// maxRegistration bounds the body; a true one has some hundred bytes.
const maxRegistration = 4 << 10

// register makes an agent known. Who registers the same key again, because the
// answer got lost, is told what it was told before and needs no token.
func (in *Intake) register(w http.ResponseWriter, r *http.Request) {
	a, status, err := in.takeRegistration(w, r)
	if err != nil {
		in.refuse(w, nil, err)
		return
	}
	in.answer(w, status, agentapi.Registered{Agent: a})
}

func (in *Intake) takeRegistration(w http.ResponseWriter, r *http.Request) (outage.Agent, int, error) {
	if err := in.secure(r); err != nil {
		return outage.Agent{}, 0, err
	}
	if !in.ready.Load() {
		return outage.Agent{}, 0, errStarting
	}
	body, err := readBody(w, r, maxRegistration)
	if err != nil {
		return outage.Agent{}, 0, err
	}
	reg, key, err := decodeRegistration(body)
	if err != nil {
		return outage.Agent{}, 0, &refusal{status: http.StatusBadRequest, detail: err.Error()}
	}
	now := in.Clock.Now()
	if err := agentapi.Check(r, body, now, key); err != nil {
		return outage.Agent{}, 0, &refusal{status: http.StatusUnauthorized, detail: err.Error()}
	}
	if e := in.book.find(chain.ID(key)); e != nil {
		a := in.book.get(e)
		return a, http.StatusOK, revoked(&a)
	}
	giveBack, err := claimToken(in.Private, reg.Token, now)
	if err != nil {
		return outage.Agent{}, 0, &refusal{status: http.StatusUnauthorized, detail: err.Error()}
	}
	b := &newcomer{book: in.book, key: key, agent: outage.Agent{
		ID: chain.ID(key), Revision: 1, PublicKey: reg.PublicKey, Version: reg.Version, Vantage: reg.Vantage,
		Observed: in.network(r), Presence: outage.AgentPresent,
	}}
	if err := in.Commit.Commit(b); err != nil {
		giveBack()
		return outage.Agent{}, 0, err
	}
	return b.agent, http.StatusCreated, nil
}

// decodeRegistration reads and checks the body.
func decodeRegistration(body []byte) (agentapi.Registration, ed25519.PublicKey, error) {
	var reg agentapi.Registration
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&reg); err != nil {
		return reg, nil, fmt.Errorf("decode the registration: %w", err)
	}
	if err := reg.Validate(); err != nil {
		return reg, nil, err
	}
	if c := reg.Vantage.Country; c != "" && geo.CountryName(c) == "" {
		return reg, nil, fmt.Errorf("country %q is not an ISO 3166-1 code of two letters such as US or GB", c)
	}
	key, err := chain.PublicKey(reg.PublicKey)
	return reg, key, err
}

// get is an agent as it is.
func (b *book) get(e *entry) outage.Agent {
	b.mu.Lock()
	defer b.mu.Unlock()
	return e.now
}

// newcomer is an agent on its way into the log.
type newcomer struct {
	book  *book
	key   ed25519.PublicKey
	agent outage.Agent
}

// Entries implements [stream.Batch].
func (n *newcomer) Entries(m outage.Minute) ([]stream.Entry, error) {
	n.book.mu.Lock()
	defer n.book.mu.Unlock()
	if n.book.agents[n.agent.ID] != nil {
		return nil, &refusal{status: http.StatusConflict, detail: "this agent is being registered already: try again in a moment"}
	}
	if len(n.book.agents) >= maxAgents {
		return nil, &refusal{status: http.StatusForbidden, detail: fmt.Sprintf("this hub has %d agents and takes no more", maxAgents)}
	}
	n.agent.Registered, n.agent.Seen = m, m
	e, err := stream.Agents.Entry(m, &n.agent)
	if err != nil {
		return nil, err
	}
	n.book.put(n.agent, n.key, m)
	return []stream.Entry{e}, nil
}

// Settle implements [stream.Batch].
func (n *newcomer) Settle(err error) {
	if err == nil {
		return
	}
	n.book.mu.Lock()
	defer n.book.mu.Unlock()
	delete(n.book.agents, n.agent.ID)
}
