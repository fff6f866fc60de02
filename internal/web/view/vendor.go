package view

import (
	"cmp"
	"fmt"

	"faultline/internal/judge"
	"faultline/internal/web/words"
	"faultline/outage"
)

// VendorFacts is what the store answered about a vendor's own words.
type VendorFacts struct {
	Words []outage.VendorWord // oldest first; none: nobody reads its page
	// Of is the incident that the words are held against; nil: none.
	Of *outage.Incident
}

// Vendor is what a service says of itself.
type Vendor struct {
	Word    string // its state, or that it is unknown
	Known   bool
	Since   words.Moment // of that word
	Quote   string       // its own words
	Page    string
	Last    string        // what it said last, while it cannot be read
	Why     string        // why it cannot
	Reached *words.Moment // last time that it could be read; nil: never
	Lag     string        // from first evidence to its first word on the incident
	Blind   string        // minutes in which an earlier word may have been missed
	Open    []string
}

// VendorOf builds the view; nil when nobody reads the vendor's page.
func VendorOf(f VendorFacts, closed outage.Minute) *Vendor {
	if len(f.Words) == 0 {
		return nil
	}
	w := &f.Words[len(f.Words)-1]
	v := &Vendor{
		Word: vendorWord(w.Status), Known: w.Status != outage.VendorUnknown, Quote: w.Description, Page: words.WebURL(w.Page),
		Since: words.At(vendorSince(f.Words), closed), Reached: words.Optional(w.Reached, closed),
	}
	if !v.Known {
		v.Since = words.At(cmp.Or(w.Unknown, w.Minute), closed)
		v.Why = w.Why
		v.Last = "It was never read."
		if w.LastStatus != "" && w.LastStatus != outage.VendorUnknown {
			v.Last = "The last that could be read was: " + vendorWord(w.LastStatus) + "."
		}
	}
	for i := range w.Incidents {
		if in := &w.Incidents[i]; in.Closed == 0 {
			v.Open = append(v.Open, in.Title)
		}
	}
	if f.Of != nil {
		v.Lag, v.Blind = lagWords(f.Of, closed, f.Words)
	}
	return v
}

// vendorSince is the minute since which the word is what it is: vendors are heard
// again once a day without anything new.
func vendorSince(words []outage.VendorWord) outage.Minute {
	last := len(words) - 1
	for last > 0 && words[last-1].Status == words[last].Status {
		last--
	}
	return words[last].Minute
}

func vendorWord(s outage.VendorStatus) string {
	switch s {
	case outage.VendorOperational:
		return "All operational"
	case outage.VendorMinor:
		return "Minor problem"
	case outage.VendorMajor:
		return "Major problem"
	case outage.VendorCritical:
		return "Critical problem"
	case outage.VendorMaintenance:
		return "Maintenance"
	case outage.VendorProblem:
		return "Open incident"
	case outage.VendorQuiet:
		return "No open incident"
	}
	return "Unknown: its status page cannot be read"
}

// lagWords say how long the vendor took to speak of an incident.
func lagWords(i *outage.Incident, closed outage.Minute, said []outage.VendorWord) (lag, blind string) {
	now := max(closed, i.Minute)
	a := judge.Acknowledged(i.Onset, i.End, now, said)
	switch {
	case !a.Known:
		lag = "Not acknowledged so far, " + words.Span(now-i.Onset) + " after the first evidence."
		if i.End != 0 {
			lag = "Not acknowledged."
		}
	case a.Lag < 0:
		lag = fmt.Sprintf("Acknowledged at %s, %s before our first evidence.", words.At(a.At, i.Onset).Text, words.Span(outage.Minute(-a.Lag)))
	case a.Lag == 0:
		lag = fmt.Sprintf("Acknowledged at %s, in the minute of the first evidence.", words.At(a.At, i.Onset).Text)
	default:
		lag = fmt.Sprintf("Acknowledged at %s, %s after the first evidence.", words.At(a.At, i.Onset).Text, words.Span(outage.Minute(a.Lag)))
	}
	if a.Blind > 0 {
		blind = "Its page could not be read for " + words.Span(outage.Minute(a.Blind)) + " of that time, so an earlier word may have been missed."
	}
	return lag, blind
}
