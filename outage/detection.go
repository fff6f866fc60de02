package outage

// Confidence says how much history a baseline rests on.
type Confidence string

// Levels of confidence, and what they ask for.
const (
	ConfidenceNone   Confidence = "none"   // under an hour: too early to say
	ConfidenceLow    Confidence = "low"    // under two weeks: season known in part, the pooled prior helps
	ConfidenceNormal Confidence = "normal" // the week's season has been seen twice
)

// Baseline is what was expected of one series at one minute. Detect is its only
// writer.
type Baseline struct {
	Expected   float64    `json:"expected"`   // mean count per minute
	Low        float64    `json:"low"`        // 5 % quantile of the count of this minute
	High       float64    `json:"high"`       // 95 % quantile
	Dispersion float64    `json:"dispersion"` // variance over mean, at least 1
	Confidence Confidence `json:"confidence"`
	Method     string     `json:"method"` // name and version of the rule
}

// BaselineQuarters is the number of quarter hours in one ServiceBaseline.
const BaselineQuarters = 4

// ServiceBaseline is the compact form for pages: what is expected of all reports
// of a service in each quarter of the hour that starts at Minute. It is made when
// the hour begins, from the past alone.
type ServiceBaseline struct {
	Service  string                     `json:"service"`
	Minute   Minute                     `json:"minute"`
	Quarters [BaselineQuarters]Baseline `json:"quarters"` // per minute, not per quarter
	// Frozen is true while an open episode keeps the baseline from learning.
	Frozen bool `json:"frozen,omitempty"`
}

// Key identifies the record.
func (b *ServiceBaseline) Key() string { return b.Service + "/" + b.Minute.String() }

// Phase of the episode that a detection belongs to.
type Phase string

// Phases of an episode of one series.
const (
	PhaseAlarm  Phase = "alarm"  // outside the baseline in this minute
	PhaseEasing Phase = "easing" // inside again, not yet for long enough to be over
	PhaseOver   Phase = "over"   // last word of the episode
)

// Detection is one series outside its baseline in one minute, or the way back
// from there. It carries its point and its baseline, so it explains itself: an
// episode has one detection for every minute from the first alarm to its end.
type Detection struct {
	Signal   string   `json:"signal"`
	Country  string   `json:"country,omitempty"`  // empty: all countries
	Category string   `json:"category,omitempty"` // empty: all categories
	Phase    Phase    `json:"phase"`
	Count    int      `json:"count"`    // of this minute
	Baseline Baseline `json:"baseline"` // of this minute
	// Score is -log10 of the chance that a quiet series shows as much as the best
	// window that ends with this minute.
	Score float64 `json:"score"`
	// Window is that window's length in minutes, with what it held.
	Window         int     `json:"window"`
	WindowCount    int     `json:"window_count"`
	WindowExpected float64 `json:"window_expected"`
	Effect         float64 `json:"effect"` // window count over expected
	// First is the minute of the episode's first alarm, Onset where it began:
	// the start of the window with the most evidence, never later than First.
	First Minute `json:"first"`
	Onset Minute `json:"onset"`
	// OnsetCount is the sum of counts from Onset up to and including this minute.
	OnsetCount int `json:"onset_count"`
	// Confirm is -log10 of the tail probability of the best window that lies
	// wholly after First: a second look that shares no minute with the first.
	Confirm float64 `json:"confirm"`
	// Networks is the number of distinct networks since Onset, counted up to a
	// limit; 0 with NetworksUnknown for imported counts.
	Networks        int  `json:"networks"`
	NetworksUnknown bool `json:"networks_unknown,omitempty"`
}

// MinuteDetections is one record: all detections of a service's minute. Detect
// is its only writer.
type MinuteDetections struct {
	Service    string      `json:"service"`
	Minute     Minute      `json:"minute"`
	Detections []Detection `json:"detections"` // all countries and categories first, then by country, then by category
}

// Key identifies the record.
func (d *MinuteDetections) Key() string { return d.Service + "/" + d.Minute.String() }
