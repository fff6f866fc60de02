package probe

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/temoto/robotstxt"

	"faultline/outage"
)

// robotsName is what robots files may call us.
const robotsName = "faultline"

// Robots is what a host lets programs walk through (RFC 9309). It binds journeys;
// a look at a front page is what a person's browser does.
type Robots struct{ group *robotstxt.Group }

// FetchRobots asks a target's host for its robots file. A host without one allows
// everything. One that cannot be asked allows nothing new: whoever has asked before
// goes on by what it said then, or an outage would end the journeys that show it.
func (p *Prober) FetchRobots(ctx context.Context, t outage.Target, address string) (*Robots, error) {
	u, err := url.Parse(t.URL)
	if err != nil {
		return nil, fmt.Errorf("find the robots file of %s: %w", t.URL, err)
	}
	t.URL, t.Address = u.Scheme+"://"+u.Host+"/robots.txt", address
	m, body := p.attempt(ctx, t, nil, &ask{})
	if m.HTTP == nil || m.HTTP.Status == 0 || m.HTTP.Status >= http.StatusInternalServerError {
		return nil, fmt.Errorf("ask %s: %s: journeys there wait until it answers", t.URL, m.Failure)
	}
	r, err := ParseRobots(m.HTTP.Status, body)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w: journeys there wait until it can be read", t.URL, err)
	}
	return r, nil
}

// ParseRobots reads a robots file by the status that it came with.
func ParseRobots(status int, body []byte) (*Robots, error) {
	data, err := robotstxt.FromStatusAndBytes(status, body)
	if err != nil {
		return nil, err
	}
	return &Robots{data.FindGroup(robotsName)}, nil
}

// Allows says whether a journey may ask for a URL of the host.
func (r *Robots) Allows(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && r.group.Test(u.RequestURI())
}
