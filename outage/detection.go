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
	Layer    Layer    `json:"layer,omitempty"`    // of attempts; empty: whole ones
	Family   int      `json:"family,omitempty"`   // of addresses; 0: all of them
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
	// Trials is the number of attempts in this minute, for a signal of kind rate.
	Trials int `json:"trials,omitempty"`
	// Value is the level of this minute in the unit of the signal, and WindowValue
	// that of the window, for a signal of kind value; their baseline is in the
	// same unit.
	Value       float64 `json:"value,omitempty"`
	WindowValue float64 `json:"window_value,omitempty"`
	// Dimension is set when many places speak together: no single one of them needs
	// to be outside its own baseline. Count, Baseline and window are sums over Places.
	Dimension Dimension `json:"dimension,omitempty"`
	Places    []Place   `json:"places,omitempty"` // hottest first
	// Parts are the signals that speak together when Signal is SignalCombined.
	Parts []Part `json:"parts,omitempty"`
}

// Dimension is what the places of a pooled detection are.
type Dimension string

// Dimensions. Networks are for operators: no public page, feed or API names one.
const (
	DimensionCountries  Dimension = "countries"
	DimensionCategories Dimension = "categories"
	DimensionNetworks   Dimension = "networks"
)

// Place is one hot cell of a pooled detection.
type Place struct {
	Name     string  `json:"name"`
	Count    int     `json:"count"`    // since the onset
	Expected float64 `json:"expected"` // since the onset
	Last     int     `json:"last"`     // of this minute
}

// Part is what one family of signals brings to a combined detection.
type Part struct {
	Family string  `json:"family"`
	Signal string  `json:"signal"` // of the family, the one that speaks loudest
	Score  float64 `json:"score"`  // after its cap and its age
}

// Whole says that a detection is of all reports of its service: neither of a part of
// them nor of another signal.
func (d *Detection) Whole() bool {
	return d.Signal == SignalReports && d.Country == "" && d.Category == "" && d.Dimension == ""
}

// MinuteDetections is one record: all detections of a service's minute. Detect
// is its only writer.
type MinuteDetections struct {
	Service string `json:"service"`
	Minute  Minute `json:"minute"`
	// Detections are ordered: reports before other signals, in the order of the table;
	// of each, single series before pooled ones; of those, by category, then country.
	Detections []Detection `json:"detections"`
}

// Key identifies the record.
func (d *MinuteDetections) Key() string { return d.Service + "/" + d.Minute.String() }
