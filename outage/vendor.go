package outage

import "fmt"

// VendorStatus is what a vendor says of itself, or that it cannot be heard.
type VendorStatus string

// Statuses. The first five are the indicators of a Statuspage; a feed of incidents
// tells only whether one is open. No status here says that a service is up: a
// vendor that says nothing of a problem has said nothing.
const (
	VendorOperational VendorStatus = "operational"
	VendorMinor       VendorStatus = "minor"
	VendorMajor       VendorStatus = "major"
	VendorCritical    VendorStatus = "critical"
	VendorMaintenance VendorStatus = "maintenance"
	VendorProblem     VendorStatus = "problem" // a feed has an open incident; how bad it does not say
	VendorQuiet       VendorStatus = "quiet"   // a feed has no open incident
	VendorUnknown     VendorStatus = "unknown" // the page cannot be read
)

// Troubled says whether a status admits a problem. Maintenance is none.
func (s VendorStatus) Troubled() bool {
	return s == VendorMinor || s == VendorMajor || s == VendorCritical || s == VendorProblem
}

// VendorWord is what the official status page of a service says from a minute on,
// until the next revision. The part vendor is its only writer.
type VendorWord struct {
	Service     string       `json:"service"`
	Revision    int          `json:"revision"` // from 1, rising by one for each service
	Minute      Minute       `json:"minute"`   // in which it was seen
	Page        string       `json:"page"`     // address that was read
	Status      VendorStatus `json:"status"`
	Description string       `json:"description,omitempty"` // the vendor's own words, cut
	// Troubled is the minute in which the page first admitted the present problem; 0
	// while it admits none.
	Troubled  Minute           `json:"troubled,omitempty"`
	Incidents []VendorIncident `json:"incidents,omitempty"` // open ones, and those that have just been closed
	Truncated bool             `json:"truncated,omitempty"` // the page has more of them than are kept
	// Reached is the last minute in which the page could be read, 0: never. Unknown
	// is the minute since which it could not; 0 while it can.
	Reached Minute `json:"reached,omitempty"`
	Unknown Minute `json:"unknown_since,omitempty"`
	// LastStatus is what it said last, while it cannot be read, and Why is the reason.
	LastStatus VendorStatus `json:"last_status,omitempty"`
	Why        string       `json:"why,omitempty"`
}

// VendorIncident is an incident as its vendor tells it.
type VendorIncident struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Status string `json:"status,omitempty"` // the vendor's word: investigating, identified, monitoring, resolved
	Impact string `json:"impact,omitempty"` // the vendor's word: none, minor, major, critical
	Link   string `json:"link,omitempty"`
	// Posted is when the vendor says that it spoke first, 0: not said. Seen is when it
	// was first seen here, and Acknowledged the minute that counts: a word that was
	// not on the page at the last look cannot be older than that look.
	Posted       Minute `json:"posted,omitempty"`
	Seen         Minute `json:"seen"`
	Acknowledged Minute `json:"acknowledged"`
	Closed       Minute `json:"closed,omitempty"` // the minute in which it was first seen closed or gone
}

// Key identifies the revision.
func (w *VendorWord) Key() string { return fmt.Sprintf("%s/%d", w.Service, w.Revision) }
