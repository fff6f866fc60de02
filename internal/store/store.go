// Package store is the contract of the query store: what pages ask and what
// project saves. Engines implement it and pass its contract suite.
//
// Every count by country or category that comes out of it has been through the
// small-cell rule already (see Released), so no reader can publish what must
// not be published. Service totals are exact.
//
// It reads nothing and writes nothing: it is types and interfaces. Method: minute
// rows are kept for as long as retention says, hours for ever; an hour is the sum
// of its minutes. Limits: before Pulse.Oldest only whole hours can be asked for.
package store

import (
	"context"
	"errors"

	"faultline/outage"
)

// Errors that readers react to.
var (
	// ErrNotFound is returned for a service or an incident that the store does not have.
	ErrNotFound = errors.New("not found")
	// ErrAgedOut is returned by Series for buckets that would cut an hour of which
	// only the sum is left.
	ErrAgedOut = errors.New("minutes have aged out, only hours are kept")
	// ErrLocked means that another process uses the same store.
	ErrLocked = errors.New("the query store is in use by another faultline")
	// ErrDamaged means that the store cannot be read and has to be rebuilt.
	ErrDamaged = errors.New("the query store is damaged")
)

// Dimensions in which reports are broken down.
const (
	Countries  = "country"
	Categories = "category"
)

// UnknownAfter is how long Faultline listens to a service before it says that
// there is nothing unusual; until then the status is unknown.
const UnknownAfter = outage.Hour

// Saver is what project needs: one writer, all or nothing.
type Saver interface {
	// Save applies a batch and its positions in one transaction. A batch that has
	// positions, none of which is beyond the saved ones, changes nothing.
	Save(ctx context.Context, b *Batch) error
	// Positions returns, by topic, the position of the last batch saved.
	Positions(ctx context.Context) (map[string]uint64, error)
	// Waiting returns what the small-cell rule keeps back, as saved last.
	Waiting(ctx context.Context) ([]Waiting, error)
	// Age removes the minutes of whole hours before a minute; their sums stay. It
	// says how many hours of services lost their minutes. Minutes before it that
	// are saved later go into their hours only.
	Age(ctx context.Context, before outage.Minute) (int, error)
	// Forget removes measurements that came before a minute and what was added up of
	// them by agent; the points that were made of them stay. It says how many
	// measurements went.
	Forget(ctx context.Context, before outage.Minute) (int, error)
}

// Waiting is what the small-cell rule keeps back of one service's reports.
type Waiting struct {
	Service    string
	Countries  map[string]int // by name ("" is unknown); no zeros
	Categories map[string]int
}

// Batch is what project saves at once. Empty parts change nothing.
type Batch struct {
	Services []outage.Service
	Minutes  []Minute
	Missing  []outage.Minute // minutes in which nobody listened
	Closed   outage.Minute   // last closed minute; 0: unchanged
	Since    outage.Minute   // first minute of the batch in which somebody listened; the earliest batch counts
	// Open holds provisional counts, replacing what was there for the service and
	// minute. They need not outlive the process: project counts them again.
	Open      []Open
	Baselines []outage.ServiceBaseline
	Incidents []outage.Incident // revisions, in order
	Verdicts  []outage.Verdict  // revisions, in order
	Bulletins []outage.Bulletin
	Points    []outage.MinutePoints // of closed minutes: signals other than reports
	// Measurements are kept up to a number that the engine names; the oldest go first.
	Measurements []Measurement
	// Imports are measurements of others, each with its position in their topic. They
	// are kept for ever and never judged.
	Imports   []Measurement
	Agents    []outage.Agent      // revisions, in order
	Words     []outage.VendorWord // revisions, in order
	States    []outage.ProbeState
	Positions map[string]uint64
}

// Minute is what is kept of one service's closed minute.
type Minute struct {
	Service string
	Minute  outage.Minute
	Count   int // all reports counted, exact
	Aside   int
	// Countries and Categories hold released counts, by name ("" is unknown). A
	// name that is absent stays as it was.
	Countries  map[string]int
	Categories map[string]int
	// Waiting holds what the small-cell rule still keeps back after this minute;
	// nil (as in a late correction of the totals) leaves what is saved.
	WaitingCountries  map[string]int
	WaitingCategories map[string]int
}

