package vendor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"faultline/internal/clock"
	"faultline/internal/stream"
	"faultline/outage"
)

// Catalog is what the part needs of the catalog.
type Catalog interface {
	Services() []outage.Service
}

// Deps are what the part stands on.
type Deps struct {
	Log      stream.Log
	Clock    clock.Clock // of the minutes in the words; pauses go by the system's
	Services Catalog
	Metrics  *Metrics  // nil: none
	Commit   Committer // of admissions; nil: they are words alone
	Fetcher  Fetcher   // nil: over HTTP
}

// Vendor is the part.
type Vendor struct {
	cfg   Config
	deps  Deps
	slots chan struct{} // requests under way
	hosts hosts

	mu   sync.Mutex
	last map[string]*outage.VendorWord // by service
}

// New checks the configuration.
func New(cfg Config, deps Deps) (*Vendor, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configure vendor: %w", err)
	}
	if deps.Fetcher == nil {
		deps.Fetcher = newClient(cfg)
	}
	return &Vendor{cfg: cfg, deps: deps, slots: make(chan struct{}, concurrent), last: map[string]*outage.VendorWord{}}, nil
}

// Run asks the pages until the context ends; that is no error.
func (v *Vendor) Run(ctx context.Context) error {
	if err := v.restore(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("start vendor: %w", err)
	}
	var running sync.WaitGroup
	defer running.Wait()
	watched := map[string]watched{}
	for {
		wanted := v.wanted()
		// The first looks are spread like later ones, but one page need not wait.
		spread := min(v.cfg.Every, time.Duration(len(wanted))*hostGap)
		for page, w := range watched {
			if services, ok := wanted[page]; !ok || !slices.Equal(services, w.services) {
				w.stop()
				<-w.ended // so that two never write for one service
				delete(watched, page)
			}
		}
		for page, services := range wanted {
			if _, ok := watched[page]; !ok {
				watched[page] = v.start(ctx, &running, page, services, spread)
			}
		}
		if clock.Pause(ctx, refresh) != nil {
			return nil
		}
	}
}

// watched is a page that is being followed.
type watched struct {
	services []string
	stop     context.CancelFunc
	ended    chan struct{}
}

// start follows a page from a moment within the spread on.
func (v *Vendor) start(ctx context.Context, running *sync.WaitGroup, page string, services []string, spread time.Duration) watched {
	ctx, stop := context.WithCancel(ctx)
	w := watched{services: services, stop: stop, ended: make(chan struct{})}
	running.Go(func() {
		defer close(w.ended)
		defer stop()
		if clock.Pause(ctx, time.Duration(rand.Float64()*float64(spread))) == nil { //nolint:gosec // to spread the first looks
			v.follow(ctx, page, services)
		}
	})
	return w
}

// wanted lists the pages that the catalog names now, with their services.
func (v *Vendor) wanted() map[string][]string {
	pages := map[string][]string{}
	unread := 0
	for _, s := range v.deps.Services.Services() {
		if s.StatusPage == "" || s.Retired || len(v.cfg.Only) > 0 && !slices.Contains(v.cfg.Only, s.ID) {
			continue
		}
		if _, ok := pages[s.StatusPage]; !ok && len(pages) == maxPages {
			unread++
			continue
		}
		pages[s.StatusPage] = append(pages[s.StatusPage], s.ID)
	}
	v.deps.Metrics.following(len(pages), unread)
	return pages
}

// restoreBatch is how many words are read at once at the start.
const restoreBatch = 500

// restore reads the last word of every service back from the log.
func (v *Vendor) restore(ctx context.Context) error {
	for after := uint64(0); ; {
		records, err := v.deps.Log.Read(ctx, stream.Words.Name, after, restoreBatch)
		if err != nil {
			return fmt.Errorf("read the words of the last run: %w", err)
		}
		if len(records) == 0 {
			break
		}
		for _, rec := range records {
			after = rec.Seq
			if rec.Kind != stream.KindFact {
				continue
			}
			w, err := stream.Words.Decode(rec)
			if err != nil {
				slog.Error("a vendor's word cannot be read and is passed over", "error", err)
				continue
			}
			v.last[w.Service] = w
		}
	}
	for _, w := range v.last {
		v.deps.Metrics.turned(false, w.Unknown != 0)
	}
	return nil
}

