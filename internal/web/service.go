package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"faultline/internal/geo"
	"faultline/internal/store"
	"faultline/internal/web/cache"
	"faultline/internal/web/view"
	"faultline/outage"
)

// maxPast is how many incidents a service page lists.
const maxPast = 12

// answers are what the button's redirect may say in ?report=.
var answers = map[string]bool{"counted": true, "duplicate": true, "aside": true, "country": true, "failed": true}

// servicePage is what the template of a service page gets.
type servicePage struct {
	view.Service
	Answer    string // what became of the reader's own report
	Countries []geo.Country
	About     view.ServiceStatus
}

// service is the page of one service.
func (w *Web) service(rw http.ResponseWriter, r *http.Request) {
	id, answer := lower(r.PathValue("service")), r.URL.Query().Get("report")
	if !answers[answer] {
		answer = ""
	}
	if answer != "" {
		rw.Header().Set("Cache-Control", "no-store")
	}
	w.page(rw, r, w.serviceTarget(id, answer))
}

func (w *Web) serviceTarget(id, answer string) target {
	return target{
		key:   "/s/" + id + "?" + answer,
		stamp: func(s *snapshot) string { return w.stamp(s, id) },
		render: func(ctx context.Context, s *snapshot) (*cache.Page, error) {
			return w.renderService(ctx, s, id, answer)
		},
	}
}

func (w *Web) renderService(ctx context.Context, s *snapshot, id, answer string) (*cache.Page, error) {
	defer w.metrics.took("service", time.Now())
	row, ok := s.row(id)
	if !ok {
		return nil, fmt.Errorf("service %q: %w", id, store.ErrNotFound)
	}
	facts, err := w.serviceFacts(ctx, s, row)
	if err != nil {
		return nil, err
	}
	v := view.ServiceOf(facts)
	page := servicePage{Service: v, Answer: answer}
	if answer == "country" {
		page.Countries = geo.Countries()
	}
	here := "/s/" + url.PathEscape(id)
	parts := []partOf{
		{"status", "status", v.Status}, {"numbers", "numbers", v.Numbers},
		{"day", "line", v.Day}, {"hour", "line", v.Hour},
		{"problems", "breakdown", v.Problems}, {"countries", "breakdown", v.Countries},
		{"past", "past", v.Past}, {"beside", "beside", v},
	}
	if v.Probes != nil {
		parts = append(parts, partOf{"probes", "probes", v.Probes})
	}
	if v.Vendor != nil {
		parts = append(parts, partOf{"vendor", "vendor", v.Vendor})
	}
	return w.build(frame{
		name: "service", view: page, parts: parts,
		shell: shell{
			Title:       "Is " + v.Name + " down? " + v.Status.Status.Word + " - Faultline",
			Description: v.Name + ": " + v.Status.Status.Word + ". " + v.Status.Reason,
			Live:        "/live?page=" + url.QueryEscape(here), Stamp: w.stamp(s, id), Here: here,
			NoIndex: answer != "",
		},
	})
}

func (w *Web) serviceFacts(ctx context.Context, s *snapshot, row store.Row) (view.ServiceFacts, error) {
	id, closed := row.Service.ID, s.pulse.Closed
	f := view.ServiceFacts{
		Row: row, Pulse: s.pulse, World: w.world(s), Open: s.openOf(id), Judged: s.verdictOf(id), Family: familyOf(s, &row.Service), Beside: s.beside(&row.Service),
	}
	if closed == 0 { // nothing has been counted yet
		return f, nil
	}
	var err error
	to := closed + 1
	// The last quarter hour may be in the future in part; it is what there is of it.
	end := (to + view.DayStep - 1) / view.DayStep * view.DayStep
	day := store.SeriesQuery{Service: id, From: end - outage.Day, To: to, Step: view.DayStep}
	if f.Day, err = w.deps.Store.Series(ctx, day); err != nil {
		return f, fmt.Errorf("read a day of %s: %w", id, err)
	}
	hour := store.SeriesQuery{Service: id, From: to - outage.Hour + 1, To: to + 1, Step: view.HourStep}
	if f.Hour, err = w.deps.Store.Series(ctx, hour); err != nil {
		return f, fmt.Errorf("read the last hour of %s: %w", id, err)
	}
	if f.Countries, err = w.deps.Store.Countries(ctx, id, to-outage.Day, to); err != nil {
		return f, fmt.Errorf("read the countries of %s: %w", id, err)
	}
	if f.Categories, err = w.deps.Store.Categories(ctx, id, to-outage.Day, to); err != nil {
		return f, fmt.Errorf("read the categories of %s: %w", id, err)
	}
	past := store.IncidentFilter{Service: id, Limit: maxPast}
	if f.Past, err = w.deps.Store.Incidents(ctx, past); err != nil {
		return f, fmt.Errorf("read the incidents of %s: %w", id, err)
	}
	if f.Verdicts, err = w.deps.Store.LatestVerdicts(ctx, past); err != nil {
		return f, fmt.Errorf("read the verdicts on the incidents of %s: %w", id, err)
	}
	return f, w.measured(ctx, &f, day)
}

// measured adds what agents and the vendor say to the facts of a service.
func (w *Web) measured(ctx context.Context, f *view.ServiceFacts, day store.SeriesQuery) error {
	id, p := day.Service, &f.Probes
	states, err := w.deps.Store.States(ctx, id, day.To)
	if err != nil {
		return fmt.Errorf("read what probes say of %s: %w", id, err)
	}
	if n := len(states); n > 0 {
		p.State = &states[n-1]
	}
	p.From = day.From
	if p.Looks, err = w.deps.Store.Looks(ctx, id, day.From, day.To); err != nil {
		return fmt.Errorf("read a day of probes of %s: %w", id, err)
	}
	if p.Imports, err = w.deps.Store.Imports(ctx, id); err != nil {
		return fmt.Errorf("read what was imported of %s: %w", id, err)
	}
	if p.State != nil || len(p.Looks) > 0 {
		q := store.ProbedQuery{Service: id, Signal: outage.SignalLatency, From: day.From, To: day.To, Step: day.Step}
		if p.Latency, err = w.deps.Store.Probed(ctx, q); err != nil {
			return fmt.Errorf("read a day of latency of %s: %w", id, err)
		}
	}
	f.Vendor.Of = f.Open
	from := day.From
	if f.Open != nil {
		from = f.Open.Onset - wordsBefore
	}
	if f.Vendor.Words, err = w.deps.Store.Words(ctx, id, from); err != nil {
		return fmt.Errorf("read the words on %s: %w", id, err)
	}
	return nil
}

// wordsBefore is how long before its onset a vendor may have spoken of an incident,
// and more than that.
const wordsBefore = outage.Day
