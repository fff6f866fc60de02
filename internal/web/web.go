// Package web serves the public pages: what is out now, one service, one
// incident, the vantage points, whom to write to about probes, and how it all works.
//
// It reads the query store and the clock of its world, and writes nothing. A
// page is a pure view of what the store answered, rendered on the server and
// complete without scripts; rendered pages are kept until what they show
// changes, and one poller of the store's pulse feeds all live streams. Limits:
// pages kept, streams open and search results are bounded by name; nothing is
// computed here that a fact does not already say.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"faultline/internal/clock"
	"faultline/internal/store"
	"faultline/internal/web/cache"
)

// Reader is the part of the query store that pages ask.
type Reader interface {
	store.Overviews
	store.Histories
	store.Measures
	store.Sayings
	store.Judgements
}

// Deps is what the pages stand on.
type Deps struct {
	Store  Reader
	Clock  clock.Clock
	Log    *slog.Logger          // nil: the default one
	Metric prometheus.Registerer // nil: no metrics
	// Look says in words what to look at for a sign of the knowledge table, "" for one
	// that it does not have; nil: pages make do with the sign's name.
	Look func(sign string) string
}

// Web serves the pages.
type Web struct {
	cfg     Config
	deps    Deps
	tmpl    *templates
	assets  *assets
	pages   *cache.Cache
	snaps   *snapshots
	hub     *hub
	metrics *metrics
}

// New prepares the pages. The configuration must be valid.
func New(cfg Config, deps Deps) *Web {
	cfg = cfg.filled()
	if deps.Log == nil {
		deps.Log = slog.Default()
	}
	a := newAssets()
	w := &Web{
		cfg: cfg, deps: deps, assets: a, tmpl: newTemplates(a),
		pages: cache.New(maxPages),
		snaps: &snapshots{reader: deps.Store, every: cfg.PollEvery},
		hub:   newHub(cfg.MaxStreams),
	}
	w.metrics = newMetrics(deps.Metric, w)
	return w
}

// Register adds the pages to mux. Whatever no other pattern takes gets the page
// that says so.
func (w *Web) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", w.home)
	mux.HandleFunc("GET /search", w.search)
	mux.HandleFunc("GET /s/{service}", w.service)
	mux.HandleFunc("GET /i/{incident}", w.incident)
	mux.HandleFunc("GET /i/{incident}/verdicts/{revision}", w.verdict)
	mux.HandleFunc("GET /live", w.live)
	mux.HandleFunc("GET /agents", w.agents)
	mux.HandleFunc("GET /probes", w.probes)
	mux.HandleFunc("GET /probing", w.probes)
	mux.HandleFunc("GET /about", w.about)
	mux.HandleFunc("GET /about/demo", w.aboutNotice)
	mux.HandleFunc("GET /robots.txt", w.robots)
	mux.HandleFunc("GET /favicon.ico", w.favicon)
	mux.HandleFunc("GET /static/{file}", w.static)
	mux.HandleFunc("/", w.notFound)
}

// Run polls the store's pulse for all live streams until the context ends.
// A failing store does not end it: pages say so themselves and recover with it.
func (w *Web) Run(ctx context.Context) error {
	defer w.hub.close()
	tick := time.NewTicker(w.cfg.PollEvery)
	defer tick.Stop()
	var last string
	failing := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if w.hub.len() == 0 {
			continue
		}
		snap, err := w.snaps.get(ctx)
		if err != nil {
			if !failing && ctx.Err() == nil {
				w.deps.Log.Warn("live pages wait for the store", "error", err)
			}
			failing = true
			continue
		}
		failing = false
		if now := w.stampAll(snap); now != last {
			last = now
			w.hub.wake()
		}
	}
}
