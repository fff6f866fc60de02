package api

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"faultline/internal/store"
	"faultline/outage"
)

// Series is reports over time.
type Series struct {
	Service  string     `json:"service"`
	Signal   string     `json:"signal"`
	Country  string     `json:"country,omitempty"`
	Category string     `json:"category,omitempty"`
	Layer    string     `json:"layer,omitempty"`
	Network  string     `json:"network,omitempty"`
	Family   int        `json:"family,omitempty" doc:"Of addresses: 4 or 6"`
	From     *time.Time `json:"from" doc:"Inclusive; the first bucket starts here; null when there is no minute yet"`
	To       *time.Time `json:"to" doc:"Exclusive"`
	Step     string     `json:"step" doc:"Width of a bucket"`
	Scope    string     `json:"scope" doc:"What the counts count"`
	Total    *int       `json:"total_reports" doc:"Sum of the buckets that are told, all of them closed or provisional; null for other signals"`
	Buckets  []Bucket   `json:"buckets"`
}

// Bucket is one step of a series.
type Bucket struct {
	Start       time.Time `json:"start"`
	Reports     *int      `json:"reports" doc:"Null where nobody listened, the count is suppressed, or the signal is another"`
	Display     string    `json:"display"`
	Suppressed  bool      `json:"suppressed,omitempty" doc:"There may be reports that are too few to tell"`
	SetAside    int       `json:"set_aside,omitempty" doc:"Kept but not counted; whole service only"`
	Missing     int       `json:"missing_minutes,omitempty" doc:"Minutes in which nobody listened"`
	Provisional bool      `json:"provisional,omitempty" doc:"Reaches beyond the closed minutes"`
	Expected    *float64  `json:"expected,omitempty" doc:"What is usual for the whole bucket; whole service only"`
	Low         *float64  `json:"low,omitempty" doc:"5 % of quiet buckets have fewer"`
	High        *float64  `json:"high,omitempty" doc:"5 % of quiet buckets have more"`
	Attempts    *int      `json:"attempts,omitempty" doc:"Of failures: attempts that were made; of latency: those that did not fail"`
	Failures    *int      `json:"failures,omitempty" doc:"Of failures: attempts that failed"`
	Share       *float64  `json:"share,omitempty" doc:"Of failures: failed of all"`
	Latency     *float64  `json:"latency_ms,omitempty" doc:"Of latency: geometric mean in milliseconds"`
}

// Breakdown is how reports of a span divide.
type Breakdown struct {
	From  *time.Time `json:"from" doc:"Inclusive; null when there is no minute yet"`
	To    *time.Time `json:"to" doc:"Exclusive"`
	Scope string     `json:"scope"`
	Parts []Part     `json:"parts" doc:"Most first; the rest is last"`
}

// Part is one country or category of a breakdown.
type Part struct {
	Name       string `json:"name" doc:"Country code or category; empty: the rest"`
	Label      string `json:"label"`
	Reports    *int   `json:"reports" doc:"Null where suppressed"`
	Display    string `json:"display"`
	Suppressed bool   `json:"suppressed"`
	Rest       bool   `json:"rest,omitempty" doc:"Unknown, and all that is kept back"`
}

type getSeriesInput struct {
	ID       string `path:"id" doc:"Id of the service, such as x"`
	Signal   string `query:"signal" doc:"reports if not given, failures or latency: the latter two of probes" example:"reports"`
	Country  string `query:"country" doc:"Two-letter code; not together with category" example:"US"`
	Category string `query:"category" doc:"A report category of the service; reports only"`
	Layer    string `query:"layer" doc:"dns, route, tcp, tls, quic, http or app; whole attempts if not given; failures and latency only" example:"tcp"`
	Network  string `query:"network" doc:"Of a vantage point, as declared, such as AS64500; failures and latency only"`
	Family   string `query:"family" doc:"Of addresses, 4 or 6; failures and latency only"`
	From     string `query:"from" doc:"RFC 3339 or 2025-03-10T09:30Z, inclusive; 24 hours before to if not given"`
	To       string `query:"to" doc:"Exclusive; the end of the open minute if not given"`
	Step     string `query:"step" doc:"Width of a bucket: whole minutes from 1m to 1d" example:"15m"`
}

func (a *API) getSeries(ctx context.Context, in *getSeriesInput) (*output[Series], error) {
	out, err := a.series(ctx, in)
	return reply(ctx, out, err)
}

