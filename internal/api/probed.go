package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"faultline/internal/judge"
	"faultline/internal/store"
	"faultline/outage"
)

// Names of the signals of a series, as they are asked for.
const (
	askFailures = "failures"
	askLatency  = outage.SignalLatency
)

// signalOf finds the signal that points carry.
func signalOf(asked string) (string, error) {
	switch asked {
	case "", outage.SignalReports:
		return outage.SignalReports, nil
	case askFailures, outage.SignalProbeErrors:
		return outage.SignalProbeErrors, nil
	case askLatency:
		return outage.SignalLatency, nil
	}
	return "", fmt.Errorf("signal is %q: want %s, %s or %s", shorten(asked), outage.SignalReports, askFailures, askLatency)
}

// layers are those that may be asked for.
var layers = []outage.Layer{
	outage.LayerDNS, outage.LayerRoute, outage.LayerTCP, outage.LayerTLS, outage.LayerQUIC, outage.LayerHTTP, outage.LayerApp,
}

// measuredSeries answers for failures and latency.
func (a *API) measuredSeries(ctx context.Context, q store.ProbedQuery, in *getSeriesInput, s span) (Series, error) {
	q.Layer, q.Network, q.From, q.To, q.Step = outage.Layer(in.Layer), in.Network, s.from, s.to, s.step
	if q.Layer != "" && !slices.Contains(layers, q.Layer) {
		return Series{}, bad(fmt.Errorf("layer is %q: want one of %v", shorten(in.Layer), layers))
	}
	if in.Category != "" {
		return Series{}, bad(errors.New("category is given, and what is measured has none: leave it out"))
	}
	switch in.Family {
	case "":
	case "4", "6":
		q.Family = int(in.Family[0] - '0')
	default:
		return Series{}, bad(fmt.Errorf("family is %q: want 4 or 6", shorten(in.Family)))
	}
	out := Series{
		Service: q.Service, Signal: cmp.Or(in.Signal, askFailures), Country: q.Country, Layer: in.Layer, Network: q.Network, Family: q.Family,
		From: optional(q.From), To: optional(q.To), Step: formatStep(q.Step), Scope: measuredScope(&q), Buckets: []Bucket{},
	}
	list, err := a.store.Probed(ctx, q)
	if err != nil {
		return Series{}, err
	}
	for i := range list {
		out.Buckets = append(out.Buckets, measuredBucket(&list[i], q.Signal))
	}
	return out, nil
}

// measuredScope says what is counted.
func measuredScope(q *store.ProbedQuery) string {
	what := "attempts of healthy agents that failed, of all they made"
	if q.Signal == outage.SignalLatency {
		what = "geometric mean of milliseconds, of attempts of healthy agents that did not fail"
	}
	at := "whole attempts"
	if q.Layer != "" {
		at = "at layer " + string(q.Layer)
	}
	return fmt.Sprintf("%s, in each bucket of %s, %s", what, formatStep(q.Step), at)
}

// measuredBucket says one step. Zero is said only where somebody looked.
func measuredBucket(p *store.Probed, signal string) Bucket {
	out := Bucket{Start: p.Start.Time(), Missing: p.Missing, Display: "no data"}
	switch {
	case signal == outage.SignalLatency && p.Count > 0:
		ms := round(math.Exp(p.Sum / float64(p.Count)))
		out.Latency, out.Attempts = &ms, &p.Count
		out.Display = fmt.Sprintf("%g ms", ms)
	case signal != outage.SignalLatency && p.Trials > 0:
		share := round(float64(p.Count) / float64(p.Trials))
		out.Failures, out.Attempts, out.Share = &p.Count, &p.Trials, &share
		out.Display = fmt.Sprintf("%d of %d", p.Count, p.Trials)
	}
	return out
}

// ProbesNow is what measurements say of a service now.
type ProbesNow struct {
	outage.ProbeState
	Agreement string `json:"agreement" enum:"both,crowd_only,probes_only,neither,unprobed" doc:"Crowd against probes, as of now"`
	Words     string `json:"words" doc:"The same in words"`
}

// Vendor is what a service says of itself. It changes nothing in its status here.
type Vendor struct {
	outage.VendorWord
	Words string `json:"words" doc:"What it comes to: unknown is never up"`
}

// Acknowledgement is when the vendor first admitted the problem of an incident.
type Acknowledgement struct {
	At    *time.Time `json:"at" doc:"Null: not so far"`
	Lag   *int       `json:"lag_minutes" doc:"After the first evidence; negative when the vendor spoke first; null: not so far"`
	Blind int        `json:"blind_minutes" doc:"Of the time between, minutes in which its page could not be read"`
}

// probes finds what measurements say; nil when nobody has looked.
func (a *API) probes(ctx context.Context, service string, open []outage.Incident, now outage.Minute) (*ProbesNow, error) {
	states, err := a.store.States(ctx, service, now+1)
	if err != nil || len(states) == 0 {
		return nil, err
	}
	s := states[len(states)-1]
	crowd := len(open) > 0 && judge.Heard(open[0].Basis)
	deep := judge.CanBeHealthy(s.Depth)
	agree := judge.Agree(crowd, judge.Probing{Healthy: s.Looking, Failing: s.Quorum, Deep: deep})
	title, meaning := agree.Words(deep)
	return &ProbesNow{ProbeState: s, Agreement: string(agree), Words: title + ": " + meaning}, nil
}

// vendor finds what the vendor says; nil when nobody reads its page.
func (a *API) vendor(ctx context.Context, service string, now outage.Minute) (*Vendor, error) {
	words, err := a.store.Words(ctx, service, now+1)
	if err != nil || len(words) == 0 {
		return nil, err
	}
	v := &Vendor{VendorWord: words[len(words)-1]}
	v.Words = "The vendor says: " + string(v.Status)
	if v.Status == outage.VendorUnknown {
		v.Words = "Unknown since " + v.Unknown.String() + ": its page cannot be read"
	}
	return v, nil
}

// acknowledged holds an incident against the vendor's words; nil when there are none.
func (a *API) acknowledged(ctx context.Context, in *outage.Incident, now outage.Minute) (*Acknowledgement, error) {
	words, err := a.store.Words(ctx, in.Service, in.Onset-outage.Day)
	if err != nil || len(words) == 0 {
		return nil, err
	}
	ack := judge.Acknowledged(in.Onset, in.End, max(now, in.Minute), words)
	out := &Acknowledgement{Blind: ack.Blind}
	if ack.Known {
		out.At, out.Lag = optional(ack.At), &ack.Lag
	}
	return out, nil
}
