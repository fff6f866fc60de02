package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"faultline/internal/probe"
	"faultline/internal/store"
	"faultline/outage"
)

// Record is a measurement as its agent signed it, with what the hub added.
type Record json.RawMessage

// MarshalJSON writes the record as it is.
func (r Record) MarshalJSON() ([]byte, error) { return r, nil }

// Schema is that of a measurement.
func (Record) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[outage.Measurement](), true, "Measurement")
}

// Check is what "faultline check --json" prints: one look from one place.
type Check struct {
	Target       string               `json:"target" doc:"What was looked at"`
	Measurements []outage.Measurement `json:"measurements" doc:"One for each attempt at each address"`
	Explanation  probe.Explanation    `json:"explanation" doc:"What they come to, in words"`
}

// MeasurementList answers for measurements.
type MeasurementList struct {
	Freshness
	From         *time.Time `json:"from" doc:"Inclusive, of the minute in which a measurement was made; null when there is no minute yet"`
	To           *time.Time `json:"to" doc:"Exclusive"`
	Scope        string     `json:"scope"`
	Total        int        `json:"total" doc:"Measurements in this answer"`
	Next         string     `json:"next,omitempty" doc:"Give it as after to read on; left out at the end"`
	Measurements []Record   `json:"measurements" doc:"Oldest first"`
}

// measurementScope says what the list holds.
const measurementScope = "records of agents, kept for 7 days as they came, and imported ones, which have a source and are kept; addresses of the routers next to a vantage point are left out"

type listMeasurementsInput struct {
	Service string `query:"service" doc:"Id of a service; this or agent is needed" example:"x"`
	Agent   string `query:"agent" doc:"Id of an agent, with which alone its controls are listed too; or of a source of imports, such as import:ooni"`
	From    string `query:"from" doc:"RFC 3339 or 2025-03-10T09:30Z, inclusive; 24 hours before to if not given"`
	To      string `query:"to" doc:"Exclusive; now if not given"`
	Limit   string `query:"limit" doc:"1 to 500; 100 if not given"`
	After   string `query:"after" doc:"The next of the answer before"`
}

func (a *API) listMeasurements(ctx context.Context, in *listMeasurementsInput) (*output[MeasurementList], error) {
	out, err := a.measurements(ctx, in)
	return reply(ctx, out, err)
}

func (a *API) measurements(ctx context.Context, in *listMeasurementsInput) (MeasurementList, error) {
	out := MeasurementList{Measurements: []Record{}, Scope: measurementScope}
	q, err := a.measurementQuery(ctx, in)
	if err != nil {
		return out, err
	}
	pulse, err := a.store.Pulse(ctx)
	if err != nil {
		return out, err
	}
	s, err := parseSpan(in.From, in.To, "1d", pulse.Closed)
	if err != nil {
		return out, bad(err)
	}
	q.From, q.To = s.from, s.to
	limit := q.Limit
	q.Limit++ // one more says whether there are more
	list, err := a.store.Measurements(ctx, q)
	if err != nil {
		return out, err
	}
	if len(list) > limit {
		list = list[:limit]
		out.Next = formatMark(list[limit-1].Mark)
	}
	out.Freshness, out.From, out.To, out.Total = fresh(pulse), optional(s.from), optional(s.to), len(list)
	for i := range list {
		out.Measurements = append(out.Measurements, list[i].Data)
	}
	return out, nil
}

// measurementQuery reads what is asked, but for the span.
func (a *API) measurementQuery(ctx context.Context, in *listMeasurementsInput) (store.MeasurementQuery, error) {
	q := store.MeasurementQuery{Service: in.Service, Agent: in.Agent}
	if in.Service == "" && in.Agent == "" {
		return q, bad(errors.New("neither service nor agent is given: ask for those of one of them, /api/v1/services and /api/v1/agents list them"))
	}
	if in.Service != "" {
		if _, err := a.row(ctx, in.Service); err != nil {
			return q, err
		}
	}
	if in.Agent != "" {
		if err := a.knowAgent(ctx, in.Agent); err != nil {
			return q, err
		}
	}
	var err error
	if q.Limit, err = parseLimit(in.Limit); err != nil {
		return q, bad(err)
	}
	if q.After, err = parseMark(in.After); err != nil {
		return q, bad(err)
	}
	return q, nil
}

