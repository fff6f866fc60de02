package outage

import "fmt"

// VerdictState says how far the evidence goes.
type VerdictState string

// States of a verdict, the least first. A verdict abstains in the first; in the
// second it names what cannot be told apart.
const (
	VerdictInsufficient VerdictState = "insufficient"
	VerdictAmbiguous    VerdictState = "ambiguous"
	VerdictLikely       VerdictState = "likely"
	VerdictVeryLikely   VerdictState = "very_likely"
)

// Trust is how sound the ground of a judgement is, apart from how likely it is (ICD
// 203 forbids to say both in one sentence).
type Trust string

// Trusts.
const (
	TrustLow      Trust = "low"
	TrustModerate Trust = "moderate"
	TrustHigh     Trust = "high"
)

// CauseClass is what kind of cause a hypothesis is.
type CauseClass string

// Classes of causes.
const (
	CauseAttack    CauseClass = "attack"
	CauseInternal  CauseClass = "internal" // configuration, code, own names, certificate, own machines
	CauseUpstream  CauseClass = "upstream" // a provider, the way there, a region
	CauseOverload  CauseClass = "overload"
	CauseNoOutage  CauseClass = "not_an_outage"
	CauseUndecided CauseClass = "" // of a verdict that abstains, or is ambiguous between classes
)

// EvidenceOrigin says who measured or said what a piece of evidence rests on.
type EvidenceOrigin string

// Origins of evidence. A claim is none: it weighs nothing.
const (
	OriginProbes   EvidenceOrigin = "probes"
	OriginCrowd    EvidenceOrigin = "crowd"
	OriginVendor   EvidenceOrigin = "vendor"   // raises the belief that something is wrong, never a cause
	OriginCatalog  EvidenceOrigin = "catalog"  // what stands on what
	OriginObserver EvidenceOrigin = "observer" // a published measurement of a third party, of capped weight
)

// Finding is what a sign says.
type Finding string

// Findings. Unknown weighs nothing and is listed as missing where it would decide.
const (
	FindingPresent Finding = "present"
	FindingAbsent  Finding = "absent"
	FindingUnknown Finding = "unknown"
)

// Feature is one number taken out of facts, with what it is of. The vocabulary of
// package feature says its unit and what its sample counts. A feature that cannot be
// computed is absent: absent is not zero.
type Feature struct {
	Name     string         `json:"name" yaml:"name"`
	Value    float64        `json:"value" yaml:"value"`
	From     Minute         `json:"from,omitempty" yaml:"from"`
	To       Minute         `json:"to,omitempty" yaml:"to"`
	Sample   int            `json:"sample,omitempty" yaml:"sample"`
	Vantages int            `json:"vantages,omitempty" yaml:"vantages"`
	Networks int            `json:"networks,omitempty" yaml:"networks"`
	Origin   EvidenceOrigin `json:"origin" yaml:"origin"`
	Source   *Source        `json:"source,omitempty" yaml:"source"` // of an observer
	Quote    string         `json:"quote,omitempty" yaml:"quote"`
	Rests    []string       `json:"rests,omitempty" yaml:"rests"` // ids of facts: keys of measurements, observations, incidents
}

// Evidence is one checkable sentence with what it rests on.
type Evidence struct {
	ID       string         `json:"id"`    // hash of the content: equal evidence has equal ids
	Sign     string         `json:"sign"`  // row of the knowledge table
	Group    string         `json:"group"` // correlated signs share a cap
	Finding  Finding        `json:"finding"`
	Sentence string         `json:"sentence"`
	Feature  string         `json:"feature"` // that was looked at
	Value    float64        `json:"value"`
	Unit     string         `json:"unit,omitempty"`
	Expected string         `json:"expected,omitempty"` // the threshold, as the table writes it: "between 0.05 and 0.95"
	From     Minute         `json:"from,omitempty"`
	To       Minute         `json:"to,omitempty"`
	Sample   int            `json:"sample"` // attempts, reports or services that the value is of
	Vantages int            `json:"vantages,omitempty"`
	Networks int            `json:"networks,omitempty"`
	Origin   EvidenceOrigin `json:"origin"`
	Source   *Source        `json:"source,omitempty"` // of an observer
	Rests    []string       `json:"rests,omitempty"`  // ids of facts: keys of measurements, observations, incidents
}

// Weighed is what a piece of evidence adds to a hypothesis.
type Weighed struct {
	Evidence string  `json:"evidence"` // its id
	Sign     string  `json:"sign"`
	Band     float64 `json:"band"`   // log10 of the likelihood ratio, as in the table
	Weight   float64 `json:"weight"` // after the caps
}

// Hypothesis is one competing explanation with all that speaks for and against it.
type Hypothesis struct {
	ID      string     `json:"id"` // file of the knowledge table
	Title   string     `json:"title"`
	Class   CauseClass `json:"class"`
	Prior   float64    `json:"prior"`   // log10 of its base rate
	Score   float64    `json:"score"`   // prior and weights, log10
	Support float64    `json:"support"` // share among all hypotheses, 0 to 1
	For     []Weighed  `json:"for,omitempty"`
	Against []Weighed  `json:"against,omitempty"`
	Missing []string   `json:"missing,omitempty"` // signs that would move it most and are unknown
}

