package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"faultline/internal/store"
	"faultline/internal/web/cache"
	"faultline/internal/web/probed"
	"faultline/internal/web/verdict"
	"faultline/internal/web/view"
)

// incidentPage is what the template of an incident gets.
type incidentPage struct {
	view.Incident
	Verdict *verdict.View // nil while nothing was said
}

// incident is the page of one incident.
func (w *Web) incident(rw http.ResponseWriter, r *http.Request) {
	w.page(rw, r, w.incidentTarget(r.PathValue("incident")))
}

func (w *Web) incidentTarget(id string) target {
	// The id is the service and the minute of first detection; service ids may
	// have dashes themselves.
	service := id
	if i := strings.LastIndexByte(id, '-'); i > 0 {
		service = id[:i]
	}
	return target{
		key:   "/i/" + id,
		stamp: func(s *snapshot) string { return w.stamp(s, service) },
		render: func(ctx context.Context, s *snapshot) (*cache.Page, error) {
			return w.renderIncident(ctx, s, id)
		},
	}
}

func (w *Web) renderIncident(ctx context.Context, s *snapshot, id string) (*cache.Page, error) {
	defer w.metrics.took("incident", time.Now())
	facts, err := w.incidentFacts(ctx, s, id)
	if err != nil {
		return nil, err
	}
	page := incidentPage{Incident: view.IncidentOf(facts)}
	if page.Verdict, err = w.verdictOf(ctx, id, 0, &facts); err != nil {
		return nil, err
	}
	v := &page.Incident
	v.Partly = page.Verdict != nil && page.Verdict.Layer.Known
	here := "/i/" + url.PathEscape(id)
	description := v.Say
	if page.Verdict != nil { // whoever passes the page on passes on what may be quoted
		description += " " + page.Verdict.Sentence
	}
	sh := shell{
		Title: v.Title + " - Faultline", Description: description,
		Stamp: w.stamp(s, facts.Service.ID), Here: here,
	}
	// A closed incident may be reopened, so its page stays live too.
	sh.Live = "/live?page=" + url.QueryEscape(here)
	parts := []partOf{
		{"state", "state", v}, {"figures", "figures", v}, {"timeline", "line", v.Line}, {"waves", "waves", v.Waves},
		{"places", "places", v}, {"history", "history", v},
		{"verdict", "verdict", page.Verdict}, {"evidence", "evidence", page.Verdict},
	}
	if v.Measured != nil || v.Vendor != nil || v.Carried != nil {
		parts = append(parts, partOf{"measured", "measured", v})
	}
	if v.Probed != nil {
		parts = append(parts, partOf{"probed", "probed", v.Probed})
	}
	return w.build(frame{name: "incident", view: page, shell: sh, parts: parts})
}

func (w *Web) incidentFacts(ctx context.Context, s *snapshot, id string) (view.IncidentFacts, error) {
	f := view.IncidentFacts{Pulse: s.pulse, World: w.world(s), Rule: w.cfg.SeverityRule}
	var err error
	if f.Revisions, err = w.deps.Store.Revisions(ctx, id); err != nil {
		return f, fmt.Errorf("read incident %s: %w", id, err)
	}
	if len(f.Revisions) == 0 {
		return f, fmt.Errorf("incident %s has no revisions: %w", id, store.ErrNotFound)
	}
	last := &f.Revisions[len(f.Revisions)-1]
	f.Service = serviceOf(s, last.Service)
	f.Name = func(id string) string { return serviceOf(s, id).Name }
	from, to, step := view.IncidentSpan(last, s.pulse)
	f.Step = step
	q := store.SeriesQuery{Service: last.Service, From: from, To: to, Step: step}
	if f.Buckets, err = w.deps.Store.Series(ctx, q); err != nil {
		return f, fmt.Errorf("read the timeline of %s: %w", id, err)
	}
	if f.Words, err = w.deps.Store.Words(ctx, last.Service, last.Onset-wordsBefore); err != nil {
		return f, fmt.Errorf("read the words on %s: %w", last.Service, err)
	}
	from, to = probed.LineSpan(last, s.pulse)
	if f.Looks, err = w.deps.Store.Looks(ctx, last.Service, from, to); err != nil {
		return f, fmt.Errorf("read what probes saw of %s: %w", id, err)
	}
	if len(f.Looks) == 0 {
		return f, nil
	}
	if f.Agents, err = w.deps.Store.Agents(ctx); err != nil {
		return f, fmt.Errorf("read who looked at %s: %w", last.Service, err)
	}
	return f, nil
}
