package view

import (
	"fmt"
	"slices"
	"strings"

	"faultline/internal/judge"
	"faultline/internal/web/words"
	"faultline/outage"
)

// Change is what one revision of an incident says anew.
type Change struct {
	At       words.Moment
	Revision int
	Texts    []string
}

// maxChanges is how many changes a page lists. A long incident with many
// countries has more; the oldest of them are counted instead of shown.
const maxChanges = 60

// HistoryOf says what changed from revision to revision, the newest first, and
// how many changes were left out. Revisions that only move counts are not changes.
func HistoryOf(revs []outage.Incident) (list []Change, left int) {
	var prev *outage.Incident
	for i := range revs {
		if texts := changes(prev, &revs[i]); len(texts) > 0 {
			list = append(list, Change{At: words.At(revs[i].Minute, revs[0].Onset), Revision: revs[i].Revision, Texts: texts})
		}
		prev = &revs[i]
	}
	if len(list) > maxChanges {
		left = len(list) - maxChanges
		list = list[left:]
	}
	slices.Reverse(list)
	return list, left
}

func changes(prev, cur *outage.Incident) []string {
	var none outage.Incident
	if prev == nil {
		prev = &none
	}
	var out []string
	if cur.State != prev.State {
		out = append(out, stateText(prev, cur))
	}
	if n := len(cur.Waves); n > len(prev.Waves) && len(prev.Waves) > 0 {
		out = append(out, fmt.Sprintf("Wave %d, from %s.", n, cur.Waves[n-1].Onset.Time().Format("15:04 UTC")))
	}
	if cur.Severity.Word != prev.Severity.Word && cur.Severity.Word != "" {
		out = append(out, severityText(prev.Severity.Word, cur.Severity.Word))
	}
	if cur.Onset != prev.Onset && prev.Onset != 0 {
		out = append(out, "The onset is now put at "+cur.Onset.Time().Format("15:04 UTC")+".")
	}
	if text := added(prev.Countries, cur.Countries, words.Country); text != "" {
		out = append(out, "Countries affected: "+text+".")
	}
	if text := added(prev.Categories, cur.Categories, words.Category); text != "" {
		out = append(out, "Problems that stand out: "+text+".")
	}
	for i := range cur.Links {
		if !slices.ContainsFunc(prev.Links, func(l outage.Link) bool { return l.Incident == cur.Links[i].Incident && l.Why == cur.Links[i].Why }) {
			out = append(out, linked(&cur.Links[i]))
		}
	}
	return out
}

func stateText(prev, cur *outage.Incident) string {
	if words.Carrier(cur) {
		return carriedText(cur)
	}
	if !judge.Heard(cur.Basis) {
		return measuredText(prev, cur)
	}
	switch cur.State {
	case outage.StateSuspected:
		if prev.State == "" {
			return "Suspected: more reports than a usual day explains."
		}
		return "Suspected again: a wave came back."
	case outage.StateConfirmed:
		if prev.State == outage.StateRecovering || prev.State == outage.StateResolved {
			return "Confirmed again: a new wave."
		}
		return "Confirmed by a later span of reports."
	case outage.StateRecovering:
		return "Recovering: reports are near the usual, or far below the peak."
	case outage.StateResolved:
		return "Resolved: an hour without unusual reports."
	case outage.StateDismissed:
		return "Dismissed: half an hour without more."
	}
	return "State " + string(cur.State) + "."
}

// measuredText says the same of an incident that probes alone have seen.
func measuredText(prev, cur *outage.Incident) string {
	switch cur.State {
	case outage.StateSuspected:
		return "Suspected: probes fail."
	case outage.StateConfirmed:
		if prev.State == outage.StateRecovering || prev.State == outage.StateResolved {
			return "Confirmed again: probes fail anew."
		}
		return "Confirmed: probes went on failing at enough vantage points."
	case outage.StateRecovering:
		return "Recovering: probes get through again."
	case outage.StateResolved:
		return "Resolved: an hour in which probes got through."
	case outage.StateDismissed:
		return "Dismissed: half an hour without more."
	}
	return "State " + string(cur.State) + "."
}

func severityText(from, to string) string {
	if from == "" {
		return "Severity: " + to + "."
	}
	return "Severity: " + to + ", after " + from + "."
}

// added names the cells that are new, those first seen at the same minute together.
func added(prev, cur []outage.Affected, name func(string) string) string {
	have := make(map[string]bool, len(prev))
	for _, a := range prev {
		have[a.Name] = true
	}
	var b strings.Builder
	var last outage.Minute
	for _, a := range cur {
		if have[a.Name] {
			continue
		}
		if b.Len() > 0 && a.FirstSeen == last {
			b.WriteString(", ")
		} else {
			if b.Len() > 0 {
				b.WriteString("; ")
			}
			b.WriteString(a.FirstSeen.Time().Format("from 15:04 "))
		}
		b.WriteString(name(a.Name))
		last = a.FirstSeen
	}
	return b.String()
}
