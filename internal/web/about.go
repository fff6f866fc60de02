package web

import (
	"errors"
	"net/http"
	"strings"

	"faultline/internal/geo"
	"faultline/internal/store"
	"faultline/internal/web/view"
)

// problem is a page that says what went wrong and what to do.
type problem struct {
	Title, Text string
	Found       view.Results
	Retry       bool
}

// aboutView is what the page about Faultline needs: the rule behind a word, and
// whose data tells where an address is.
type aboutView struct {
	Severity string
	Sources  []geo.Attribution
}

// about says how it all works.
func (w *Web) about(rw http.ResponseWriter, r *http.Request) {
	w.still(rw, r, http.StatusOK, frame{
		name: "about", view: aboutView{Severity: w.cfg.SeverityRule, Sources: geo.Attributions()},
		shell: shell{Title: "How Faultline works", Description: "Where the numbers come from, what a status means and what is never stored."},
	})
}

// aboutNotice is the page behind the notice.
func (w *Web) aboutNotice(rw http.ResponseWriter, r *http.Request) {
	if w.cfg.Notice == nil || w.cfg.Notice.Body == "" {
		w.notFound(rw, r)
		return
	}
	w.still(rw, r, http.StatusOK, frame{
		name: "notice", view: w.cfg.Notice,
		shell: shell{Title: w.cfg.Notice.Title + " - Faultline"},
	})
}

// still serves a page that does not change by itself.
func (w *Web) still(rw http.ResponseWriter, r *http.Request, status int, f frame) {
	f.shell.Here = r.URL.Path
	p, err := w.build(f)
	if err != nil {
		w.deps.Log.Error("a page does not render", "page", f.name, "error", err)
		http.Error(rw, "this page cannot be shown", http.StatusInternalServerError)
		return
	}
	w.send(rw, r, p, status)
}

// notFound answers for every address that nobody else takes. Programs get a
// problem they can read, people a page with services of a similar name.
func (w *Web) notFound(rw http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/api/") {
		rw.Header().Set("Content-Type", "application/problem+json")
		rw.WriteHeader(http.StatusNotFound)
		// A reader who has left is no failure of ours.
		_, _ = rw.Write([]byte(`{"title":"Not Found","status":404,"detail":"no such address; /api/openapi.json lists them all"}` + "\n"))
		return
	}
	v := problem{Title: "There is no such page", Text: "The address may be misspelt, or the service is not in the catalog."}
	if name, ok := strings.CutPrefix(r.URL.Path, "/s/"); ok {
		if s, err := w.snaps.get(r.Context()); err == nil {
			v.Found = w.find(s, name)
		}
	}
	rw.Header().Set("Cache-Control", "no-store")
	w.still(rw, r, http.StatusNotFound, frame{name: "problem", view: v, shell: shell{Title: v.Title + " - Faultline", NoIndex: true}})
}

// failed sorts the errors of a page into those two.
func (w *Web) failed(rw http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, store.ErrNotFound) {
		w.notFound(rw, r)
		return
	}
	w.unavailable(rw, r, err)
}

// unavailable says that our own records cannot be read. It is no statement
// about any service.
func (w *Web) unavailable(rw http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil {
		w.deps.Log.Error("a page cannot be shown", "path", r.URL.Path, "error", err)
	}
	v := problem{
		Title: "We cannot read our own records right now",
		Text:  "This says nothing about any service: the fault is ours. Reports are still taken. Please try again in a moment.", Retry: true,
	}
	rw.Header().Set("Cache-Control", "no-store")
	rw.Header().Set("Retry-After", "5")
	w.still(rw, r, http.StatusServiceUnavailable, frame{name: "problem", view: v, shell: shell{Title: v.Title + " - Faultline", NoIndex: true}})
}

// robots lets search engines read the pages, but neither searches nor streams.
func (w *Web) robots(rw http.ResponseWriter, _ *http.Request) {
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	// A reader who has left is no failure of ours.
	_, _ = rw.Write([]byte("User-agent: *\nDisallow: /search\nDisallow: /live\nDisallow: /api/\n"))
}

// favicon answers the address that browsers ask unbidden.
func (w *Web) favicon(rw http.ResponseWriter, r *http.Request) {
	http.Redirect(rw, r, "/static/favicon.svg", http.StatusMovedPermanently)
}
