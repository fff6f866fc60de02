// Package api answers programs: services, series, incidents and measurements as JSON, described
// by OpenAPI 3.1 at /api/openapi.json.
//
// It reads the query store and writes nothing. Method: the pages read the same
// store, so both know the same; every number says what it counts, in the name of
// its field or in a scope beside it; small cells are null, with what to show in
// their place. Answers are kept until the store changes, so a crowd costs little,
// and carry an ETag that lets a client ask whether anything has changed.
//
// Limits: config.go names those of questions, cache.go those of what is kept.
package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"

	"faultline/internal/agentapi"
	"faultline/internal/httpd"
	"faultline/internal/store"
)

// Version of the API; the path has its first number.
const Version = "1.0.0"

// Reader is what the API asks of the store.
type Reader interface {
	store.Overviews
	store.Histories
	store.Measures
	store.Sayings
	store.Judgements
}

// API is the part. It implements [http.Handler] for everything below /api/ that
// is read.
type API struct {
	cfg     Config
	store   Reader
	mux     *http.ServeMux
	params  map[string][]string // by pattern of the mux: query parameters
	cache   *cache
	index   index
	metrics *metrics
}

// New builds the API. A nil registry leaves the metrics unregistered.
func New(cfg Config, reader Reader, reg prometheus.Registerer) (*API, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configure the API: %w", err)
	}
	a := &API{cfg: cfg, store: reader, mux: http.NewServeMux(), params: map[string][]string{}, metrics: newMetrics(reg)}
	a.cache = newCache(a.metrics)
	doc := huma.DefaultConfig("Faultline", Version)
	doc.Info.Description = about
	doc.OpenAPIPath, doc.DocsPath, doc.SchemasPath = "/api/openapi", "", ""
	doc.CreateHooks = nil // no $schema fields: answers are the same wherever they are read
	h := humago.New(a.mux, doc)
	a.describe(h)
	for path, item := range h.OpenAPI().Paths {
		if item.Get == nil {
			continue
		}
		known := []string{}
		for _, p := range item.Get.Parameters {
			if p.In == "query" {
				known = append(known, p.Name)
			}
		}
		a.params["GET "+path] = known
	}
	describeReports(h.OpenAPI())
	describeOperator(h.OpenAPI())
	describeCheck(h.OpenAPI())
	return a, nil
}

const about = "Reports of problems with services, what is usual, what probes measured, and incidents. " +
	"Times are RFC 3339 in UTC. Counts are distinct reporters: a person counts once per service in 30 minutes. " +
	"Country and category counts under 5 are not told. Nobody is ever named as the cause."

// describe lists the operations.
func (a *API) describe(h huma.API) {
	get := func(id, path, summary string) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: http.MethodGet, Path: path, Summary: summary,
			SkipValidateParams: true, // parameters are read here, with better words
			Errors:             []int{http.StatusBadRequest, http.StatusNotFound, http.StatusServiceUnavailable},
		}
	}
	huma.Register(h, get("list-services", "/api/v1/services", "All services, or those that a search finds"), a.listServices)
	huma.Register(h, get("get-service", "/api/v1/services/{id}", "One service: status, the last 24 hours, countries, categories"), a.getService)
	huma.Register(h, get("get-series", "/api/v1/services/{id}/series", "Reports over time beside what is usual, or what probes measured"), a.getSeries)
	huma.Register(h, get("list-measurements", "/api/v1/measurements", "Measurements of agents, oldest first"), a.listMeasurements)
	huma.Register(h, get("list-agents", "/api/v1/agents", "Agents: vantage points, clocks, health"), a.listAgents)
	huma.Register(h, get("list-incidents", "/api/v1/incidents", "Incidents, newest first"), a.listIncidents)
	huma.Register(h, get("get-incident", "/api/v1/incidents/{id}", "One incident with its revisions"), a.getIncident)
	huma.Register(h, get("list-verdicts", "/api/v1/incidents/{id}/verdicts", "What one incident is consistent with: all revisions with their evidence, newest first"), a.listVerdicts)
}

