package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"faultline/internal/api"
	"faultline/internal/catalog"
	"faultline/internal/probe"
	"faultline/outage"
)

// checkCmd takes one look from here.
type checkCmd struct {
	Target        string        `arg:"" help:"URL, host, host:port, or a service of the catalog."`
	JSON          bool          `name:"json" help:"Print the measurements and the explanation as JSON."`
	Resolver      []string      `placeholder:"ADDR" help:"Ask this resolver, too; may be repeated."`
	Authoritative bool          `help:"Ask the servers of the name's own zone, too."`
	QUIC          bool          `name:"quic" help:"Try HTTP/3, too."`
	Echo          bool          `help:"Send ICMP echoes, too."`
	Trace         bool          `help:"Walk along the hops to the first address, too."`
	Timeout       time.Duration `help:"Longest that one phase may take." default:"10s"`
	Contact       string        `help:"Whom the probed may ask; goes into the user agent."`
	Catalog       []string      `help:"Catalog files to find the service in, beside the built-in one." type:"path" placeholder:"FILE"`
}

// Help is what kong prints beyond the flags.
func (c *checkCmd) Help() string {
	return `Resolves the name, then connects to every address of both families, with TLS and
HTTP along the redirects where the target asks for them, and says which layer is
the first to fail, with what was seen. It is one look from one place: others may
see something else. The exit code is 0 when the target answers, 1 when it does not.`
}

// Limits of --timeout.
const (
	minPhase = 100 * time.Millisecond
	maxPhase = 2 * time.Minute
)

// Run implements the command.
func (c *checkCmd) Run(ctx context.Context, s streams) error {
	if c.Timeout < minPhase || c.Timeout > maxPhase {
		return fmt.Errorf("--timeout %s: use %s to %s", c.Timeout, minPhase, maxPhase)
	}
	targets, err := c.targets()
	if err != nil {
		return err
	}
	p := probe.New(c.Contact, probe.WithLimits(c.limits()))
	healthy := true
	for i, t := range targets {
		list := c.look(ctx, p, t)
		out := api.Check{Target: t.URL, Measurements: list, Explanation: probe.Explain(list)}
		healthy = healthy && out.Explanation.Health != probe.HealthFail
		if err := c.print(s.out, &out, i > 0); err != nil {
			return fmt.Errorf("print the look: %w", err)
		}
	}
	if !healthy {
		return errUnhealthy
	}
	return nil
}

// errUnhealthy makes the exit code that scripts ask for; the look has said why.
var errUnhealthy = errors.New("the target does not answer")

// look asks what the flags want to know.
func (c *checkCmd) look(ctx context.Context, p *probe.Prober, t outage.Target) []outage.Measurement {
	list := p.Look(ctx, probe.Question{Target: t, Resolvers: c.Resolver, Authoritative: c.Authoritative})
	var more []outage.Measurement
	traced := false
	for i := range list {
		m := &list[i]
		if m.TCP == nil || m.HTTP != nil && m.HTTP.Hop > 0 {
			continue
		}
		if c.QUIC && strings.HasPrefix(m.Target.URL, "https:") {
			more = append(more, p.AttemptQUIC(ctx, m.Target, m.DNS))
		}
		if c.Echo {
			more = append(more, p.Echo(ctx, m.Target))
		}
		if c.Trace && !traced {
			traced = true
			more = append(more, p.Trace(ctx, m.Target))
		}
	}
	return append(list, more...)
}

// limits are the usual ones with the phases that --timeout bounds.
func (c *checkCmd) limits() probe.Limits {
	l := probe.DefaultLimits()
	l.DNS, l.Connect, l.Handshake, l.Answer = min(l.DNS, c.Timeout), c.Timeout, c.Timeout, 2*c.Timeout
	return l
}

// targets are what the argument means: a URL or host, or the hosts of a service.
func (c *checkCmd) targets() ([]outage.Target, error) {
	if strings.ContainsAny(c.Target, ".:/") || c.Target == "localhost" {
		t, err := probe.ParseTarget(c.Target)
		return []outage.Target{t}, err
	}
	services, err := catalog.Load(true, c.Catalog...)
	if err != nil {
		return nil, err
	}
	known := catalog.New(services)
	service, ok := known.Lookup(c.Target)
	if !ok {
		return nil, fmt.Errorf("%q is neither a host nor a service of the catalog%s: use https://host/, host, or a service's id", c.Target, nearest(known, c.Target))
	}
	return serviceTargets(&service)
}

// serviceTargets are the homepage of a service and its hosts.
func serviceTargets(s *outage.Service) ([]outage.Target, error) {
	var out []outage.Target
	seen := map[string]bool{}
	add := func(text string) error {
		t, err := probe.ParseTarget(text)
		if err != nil {
			return fmt.Errorf("service %s: %w", s.ID, err)
		}
		if !seen[t.URL] {
			seen[t.URL] = true
			t.Service = s.ID
			out = append(out, t)
		}
		return nil
	}
	if s.Homepage != "" {
		if err := add(s.Homepage); err != nil {
			return nil, err
		}
	}
	for _, h := range s.Hosts {
		if err := add(h.Name); err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the catalog knows no host of %s: name one, as in faultline check https://host/", s.ID)
	}
	return out, nil
}

// print writes one look, for people or for programs.
func (c *checkCmd) print(w io.Writer, out *api.Check, more bool) error {
	if c.JSON {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		return e.Encode(out)
	}
	if more {
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "%s\n\n", out.Target)
	for _, line := range out.Explanation.Evidence {
		fmt.Fprintf(w, "  %s\n", line)
	}
	_, err := fmt.Fprintf(w, "\n%s\n", out.Explanation.Verdict)
	return err
}
