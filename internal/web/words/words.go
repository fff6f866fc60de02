// Package words says things as the public pages say them: a status in a word and a
// shape, counts, spans, minutes, layers.
//
// It reads facts and writes strings and small structures of strings. Everything here is
// a pure function: no store, no clock, no request. Its limits are that it judges nothing
// (status and state come from the facts) and knows one language.
package words

import (
	"cmp"
	"fmt"
	"math"

	"github.com/dustin/go-humanize"

	"faultline/internal/geo"
	"faultline/internal/judge"
	"faultline/internal/names"
	"faultline/outage"
)

// Status is a service's status as pages say it: a word and a shape, so that
// nothing rests on colour.
type Status struct {
	Class string // quiet, rising, problems, recovering or unknown: names icon and colour
	Word  string
}

// StatusOf finds the word for a status; one that we do not know reads as unknown.
func StatusOf(s outage.Status) Status {
	switch s {
	case outage.StatusQuiet:
		return Status{"quiet", "No unusual reports"}
	case outage.StatusRising:
		return Status{"rising", "Reports are rising"}
	case outage.StatusProblems:
		return Status{"problems", "Users report problems"}
	case outage.StatusRecovering:
		return Status{"recovering", "Recovering"}
	}
	return Status{"unknown", "Too early to say"}
}

// StatusWith is StatusOf for a service whose open incident, if any, may be one that
// probes alone have seen: then nobody reports anything, and the word says so.
func StatusWith(s outage.Status, open *outage.Incident) Status {
	v := StatusOf(s)
	if open == nil || judge.Heard(open.Basis) {
		return v
	}
	who := "Probes"
	if Carrier(open) {
		who = "Services on it"
	}
	switch s {
	case outage.StatusRising:
		v.Word = who + " begin to fail"
	case outage.StatusProblems:
		v.Word = who + " fail"
	}
	return v
}

// StateOf finds word and shape for the state of an incident.
func StateOf(s outage.State) Status {
	switch s {
	case outage.StateSuspected:
		return Status{"rising", "Suspected"}
	case outage.StateConfirmed:
		return Status{"problems", "Confirmed"}
	case outage.StateRecovering:
		return Status{"recovering", "Recovering"}
	case outage.StateResolved:
		return Status{"quiet", "Resolved"}
	case outage.StateDismissed:
		return Status{"unknown", "Dismissed"}
	}
	return Status{"unknown", string(s)}
}

// VerdictWord finds word and shape for how far the evidence goes. None of them is an
// alarm, and the one that abstains is a statement like the others.
func VerdictWord(s outage.VerdictState) Status {
	switch s {
	case outage.VerdictInsufficient:
		return Status{Class: "cannot", Word: "Cannot tell"}
	case outage.VerdictAmbiguous:
		return Status{Class: "either", Word: "More than one explanation fits"}
	case outage.VerdictLikely:
		return Status{Class: "one", Word: "One explanation fits better"}
	case outage.VerdictVeryLikely:
		return Status{Class: "one", Word: "One explanation fits by far the best"}
	}
	return Status{Class: "cannot", Word: cmp.Or(string(s), "Cannot tell")}
}

// Category is the label of a report category; "" is what is left when those that
// may be named are taken off.
func Category(id string) string {
	if id == "" {
		return "Other or not said"
	}
	return names.CategoryLabel(id)
}

// Country is the name of a country; "" is what is left when those that may be
// named are taken off.
func Country(code string) string {
	if code == "" {
		return "Other or unknown"
	}
	return cmp.Or(geo.CountryName(code), code)
}

// Count prints a whole number with separators.
func Count(n int) string { return humanize.Comma(int64(n)) }

// Cell prints a count by country or category. The store has applied the
// small-cell rule; this is the second lock on the same door.
func Cell(n int) string {
	if n > 0 && n < SmallCell {
		return "<5"
	}
	return Count(n)
}

// SmallCell is the least count by country or category that may be printed.
// Below it a person could be recognised.
const SmallCell = 5

// About prints an expected count as coarsely as it deserves.
func About(v float64) string {
	switch {
	case v < 0.05:
		return "almost none"
	case v < 1:
		return "under 1"
	case v < 10:
		return fmt.Sprintf("about %.0f", v)
	}
	return "about " + Count(roundTo(v))
}

// roundTo keeps two significant digits below 1,000 and three above.
func roundTo(v float64) int {
	digits := math.Floor(math.Log10(v))
	keep := 1.0
	if v >= 1000 {
		keep = 2
	}
	unit := math.Pow(10, digits-keep)
	return int(math.Round(math.Round(v/unit) * unit))
}

// Span prints a length of time in minutes.
func Span(m outage.Minute) string {
	switch {
	case m < 1:
		return "under a minute"
	case m == 1:
		return "1 minute"
	case m < 2*outage.Hour:
		return fmt.Sprintf("%d minutes", m)
	case m < 2*outage.Day:
		if m%outage.Hour == 0 {
			return fmt.Sprintf("%d hours", m/outage.Hour)
		}
		return fmt.Sprintf("%d h %d min", m/outage.Hour, m%outage.Hour)
	}
	return fmt.Sprintf("%d days", (m+outage.Day/2)/outage.Day)
}

// Plural prints "1 report" and "2 reports".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Count(n) + " " + noun + "s"
}

// Moment is a minute as pages print it: UTC always, the viewer's zone beside it
// where a script runs.
type Moment struct {
	ISO  string // for the datetime attribute
	Text string
}

// At prints a minute, naming the day unless it is the day of ref.
func At(m, ref outage.Minute) Moment {
	t := m.Time()
	text := t.Format("15:04 UTC")
	if m/outage.Day != ref/outage.Day {
		text = t.Format("2 Jan 2006, 15:04 UTC")
	}
	return Moment{m.String(), text}
}

// Optional is At for a minute that may not be: nil for 0.
func Optional(m, ref outage.Minute) *Moment {
	if m == 0 {
		return nil
	}
	t := At(m, ref)
	return &t
}

// Carrier says whether an incident rests on the failures of services that stand on this
// one alone.
func Carrier(i *outage.Incident) bool { return i.Tenants != nil && i.Basis == "tenants" }
