package outage

import "fmt"

// Point is one count of one minute in one cell. The cell is the joint of place,
// category and network, so that every total is a sum over one record. Rollup is
// its only writer. What Count, Trials and Sum mean is said by the signal's kind.
type Point struct {
	Signal   string `json:"signal"`
	Country  string `json:"country,omitempty"`  // empty: unknown
	Category string `json:"category,omitempty"` // empty: unknown
	Network  string `json:"network,omitempty"`  // empty: unknown
	// Layer and Family are of points that agents make: empty and 0 count whole
	// attempts. An attempt counts at each layer that it came to, and once as a whole.
	Layer  Layer `json:"layer,omitempty"`
	Family int   `json:"family,omitempty"` // of the address, 4 or 6; 0: none, or reports
	Count  int   `json:"count"`            // distinct reporters; errors; values; a level of status
	Aside  int   `json:"aside,omitempty"`  // reporters kept with weight zero
	Trials int   `json:"trials,omitempty"` // attempts, of which Count failed
	// Sum adds up Count values, in milliseconds; their natural logarithms where the
	// signal says so.
	Sum     float64 `json:"sum,omitempty"`
	Missing bool    `json:"missing,omitempty"` // nobody looked here in this minute
}

// MinutePoints is one record: all non-zero cells of a service's minute. A minute
// without a record, but with a tick, is zero everywhere.
type MinutePoints struct {
	Service  string  `json:"service"`
	Minute   Minute  `json:"minute"`
	Revision int     `json:"revision"` // 0: as closed; more: corrected by what came late
	Points   []Point `json:"points"`   // ordered by signal, country, category, network, layer, family
}

// Key identifies the record.
func (p *MinutePoints) Key() string {
	return fmt.Sprintf("%s/%s/%d", p.Service, p.Minute, p.Revision)
}

// Total is the number of reports in all cells.
func (p *MinutePoints) Total() int {
	n := 0
	for i := range p.Points {
		if p.Points[i].Signal == SignalReports {
			n += p.Points[i].Count
		}
	}
	return n
}
