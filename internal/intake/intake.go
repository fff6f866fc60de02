// Package intake is the hub's side of agents and observers: it registers agents, takes
// their measurements and tells them what to probe; and it takes what the operator hands
// in of the measurements that others have published.
//
// It reads signed HTTP requests, the tokens of the private directory, what the
// operator wants probed (a YAML file), which services are in trouble and, at a
// start, the topics agents and measurements. From the operator it takes measurements of
// others and the word that an agent is withdrawn. It writes nothing by itself but the
// operator's key: what it decides is appended by ingest, the only writer of its topics,
// in one step with the ends of minutes.
//
// Method: a request is checked on its own goroutine - transport, signature, time,
// sizes, each record's hash, signature and content - and whether the batch follows
// what the hub has of the agent is decided in the committer. Records that the hub
// has are acknowledged and not appended again; a batch with anything wrong in it is
// refused as a whole, with the reason and the record. Every agent is said again
// within five minutes of any change, so a restart reads a few minutes of
// measurements to know where each chain stands.
//
// Limits: named beside the code; who sends more is refused with the reason.
package intake

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"

	"faultline/internal/clock"
	"faultline/internal/geo"
	"faultline/internal/stream"
	"faultline/outage"
)

// Committer appends what intake decides; ingest is the one.
type Committer interface {
	Commit(b stream.Batch) error
}

// Places answers where an address is.
type Places interface {
	Lookup(netip.Addr) geo.Place
}

// Trouble says which services have an open or suspected incident: they are probed
// harder.
type Trouble interface {
	Troubled(ctx context.Context) (map[string]bool, error)
}

// Config is what an operator can say.
type Config struct {
	// TrustedHops are the proxies whose word is believed that a request came by TLS.
	TrustedHops []netip.Prefix
	// Specs say what to probe at first; nil: nothing. See Intake.Reload.
	Specs *Specs
}

// Deps is what intake stands on.
type Deps struct {
	Log     stream.Reader
	Commit  Committer
	Clock   clock.Clock
	Places  Places
	Trouble Trouble // nil: nothing is probed harder
	// Known says whether a service is in the catalog; nil: none is, and nothing can be
	// imported.
	Known   func(service string) bool
	Private string   // directory of the tokens
	Metrics *Metrics // nil: none
}

// Intake is the part. Its handlers answer 503 until Run has read what is known.
type Intake struct {
	Config
	Deps
	book    *book
	ready   atomic.Bool
	settled atomic.Bool   // every agent was said again since the start
	slots   chan struct{} // of batches being taken
	specs   atomic.Pointer[Specs]

	operatorKey string
	importing   sync.Mutex // one import after the other, so that each can be counted
}

// atOnce is how many batches are taken at the same time: each holds up to 4 MiB.
// More agents than that are told to come again in a second.
const atOnce = 8

// New makes the part.
func New(cfg Config, deps Deps) (*Intake, error) {
	if cfg.Specs != nil {
		if err := cfg.Specs.Validate(); err != nil {
			return nil, fmt.Errorf("configure what is probed: %w", err)
		}
	}
	key, err := makeOperatorKey(deps.Private)
	if err != nil {
		return nil, err
	}
	in := &Intake{Config: cfg, Deps: deps, book: newBook(), slots: make(chan struct{}, atOnce), operatorKey: key}
	in.specs.Store(cfg.Specs)
	return in, nil
}

// Reload replaces what is probed, as when somebody wants to be left alone. The specs
// must be valid; agents have them after Refresh seconds.
func (in *Intake) Reload(s *Specs) { in.specs.Store(s) }

// Register adds the endpoints of agents.
func (in *Intake) Register(mux *http.ServeMux) {
	mux.HandleFunc("POST /api/v1/agents", in.register)
	mux.HandleFunc("POST /api/v1/measurements", in.measurements)
	mux.HandleFunc("GET /api/v1/plan", in.plan)
	mux.HandleFunc("POST "+PathObservations, in.observations)
	mux.HandleFunc("POST /api/v1/agents/{agent}/revoke", in.revoke)
	mux.HandleFunc("POST /api/v1/imports", in.imports)
}

// Run reads what is known of agents, and says every minute what has changed, until
// the context ends.
func (in *Intake) Run(ctx context.Context) error {
	if err := in.book.restore(ctx, in.Log); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("start intake: %w", err)
	}
	in.ready.Store(true)
	for {
		next := outage.MinuteOf(in.Clock.Now()) + 1
		if err := in.Clock.WaitUntil(ctx, next.Time()); err != nil {
			return nil
		}
		in.revise(outage.MinuteOf(in.Clock.Now()))
	}
}

// revise says what has changed. That it cannot be saved is said by ingest; it is
// tried again in a minute.
func (in *Intake) revise(now outage.Minute) {
	b := &revision{book: in.book, now: now}
	if !in.book.changed(now) || in.Commit.Commit(b) == nil {
		in.settled.Store(true)
	}
	in.Metrics.present(in.book.present())
}

// Safe holds retention back until every agent has been said again: after a hub was
// away for longer than its topics are kept, the old word is the only one.
func (in *Intake) Safe(topic string) (pos uint64, follows bool) {
	if topic != stream.Agents.Name && topic != stream.Measurements.Name {
		return 0, false
	}
	if !in.settled.Load() {
		return 0, true
	}
	return math.MaxInt64, true
}

// Agents are the agents that are known, by id.
func (in *Intake) Agents() []outage.Agent { return in.book.list() }

// refusal is an answer of the sender's making.
type refusal struct {
	status   int
	detail   string
	sequence uint64 // of the record that is at fault; 0: none
	head     bool   // the agent should know where the hub stands
	revoked  bool   // the agent should stop
}

func (e *refusal) Error() string { return e.detail }

// errStarting is answered until the book has been read.
var errStarting = errors.New("the hub is starting: try again in a moment")
