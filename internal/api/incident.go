package api

import (
	"fmt"
	"strconv"
	"time"

	"faultline/internal/geo"
	"faultline/internal/names"
	"faultline/internal/smallcell"
	"faultline/outage"
)

// Incident is an outage as the API and replay tell it.
type Incident struct {
	ID       string       `json:"id" doc:"Service and minute of first detection; never changes"`
	Service  string       `json:"service"`
	State    outage.State `json:"state" enum:"suspected,confirmed,recovering,resolved,dismissed"`
	Basis    string       `json:"basis" doc:"What it rests on: families of signals, joined by +; crowd is reports"`
	Wide     string       `json:"wide" doc:"Set where many places together show what no single one does: countries, categories or networks"`
	Revision int          `json:"revision"`
	AsOf     time.Time    `json:"as_of" doc:"Minute of this revision"`

	Onset     time.Time  `json:"onset" doc:"Where the first wave began, worked out afterwards"`
	Detected  time.Time  `json:"detected" doc:"First minute out of the ordinary"`
	Confirmed *time.Time `json:"confirmed" doc:"Null when it was not"`
	End       *time.Time `json:"end" doc:"End of the last wave; null while it lasts"`
	Closed    *time.Time `json:"closed" doc:"When it was resolved or dismissed"`
	Reopened  int        `json:"reopened" doc:"Waves that came after it was resolved"`

	Scope      string          `json:"scope" doc:"What the counts count"`
	Peak       int             `json:"peak_reports_per_minute" doc:"Highest minute, all countries"`
	Total      int             `json:"total_reports" doc:"All waves, all countries"`
	Count      int             `json:"reports_in_minute" doc:"In the minute as_of, all countries"`
	Expected   float64         `json:"expected_in_minute" doc:"What is usual for that minute, all countries"`
	Score      float64         `json:"score" doc:"Highest -log10 of the tail probability so far"`
	Confidence string          `json:"confidence" doc:"Of the baseline: none, low or normal"`
	Waves      []Wave          `json:"waves"`
	Countries  []Cell          `json:"countries" doc:"By first seen"`
	Categories []Cell          `json:"categories" doc:"By first seen"`
	SmallCells string          `json:"small_cells" doc:"Why some numbers are null"`
	Severity   Grade           `json:"severity"`
	Probes     *outage.Probes  `json:"probes,omitempty" doc:"What measurements say of it; left out while no agent looks"`
	Tenants    *outage.Tenants `json:"tenants,omitempty" doc:"What failed together of the services that stand on it, at its worst; left out where nothing did"`
	Links      []Link          `json:"links" doc:"Incidents that were open at the same time: of its family, of a provider it stands on, or of the service that people may have meant"`
	Page       string          `json:"page" doc:"Path of the page for people"`
}

// Wave is one rise and fall.
type Wave struct {
	Onset     time.Time  `json:"onset"`
	Peak      time.Time  `json:"peak" doc:"Minute with the most reports"`
	End       *time.Time `json:"end" doc:"First minute after the wave; null while it lasts"`
	PeakCount int        `json:"peak_reports_per_minute" doc:"In that minute, all countries"`
	Total     int        `json:"total_reports" doc:"From onset to end, all countries"`
}

// Cell is one country or category of an incident.
type Cell struct {
	Name         string    `json:"name" doc:"Country code or category; empty: unknown"`
	Label        string    `json:"label"`
	FirstSeen    time.Time `json:"first_seen"`
	LastSeen     time.Time `json:"last_seen" doc:"Last minute out of the ordinary"`
	Peak         *int      `json:"peak_reports_per_minute" doc:"Null where suppressed"`
	PeakDisplay  string    `json:"peak_display"`
	Total        *int      `json:"total_reports" doc:"From first seen to last seen; null where suppressed"`
	TotalDisplay string    `json:"total_display"`
	AtLeast      bool      `json:"total_is_at_least" doc:"A multiple of 5 that the true total is not below: so while the incident is open, and where subtraction would tell a small one"`
	Suppressed   bool      `json:"suppressed" doc:"A number is hidden"`
	Effect       *float64  `json:"effect" doc:"Highest count over expected; null where the total is suppressed"`
}