func (a *API) series(ctx context.Context, in *getSeriesInput) (Series, error) {
	row, err := a.row(ctx, in.ID)
	if err != nil {
		return Series{}, err
	}
	signal, err := signalOf(in.Signal)
	if err != nil {
		return Series{}, bad(err)
	}
	country, err := parseCountry(in.Country)
	if err != nil {
		return Series{}, bad(err)
	}
	if signal == outage.SignalReports && in.Layer+in.Network+in.Family != "" {
		return Series{}, bad(fmt.Errorf("layer, network and family are of what is measured: ask with signal=%s or signal=%s", askFailures, askLatency))
	}
	category, err := parseCategory(in.Category, &row.Service)
	if err != nil {
		return Series{}, bad(err)
	}
	if country != "" && category != "" {
		return Series{}, bad(fmt.Errorf("country and category are both given: their joint is not told, ask for one of them"))
	}
	pulse, err := a.store.Pulse(ctx)
	if err != nil {
		return Series{}, err
	}
	s, err := parseSpan(in.From, in.To, in.Step, latest(pulse, &row))
	if err != nil {
		return Series{}, bad(err)
	}
	if signal != outage.SignalReports {
		return a.measuredSeries(ctx, store.ProbedQuery{Service: in.ID, Signal: signal, Country: country}, in, s)
	}
	return a.readSeries(ctx, store.SeriesQuery{
		Service: in.ID, Country: country, Category: category, From: s.from, To: s.to, Step: s.step,
	})
}

// latest is the last closed minute or, before the first, the one before the
// minutes that have reports already; 0 when there is none of either.
func latest(p store.Pulse, row *store.Row) outage.Minute {
	if p.Closed == 0 && row.Open.Minute > 0 {
		return row.Open.Minute - 1
	}
	return p.Closed
}

// readSeries asks the store and says what it answers.
func (a *API) readSeries(ctx context.Context, q store.SeriesQuery) (Series, error) {
	buckets, err := a.store.Series(ctx, q) // of an empty span: none
	if err != nil {
		return Series{}, err
	}
	out := Series{
		Service: q.Service, Signal: outage.SignalReports, Country: q.Country, Category: q.Category,
		From: optional(q.From), To: optional(q.To), Step: formatStep(q.Step), Scope: scope(&q), Buckets: make([]Bucket, len(buckets)),
	}
	total := 0
	for i := range buckets {
		b := &buckets[i]
		out.Buckets[i] = bucket(b, min(q.Step, q.To-b.Start))
		total += b.Count
	}
	out.Total = &total
	return out, nil
}

// bucket says one step of some width. Zero is said only where somebody listened.
func bucket(b *store.Bucket, width outage.Minute) Bucket {
	out := Bucket{
		Start: b.Start.Time(), SetAside: b.Aside, Missing: b.Missing, Provisional: b.Provisional, Suppressed: b.Waiting,
	}
	switch {
	case b.Waiting:
		out.Display = small
	case b.Count == 0 && b.Missing >= int(width):
		out.Display = "no data"
	default:
		n := b.Count
		out.Reports, out.Display = &n, strconv.Itoa(n)
	}
	if b.HasBaseline {
		e, l, h := round(b.Expected), round(b.Low), round(b.High)
		out.Expected, out.Low, out.High = &e, &l, &h
	}
	return out
}

func scope(q *store.SeriesQuery) string {
	where := "all countries and categories"
	switch {
	case q.Country != "":
		where = countryLabel(q.Country) + ", all categories; counted when five or more have come together"
	case q.Category != "":
		where = "category " + q.Category + ", all countries; counted when five or more have come together"
	}
	return fmt.Sprintf("distinct reporters in each bucket of %s, %s", formatStep(q.Step), where)
}

type breakDown func(ctx context.Context, service string, from, to outage.Minute) ([]store.Share, error)

// breakdown divides the span of a series.
func (a *API) breakdown(ctx context.Context, ask breakDown, q store.SeriesQuery, label func(string) string) (Breakdown, error) {
	shares, err := ask(ctx, q.Service, q.From, q.To)
	if err != nil {
		return Breakdown{}, err
	}
	out := Breakdown{
		From: optional(q.From), To: optional(q.To), Parts: []Part{},
		Scope: "distinct reporters in closed minutes between from and to; fewer than 5 are not told",
	}
	for i := range shares {
		s := &shares[i]
		p := Part{Name: s.Name, Label: label(s.Name), Suppressed: s.Count == 0 && s.Waiting, Rest: s.Name == ""}
		if p.Rest {
			p.Label = "Unknown or kept back"
		}
		if p.Suppressed {
			p.Display = small
		} else {
			p.Reports, p.Display = &s.Count, strconv.Itoa(s.Count)
		}
		out.Parts = append(out.Parts, p)
	}
	return out, nil
}
