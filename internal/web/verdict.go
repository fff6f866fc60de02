package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"faultline/internal/store"
	"faultline/internal/web/cache"
	"faultline/internal/web/verdict"
	"faultline/internal/web/view"
	"faultline/outage"
)

// verdict is the page of one revision: what a quotation can point to for ever.
func (w *Web) verdict(rw http.ResponseWriter, r *http.Request) {
	id := r.PathValue("incident")
	revision, err := strconv.Atoi(r.PathValue("revision"))
	if err != nil || revision < 1 {
		w.notFound(rw, r)
		return
	}
	t := w.incidentTarget(id)
	t.key = fmt.Sprintf("/i/%s/verdicts/%d", id, revision)
	t.render = func(ctx context.Context, s *snapshot) (*cache.Page, error) {
		return w.renderVerdict(ctx, s, id, revision)
	}
	w.page(rw, r, t)
}

func (w *Web) renderVerdict(ctx context.Context, s *snapshot, id string, revision int) (*cache.Page, error) {
	defer w.metrics.took("verdict", time.Now())
	revs, err := w.deps.Store.Revisions(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read incident %s: %w", id, err)
	}
	facts := view.IncidentFacts{Revisions: revs}
	facts.Service = serviceOf(s, revs[len(revs)-1].Service)
	page := incidentPage{Incident: view.Incident{ID: id, ServiceID: facts.Service.ID, Service: facts.Service.Name}}
	if page.Verdict, err = w.verdictOf(ctx, id, revision, &facts); err != nil {
		return nil, err
	}
	if page.Verdict == nil {
		return nil, fmt.Errorf("revision %d of the verdict on %s: %w", revision, id, store.ErrNotFound)
	}
	v := page.Verdict
	page.Title = facts.Service.Name + ": verdict, revision " + strconv.Itoa(revision)
	return w.build(frame{
		name: "revision", view: page,
		parts: []partOf{{"verdict", "verdict", v}, {"evidence", "evidence", v}},
		shell: shell{
			Title: page.Title + " - Faultline", Description: v.Sentence, Stamp: w.stamp(s, facts.Service.ID),
			Here: "/i/" + url.PathEscape(id) + "/verdicts/" + strconv.Itoa(revision),
		},
	})
}

// verdictOf reads the verdict on an incident, its newest revision or the one that is
// asked for; nil where there is none.
func (w *Web) verdictOf(ctx context.Context, id string, revision int, f *view.IncidentFacts) (*verdict.View, error) {
	facts := verdict.Facts{Service: f.Service.Name, Incident: &f.Revisions[len(f.Revisions)-1], Look: w.deps.Look}
	briefs, err := w.deps.Store.Verdicts(ctx, store.VerdictQuery{Incident: id, Limit: verdict.MostRevisions + 1, Brief: true})
	if err != nil {
		return nil, fmt.Errorf("read the verdicts on %s: %w", id, err)
	}
	if len(briefs) == 0 {
		return nil, nil
	}
	facts.Latest, facts.More = briefs[0].Revision, len(briefs) > verdict.MostRevisions
	facts.Briefs = briefs[:min(len(briefs), verdict.MostRevisions)]
	if revision == 0 {
		revision = facts.Latest
	}
	whole, err := w.deps.Store.Verdicts(ctx, store.VerdictQuery{Incident: id, Before: revision + 1, Limit: 1})
	if err != nil {
		return nil, fmt.Errorf("read revision %d of the verdict on %s: %w", revision, id, err)
	}
	if len(whole) == 0 || whole[0].Revision != revision {
		return nil, nil
	}
	facts.Shown = &whole[0]
	return verdict.Of(facts), nil
}

// serviceOf finds a service, or makes do with its id.
func serviceOf(s *snapshot, id string) outage.Service {
	if row, ok := s.row(id); ok {
		return row.Service
	}
	return outage.Service{ID: id, Name: id}
}
