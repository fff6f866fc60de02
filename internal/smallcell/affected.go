package smallcell

import (
	"cmp"
	"slices"

	"faultline/outage"
)

// Shown is one country or category of an incident with what may be said of it.
type Shown struct {
	outage.Affected
	// HidePeak and HideTotal say which of the two numbers must not be shown.
	HidePeak, HideTotal bool
	// Small is true where a hidden number is under K; a hidden number that is not
	// small is withheld so that the small ones cannot be worked out.
	Small bool
	// Floored is true where Total is rounded down to a multiple of K.
	Floored bool
}

// ShowAffected is the rule for the countries or the categories of an incident; it
// keeps their order. Numbers under K are hidden. Totals are held against the
// incident's, so when some are hidden, the smallest others are hidden with them
// until at least two are, with K together.
//
// While the incident is open, its totals grow from minute to minute, and whoever
// looks twice could read one to four people from the difference: they are rounded
// down to a multiple of K until it is over. A peak is one minute's count, and its
// changes are no sums of people.
func ShowAffected(all []outage.Affected, open bool) []Shown {
	out := make([]Shown, len(all))
	order := make([]*Shown, len(all))
	hidden, sum := 0, 0
	for i := range all {
		s := &out[i]
		s.Affected, order[i] = all[i], s
		if s.Total < K {
			s.HideTotal, s.HidePeak, s.Small = true, true, true
			hidden++
			sum += s.Total
		} else if s.Peak < K {
			s.HidePeak, s.Small = true, true
		}
	}
	slices.SortStableFunc(order, func(a, b *Shown) int { return cmp.Compare(a.Total, b.Total) })
	for _, s := range order {
		if hidden > 0 && !s.HideTotal && (hidden < 2 || sum < K) {
			s.HideTotal, s.HidePeak = true, true
			hidden++
			sum += s.Total
		}
		if open && !s.HideTotal {
			s.Total, s.Floored = s.Total-s.Total%K, true
		}
	}
	return out
}