// Grade is a severity with its factors.
type Grade struct {
	Word     string  `json:"word" enum:"minor,moderate,major,critical"`
	Value    float64 `json:"value" doc:"Product of the factors"`
	Effect   float64 `json:"effect" doc:"Factor from the highest minute over expected"`
	Breadth  float64 `json:"breadth" doc:"Factor from the number of countries"`
	Duration float64 `json:"duration" doc:"Factor from the minutes in waves"`
	Rule     string  `json:"rule" doc:"How the word was reached"`
}

// Link ties an incident to another one.
type Link struct {
	Incident string  `json:"incident"`
	Service  string  `json:"service"`
	Why      string  `json:"why" doc:"What ties them, the strongest first: provider (the other one carries this one), tenant (stands on this one), common cause suspected, collateral (people may report this one because the other one is out), family. A hint, and no cause"`
	Ratio    float64 `json:"ratio,omitempty" doc:"Of a collateral one: reports in the highest minute over what was expected, by the same of the other one"`
}

// Texts that go with numbers.
const (
	incidentScope = "distinct reporters, all countries unless a country is named; a person counts again after 30 minutes"
	smallCells    = "country and category counts under 5 are null and shown as <5; totals are multiples of 5 while the incident is open and where subtraction would tell a small one"
)

// FromIncident says an incident the way the API does.
func FromIncident(in outage.Incident) Incident {
	out := Incident{
		ID: in.ID, Service: in.Service, State: in.State, Basis: in.Basis, Wide: string(in.Wide), Revision: in.Revision, AsOf: in.Minute.Time(),
		Onset: in.Onset.Time(), Detected: in.Detected.Time(), Confirmed: optional(in.Confirmed),
		End: optional(in.End), Closed: optional(in.Closed), Reopened: in.Reopened,
		Scope: incidentScope, Peak: in.Peak, Total: in.Total, Count: in.Count, Expected: round(in.Expected), Score: round(in.Score),
		Confidence: string(in.Confidence), SmallCells: smallCells, Severity: grade(in.Severity), Page: "/i/" + in.ID,
		Waves: []Wave{}, Links: []Link{},
		Countries:  cells(in.Countries, &in, countryLabel),
		Categories: cells(in.Categories, &in, names.CategoryLabel),
	}
	out.Probes, out.Tenants = in.Probes, in.Tenants
	for _, w := range in.Waves {
		out.Waves = append(out.Waves, Wave{
			Onset: w.Onset.Time(), Peak: w.Peak.Time(), End: optional(w.End), PeakCount: w.PeakCount, Total: w.Total,
		})
	}
	for _, l := range in.Links {
		out.Links = append(out.Links, Link(l))
	}
	return out
}

func cells(all []outage.Affected, in *outage.Incident, label func(string) string) []Cell {
	out := []Cell{}
	for _, s := range smallcell.ShowAffected(all, in.Total, in.State.Open()) {
		c := Cell{
			Name: s.Name, Label: label(s.Name), FirstSeen: s.FirstSeen.Time(), LastSeen: s.LastSeen.Time(),
			Suppressed: s.HidePeak || s.HideTotal, AtLeast: s.AtLeast,
		}
		c.Peak, c.PeakDisplay = hide(s.Peak, s.HidePeak)
		c.Total, c.TotalDisplay = hide(s.Total, s.HideTotal)
		if !s.HideTotal {
			effect := round(s.Effect)
			c.Effect = &effect
		}
		out = append(out, c)
	}
	return out
}

// withheld is shown for a number that is not small but would tell a small one.
const (
	withheld = "withheld"
	small    = "<5"
)

// hide gives a number with its display, or what is shown in its place.
func hide(n int, hidden bool) (*int, string) {
	switch {
	case hidden && n < smallcell.K:
		return nil, small
	case hidden:
		return nil, withheld
	}
	return &n, strconv.Itoa(n)
}

func grade(s outage.Severity) Grade {
	return Grade{
		Word: s.Word, Value: round(s.Value), Effect: round(s.Effect), Breadth: round(s.Breadth), Duration: round(s.Duration),
		Rule: fmt.Sprintf("effect %g x breadth %g x duration %g = %g", round(s.Effect), round(s.Breadth), round(s.Duration), round(s.Value)),
	}
}

// countryLabel is the name of a country for people.
func countryLabel(code string) string {
	if code == "" {
		return "Unknown"
	}
	if name := geo.CountryName(code); name != "" {
		return name
	}
	return code
}

// optional is null for a minute that was not reached.
func optional(m outage.Minute) *time.Time {
	if m == 0 {
		return nil
	}
	t := m.Time()
	return &t
}
