package agent

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"faultline/internal/agentapi"
	"faultline/internal/chain"
	"faultline/internal/httpd"
	"faultline/internal/spool"
	"faultline/outage"
)

// Limits of a conversation with the hub.
const (
	hubTimeout = 30 * time.Second
	maxAnswer  = 16 << 20 // a plan of 20,000 targets has a quarter of it
)

// hub speaks to the hub, signed, and knows how far the own clock is off.
type hub struct {
	base   *url.URL
	key    ed25519.PrivateKey
	packer *agentapi.Packer
	http   *http.Client

	mu      sync.Mutex
	samples []sample // of the clock, the last ones
}

// sample is one look at the hub's clock.
type sample struct {
	offset time.Duration // hub less agent
	trip   time.Duration // how long the question took: half of it is how wrong the offset may be
}

// clockSamples are kept; the one with the shortest trip counts.
const clockSamples = 8

func newHub(address string, key ed25519.PrivateKey, dial func(context.Context, string, string) (net.Conn, error)) (*hub, error) {
	base, err := agentapi.ParseHub(address)
	if err != nil {
		return nil, err
	}
	packer, err := agentapi.NewPacker()
	if err != nil {
		return nil, err
	}
	return &hub{base: base, key: key, packer: packer, http: agentapi.Client(base, hubTimeout, dial)}, nil
}

// hubError is an answer of the hub that is no success.
type hubError struct {
	status   int
	detail   string
	sequence uint64      // of the record that it is about; 0: none
	head     *chain.Head // where the hub stands, where it says so
	skewed   bool        // the time of the request was wrong
	revoked  bool        // the hub takes nothing from this agent any more
}

func (e *hubError) Error() string { return fmt.Sprintf("the hub answers %d: %s", e.status, e.detail) }

// refusedFor is the status with which the hub has refused for good; 0: it may be
// tried again.
func refusedFor(err error) int {
	var e *hubError
	if errors.As(err, &e) && e.status >= 400 && e.status < 500 && !e.skewed && e.status != http.StatusTooManyRequests && e.status != http.StatusRequestTimeout {
		return e.status
	}
	return 0
}

// isRevoked says that an operator has withdrawn this agent: it probes no more.
func isRevoked(err error) bool {
	var e *hubError
	return errors.As(err, &e) && e.revoked
}

// message is one request.
type message struct {
	method, path string
	body         []byte
	contentType  string
	encoding     string // of the body; empty: plain
	out          any    // the answer is decoded into it
	timed        bool   // the hub answers at once: its time may be compared
}

// say sends a message, and once more when the hub's time was not known well enough.
func (h *hub) say(ctx context.Context, m message) error {
	err := h.once(ctx, m)
	var e *hubError
	if errors.As(err, &e) && e.skewed {
		err = h.once(ctx, m)
	}
	return err
}

func (h *hub) once(ctx context.Context, m message) error {
	req, err := http.NewRequestWithContext(ctx, m.method, strings.TrimRight(h.base.String(), "/")+m.path, bytes.NewReader(m.body))
	if err != nil {
		return err
	}
	if m.contentType != "" {
		req.Header.Set("Content-Type", m.contentType)
	}
	if m.encoding != "" {
		req.Header.Set("Content-Encoding", m.encoding)
	}
	c := h.clock()
	if c.Synced {
		req.Header.Set(agentapi.HeaderOffset, strconv.FormatFloat(c.OffsetMS, 'f', 3, 64))
	}
	sent := time.Now()
	agentapi.Sign(req, m.body, sent.Add(time.Duration(c.OffsetMS*float64(time.Millisecond))), h.key)
	res, err := h.http.Do(req)
	if err != nil {
		return fmt.Errorf("speak to the hub: %w", err)
	}
	trip := time.Since(sent)
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the hub's answer: %w", err)
	}
	skewed := res.StatusCode == http.StatusUnauthorized && strings.Contains(string(body), agentapi.ErrStale.Error())
	if m.timed || skewed {
		h.compare(res.Header.Get(agentapi.HeaderTime), sent, trip, skewed)
	}
	if res.StatusCode >= 300 {
		e := explain(res, body)
		e.skewed = skewed
		return e
	}
	if err := json.Unmarshal(body, m.out); err != nil {
		return fmt.Errorf("decode the hub's answer: %w", err)
	}
	return nil
}

// explain reads a problem.
func explain(res *http.Response, body []byte) *hubError {
	e := &hubError{status: res.StatusCode, detail: res.Status, revoked: res.Header.Get(agentapi.HeaderRevoked) != ""}
	var p httpd.Problem
	if json.Unmarshal(body, &p) == nil && p.Detail != "" {
		e.detail = p.Detail
	}
	e.sequence, _ = strconv.ParseUint(res.Header.Get(agentapi.HeaderSequence), 10, 64) // 0 when absent
	if seq, hash, ok := strings.Cut(res.Header.Get(agentapi.HeaderHead), " "); ok {
		if n, err := strconv.ParseUint(seq, 10, 64); err == nil {
			e.head = &chain.Head{Sequence: n, Hash: hash}
		}
	}
	return e
}

// compare notes how far the clocks are apart: the hub's time was read, as far as
// anybody can know, in the middle of the trip. A refusal for a wrong time means
// that somebody's clock was set, and what was known before is worth nothing.
func (h *hub) compare(text string, sent time.Time, trip time.Duration, reset bool) {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if reset {
		h.samples = nil
	}
	if len(h.samples) >= clockSamples {
		h.samples = h.samples[1:]
	}
	middle := sent.Add(trip / 2).Round(0) // by the wall's clock, as the hub's is
	h.samples = append(h.samples, sample{offset: at.Sub(middle), trip: trip})
}

// clock is how far the own clock is from the hub's.
func (h *hub) clock() outage.Clock {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.samples) == 0 {
		return outage.Clock{}
	}
	best := h.samples[0]
	for _, s := range h.samples[1:] {
		if s.trip <= best.trip {
			best = s
		}
	}
	return outage.Clock{OffsetMS: float64(best.offset.Microseconds()) / 1000, Synced: true}
}

func (h *hub) register(ctx context.Context, r agentapi.Registration) (outage.Agent, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return outage.Agent{}, err
	}
	var answer agentapi.Registered
	err = h.say(ctx, message{method: http.MethodPost, path: agentapi.PathAgents, body: body, contentType: "application/json", out: &answer})
	return answer.Agent, err
}

func (h *hub) plan(ctx context.Context) (*agentapi.Plan, error) {
	var p agentapi.Plan
	if err := h.say(ctx, message{method: http.MethodGet, path: agentapi.PathPlan, out: &p, timed: true}); err != nil {
		return nil, err
	}
	return &p, nil
}

func (h *hub) send(ctx context.Context, b spool.Batch) (agentapi.Taken, error) {
	var t agentapi.Taken
	err := h.say(ctx, message{
		method: http.MethodPost, path: agentapi.PathMeasurements, body: h.packer.Pack(bytes.Join(b.Records, []byte("\n"))),
		contentType: agentapi.ContentType, encoding: agentapi.Encoding, out: &t,
	})
	return t, err
}

// port of the hub.
func (h *hub) port() int {
	if p, err := strconv.Atoi(h.base.Port()); err == nil {
		return p
	}
	if h.base.Scheme == "http" {
		return 80
	}
	return 443
}
