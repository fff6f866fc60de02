// Package rollup counts reports and measurements by minute. It reads the topics
// reports and measurements and writes the topics points, one record for each service
// and minute that had any of either, and probestates, what probes say of a service
// whenever a word of it changes.
//
// Points hold joint cells - of reports: country, category and network; of attempts:
// the agent's country and network, layer and address family - so that every total is
// a sum over one record. Minutes without a record are zero by their tick; of attempts
// they are not known.
//
// Method: ingest lets each reporter count once per window, so a sum of weights is
// a number of distinct reporters. A report carries its minute of receipt, so a
// minute is complete at its tick (lateness 0). What agents say passes package assess,
// which knows whom to believe.
//
// Limits: maxCells joint cells of a service's minute are kept apart; measurements
// that came late are left out.
package rollup

import (
	"cmp"
	"fmt"
	"slices"

	"faultline/internal/assess"
	"faultline/internal/judge"
	"faultline/internal/stream"
	"faultline/outage"
)

// maxCells bounds the joint cells of one service and minute. What comes beyond
// is counted without its network, so totals by country and category stay exact
// and only the number of distinct networks is understated.
const maxCells = 2000

// cell is the joint of what a report says.
type cell struct{ country, category, network string }

type count struct{ counted, aside int }

// Fold implements [stream.Fold]. The zero value is not ready: use New.
type Fold struct {
	open map[string]map[cell]count // by service, of the minute being read
	book *assess.Book
}

// New returns a fold without a past.
func New() *Fold {
	return &Fold{open: map[string]map[cell]count{}, book: assess.New(judge.DefaultQuorum())}
}

// Follower runs a fold on the log.
func Follower() *stream.Follower {
	return &stream.Follower{
		Name: "rollup", In: []string{stream.Reports.Name, stream.Measurements.Name},
		Out: []string{stream.Points.Name, stream.ProbeStates.Name}, Fold: New(),
	}
}

// Apply implements [stream.Fold].
func (f *Fold) Apply(topic string, r stream.Record) error {
	if topic == stream.Measurements.Name {
		m, err := stream.Measurements.Decode(r)
		if err != nil {
			return err
		}
		f.book.Take(r.Minute, m)
		return nil
	}
	report, err := stream.Reports.Decode(r)
	if err != nil {
		return err
	}
	f.Take(report)
	return nil
}

// Take counts one report in the open minute.
func (f *Fold) Take(r *outage.Report) {
	cells := f.open[r.Service]
	if cells == nil {
		cells = map[cell]count{}
		f.open[r.Service] = cells
	}
	c := cell{r.Country, r.Category, r.Network}
	if _, known := cells[c]; !known && len(cells) >= maxCells {
		c.network = ""
	}
	n := cells[c]
	n.counted += r.Weight
	n.aside += r.Aside
	cells[c] = n
}

// Close ends the open minute: one record a service, ordered by id, and the states of
// services that have changed.
func (f *Fold) Close(m outage.Minute, missing bool) ([]outage.MinutePoints, []outage.ProbeState) {
	measured, states := f.book.Close(m, missing)
	out := make([]outage.MinutePoints, 0, len(f.open)+len(measured))
	for service, cells := range f.open {
		p := outage.MinutePoints{Service: service, Minute: m, Points: make([]outage.Point, 0, len(cells))}
		for c, n := range cells {
			p.Points = append(p.Points, outage.Point{
				Signal: outage.SignalReports, Country: c.country, Category: c.category, Network: c.network,
				Count: n.counted, Aside: n.aside,
			})
		}
		slices.SortFunc(p.Points, func(a, b outage.Point) int {
			return cmp.Or(cmp.Compare(a.Country, b.Country), cmp.Compare(a.Category, b.Category), cmp.Compare(a.Network, b.Network))
		})
		p.Points = append(measured[service], p.Points...) // their signals come first by name
		delete(measured, service)
		out = append(out, p)
	}
	for service, points := range measured {
		out = append(out, outage.MinutePoints{Service: service, Minute: m, Points: points})
	}
	slices.SortFunc(out, func(a, b outage.MinutePoints) int { return cmp.Compare(a.Service, b.Service) })
	clear(f.open)
	return out, states
}

// Tick implements [stream.Fold].
func (f *Fold) Tick(m outage.Minute, missing bool) ([]stream.Entry, error) {
	points, states := f.Close(m, missing)
	entries := make([]stream.Entry, 0, len(points)+len(states))
	for i := range points {
		e, err := stream.Points.Entry(m, &points[i])
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	for i := range states {
		e, err := stream.ProbeStates.Entry(m, &states[i])
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// Snapshot implements [stream.Fold]. Of reports there is nothing to keep at the end of
// a minute: what counts is in the points.
func (f *Fold) Snapshot() ([]byte, error) {
	if len(f.open) > 0 {
		return nil, fmt.Errorf("snapshot of rollup in the middle of a minute with %d services", len(f.open))
	}
	return f.book.Snapshot()
}

// Restore implements [stream.Fold].
func (f *Fold) Restore(state []byte) error {
	clear(f.open)
	return f.book.Restore(state)
}
