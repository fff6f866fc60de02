package intake

import (
	"fmt"
	"log/slog"
	"net/http"

	"faultline/internal/agentapi"
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

// How a service in trouble is probed: more often, and once more after a failure.
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
	p.Contact, p.OptOut = s.Contact, s.OptOut
	if s.Contact != "" {
		for _, t := range s.Targets {
			p.Targets = appendTarget(p.Targets, t.target(outage.RolePrimary, troubled[t.Service]), s.OptOut)
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
		Retries: s.Retries, Resolver: s.Resolvers, PerMinute: s.PerMinute,
	}
	if harder {
		t.PeriodMS = max(t.PeriodMS/harderOften, min(t.PeriodMS, agentapi.MinPeriod.Milliseconds()))
		t.Retries = min(t.Retries+harderRetries, agentapi.MaxRetries)
		t.PerMinute = min(t.PerMinute*harderRate, agentapi.MaxPerMinute)
	}
	return t
}

// contactPage is where the people whose servers are probed learn who does that, and
// how to end it.
func (in *Intake) contactPage(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	specs := in.specs.Load()
	if specs == nil || specs.Contact == "" {
		fmt.Fprintln(w, "This Faultline probes nothing.")
		return
	}
	fmt.Fprintf(w, "This is Faultline, an outage observatory. Its agents look at a few public addresses of\n"+
		"services, about once a minute from each vantage point, to tell people whether a service\n"+
		"is down, for whom and since when. They send no forms, log in nowhere and keep no content.\n\n"+
		"Requests say so: their User-Agent begins with \"faultline/\" and names this contact:\n\n    %s\n\n"+
		"Ask there to be left alone, and name the host: it goes on the list of those that are\n"+
		"not probed by anybody who uses this Faultline.\n", specs.Contact)
}
