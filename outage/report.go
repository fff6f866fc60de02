package outage

// ReportWindow is how long one reporter counts once per service: a person who
// presses again within it is the same person with the same problem. Any sum of
// counts over a span up to this long is therefore a number of distinct reporters.
const ReportWindow Minute = 30

// Where a report came from.
const (
	SourcePress  = "press"  // a person pressed the button
	SourceImport = "import" // a recorded count, already distinct reporters
	SourceDemo   = "demo"   // the demonstration's generator
)

// ReasonCap marks a report that is kept but not counted because its network had
// sent more than its share.
const ReasonCap = "cap"

// Report is one person's word that a service has a problem: one service, one
// category, never an address. Ingest is its only writer.
type Report struct {
	ID       string `json:"id"`                 // derived from the key, opaque
	Reporter string `json:"reporter,omitempty"` // HMAC under the salt of the day; empty for imported counts
	Service  string `json:"service"`
	Category string `json:"category"`
	Country  string `json:"country,omitempty"` // ISO 3166-1 alpha-2, empty: unknown
	// Network is "AS64500", or "~" and a keyed pseudonym of the prefix where the
	// AS is unknown; empty for imported counts.
	Network string `json:"network,omitempty"`
	Minute  Minute `json:"minute"` // of receipt
	// Window is the minute of the first report of this reporter's window.
	Window Minute `json:"window"`
	// Weight is the number of distinct reporters this stands for: 1 for a press,
	// 0 when set aside, more for an imported count.
	Weight int `json:"weight"`
	// Aside is the number of reporters set aside, with Reason saying why.
	Aside  int    `json:"aside,omitempty"`
	Reason string `json:"reason,omitempty"`
	Source string `json:"source"`
}

// Key identifies the report: appending it twice changes nothing.
func (r *Report) Key() string { return r.Service + "/" + r.Reporter + "/" + r.Window.String() + r.ID }
