package web

import (
	"context"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"faultline/internal/store"
	"faultline/internal/web/cache"
	"faultline/internal/web/view"
	"faultline/outage"
)

// Limits of a search. A longer query is cut; more results than a phone shows at
// once help nobody.
const (
	maxQuery   = 80
	maxResults = 24
)

// home is what is out now, what is rising, and all services; with ?q= it is the
// result of a search, so that searching needs no script.
func (w *Web) home(rw http.ResponseWriter, r *http.Request) {
	if q := query(r); q != "" {
		w.results(rw, r, q)
		return
	}
	w.page(rw, r, w.homeTarget())
}

// query reads the search box: trimmed, and cut at a rune.
func query(r *http.Request) string {
	q := strings.TrimSpace(strings.ToValidUTF8(r.URL.Query().Get("q"), ""))
	if utf8.RuneCountInString(q) > maxQuery {
		q = string([]rune(q)[:maxQuery])
	}
	return q
}

func (w *Web) homeTarget() target {
	return target{key: "/", stamp: w.stampAll, render: w.renderHome}
}

func (w *Web) renderHome(_ context.Context, s *snapshot) (*cache.Page, error) {
	defer w.metrics.took("home", time.Now())
	now := view.NowOf(s.rows, s.open, s.verdicts, w.world(s))
	groups := view.GroupsOf(s.rows, s.openOf)
	return w.build(frame{
		name: "home", view: now,
		parts: []partOf{{"now", "now", now}, {"all", "all", groups}},
		shell: shell{
			Title:       "Faultline: what is out right now",
			Description: "What people report right now about apps, sites, banks, carriers and clouds, against what is usual.",
			Live:        "/live?page=%2F", Stamp: w.stampAll(s), Here: "/",
		},
	})
}

// results is the home page of a search.
func (w *Web) results(rw http.ResponseWriter, r *http.Request, q string) {
	s, err := w.snaps.get(r.Context())
	if err != nil {
		w.unavailable(rw, r, err)
		return
	}
	p, err := w.build(frame{
		name: "results", view: w.find(s, q),
		shell: shell{Title: q + " - Faultline", Query: q, Here: r.URL.RequestURI(), NoIndex: true},
	})
	if err != nil {
		w.unavailable(rw, r, err)
		return
	}
	w.send(rw, r, p, http.StatusOK)
}

// search answers the search box as people type: the list alone.
func (w *Web) search(rw http.ResponseWriter, r *http.Request) {
	s, err := w.snaps.get(r.Context())
	if err != nil {
		w.unavailable(rw, r, err)
		return
	}
	html, err := w.tmpl.render("found", w.find(s, query(r)))
	if err != nil {
		w.unavailable(rw, r, err)
		return
	}
	w.send(rw, r, cache.NewPage("", []byte(html), nil), http.StatusOK)
}

// find asks the catalog and shows what the store knows of the services found.
func (w *Web) find(s *snapshot, q string) view.Results {
	v := view.Results{Query: q}
	if q == "" {
		return v
	}
	for _, found := range s.index.Search(q, maxResults) {
		if row, ok := s.row(found.ID); ok && !row.Service.Retired {
			v.Cards = append(v.Cards, view.CardOf(&row, s.openOf(found.ID)))
		}
	}
	return v
}

// target is a page that is kept and may be live.
type target struct {
	key    string
	stamp  func(*snapshot) string
	render func(context.Context, *snapshot) (*cache.Page, error)
}

// fetch returns the page of a target, rendered now or before.
func (w *Web) fetch(ctx context.Context, t target) (*cache.Page, error) {
	s, err := w.snaps.get(ctx)
	if err != nil {
		return nil, err
	}
	return w.pages.Get(ctx, t.key, t.stamp(s), func(ctx context.Context) (*cache.Page, error) {
		return t.render(ctx, s)
	})
}

// page serves a target.
func (w *Web) page(rw http.ResponseWriter, r *http.Request, t target) {
	p, err := w.fetch(r.Context(), t)
	if err != nil {
		w.failed(rw, r, err)
		return
	}
	w.send(rw, r, p, http.StatusOK)
}

// familyOf finds the other services of a family.
func familyOf(s *snapshot, service *outage.Service) []store.Row {
	if service.Family == "" {
		return nil
	}
	var out []store.Row
	for i := range s.rows {
		other := &s.rows[i].Service
		if other.Family == service.Family && other.ID != service.ID && !other.Retired && len(out) < maxFamily {
			out = append(out, s.rows[i])
		}
	}
	return out
}

// maxFamily is how many relatives a service page lists; large groups have
// hundreds, and the page is about one.
const maxFamily = 8
