package judge

import "faultline/outage"

// Acknowledgement is when a vendor first admitted a problem, seen from an incident.
type Acknowledgement struct {
	// Known says that the vendor has admitted it; then At is the minute and Lag how
	// many minutes after the first evidence that was, negative when the vendor spoke
	// first.
	Known bool
	At    outage.Minute
	Lag   int
	// Incident is the vendor's own incident, empty when only the state of the page
	// changed.
	Incident string
	// Blind is the number of minutes between the first evidence and At, or the end of
	// the incident, in which the page could not be read: an earlier word may have
	// been missed.
	Blind int
}

// Bounds of what belongs to an incident.
const (
	// ackBefore is how long before the first evidence a vendor may have spoken of it.
	ackBefore = 2 * outage.Hour
	// ackAfter is how long after the end of it; posts about yesterday come late.
	ackAfter = outage.Day
)

// Acknowledged finds the vendor's first word on an incident whose first evidence is
// of the minute onset and which ended in the minute end, 0 while it goes on. The
// words are those of its service, in the order of their revisions; those of later
// minutes than now are not looked at.
func Acknowledged(onset, end, now outage.Minute, words []outage.VendorWord) Acknowledgement {
	var a Acknowledgement
	last := now
	if end != 0 {
		last = min(now, end+ackAfter)
	}
	take := func(at outage.Minute, incident string) {
		if at < onset-ackBefore || at > last || a.Known && a.At <= at {
			return
		}
		a.Known, a.At, a.Incident, a.Lag = true, at, incident, int(at-onset)
	}
	for i := range words {
		w := &words[i]
		if w.Minute > now {
			break
		}
		for j := range w.Incidents {
			v := &w.Incidents[j]
			if v.Closed == 0 || v.Closed >= onset {
				take(v.Acknowledged, v.ID)
			}
		}
		if w.Status.Troubled() && len(w.Incidents) == 0 {
			take(w.Troubled, "")
		}
	}
	until := now
	if end != 0 {
		until = min(now, end)
	}
	if a.Known {
		until = a.At
	}
	a.Blind = blind(onset, until, words)
	return a
}

// blind counts the minutes of a span in which the page could not be read.
func blind(from, to outage.Minute, words []outage.VendorWord) int {
	n := 0
	for i := range words {
		if words[i].Unknown == 0 {
			continue
		}
		until := to
		if i+1 < len(words) {
			until = min(to, words[i+1].Minute)
		}
		n += int(max(0, until-max(from, words[i].Unknown)))
	}
	return n
}
