package api

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"faultline/internal/store"
	"faultline/outage"
)

// VerdictList answers for the revisions of a verdict.
type VerdictList struct {
	Freshness
	Incident string           `json:"incident"`
	Scope    string           `json:"scope"`
	Total    int              `json:"total" doc:"Revisions in this answer"`
	Next     string           `json:"next,omitempty" doc:"Give it as after to read on; left out at the end"`
	Verdicts []outage.Verdict `json:"verdicts" doc:"Newest first; empty while nothing was said"`
}

// verdictScope says how a verdict is to be read.
const verdictScope = "what the evidence is consistent with, never who did it; support is a share among the hypotheses of the table; " +
	"weights are log10 of likelihood ratios; shares of reports by country or category are in steps of five people or more: tenths of 50 reports, hundredths of 500"

// Verdicts in one answer: each is as long as a page.
const (
	defaultVerdicts = 20
	maxVerdicts     = 100
)

// Standing is the verdict that stands, in brief.
type Standing struct {
	Revision      int                 `json:"revision"`
	AsOf          time.Time           `json:"as_of" doc:"Closed minutes up to this one were looked at"`
	Table         string              `json:"table" doc:"Version of the knowledge table"`
	State         outage.VerdictState `json:"state" enum:"insufficient,ambiguous,likely,very_likely"`
	Sentence      string              `json:"sentence" doc:"What may be quoted as it stands"`
	Short         string              `json:"short,omitempty" doc:"The same in a few words, for lists"`
	Likelihood    string              `json:"likelihood,omitempty" doc:"A word of ICD 203"`
	Confidence    outage.Trust        `json:"confidence" enum:"low,moderate,high"`
	ConfidenceWhy string              `json:"confidence_why"`
	Layer         outage.LayerVerdict `json:"layer" doc:"Which layer fails, apart from why"`
	Class         outage.CauseClass   `json:"class,omitempty" doc:"Empty when it abstains, or is ambiguous between classes"`
	Leading       []string            `json:"leading" doc:"Hypotheses that it is consistent with, best first"`
	Verdicts      string              `json:"verdicts" doc:"Path of all revisions, with their evidence"`
}

type listVerdictsInput struct {
	ID    string `path:"id" doc:"Id of the incident, such as x-20250310T0932Z"`
	Limit string `query:"limit" doc:"1 to 100; 20 if not given"`
	After string `query:"after" doc:"The next of the answer before"`
}

func (a *API) listVerdicts(ctx context.Context, in *listVerdictsInput) (*output[VerdictList], error) {
	out, err := a.verdicts(ctx, in)
	return reply(ctx, out, err)
}

func (a *API) verdicts(ctx context.Context, in *listVerdictsInput) (VerdictList, error) {
	out := VerdictList{Incident: in.ID, Scope: verdictScope, Verdicts: []outage.Verdict{}}
	q := store.VerdictQuery{Incident: in.ID}
	var err error
	if q.Limit, err = parseNumber("limit", in.Limit, defaultVerdicts, maxVerdicts); err != nil {
		return out, bad(err)
	}
	if in.After != "" {
		if q.Before, err = strconv.Atoi(in.After); err != nil || q.Before < 1 {
			return out, bad(fmt.Errorf("after is %q: give the next of the answer before", shorten(in.After)))
		}
	}
	if _, err := a.revisions(ctx, in.ID); err != nil {
		return out, err
	}
	pulse, err := a.store.Pulse(ctx)
	if err != nil {
		return out, err
	}
	limit := q.Limit
	q.Limit++ // one more says whether there are more
	list, err := a.store.Verdicts(ctx, q)
	if err != nil {
		return out, err
	}
	if len(list) > limit {
		list = list[:limit]
		out.Next = strconv.Itoa(list[limit-1].Revision)
	}
	out.Freshness, out.Total = fresh(pulse), len(list)
	out.Verdicts = append(out.Verdicts, list...)
	return out, nil
}

// revisions are those of an incident, or what to say where there is none.
func (a *API) revisions(ctx context.Context, id string) ([]outage.Incident, error) {
	revs, err := a.store.Revisions(ctx, id)
	if errors.Is(err, store.ErrNotFound) || (err == nil && len(revs) == 0) {
		return nil, notFound("there is no incident %q: /api/v1/incidents lists them", shorten(id))
	}
	return revs, err
}

// standing is the latest verdict on an incident; nil while there is none.
func (a *API) standing(ctx context.Context, incident string) (*Standing, error) {
	list, err := a.store.Verdicts(ctx, store.VerdictQuery{Incident: incident, Limit: 1, Brief: true})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return standingOf(&list[0]), nil
}

// standingOf is a verdict in brief.
func standingOf(v *outage.Verdict) *Standing {
	out := &Standing{
		Revision: v.Revision, AsOf: v.Minute.Time(), Table: v.Table, State: v.State, Sentence: v.Sentence, Short: v.Short, Likelihood: v.Likelihood,
		Confidence: v.Confidence, ConfidenceWhy: v.ConfidenceWhy, Layer: v.Layer, Class: v.Class, Leading: []string{},
		Verdicts: "/api/v1/incidents/" + v.Incident + "/verdicts",
	}
	out.Leading = append(out.Leading, v.Leading...)
	return out
}
