package intake

import (
	"log/slog"
	"net/http"
	"slices"

	"faultline/internal/agentapi"
	"faultline/internal/probe"
	"faultline/outage"
)

// plan tells an agent what to probe now.
func (in *Intake) plan(w http.ResponseWriter, r *http.Request) {
	c, err := in.authenticate(w, r, 0)
	if err != nil {
		in.refuse(w, c.entry, err)
		return
	}
	var troubled map[string]bool
	if in.Trouble != nil {
		if troubled, err = in.Trouble.Troubled(r.Context()); err != nil {
			// The usual plan is better than none.
			slog.Error("which services are in trouble cannot be read; agents probe as usual", "error", err)
		}
	}
	in.answer(w, http.StatusOK, in.specs.Load().Plan(troubled))
}

// How a service in trouble is probed: more often, once more after a failure, and
// deeper: its own name servers are asked, and the way to it is walked.
const (
	harderOften   = 4 // times as often, down to agentapi.MinPeriod
	harderRetries = 1
	harderRate    = 2 // times the attempts a minute, up to agentapi.MaxPerMinute
)

// Refresh is how soon an agent asks again, in seconds: a service in trouble is
// probed harder, and one that has recovered is left alone again, within it.
const Refresh = 20

// Plan builds what to probe; nil specs, and specs without a contact, ask for nothing.
func (s *Specs) Plan(troubled map[string]bool) agentapi.Plan {
	p := agentapi.Plan{Refresh: Refresh, Targets: []agentapi.Target{}}
	if s == nil {
		p.Seal()
		return p
	}
	p.Contact, p.OptOut, p.Lab = s.Contact, s.OptOut, s.Lab
	if s.Contact != "" {
		for _, t := range s.Targets {
			p.Targets = appendTarget(p.Targets, t.target(outage.RolePrimary, troubled[t.Service]), s.OptOut)
			for _, j := range t.journeys(troubled[t.Service]) {
				p.Targets = appendTarget(p.Targets, j, s.OptOut)
			}
		}
		for _, t := range s.Controls {
			p.Targets = appendTarget(p.Targets, t.target(outage.RoleControl, false), s.OptOut)
		}
	}
	p.Seal()
	return p
}

func appendTarget(list []agentapi.Target, t agentapi.Target, optOut []string) []agentapi.Target {
	if parsed, err := t.Parse(); err != nil || agentapi.OptedOut(optOut, parsed.Host) {
		return list
	}
	return append(list, t)
}

// target is a spec as agents get it.
func (s *Spec) target(role outage.Role, harder bool) agentapi.Target {
	t := agentapi.Target{
		Service: s.Service, URL: s.URL, Role: string(role), PeriodMS: s.Period.Milliseconds(),
		Retries: s.Retries, Resolver: s.Resolvers, PerMinute: s.PerMinute, Also: s.Also,
	}
	if harder {
		harden(&t)
		t.Retries = min(t.Retries+harderRetries, agentapi.MaxRetries)
		for _, word := range []string{agentapi.AlsoAuthoritative, agentapi.AlsoTrace} {
			if !slices.Contains(t.Also, word) {
				t.Also = append(slices.Clone(t.Also), word)
			}
		}
	}
	return t
}

// harden raises the rate.
func harden(t *agentapi.Target) {
	t.PeriodMS = max(t.PeriodMS/harderOften, min(t.PeriodMS, agentapi.MinPeriod.Milliseconds()))
	t.PerMinute = max(t.PerMinute, min(t.PerMinute*harderRate, agentapi.MaxPerMinute))
}

// journeys of a spec, a target for each variant.
func (s *Spec) journeys(harder bool) []agentapi.Target {
	var out []agentapi.Target
	for i := range s.Journeys {
		j := &s.Journeys[i]
		variants := j.Variants
		if len(variants) == 0 {
			variants = []string{probe.VariantDesktop}
		}
		for _, v := range variants {
			t := agentapi.Target{
				Service: s.Service, URL: s.URL, Role: string(outage.RolePrimary), PeriodMS: s.JourneyPeriod.Milliseconds(),
				Journey: j, Variant: v, PerMinute: s.PerMinute,
			}
			if harder {
				harden(&t)
			}
			out = append(out, t)
		}
	}
	return out
}

// Contact is where the people whose servers are probed find the operator; empty
// while nothing is probed.
func (in *Intake) Contact() string {
	if specs := in.specs.Load(); specs != nil {
		return specs.Contact
	}
	return ""
}