// Open is the provisional count of a service's open minute.
type Open struct {
	Service string
	Minute  outage.Minute
	Count   int
	Aside   int
}

// Pulse is how far the store has come; pages poll it.
type Pulse struct {
	Version uint64        // grows with every save that changed something
	Closed  outage.Minute // last closed minute; 0: none yet
	Oldest  outage.Minute // oldest minute with minute rows; before it only hours are kept
	Since   outage.Minute // first minute in which anybody listened; 0: none yet
}

// Row is a service as lists show it.
type Row struct {
	Service outage.Service
	// Bulletin is what was said last. When nothing was said yet it has no Minute,
	// StatusUnknown or StatusQuiet, and a headline and reason to match.
	Bulletin outage.Bulletin
	Since    outage.Minute   // since when reports of it are counted; 0: not yet
	Open     Open            // sum of all minutes after the closed ones; Minute is the last with reports
	Quarter  int             // reports in the last 15 closed minutes
	Expected float64         // in 15 minutes at this time of the week
	Day      int             // reports in the last 24 hours, closed minutes
	Spark    [24]int         // the same in 24 spans of 60 minutes, oldest first
	Baseline outage.Baseline // of the quarter hour of the last closed minute; ConfidenceNone when there is none
}

// SeriesQuery asks for one line. At most one of Country and Category is set.
type SeriesQuery struct {
	Service  string
	Country  string
	Category string
	From     outage.Minute // inclusive
	To       outage.Minute // exclusive
	Step     outage.Minute // width of a bucket, at least 1; buckets start at From
}

// Bucket is one step of a line.
type Bucket struct {
	Start       outage.Minute
	Count       int  // exact for a service; released for a country or category
	Aside       int  // services only
	Missing     int  // minutes of this bucket in which nobody listened
	Provisional bool // reaches beyond the closed minutes
	// Waiting is true where a country or category shows none although the service
	// has reports: there may be some that the small-cell rule keeps back. It says
	// no more than the published counts do.
	Waiting bool
	// Expected, Low and High are for the whole bucket, from the baseline of the
	// whole service: its mean, and where 90 % of such buckets lie. HasBaseline is
	// false for countries and categories and where no minute of it has one.
	Expected, Low, High float64
	HasBaseline         bool
}

// Share is one country or category of a breakdown. Which names are listed says
// no more than the published counts do: those with a count, and with Count 0 and
// Waiting those that the catalog names or that were released before.
type Share struct {
	// Name "" is the rest: unknown, and what the small-cell rule keeps back.
	Name    string
	Count   int  // released; of the rest the total less all named, when that is 5 or more
	Waiting bool // some may be kept back: with Count 0 a page says "<5"
}

// IncidentFilter selects incidents; zero fields select everything.
type IncidentFilter struct {
	Service  string
	From, To outage.Minute // overlap with [From, To)
	OpenOnly bool
	// Confirmed leaves out incidents that never got beyond suspicion.
	Confirmed bool
	Limit     int
}

// Overviews answers for lists and for the state of the store.
type Overviews interface {
	Pulse(ctx context.Context) (Pulse, error)
	Rows(ctx context.Context) ([]Row, error) // every service, by name
	Row(ctx context.Context, service string) (Row, error)
}

// Histories answers for one service or incident.
type Histories interface {
	Series(ctx context.Context, q SeriesQuery) ([]Bucket, error)
	// Countries and Categories break a service's reports down, most first.
	Countries(ctx context.Context, service string, from, to outage.Minute) ([]Share, error)
	Categories(ctx context.Context, service string, from, to outage.Minute) ([]Share, error)
	Incidents(ctx context.Context, f IncidentFilter) ([]outage.Incident, error) // latest revisions, newest first
	Revisions(ctx context.Context, incident string) ([]outage.Incident, error)  // oldest first; ErrNotFound
}

// Store is the contract of an engine.
type Store interface {
	Saver
	Overviews
	Histories
	Measures
	Sayings
	Judgements
}
