package measured

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"faultline/internal/names"
	"faultline/outage"
)

// Summary is what was read.
type Summary struct {
	Records    int           `json:"records"`     // that are played
	AtControls int           `json:"at_controls"` // of these, attempts at controls
	From       outage.Minute `json:"from"`
	To         outage.Minute `json:"to"`      // the last minute with a record
	Minutes    int           `json:"minutes"` // that are played: all but long stretches without a record
	// What was left out: records that are there twice, that name no service, that tell
	// of a change or of a state instead of an attempt, and that stand for others which
	// are lost.
	Twice    int    `json:"twice,omitempty"`
	Nameless int    `json:"nameless,omitempty"`
	Changes  int    `json:"changes,omitempty"`
	Lost     int    `json:"lost,omitempty"`
	Services []Seen `json:"services"` // by id
}

// Seen is what was tried of a service.
type Seen struct {
	Service  string   `json:"service"`
	Attempts int      `json:"attempts"`
	Failed   int      `json:"failed"`
	Minutes  int      `json:"minutes"`  // with attempts
	Vantages []string `json:"vantages"` // vantage points, sorted
	Networks []string `json:"networks"` // that are known, sorted
}

type seen struct {
	attempts, failed   int
	vantages, networks map[string]bool
	minutes            map[outage.Minute]bool
}

// Summary of all that was added, complete after Entries.
func (r *Reader) Summary() Summary {
	s := r.sum
	s.Services = []Seen{}
	for _, id := range slices.Sorted(maps.Keys(r.seen)) {
		x := r.seen[id]
		s.Services = append(s.Services, Seen{
			Service: id, Attempts: x.attempts, Failed: x.failed, Minutes: len(x.minutes),
			Vantages: sorted(x.vantages), Networks: sorted(x.networks),
		})
	}
	return s
}

func sorted(set map[string]bool) []string {
	list := slices.Sorted(maps.Keys(set))
	if list == nil {
		list = []string{}
	}
	return list
}

// Check says whether what was asked for is there: the service and the controls that
// the options name, and any service at all.
func (r *Reader) Check() error {
	for _, c := range r.options.Controls {
		if !r.matched[c] {
			return fmt.Errorf("control %q: no record is of such a service, host or URL", c)
		}
	}
	ids := slices.Sorted(maps.Keys(r.seen))
	want := r.options.Service
	switch {
	case len(ids) == 0 && r.sum.Nameless > 0:
		return fmt.Errorf("none of %d records names a service: say which one they are of with --service", r.sum.Nameless)
	case len(ids) == 0 && r.sum.Changes > 0:
		return fmt.Errorf("%d records tell of a change or a state, and no record of an attempt: features are made of attempts", r.sum.Changes)
	case len(ids) == 0:
		return fmt.Errorf("no record is of a service: there is nothing to judge")
	case want != "" && !slices.Contains(ids, want):
		near := names.Nearest(want, ids)
		if near != "" {
			near = fmt.Sprintf(" (did you mean %q?)", near)
		}
		return fmt.Errorf("no record is of service %q%s: they are of %s", want, near, few(ids))
	}
	return nil
}

// mostNamed is how many services an error names.
const mostNamed = 10

func few(ids []string) string {
	text := strings.Join(ids[:min(len(ids), mostNamed)], ", ")
	if n := len(ids) - mostNamed; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}
