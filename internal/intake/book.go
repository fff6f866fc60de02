package intake

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"faultline/internal/chain"
	"faultline/internal/stream"
	"faultline/outage"
)

// book is what the hub knows of its agents.
type book struct {
	mu     sync.Mutex
	agents map[string]*entry
}

// entry is one agent.
type entry struct {
	now   outage.Agent // as it is
	said  outage.Agent // as it was said last
	at    outage.Minute
	key   ed25519.PublicKey
	taken chan struct{} // held while a batch of it is being taken
}

func (e *entry) head() chain.Head { return chain.Head{Sequence: e.now.Sequence, Hash: e.now.Head} }

func newBook() *book { return &book{agents: map[string]*entry{}} }

// maxAgents bounds the book; who comes later is refused.
const maxAgents = 10_000

// Times of the book.
const (
	// awayAfter is how long an agent may be silent before it is away.
	awayAfter outage.Minute = 5
	// sayEvery is how often what has changed is said.
	sayEvery outage.Minute = 5
	// sayAgain is how often everybody is said, so that retention takes nobody away.
	sayAgain = outage.Day
)

// errDamagedAgent stops a start: an agent that is not known could not go on.
var errDamagedAgent = errors.New("the agent's record in the log cannot be read")

// restore reads the agents, and the measurements that came after they were said last.
func (b *book) restore(ctx context.Context, log stream.Reader) error {
	var newest outage.Minute
	err := stream.EachFact(ctx, log, stream.Agents.Name, 0, func(r stream.Record) error {
		a, err := stream.Agents.Decode(r)
		if err != nil {
			return fmt.Errorf("%w: %w", errDamagedAgent, err)
		}
		key, err := chain.PublicKey(a.PublicKey)
		if err != nil {
			return fmt.Errorf("%w: %w", errDamagedAgent, err)
		}
		newest = max(newest, r.Minute)
		b.put(*a, key, r.Minute)
		return nil
	})
	if err != nil || newest == 0 {
		return err
	}
	pos, err := log.Seek(ctx, stream.Measurements.Name, newest-2*sayEvery)
	if err != nil {
		return err
	}
	return stream.EachFact(ctx, log, stream.Measurements.Name, pos, func(r stream.Record) error {
		l, err := chain.Open(r.Data, nil)
		if err != nil {
			return nil // verify names it; the chain goes on from the agent's side
		}
		if e := b.agents[l.Agent]; e != nil && l.Sequence > e.now.Sequence {
			h := l.Head()
			e.now.Sequence, e.now.Head, e.now.Seen = h.Sequence, h.Hash, max(e.now.Seen, r.Minute)
		}
		return nil
	})
}

func (b *book) put(a outage.Agent, key ed25519.PublicKey, at outage.Minute) {
	e := b.agents[a.ID]
	if e == nil {
		e = &entry{taken: make(chan struct{}, 1)}
		b.agents[a.ID] = e
	}
	e.now, e.said, e.at, e.key = a, a, at, key
}

// find gives an agent.
func (b *book) find(id string) *entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.agents[id]
}

// heard notes a signed request.
func (b *book) heard(e *entry, m outage.Minute, clock outage.Clock, network string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e.now.Seen = max(e.now.Seen, m)
	if clock.Synced {
		e.now.Clock = clock
	}
	if network != "" {
		e.now.Observed = network
	}
	e.now.Presence = outage.AgentPresent
}

func (b *book) list() []outage.Agent {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]outage.Agent, 0, len(b.agents))
	for _, e := range b.agents {
		out = append(out, e.now)
	}
	slices.SortFunc(out, func(x, y outage.Agent) int { return strings.Compare(x.ID, y.ID) })
	return out
}

func (b *book) present() (present, away int) {
	for _, a := range b.list() {
		if a.Presence == outage.AgentPresent {
			present++
		} else {
			away++
		}
	}
	return present, away
}

// due says whether an agent is to be said at a minute.
func (e *entry) due(now outage.Minute) bool {
	return e.now.Presence != e.said.Presence || now-e.at >= sayAgain || now%sayEvery == 0 && e.now != e.said
}

// changed says whether anybody is due; it also notes who has gone away.
func (b *book) changed(now outage.Minute) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	any := false
	for _, e := range b.agents {
		if now-e.now.Seen > awayAfter {
			e.now.Presence = outage.AgentAway
		}
		any = any || e.due(now)
	}
	return any
}

// revision says every agent that has changed.
type revision struct {
	book *book
	now  outage.Minute
	said []outage.Agent
}

// Entries implements [stream.Batch].
func (r *revision) Entries(m outage.Minute) ([]stream.Entry, error) {
	r.book.mu.Lock()
	defer r.book.mu.Unlock()
	var out []stream.Entry
	for _, id := range slices.Sorted(maps.Keys(r.book.agents)) {
		e := r.book.agents[id]
		if !e.due(r.now) {
			continue
		}
		a := e.now
		a.Revision = e.said.Revision + 1
		entry, err := stream.Agents.Entry(m, &a)
		if err != nil {
			return nil, err
		}
		out, r.said = append(out, entry), append(r.said, a)
	}
	return out, nil
}

// Settle implements [stream.Batch].
func (r *revision) Settle(err error) {
	if err != nil {
		return
	}
	r.book.mu.Lock()
	defer r.book.mu.Unlock()
	for _, a := range r.said {
		e := r.book.agents[a.ID]
		e.now.Revision, e.said, e.at = a.Revision, a, r.now
	}
}