// LayerVerdict answers which layer fails, apart from why.
type LayerVerdict struct {
	State  VerdictState `json:"state"`
	Layer  Layer        `json:"layer,omitempty"`  // empty: none, or not known
	Second Layer        `json:"second,omitempty"` // when two layers share the failures
	Share  float64      `json:"share,omitempty"`  // of the failures that the layer has
	Why    string       `json:"why"`
}

// ClassSupport is the support of all hypotheses of a class.
type ClassSupport struct {
	Class   CauseClass `json:"class"`
	Support float64    `json:"support"`
}

// ChainLink is one link of a chain of causes, each with a confidence of its own.
type ChainLink struct {
	Role       string `json:"role"` // trigger, mechanism, amplifier, visible
	Text       string `json:"text"`
	Confidence Trust  `json:"confidence"`
}

// Wanted is a further observation that would decide.
type Wanted struct {
	Sign    string   `json:"sign"`
	Text    string   `json:"text"`              // what to look at
	Between []string `json:"between,omitempty"` // hypotheses that it tells apart
}

// Moved is what a revision changed against the one before.
type Moved struct {
	Sign   string  `json:"sign"`
	Text   string  `json:"text"` // "new: ...", "no longer: ..."
	For    string  `json:"for"`  // hypothesis that it moved most
	Weight float64 `json:"weight"`
}

// Verdict is what an incident is consistent with. Diagnose is its only writer; a
// change is a new revision, and each keeps the losers. A verdict never changes an
// incident.
type Verdict struct {
	Incident         string       `json:"incident"`
	Revision         int          `json:"revision"` // from 1
	Service          string       `json:"service"`
	Name             string       `json:"name,omitempty"` // what people call the service; empty: nobody said
	Minute           Minute       `json:"minute"`         // closed minutes up to this one were looked at
	IncidentRevision int          `json:"incident_revision"`
	Table            string       `json:"table"` // version of the knowledge table
	State            VerdictState `json:"state"`
	Layer            LayerVerdict `json:"layer"`
	// Class is that of the leading hypothesis; empty when the verdict abstains, or is
	// ambiguous between classes.
	Class CauseClass `json:"class,omitempty"`
	// Leading names what the evidence is consistent with: none, one, or those that
	// cannot be told apart, best first.
	Leading []string `json:"leading,omitempty"`
	// Sentence is what may be quoted as it stands, Short the same in a few words for
	// lists, Likelihood one of the words of ICD 203 and Confidence is said in a sentence
	// of its own.
	Sentence      string         `json:"sentence"`
	Short         string         `json:"short,omitempty"`
	Likelihood    string         `json:"likelihood,omitempty"`
	Confidence    Trust          `json:"confidence"`
	ConfidenceWhy string         `json:"confidence_why"`
	Classes       []ClassSupport `json:"classes"`
	Hypotheses    []Hypothesis   `json:"hypotheses"` // ranked, all of them
	Evidence      []Evidence     `json:"evidence"`   // by weight, then sign
	Wanted        []Wanted       `json:"wanted,omitempty"`
	Chain         []ChainLink    `json:"chain,omitempty"`
	Moved         []Moved        `json:"moved,omitempty"`
	// Onset is where the features begin, as measured or else as reported, and Features
	// are all that was known, by name, observers' last: a newer table judges the same
	// facts long after the measurements have aged out.
	Onset    Minute    `json:"onset"`
	Features []Feature `json:"features"`
}

// Key identifies the revision.
func (v *Verdict) Key() string { return fmt.Sprintf("%s/%d", v.Incident, v.Revision) }

// Source is somebody who publishes.
type Source struct {
	Name        string `json:"name"`
	URL         string `json:"url,omitempty"`
	Kind        string `json:"kind"`                  // one of SourceKinds
	Reliability string `json:"reliability,omitempty"` // A to F of the Admiralty code; F: cannot be judged
}

// SourceKinds are who may publish a measurement.
func SourceKinds() []string { return []string{"measurer", "registry", "operator", "press"} }

// Observation is a measurement that somebody else has published, or a fact of
// routing: a feature with its value and its source. What its author concludes from
// it is a claim and has no place here. Ingest is its only writer.
type Observation struct {
	ID       string  `json:"id"`      // hash of the content
	Service  string  `json:"service"` // that it is of
	Minute   Minute  `json:"minute"`  // in which it was received
	Feature  string  `json:"feature"` // of the vocabulary of features
	Value    float64 `json:"value"`
	From     Minute  `json:"from"` // what it is of
	To       Minute  `json:"to"`
	Sample   int     `json:"sample,omitempty"`
	Vantages int     `json:"vantages,omitempty"`
	Networks int     `json:"networks,omitempty"`
	Source   Source  `json:"source"`
	Quote    string  `json:"quote,omitempty"` // the words it was taken from
}

// Identify sets the id from the content, so that the same word handed in twice is one.
func (o *Observation) Identify() {
	content := *o
	content.ID, content.Minute = "", 0
	o.ID = contentHash(content)
}

// Key identifies the observation.
func (o *Observation) Key() string { return o.ID }