func (a *API) knowAgent(ctx context.Context, id string) error {
	if _, ok := store.ImportedFrom(id); ok {
		return nil
	}
	all, err := a.store.Agents(ctx)
	if err != nil {
		return err
	}
	for i := range all {
		if all[i].ID == id {
			return nil
		}
	}
	return notFound("there is no agent %q: /api/v1/agents lists them", shorten(id))
}

// formatMark writes the place of a measurement the way parseMark reads it.
func formatMark(m store.Mark) string { return fmt.Sprintf("%d-%d", m.Minute, m.Seq) }

func parseMark(s string) (store.Mark, error) {
	if s == "" {
		return store.Mark{}, nil
	}
	minute, seq, ok := strings.Cut(s, "-")
	m, errMinute := strconv.ParseUint(minute, 10, 32)
	n, errSeq := strconv.ParseUint(seq, 10, 62)
	if !ok || errMinute != nil || errSeq != nil {
		return store.Mark{}, fmt.Errorf("after is %q: want the next of an answer, unchanged", shorten(s))
	}
	return store.Mark{Minute: outage.Minute(m), Seq: n}, nil
}

// Agent is a vantage point: what was declared and seen of it, and whether it can be
// believed.
type Agent struct {
	outage.Agent
	Health    string `json:"health,omitempty" enum:"unknown,healthy,impaired,offline" doc:"By its control targets, as said last; left out while it was not judged"`
	HealthWhy string `json:"health_why,omitempty"`
	Lag       *int   `json:"lag_minutes,omitempty" doc:"How long its last measurement was on its way; left out before the first"`
}

// AgentList answers for agents.
type AgentList struct {
	Freshness
	Total  int     `json:"total"`
	Agents []Agent `json:"agents" doc:"By id. Seen is the last minute in which it was heard of"`
}

func (a *API) listAgents(ctx context.Context, _ *struct{}) (*output[AgentList], error) {
	out, err := a.agents(ctx)
	return reply(ctx, out, err)
}

func (a *API) agents(ctx context.Context) (AgentList, error) {
	out := AgentList{Agents: []Agent{}}
	pulse, err := a.store.Pulse(ctx)
	if err != nil {
		return out, err
	}
	list, err := a.store.Agents(ctx)
	if err != nil {
		return out, err
	}
	states, err := a.store.Standing(ctx)
	if err != nil {
		return out, err
	}
	judged := latestHealth(states)
	for i := range list {
		one := Agent{Agent: list[i].Agent}
		one.Seen = max(one.Seen, list[i].Measured)
		if h := &list[i]; h.Measured != 0 && h.Made != 0 {
			lag := int(h.Measured - h.Made)
			one.Lag = &lag
		}
		if s := judged[one.ID]; s != nil {
			one.Health, one.HealthWhy = s.Health, s.HealthWhy
		}
		out.Agents = append(out.Agents, one)
	}
	out.Freshness, out.Total = fresh(pulse), len(out.Agents)
	return out, nil
}

// latestHealth finds, by agent, where it was judged last.
func latestHealth(states []outage.ProbeState) map[string]*outage.VantageState {
	out, at := map[string]*outage.VantageState{}, map[string]outage.Minute{}
	for i := range states {
		for j := range states[i].Vantages {
			v := &states[i].Vantages[j]
			if out[v.Agent] == nil || states[i].Minute > at[v.Agent] {
				out[v.Agent], at[v.Agent] = v, states[i].Minute
			}
		}
	}
	return out
}
