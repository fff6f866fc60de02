package api

import (
	"context"
	"errors"
	"math"
	"strconv"
	"time"

	"faultline/internal/names"
	"faultline/internal/store"
	"faultline/outage"
)

// Freshness says how far the answer reaches.
type Freshness struct {
	AsOf  *time.Time `json:"as_of" doc:"Start of the last closed minute; null before the first"`
	Since *time.Time `json:"listening_since" doc:"Null before the first minute"`
}

func fresh(p store.Pulse) Freshness {
	return Freshness{AsOf: optional(p.Closed), Since: optional(p.Since)}
}

// ServiceSummary is a service as lists tell it.
type ServiceSummary struct {
	ID        string        `json:"id"`
	Name      string        `json:"name"`
	Aliases   []string      `json:"aliases"`
	Kind      string        `json:"kind"`
	Family    string        `json:"family,omitempty"`
	Homepage  string        `json:"homepage,omitempty"`
	Status    outage.Status `json:"status" enum:"no_unusual_reports,rising,problems,recovering,unknown"`
	Headline  string        `json:"headline"`
	Reason    string        `json:"reason" doc:"One sentence with the numbers and their scope"`
	SaidAt    *time.Time    `json:"status_since" doc:"Minute in which that was said; null when nothing was said yet"`
	Incident  string        `json:"incident,omitempty" doc:"The one that the status speaks of"`
	Verdict   *SaidVerdict  `json:"verdict,omitempty" doc:"What the incident is consistent with, as it was said with the status; left out while nothing was said"`
	Quarter   int           `json:"reports_last_15_minutes" doc:"Closed minutes, all countries"`
	Expected  float64       `json:"expected_last_15_minutes" doc:"What is usual at this time of the week, all countries"`
	Day       int           `json:"reports_last_24_hours" doc:"Closed minutes, all countries"`
	Hours     []int         `json:"reports_by_hour" doc:"The same in 24 spans of 60 minutes, oldest first"`
	Open      OpenMinutes   `json:"open_minutes"`
	Retired   bool          `json:"retired,omitempty" doc:"No longer in the catalog; kept for its history"`
	Page      string        `json:"page" doc:"Path of the page for people"`
	Confident string        `json:"confidence" doc:"Of the baseline: none, low or normal"`
}

// SaidVerdict is a verdict as a bulletin quotes it.
type SaidVerdict struct {
	State      outage.VerdictState `json:"state" enum:"insufficient,ambiguous,likely,very_likely"`
	Revision   int                 `json:"revision"`
	Sentence   string              `json:"sentence" doc:"What may be quoted"`
	Confidence string              `json:"confidence" doc:"How sound it is, in a sentence of its own"`
}

// OpenMinutes is what came after the last closed minute; it may still change.
type OpenMinutes struct {
	Reports     int        `json:"reports" doc:"Provisional, all countries"`
	SetAside    int        `json:"set_aside" doc:"Kept but not counted, because their network had sent more than its share"`
	Minute      *time.Time `json:"last_minute" doc:"The last minute with reports; null when there are none"`
	Provisional bool       `json:"provisional"`
}

// ServiceList answers for all services or a search.
type ServiceList struct {
	Freshness
	Total    int              `json:"total" doc:"Services in this list"`
	Services []ServiceSummary `json:"services"`
}

// Usual is what is expected of a service at the moment.
type Usual struct {
	Expected   float64 `json:"expected_per_minute" doc:"Mean of reports, all countries"`
	Low        float64 `json:"low_per_minute" doc:"5 % of quiet minutes have fewer"`
	High       float64 `json:"high_per_minute" doc:"5 % of quiet minutes have more"`
	Dispersion float64 `json:"dispersion" doc:"Variance over mean"`
	Confidence string  `json:"confidence" enum:"none,low,normal"`
	Method     string  `json:"method"`
}

// ServiceDetail is one service with its last day.
type ServiceDetail struct {
	Freshness
	ServiceSummary
	ReportCategories []string   `json:"report_categories" doc:"What may be reported"`
	Providers        []string   `json:"providers" doc:"Clouds, CDNs and carriers that it is known to stand on"`
	CountedSince     *time.Time `json:"counted_since" doc:"Since when its reports are counted"`
	Baseline         Usual      `json:"baseline" doc:"Of the quarter hour of as_of"`
	Last24Hours      Series     `json:"last_24_hours"`
	Countries        Breakdown  `json:"countries"`
	Categories       Breakdown  `json:"categories"`
	OpenIncident     *Incident  `json:"open_incident,omitempty"`
	Probes           *ProbesNow `json:"probes,omitempty" doc:"What independent probes say; left out while nobody probes it"`
	Vendor           *Vendor    `json:"vendor,omitempty" doc:"What it says of itself; left out while nobody reads its status page"`
}

