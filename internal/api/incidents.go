package api

import (
	"context"
	"fmt"
	"time"

	"faultline/internal/store"
	"faultline/outage"
)

// IncidentList answers for incidents of a span.
type IncidentList struct {
	Freshness
	Total     int      `json:"total" doc:"Incidents in this list"`
	More      bool     `json:"more" doc:"The limit was reached: there may be older ones"`
	Incidents []Listed `json:"incidents" doc:"Newest first"`
}

// Listed is an incident in a list, with what stands of it.
type Listed struct {
	Incident
	// Verdict is nil while there is none.
	Verdict *Standing `json:"verdict,omitempty" doc:"What it is consistent with, as of the latest revision; left out while nothing was said"`
}

// IncidentDetail is one incident with what became of it.
type IncidentDetail struct {
	Incident
	SeverityRule string     `json:"severity_rule,omitempty" doc:"The rule in full"`
	Revisions    []Revision `json:"revisions" doc:"Oldest first"`
	// Verdict is nil while there is none.
	Verdict *Standing `json:"verdict,omitempty" doc:"What it is consistent with, as of the latest revision; left out while nothing was said"`
	// Acknowledged is nil where nobody reads the vendor's page.
	Acknowledged *Acknowledgement `json:"acknowledged,omitempty" doc:"When the vendor first admitted it; left out while nobody reads its status page"`
}

// Revision is one change of an incident.
type Revision struct {
	Revision int          `json:"revision"`
	Minute   time.Time    `json:"minute"`
	State    outage.State `json:"state"`
	Severity string       `json:"severity"`
	Waves    int          `json:"waves"`
	Peak     int          `json:"peak_reports_per_minute" doc:"Highest minute so far, all countries"`
	Total    int          `json:"total_reports" doc:"All waves so far, all countries"`
}

type listIncidentsInput struct {
	Service   string `query:"service" doc:"Id of a service; all if not given"`
	From      string `query:"from" doc:"Only those that lasted beyond it"`
	To        string `query:"to" doc:"Only those that began before it"`
	Open      string `query:"open" doc:"true: only those that are not over"`
	Confirmed string `query:"confirmed" doc:"true: only those that got beyond suspicion"`
	Limit     string `query:"limit" doc:"At most so many, up to 500; 100 if not given"`
}

func (a *API) listIncidents(ctx context.Context, in *listIncidentsInput) (*output[IncidentList], error) {
	out, err := a.incidents(ctx, in)
	return reply(ctx, out, err)
}

func (a *API) incidents(ctx context.Context, in *listIncidentsInput) (IncidentList, error) {
	out := IncidentList{Incidents: []Listed{}}
	f, err := parseFilter(in)
	if err != nil {
		return out, bad(err)
	}
	if f.Service != "" {
		if _, err := a.row(ctx, f.Service); err != nil {
			return out, err
		}
	}
	pulse, err := a.store.Pulse(ctx)
	if err != nil {
		return out, err
	}
	all, err := a.store.Incidents(ctx, f)
	if err != nil {
		return out, err
	}
	said, err := a.store.LatestVerdicts(ctx, f)
	if err != nil {
		return out, err
	}
	stands := make(map[string]*Standing, len(said))
	for i := range said {
		stands[said[i].Incident] = standingOf(&said[i])
	}
	for i := range all {
		out.Incidents = append(out.Incidents, Listed{Incident: FromIncident(all[i]), Verdict: stands[all[i].ID]})
	}
	out.Freshness, out.Total, out.More = fresh(pulse), len(all), len(all) == f.Limit
	return out, nil
}

// parseFilter reads the parameters of a list.
func parseFilter(in *listIncidentsInput) (store.IncidentFilter, error) {
	f := store.IncidentFilter{Service: in.Service}
	var err error
	if in.From != "" {
		if f.From, err = parseTime("from", in.From); err != nil {
			return f, err
		}
	}
	if in.To != "" {
		if f.To, err = parseTime("to", in.To); err != nil {
			return f, err
		}
	}
	if in.From != "" && in.To != "" && f.To <= f.From {
		return f, fmt.Errorf("from is %s and to is %s: want from before to", f.From, f.To)
	}
	if f.OpenOnly, err = parseBool("open", in.Open); err != nil {
		return f, err
	}
	if f.Confirmed, err = parseBool("confirmed", in.Confirmed); err != nil {
		return f, err
	}
	f.Limit, err = parseLimit(in.Limit)
	return f, err
}

type getIncidentInput struct {
	ID string `path:"id" doc:"Id of the incident, such as x-20250310T0932Z"`
}

func (a *API) getIncident(ctx context.Context, in *getIncidentInput) (*output[IncidentDetail], error) {
	out, err := a.incident(ctx, in.ID)
	return reply(ctx, out, err)
}

func (a *API) incident(ctx context.Context, id string) (IncidentDetail, error) {
	revs, err := a.revisions(ctx, id)
	if err != nil {
		return IncidentDetail{}, err
	}
	pulse, err := a.store.Pulse(ctx)
	if err != nil {
		return IncidentDetail{}, err
	}
	out := IncidentDetail{
		Incident:     FromIncident(revs[len(revs)-1]),
		SeverityRule: a.cfg.SeverityRule, Revisions: make([]Revision, len(revs)),
	}
	for i := range revs {
		r := &revs[i]
		out.Revisions[i] = Revision{
			Revision: r.Revision, Minute: r.Minute.Time(), State: r.State, Severity: r.Severity.Word,
			Waves: len(r.Waves), Peak: r.Peak, Total: r.Total,
		}
	}
	if out.Verdict, err = a.standing(ctx, id); err != nil {
		return out, err
	}
	out.Acknowledged, err = a.acknowledged(ctx, &revs[len(revs)-1], pulse.Closed)
	return out, err
}
