// Package store is the contract of the query store: what pages ask and what
// project saves. Engines implement it and pass its contract suite.
//
// Every count by country or category that comes out of it has been through the
// small-cell rule already (see Released), so no reader can publish what must
// not be published. Service totals are exact.
package store

import (
	"context"
	"errors"

	"faultline/outage"
)

// ErrNotFound is returned for a service or an incident that the store does not have.
var ErrNotFound = errors.New("not found")

// Saver is what project needs: one writer, all or nothing.
type Saver interface {
	// Save applies a batch and its positions in one transaction.
	Save(ctx context.Context, b *Batch) error
	// Positions returns, by topic, the position of the last batch saved.
	Positions(ctx context.Context) (map[string]uint64, error)
	// Age removes minute rows before a minute, once their hour is kept.
	Age(ctx context.Context, before outage.Minute) (int, error)
}

// Batch is what project saves at once. Empty parts change nothing.
type Batch struct {
	Services  []outage.Service
	Minutes   []Minute
	Missing   []outage.Minute // minutes in which nobody listened
	Closed    outage.Minute   // last closed minute; 0: unchanged
	Open      []Open          // provisional counts of the open minute, replacing what was there for the service
	Baselines []outage.ServiceBaseline
	Incidents []outage.Incident // revisions, in order
	Bulletins []outage.Bulletin
	Positions map[string]uint64
}

// Minute is what is kept of one service's closed minute.
type Minute struct {
	Service string
	Minute  outage.Minute
	Count   int // all reports counted, exact
	Aside   int
	// Countries and Categories hold released counts, by name ("" is unknown).
	Countries  map[string]int
	Categories map[string]int
	// Waiting holds what the small-cell rule still keeps back after this minute.
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
	Closed  outage.Minute // last closed minute
	Oldest  outage.Minute // oldest minute with minute rows; before it only hours are kept
}

// Row is a service as lists show it.
type Row struct {
	Service  outage.Service
	Bulletin outage.Bulletin // zero value with StatusUnknown or StatusQuiet and a reason when nothing was said yet
	Open     Open            // provisional; Count 0 when nothing came yet
	Quarter  int             // reports in the last 15 closed minutes
	Expected float64         // in 15 minutes at this time of the week
	Day      int             // reports in the last 24 hours, closed minutes
	Spark    [24]int         // reports of each of the last 24 hours, oldest first
	Baseline outage.Baseline // of the current quarter hour, per minute
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
	Count       int // exact for a service; released for a country or category
	Aside       int // services only
	Missing     int // minutes of this bucket in which nobody listened
	Provisional bool
	// Waiting is true where the small-cell rule keeps back one to four reports.
	Waiting bool
	// Expected, Low and High are sums over the bucket, from the baseline of the
	// whole service; zero and HasBaseline false for countries and categories.
	Expected, Low, High float64
	HasBaseline         bool
}

// Share is one country or category of a breakdown.
type Share struct {
	Name    string // "" is unknown
	Count   int    // released
	Waiting bool   // some are kept back: with Count 0 a page says "<5"
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
}
