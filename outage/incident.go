package outage

import "fmt"

// State of an incident.
type State string

// States of an incident: suspected leads to confirmed or dismissed, confirmed to
// recovering, recovering back to confirmed (a new wave) or on to resolved.
const (
	StateSuspected  State = "suspected"
	StateConfirmed  State = "confirmed"
	StateRecovering State = "recovering"
	StateResolved   State = "resolved"
	StateDismissed  State = "dismissed"
)

// Open says whether the incident still has a life ahead.
func (s State) Open() bool {
	return s == StateSuspected || s == StateConfirmed || s == StateRecovering
}

// Wave is one rise and fall of reports within an incident.
type Wave struct {
	Onset     Minute `json:"onset"`
	Peak      Minute `json:"peak"`          // the minute with the most reports
	PeakCount int    `json:"peak_count"`    // reports in that minute, all countries
	End       Minute `json:"end,omitempty"` // first minute after the wave; 0 while it lasts
	Total     int    `json:"total"`         // reports from onset to end
}

// Affected is one country or category in an incident.
type Affected struct {
	Name      string  `json:"name"`
	FirstSeen Minute  `json:"first_seen"` // back-dated onset in this cell
	LastSeen  Minute  `json:"last_seen"`  // last minute in alarm
	Peak      int     `json:"peak"`       // reports in its highest minute
	Total     int     `json:"total"`      // reports from first seen to last seen
	Effect    float64 `json:"effect"`     // highest count over expected
}

// Severity is the effect x breadth x duration rule with its factors, so that a
// page can print how the word was reached.
type Severity struct {
	Word     string  `json:"word"`     // minor, moderate, major, critical
	Value    float64 `json:"value"`    // product of the three factors
	Effect   float64 `json:"effect"`   // factor from the highest count over expected
	Breadth  float64 `json:"breadth"`  // factor from the number of countries
	Duration float64 `json:"duration"` // factor from minutes in waves
}

// Link ties an incident to another one that is open at the same time.
type Link struct {
	Incident string `json:"incident"`
	Service  string `json:"service"`
	Why      string `json:"why"` // see the constants
	// Ratio, of a collateral one, is this incident's highest count over what was
	// expected, by the same of the other one: 0.04 is one report here for 25 there.
	Ratio float64 `json:"ratio,omitempty"`
}

// Why incidents are linked, the strongest first. A link is a hint and no cause.
const (
	LinkProvider   = "provider"               // the other service carries this one, and fails those it carries
	LinkTenant     = "tenant"                 // the other service stands on this one, and fails with others that do
	LinkCommon     = "common cause suspected" // both stand on the same ground, which is no service of the catalog
	LinkCollateral = "collateral"             // people may report this one because the other one is out
	LinkFamily     = "family"                 // both have one owner
)

// Tenants is what fails together of those that stand on a service, at its worst.
type Tenants struct {
	// Failing are services, sorted; of many the first. Count counts them all, Watched
	// those that stand on it and are looked at.
	Failing []string `json:"failing"`
	Count   int      `json:"count"`
	Watched int      `json:"watched"`
	// Elsewhere counts services that do not stand on it and are looked at, Spared those
	// of them that did not fail.
	Elsewhere int `json:"elsewhere"`
	Spared    int `json:"spared"`
	// Manner is how they fail, in a word of package siblings.
	Manner string `json:"manner"`
}

// Incident is an outage with a life. Incident (the part) is its only writer; a
// change is a new revision, and a verdict or claim never changes one.
type Incident struct {
	ID       string `json:"id"` // service and minute of first detection; never changes
	Revision int    `json:"revision"`
	Service  string `json:"service"`
	State    State  `json:"state"`
	Minute   Minute `json:"minute"`        // of this revision
	Detected Minute `json:"detected"`      // first detection
	Onset    Minute `json:"onset"`         // back-dated
	End      Minute `json:"end,omitempty"` // end of the last wave, once recovering
	// Confirmed and Closed are the minutes of those changes; 0 when not reached.
	Confirmed Minute `json:"confirmed,omitempty"`
	Closed    Minute `json:"closed,omitempty"`
	Reopened  int    `json:"reopened,omitempty"` // times a wave came after it was resolved
	Waves     []Wave `json:"waves"`
	// Countries and Categories are ordered by first seen, then name.
	Countries  []Affected `json:"countries"`
	Categories []Affected `json:"categories"`
	Peak       int        `json:"peak"`  // reports in the highest minute, all countries
	Total      int        `json:"total"` // reports in all waves; a person counts again after ReportWindow
	Expected   float64    `json:"expected"`
	Count      int        `json:"count"` // reports in this revision's minute, with Expected beside it
	Score      float64    `json:"score"` // highest so far
	Severity   Severity   `json:"severity"`
	Confidence Confidence `json:"confidence"` // of the baseline it rests on
	Links      []Link     `json:"links,omitempty"`
	// Basis says what the incident rests on: the families of signals that have
	// spoken, joined by "+"; "crowd" for reports alone.
	Basis string `json:"basis"`
	// Wide is set while the incident rests on many places together, none of which
	// stands out by itself, and says what they are. Networks are never named.
	Wide Dimension `json:"wide,omitempty"`
	// Probes is what measurements say; nil while no agent looks at the service.
	Probes *Probes `json:"probes,omitempty"`
	// Tenants is set once services that stand on this one have failed together.
	Tenants *Tenants `json:"tenants,omitempty"`
}

// IncidentID derives the identity that never changes.
func IncidentID(service string, detected Minute) string {
	return service + "-" + detected.Time().Format("20060102T1504Z")
}

// Key identifies the revision.
func (i *Incident) Key() string { return fmt.Sprintf("%s/%d", i.ID, i.Revision) }
