package smallcell

import "faultline/outage"

// Shown is one country or category of an incident with what may be said of it.
type Shown struct {
	outage.Affected
	// HidePeak and HideTotal say which of the two numbers must not be shown. A
	// hidden number of K or more is withheld so that a small one cannot be worked
	// out; the others are small.
	HidePeak, HideTotal bool
	// AtLeast is true where Total is a multiple of K that the true one is not below.
	AtLeast bool
}

// ShowAffected is the rule for the countries or the categories of an incident with
// a total of its own; it keeps their order. Numbers under K are hidden. Where the
// total less all that is shown would then be under K, and so tell of the hidden
// ones, the largest is shown as a lower multiple of K that leaves K or more.
//
// While the incident is open, its numbers grow from minute to minute, and whoever
// looks twice could read one to four people from the difference: totals are
// multiples of K until it is over. A peak is one minute's count, and its changes
// are no sums of people.
func ShowAffected(all []outage.Affected, total int, open bool) []Shown {
	out := make([]Shown, len(all))
	var largest *Shown
	hidden := false
	rest := total
	for i := range all {
		s := &out[i]
		s.Affected = all[i]
		s.HidePeak, s.HideTotal = s.Peak < K, s.Total < K
		if s.HideTotal {
			s.HidePeak, hidden = true, true
			continue
		}
		if open {
			s.Total, s.AtLeast = floor(s.Total), true
		}
		rest -= s.Total
		if largest == nil || s.Total > largest.Total {
			largest = s
		}
	}
	if !hidden || rest < 0 || rest >= K || largest == nil {
		return out
	}
	if lower := floor(largest.Total - (K - rest)); lower >= K {
		largest.Total, largest.AtLeast = lower, true
	} else {
		largest.HideTotal, largest.HidePeak, largest.AtLeast = true, true, false
	}
	return out
}

// floor is the next multiple of K that is not above n.
func floor(n int) int { return n - n%K }
