package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"faultline/internal/store"
	"faultline/internal/web/cache"
)

// Times of a live stream.
const (
	// beatEvery keeps proxies from closing a silent stream.
	beatEvery = 20 * time.Second
	// writeTimeout ends a stream whose reader takes nothing: a phone that has
	// left. It reconnects by itself and gets what it missed.
	writeTimeout = 10 * time.Second
	// maxStreamAge ends a stream now and then, so that readers spread over
	// several processes again.
	maxStreamAge = 30 * time.Minute
	// retryAfter is what a refused reader waits.
	retryAfter = "30"
)

// hub wakes all live streams at once. It holds no queue: a stream that is slow
// misses versions and gets the latest.
type hub struct {
	limit int

	mu     sync.Mutex
	n      int
	next   chan struct{} // closed at the next change
	closed bool
}

func newHub(limit int) *hub { return &hub{limit: limit, next: make(chan struct{})} }

// join reports false when the limit is reached or the hub is closed.
func (h *hub) join() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || h.n >= h.limit {
		return false
	}
	h.n++
	return true
}

func (h *hub) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.n--
}

func (h *hub) len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.n
}

// changed returns a channel that is closed at the next change; false when there
// will be none.
func (h *hub) changed() (<-chan struct{}, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.next, !h.closed
}

func (h *hub) wake() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	close(h.next)
	h.next = make(chan struct{})
}

// close ends all streams for good.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.closed = true
		close(h.next)
	}
}

// live streams the changed parts of the page named by ?page= as server-sent
// events. The reader says in ?stamp= or Last-Event-ID what it shows already.
func (w *Web) live(rw http.ResponseWriter, r *http.Request) {
	t, ok := w.targetOf(r.URL.Query().Get("page"))
	if !ok {
		http.Error(rw, "no such page", http.StatusNotFound)
		return
	}
	if _, err := w.fetch(r.Context(), t); errors.Is(err, store.ErrNotFound) {
		http.Error(rw, "no such page", http.StatusNotFound)
		return
	}
	if !w.hub.join() {
		w.metrics.refused.Inc()
		rw.Header().Set("Retry-After", retryAfter)
		http.Error(rw, "too many live pages are open; this one still works by reloading", http.StatusServiceUnavailable)
		return
	}
	defer w.hub.leave()
	h := rw.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	h.Set("X-Content-Type-Options", "nosniff")
	shown := r.Header.Get("Last-Event-ID")
	if shown == "" {
		shown = r.URL.Query().Get("stamp")
	}
	ctx, cancel := context.WithTimeout(r.Context(), maxStreamAge)
	defer cancel()
	s := stream{w: w, target: t, out: rw, ctl: http.NewResponseController(rw), shown: shown, sent: map[string]uint64{}}
	s.run(ctx)
}

// targetOf finds the page of a path.
func (w *Web) targetOf(path string) (target, bool) {
	switch {
	case path == "/":
		return w.homeTarget(), true
	case strings.HasPrefix(path, "/s/"):
		return w.serviceTarget(lower(path[len("/s/"):]), ""), true
	case strings.HasPrefix(path, "/i/"):
		return w.incidentTarget(path[len("/i/"):]), true
	}
	return target{}, false
}

// stream is one reader of one page.
type stream struct {
	w      *Web
	target target
	out    http.ResponseWriter
	ctl    *http.ResponseController
	shown  string            // stamp of what the reader shows
	sent   map[string]uint64 // hashes of the parts that the reader shows, as far as known
}

func (s *stream) run(ctx context.Context) {
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	if s.write(": live\nretry: 3000\n\n") != nil {
		return
	}
	for {
		changed, ok := s.w.hub.changed()
		if !ok || s.update(ctx) != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-beat.C:
			if s.write(": beat\n\n") != nil {
				return
			}
		}
	}
}

// update sends the parts that differ from what the reader shows. A page that
// cannot be had now is tried again at the next change.
func (s *stream) update(ctx context.Context) error {
	p, err := s.w.fetch(ctx, s.target)
	if err != nil {
		return nil
	}
	if p.Stamp == s.shown {
		s.note(p)
		return nil
	}
	event := struct {
		Stamp string            `json:"stamp"`
		Parts map[string]string `json:"parts"`
	}{p.Stamp, map[string]string{}}
	for _, part := range p.Parts {
		if have, ok := s.sent[part.Name]; !ok || have != part.Hash {
			event.Parts[part.Name] = part.HTML
		}
	}
	s.note(p)
	var data bytes.Buffer
	enc := json.NewEncoder(&data)
	enc.SetEscapeHTML(false) // the text goes into an event, not into a page
	if err := enc.Encode(event); err != nil {
		return fmt.Errorf("encode a live event: %w", err)
	}
	return s.write(fmt.Sprintf("id: %s\nevent: parts\ndata: %s\n", p.Stamp, data.String()))
}

func (s *stream) note(p *cache.Page) {
	s.shown = p.Stamp
	for _, part := range p.Parts {
		s.sent[part.Name] = part.Hash
	}
}

func (s *stream) write(text string) error {
	// Not every writer knows deadlines; then the server's own hold.
	_ = s.ctl.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := s.out.Write([]byte(text)); err != nil {
		return fmt.Errorf("write to a live stream: %w", err)
	}
	if err := s.ctl.Flush(); err != nil {
		return fmt.Errorf("flush a live stream: %w", err)
	}
	return nil
}
