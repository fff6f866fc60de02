package vendor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"faultline/internal/scrub"
	"faultline/outage"
)

// errNoPage is what a page gets that is none of the formats.
var errNoPage = errors.New("it is neither a Statuspage nor a feed: name the address of the feed in the catalog")

// parse reads a page by what it looks like.
func parse(body []byte, now outage.Minute) (*reading, error) {
	trimmed := bytes.TrimPrefix(bytes.TrimSpace(body), []byte("\ufeff"))
	switch {
	case bytes.HasPrefix(trimmed, []byte{'{'}):
		return parseStatuspage(trimmed)
	case bytes.HasPrefix(trimmed, []byte{'<'}):
		return parseFeed(trimmed, now)
	}
	return nil, errNoPage
}

// summaryPath is where a Statuspage says how it is (version 2 of its API).
const summaryPath = "/api/v2/summary.json"

// address is what is asked for the address that the catalog names: a file as it
// is, the front of a page by its summary.
func address(page string) (string, error) {
	u, err := url.Parse(page)
	if err != nil {
		return "", fmt.Errorf("status page %q: %w: write a full address such as https://status.example.com/", page, err)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = summaryPath
	}
	u.Fragment = ""
	return u.String(), nil
}

// summary is what is read of summary.json, or of incidents.json, whose incidents
// have the same form.
type summary struct {
	Page   *struct{} `json:"page"`
	Status *struct {
		Indicator   string `json:"indicator"`
		Description string `json:"description"`
	} `json:"status"`
	Incidents   []pageIncident `json:"incidents"`
	Maintenance []pageIncident `json:"scheduled_maintenances"`
}

type pageIncident struct {
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	Status   string     `json:"status"`
	Impact   string     `json:"impact"`
	Link     string     `json:"shortlink"`
	Created  *time.Time `json:"created_at"`
	Resolved *time.Time `json:"resolved_at"`
}

// indicators are the words of a Statuspage for its whole.
var indicators = map[string]outage.VendorStatus{
	"none": outage.VendorOperational, "minor": outage.VendorMinor, "major": outage.VendorMajor,
	"critical": outage.VendorCritical, "maintenance": outage.VendorMaintenance,
}

func parseStatuspage(body []byte) (*reading, error) {
	var s summary
	if err := json.Unmarshal(body, &s); err != nil {
		return nil, fmt.Errorf("decode the Statuspage: %w", err)
	}
	if s.Page == nil || s.Status == nil && s.Incidents == nil {
		return nil, errNoPage
	}
	r := &reading{}
	for i := range s.Incidents {
		if len(r.items) == maxItems {
			r.truncated = true
			break
		}
		if it := s.Incidents[i].item(); it.id != "" {
			r.items = append(r.items, it)
		}
	}
	if s.Status == nil { // incidents alone
		r.status = feedStatus(r.items)
		return r, nil
	}
	r.description = text(s.Status.Description)
	r.status = indicators[s.Status.Indicator]
	switch {
	case r.status == "":
		return nil, fmt.Errorf("the indicator %q of the Statuspage is not known", text(s.Status.Indicator))
	case r.status == outage.VendorOperational && len(r.items) == 0 && inProgress(s.Maintenance):
		r.status = outage.VendorMaintenance
	}
	return r, nil
}

// item takes over an incident of a Statuspage.
func (p *pageIncident) item() item {
	it := item{
		id: text(p.ID), title: text(p.Name), status: text(p.Status), impact: text(p.Impact), link: link(p.Link),
		open: p.Resolved == nil && !closedWord(p.Status),
	}
	if p.Created != nil {
		it.posted = minuteOf(*p.Created)
	}
	return it
}

func inProgress(list []pageIncident) bool {
	for i := range list {
		if list[i].Status == "in_progress" || list[i].Status == "verifying" {
			return true
		}
	}
	return false
}

// closedWord says whether a vendor's word for the state of an incident means that
// it is over.
func closedWord(s string) bool {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "resolved", "completed", "postmortem", "closed":
		return true
	}
	return false
}

// feedStatus is all that a list of incidents tells of the whole.
func feedStatus(items []item) outage.VendorStatus {
	for i := range items {
		if items[i].open {
			return outage.VendorProblem
		}
	}
	return outage.VendorQuiet
}

// minuteOf is the minute of a time from outside; 0 when it is absurd.
func minuteOf(t time.Time) outage.Minute {
	if y := t.UTC().Year(); y < 2000 || y > 2200 {
		return 0
	}
	return outage.MinuteOf(t)
}

// text cuts a text from outside and keeps it on one line.
func text(s string) string { return strings.Join(strings.Fields(scrub.Line(s, maxTitle)), " ") }

// link keeps an address that a browser may follow; another is dropped, for it will
// stand on a page.
func link(s string) string {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || len(s) > 2*maxTitle {
		return ""
	}
	return u.String()
}