// follow asks one page again and again.
func (v *Vendor) follow(ctx context.Context, page string, services []string) {
	req := Request{}
	var err error
	if req.URL, err = address(page); err != nil {
		slog.Error("a status page cannot be asked", "error", err)
		return
	}
	states := make([]state, len(services))
	for i, id := range services {
		states[i] = begin(id, page, v.known(id))
	}
	for pause := time.Duration(0); clock.Pause(ctx, pause) == nil; pause = v.pause(&states[0], err) {
		var answer Answer
		var r *reading
		answer, r, err = v.look(ctx, req)
		if ctx.Err() != nil {
			return
		}
		if err == nil && !answer.Unmodified {
			req.ETag, req.LastModified = answer.ETag, answer.LastModified
		}
		now := outage.MinuteOf(v.deps.Clock.Now())
		saved := true
		for i := range states {
			next, changed := advance(states[i], now, r, err)
			if changed && !v.save(ctx, &states[i].word, &next.word) {
				saved = false
				continue // the look is taken in with the next one
			}
			states[i] = next
		}
		if !saved {
			req.ETag, req.LastModified = "", ""
		}
	}
}

// advance takes a look into a state: a reading, none for an unmodified page, or an
// error.
func advance(s state, m outage.Minute, r *reading, err error) (next state, changed bool) {
	switch {
	case err != nil:
		return s.miss(m, text(err.Error()))
	case r == nil:
		return s.unmodified(m)
	}
	return s.see(m, r)
}

// look asks once: not more than a few at a time, and no host twice in a moment.
func (v *Vendor) look(ctx context.Context, req Request) (Answer, *reading, error) {
	if err := v.hosts.wait(ctx, hostOf(req.URL)); err != nil {
		return Answer{}, nil, err
	}
	select {
	case v.slots <- struct{}{}:
	case <-ctx.Done():
		return Answer{}, nil, ctx.Err()
	}
	defer func() { <-v.slots }()
	answer, err := v.deps.Fetcher.Fetch(ctx, req)
	switch {
	case err != nil:
		v.deps.Metrics.look("failed")
		return answer, nil, err
	case answer.Unmodified:
		v.deps.Metrics.look("unmodified")
		return answer, nil, nil
	}
	r, err := parse(answer.Body, outage.MinuteOf(v.deps.Clock.Now()))
	if err != nil {
		v.deps.Metrics.look("failed")
		return answer, nil, err
	}
	v.deps.Metrics.look("read")
	return answer, r, nil
}

// save appends a word; false says that the disk refused and the word must come
// again.
func (v *Vendor) save(ctx context.Context, was, word *outage.VendorWord) bool {
	if !v.admit(was, word) {
		return false
	}
	e, err := stream.Words.Entry(word.Minute, word)
	if err == nil {
		err = v.deps.Log.Append(ctx, []stream.Entry{e}, nil)
	}
	if err != nil {
		if ctx.Err() == nil {
			slog.Error("a vendor's word cannot be saved, trying again with the next look", "service", word.Service, "error", err)
		}
		return false
	}
	v.deps.Metrics.said()
	v.deps.Metrics.turned(was.Unknown != 0, word.Unknown != 0)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.last[word.Service] = word
	return true
}

func (v *Vendor) known(service string) *outage.VendorWord {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.last[service]
}

// pause is the time until the next look: shorter while there is trouble, longer and
// longer while the page cannot be read, and as long as the page itself asks for.
func (v *Vendor) pause(s *state, err error) time.Duration {
	d, least := v.cfg.Every, time.Duration(0)
	var later *Later
	switch {
	case err != nil:
		for i := 1; i < s.failures && d < maxBackoff; i++ {
			d *= 2
		}
		d = min(d, maxBackoff)
		if errors.As(err, &later) {
			least = later.After
		}
	case s.word.Status.Troubled():
		d = v.cfg.Troubled
	}
	spread := rand.Float64() //nolint:gosec // to spread the looks
	d = time.Duration(float64(d) * (1 + jitter*(2*spread-1)))
	if d < least {
		d = least + time.Duration(jitter*spread*float64(v.cfg.Every))
	}
	return d
}

// hosts spaces the requests to each host.
type hosts struct {
	mu   sync.Mutex
	next map[string]time.Time
}

// wait blocks until the host may be asked again.
func (h *hosts) wait(ctx context.Context, host string) error {
	h.mu.Lock()
	now := time.Now()
	if h.next == nil || len(h.next) > 2*maxPages { // hosts of pages that have gone
		h.next = map[string]time.Time{}
	}
	at := h.next[host]
	if at.Before(now) {
		at = now
	}
	h.next[host] = at.Add(hostGap)
	h.mu.Unlock()
	return clock.Pause(ctx, at.Sub(now))
}