// Register adds the API to a mux.
func (a *API) Register(mux *http.ServeMux) {
	mux.Handle("/api/", a)
}

// ServeHTTP checks what is asked and answers from what is kept, if it still holds.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Expose-Headers", "ETag")
	if r.Method == http.MethodOptions {
		w.Header().Set("Access-Control-Allow-Methods", "GET, HEAD")
		w.Header().Set("Access-Control-Allow-Headers", "If-None-Match")
		w.Header().Set("Access-Control-Max-Age", "86400")
		w.WriteHeader(http.StatusNoContent)
		return
	}
	_, pattern := a.mux.Handler(&http.Request{Method: http.MethodGet, URL: r.URL, Host: r.Host})
	if pattern == "" || (r.Method != http.MethodGet && r.Method != http.MethodHead) {
		a.refuse(w, r, pattern)
		return
	}
	known, data := a.params[pattern]
	if !data { // the document itself
		w.Header().Set("Cache-Control", "public, max-age=300")
		a.mux.ServeHTTP(w, r)
		return
	}
	if err := checkQuery(r.URL.RawQuery, known); err != nil {
		a.fail(w, pattern, http.StatusBadRequest, err.Error())
		return
	}
	a.answer(w, r, pattern)
}

// refuse answers for an address that is not there, or not for this method.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, pattern string) {
	instead, posted := readInstead(r.URL.Path)
	switch {
	case posted:
		w.Header().Set("Allow", http.MethodPost)
		a.fail(w, "", http.StatusMethodNotAllowed, instead)
	case pattern == "":
		a.fail(w, "", http.StatusNotFound, fmt.Sprintf("there is nothing at %q: /api/openapi.json lists what there is", r.URL.Path))
	default:
		w.Header().Set("Allow", "GET, HEAD, OPTIONS")
		a.fail(w, "", http.StatusMethodNotAllowed, fmt.Sprintf("%q is only read: use GET", r.URL.Path))
	}
}

// readInstead says where what is sent to an address with POST can be read.
func readInstead(path string) (words string, posted bool) {
	switch path {
	case reportsPath:
		return "reports are sent with POST; they are read as /api/v1/services/{id}/series", true
	case agentapi.PathImports:
		return "imports are sent with POST; they are read as /api/v1/measurements", true
	case observationsPath:
		return "observations are sent with POST; they are read as evidence in /api/v1/incidents/{id}/verdicts", true
	}
	return "", false
}

func (a *API) fail(w http.ResponseWriter, pattern string, status int, detail string) {
	a.metrics.answered(pattern, status)
	httpd.WriteProblem(w, status, detail)
}

// problem makes the answer for an error: what the client can mend is told, what it
// cannot is logged for the operator.
func problem(ctx context.Context, err error) error {
	status, detail := http.StatusServiceUnavailable, "the query store cannot be read at the moment: try again in a minute; the operator finds the reason in the log"
	var bad *badRequest
	switch {
	case errors.As(err, &bad):
		status, detail = bad.status, bad.Error()
	case errors.Is(err, store.ErrAgedOut):
		status, detail = http.StatusBadRequest, err.Error()
	case ctx.Err() != nil:
		detail = "the answer took too long: ask for less"
	default:
		slog.Error("query store could not be read for the API", "error", err)
	}
	return &huma.ErrorModel{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail}
}

// badRequest is a mistake of the client.
type badRequest struct {
	status int
	err    error
}

// Error says what was wrong and what to do.
func (b *badRequest) Error() string { return b.err.Error() }

func bad(err error) error { return &badRequest{http.StatusBadRequest, err} }

func notFound(format string, args ...any) error {
	return &badRequest{http.StatusNotFound, fmt.Errorf(format, args...)}
}

// output is an answer as huma wants it.
type output[T any] struct{ Body T }

// reply turns the result of an operation into an answer.
func reply[T any](ctx context.Context, body T, err error) (*output[T], error) {
	if err != nil {
		return nil, problem(ctx, err)
	}
	return &output[T]{Body: body}, nil
}
