package pipeline

import (
	"faultline/internal/stream"
	"faultline/outage"
)

// Given is an incident that somebody says there was: its service is judged from the
// onset on, whether or not an incident would have opened by itself.
type Given struct {
	Service string
	Onset   outage.Minute
}

// givenFold is the part incident, but for the one service whose onset is given.
type givenFold struct {
	stream.Fold
	given   Given
	begun   bool
	instead []outage.Incident
}

// Tick implements [stream.Fold]: of the service whose onset is given the part has no
// word. The incident begins with the first minute that there is from the onset on.
func (f *givenFold) Tick(m outage.Minute, missing bool) ([]stream.Entry, error) {
	all, err := f.Fold.Tick(m, missing)
	if err != nil {
		return nil, err
	}
	out := make([]stream.Entry, 0, len(all)+1)
	for _, e := range all {
		i, err := stream.Incidents.Decode(e.Record)
		if err != nil {
			return nil, err
		}
		if i.Service == f.given.Service {
			f.instead = append(f.instead, *i)
			continue
		}
		out = append(out, e)
	}
	if f.begun || m < f.given.Onset {
		return out, nil
	}
	f.begun = true
	e, err := stream.Incidents.Entry(m, f.given.incident(m))
	return append(out, e), err
}

// incident as it is given: suspected, for nothing has confirmed it.
func (g *Given) incident(m outage.Minute) *outage.Incident {
	return &outage.Incident{
		ID: outage.IncidentID(g.Service, g.Onset), Revision: 1, Service: g.Service, State: outage.StateSuspected, Minute: m,
		Detected: m, Onset: g.Onset, Waves: []outage.Wave{{Onset: g.Onset}}, Countries: []outage.Affected{}, Categories: []outage.Affected{},
		Basis: "given",
	}
}