func summary(r *store.Row) ServiceSummary {
	s, b := &r.Service, &r.Bulletin
	var said *SaidVerdict
	if b.Verdict != "" {
		said = &SaidVerdict{State: b.VerdictState, Revision: b.VerdictRevision, Sentence: b.Verdict, Confidence: b.Confidence}
	}
	return ServiceSummary{
		ID: s.ID, Name: s.Name, Aliases: list(s.Aliases), Kind: s.Kind, Family: s.Family, Homepage: s.Homepage,
		Status: b.Status, Headline: b.Headline, Reason: b.Reason, SaidAt: optional(b.Minute), Incident: b.Incident, Verdict: said,
		Quarter: r.Quarter, Expected: round(r.Expected), Day: r.Day, Hours: r.Spark[:],
		Open:    OpenMinutes{Reports: r.Open.Count, SetAside: r.Open.Aside, Minute: optional(r.Open.Minute), Provisional: true},
		Retired: s.Retired, Page: "/s/" + s.ID, Confident: string(r.Baseline.Confidence),
	}
}

// list is never null.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// round leaves what can be meant: four digits.
func round(v float64) float64 {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0
	}
	out, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64)
	if err != nil || math.Abs(v) >= 1000 {
		return math.Round(v)
	}
	return out
}

type listServicesInput struct {
	Query string `query:"q" doc:"Search in names, aliases and hosts; a slip of the finger is forgiven"`
}

func (a *API) listServices(ctx context.Context, in *listServicesInput) (*output[ServiceList], error) {
	out, err := a.services(ctx, in.Query)
	return reply(ctx, out, err)
}

func (a *API) services(ctx context.Context, query string) (ServiceList, error) {
	out := ServiceList{Services: []ServiceSummary{}}
	pulse, err := a.store.Pulse(ctx)
	if err != nil {
		return out, err
	}
	rows, err := a.store.Rows(ctx)
	if err != nil {
		return out, err
	}
	out.Freshness = fresh(pulse)
	if query == "" {
		for i := range rows {
			out.Services = append(out.Services, summary(&rows[i]))
		}
	} else {
		byID := map[string]*store.Row{}
		for i := range rows {
			byID[rows[i].Service.ID] = &rows[i]
		}
		for _, s := range a.index.of(rows).Search(query, maxFound) {
			out.Services = append(out.Services, summary(byID[s.ID]))
		}
	}
	out.Total = len(out.Services)
	return out, nil
}

type getServiceInput struct {
	ID string `path:"id" doc:"Id of the service, such as x"`
}

func (a *API) getService(ctx context.Context, in *getServiceInput) (*output[ServiceDetail], error) {
	out, err := a.service(ctx, in.ID)
	return reply(ctx, out, err)
}

func (a *API) service(ctx context.Context, id string) (ServiceDetail, error) {
	var out ServiceDetail
	row, err := a.row(ctx, id)
	if err != nil {
		return out, err
	}
	pulse, err := a.store.Pulse(ctx)
	if err != nil {
		return out, err
	}
	b := &row.Baseline
	out = ServiceDetail{
		Freshness: fresh(pulse), ServiceSummary: summary(&row),
		ReportCategories: list(row.Service.Categories), Providers: list(row.Service.Providers), CountedSince: optional(row.Since),
		Baseline: Usual{
			Expected: round(b.Expected), Low: round(b.Low), High: round(b.High), Dispersion: round(b.Dispersion),
			Confidence: string(b.Confidence), Method: b.Method,
		},
	}
	q := store.SeriesQuery{Service: id, Step: quarter}
	if last := latest(pulse, &row); last != 0 {
		q.From, q.To = last+1-outage.Day, last+1
	}
	if out.Last24Hours, err = a.readSeries(ctx, q); err != nil {
		return out, err
	}
	if out.Countries, err = a.breakdown(ctx, a.store.Countries, q, countryLabel); err != nil {
		return out, err
	}
	if out.Categories, err = a.breakdown(ctx, a.store.Categories, q, names.CategoryLabel); err != nil {
		return out, err
	}
	if out.Vendor, err = a.vendor(ctx, id, pulse.Closed); err != nil {
		return out, err
	}
	open, err := a.store.Incidents(ctx, store.IncidentFilter{Service: id, OpenOnly: true, Limit: 1})
	if err != nil {
		return out, err
	}
	if len(open) > 0 {
		in := FromIncident(open[0])
		out.OpenIncident = &in
	}
	out.Probes, err = a.probes(ctx, id, open, pulse.Closed)
	return out, err
}

// quarter is the step of the last day.
const quarter outage.Minute = 15

// row finds a service; one that is not there may be a misspelling of another.
func (a *API) row(ctx context.Context, id string) (store.Row, error) {
	row, err := a.store.Row(ctx, id)
	if !errors.Is(err, store.ErrNotFound) {
		return row, err
	}
	rows, err := a.store.Rows(ctx)
	if err != nil {
		return row, err
	}
	return row, notFound("there is no service %q%s", shorten(id), near(a.index.of(rows), id, rows))
}
