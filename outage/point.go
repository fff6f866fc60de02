package outage

import "fmt"

// SignalReports is the count of distinct reporters.
const SignalReports = "reports"

// Point is one count of one minute in one cell. The cell is the joint of place,
// category and network, so that every total is a sum over one record. Rollup is
// its only writer.
type Point struct {
	Signal   string `json:"signal"`
	Country  string `json:"country,omitempty"`  // empty: unknown
	Category string `json:"category,omitempty"` // empty: unknown
	Network  string `json:"network,omitempty"`  // empty: unknown
	Count    int    `json:"count"`              // distinct reporters
	Aside    int    `json:"aside,omitempty"`    // reporters kept with weight zero
}

// MinutePoints is one record: all non-zero cells of a service's minute. A minute
// without a record, but with a tick, is zero everywhere.
type MinutePoints struct {
	Service  string  `json:"service"`
	Minute   Minute  `json:"minute"`
	Revision int     `json:"revision"` // 0: as closed; more: corrected by what came late
	Points   []Point `json:"points"`   // ordered by signal, country, category, network
}

// Key identifies the record.
func (p *MinutePoints) Key() string {
	return fmt.Sprintf("%s/%s/%d", p.Service, p.Minute, p.Revision)
}

// Total is the sum of counts over all cells.
func (p *MinutePoints) Total() int {
	n := 0
	for i := range p.Points {
		n += p.Points[i].Count
	}
	return n
}
