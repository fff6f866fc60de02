package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"faultline/internal/api"
	"faultline/internal/catalog"
	"faultline/internal/measured"
	"faultline/internal/pipeline"
	"faultline/internal/stream/memory"
	"faultline/outage"
)

// ownVerdicts is what measurements of one's own come to, as --json prints it.
type ownVerdicts struct {
	Played    measured.Summary `json:"played"`
	Incidents []ownIncident    `json:"incidents"` // by the minute of their detection
	// Quiet are the services that were asked about and have no incident, and why not; of
	// one whose onset is given, why none would have opened by itself.
	Quiet []quiet `json:"quiet"`

	given bool // an onset was
}

// ownIncident is an incident with its latest verdict.
type ownIncident struct {
	Given     bool              `json:"given,omitempty"` // its onset was given
	Incident  api.Incident      `json:"incident"`
	Verdict   *outage.Verdict   `json:"verdict"`
	Revisions []revisionInBrief `json:"revisions"` // of the verdict, the oldest first

	latest outage.Incident
}

// measurements plays files and judges what opens.
func (c *diagnoseCmd) measurements(ctx context.Context, s streams) error {
	if len(c.Files) == 0 {
		return errors.New("no measurements: name files that hold them, or - for standard input")
	}
	r := measured.New(measured.Options{Service: c.Service, Controls: c.Control})
	for _, name := range c.Files {
		if err := addMeasurements(r, name, s.in); err != nil {
			return err
		}
	}
	out, err := c.judgeMeasured(ctx, r)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(s.out, out)
	}
	_, err = io.WriteString(s.out, out.text(c.asked(&out.Played)))
	return err
}

func addMeasurements(r *measured.Reader, name string, stdin io.Reader) error {
	in, err := openInput(name, stdin)
	if err != nil {
		return err
	}
	defer in.Close()
	if name == "-" {
		name = "standard input"
	}
	return r.Add(name, in)
}

// asked are the services that are asked about.
func (c *diagnoseCmd) asked(s *measured.Summary) []string {
	if c.Service != "" {
		return []string{c.Service}
	}
	ids := make([]string, len(s.Services))
	for i := range s.Services {
		ids[i] = s.Services[i].Service
	}
	return ids
}

// judgeMeasured plays what was read through the parts of a hub.
func (c *diagnoseCmd) judgeMeasured(ctx context.Context, r *measured.Reader) (*ownVerdicts, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	entries, err := r.Entries()
	if err != nil {
		return nil, err
	}
	sum := r.Summary()
	asked := c.asked(&sum)
	cfg := pipeline.Config{Table: c.Table}
	if c.Onset != 0 {
		if cfg.Given, err = c.given(&sum, asked); err != nil {
			return nil, err
		}
	}
	if cfg.Services, err = c.services(&sum); err != nil {
		return nil, err
	}
	played, err := pipeline.Play(ctx, memory.New(), entries, cfg)
	if err != nil {
		return nil, err
	}
	out := &ownVerdicts{Played: sum, Incidents: []ownIncident{}, Quiet: []quiet{}, given: cfg.Given != nil}
	out.collect(played, asked, c.Service)
	return out, nil
}

// given checks the onset that is asked about.
func (c *diagnoseCmd) given(s *measured.Summary, asked []string) (*pipeline.Given, error) {
	switch {
	case len(asked) > 1:
		return nil, fmt.Errorf("--onset is of one service, and the records are of %d: say which with --service", len(asked))
	case c.Onset < s.From || c.Onset > s.To:
		return nil, fmt.Errorf("--onset %s: the records are from %s to %s", c.Onset, s.From, s.To)
	}
	return &pipeline.Given{Service: asked[0], Onset: c.Onset}, nil
}

// services are those of the catalog, and with them those that the records name.
func (c *diagnoseCmd) services(s *measured.Summary) ([]outage.Service, error) {
	list, err := catalog.Load(c.Builtin, c.Catalog...)
	if err != nil {
		return nil, err
	}
	for i := range s.Services {
		id := s.Services[i].Service
		if !slices.ContainsFunc(list, func(x outage.Service) bool { return x.ID == id }) {
			list = append(list, outage.Service{ID: id, Name: id})
		}
	}
	return list, nil
}

// collect puts together what is said of the services that were asked about: of one that
// is named alone; otherwise of all, with those that only what stands on them has shown.
func (o *ownVerdicts) collect(p *pipeline.Played, asked []string, only string) {
	at := map[string]int{}
	opened := map[string]bool{}
	for _, i := range p.Incidents {
		if only != "" && i.Service != only {
			continue
		}
		n, known := at[i.ID]
		if !known {
			n = len(o.Incidents)
			at[i.ID] = n
			o.Incidents = append(o.Incidents, ownIncident{Given: o.given && slices.Contains(asked, i.Service), Revisions: []revisionInBrief{}})
		}
		one := &o.Incidents[n]
		one.latest, one.Incident = i, api.FromIncident(i)
		opened[i.Service] = !one.Given
	}
	for k := range p.Verdicts {
		if n, known := at[p.Verdicts[k].Incident]; known {
			one := &o.Incidents[n]
			one.Verdict = &p.Verdicts[k]
			one.Revisions = append(one.Revisions, inBrief(one.Verdict))
		}
	}
	for _, id := range asked {
		if !opened[id] {
			o.Quiet = append(o.Quiet, quietOf(id, p))
		}
	}
}
