package publish

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"faultline/outage"
)

const (
	// smallCell is the least number of reports that a country is named for.
	smallCell = 5
	// named is the number of countries a sentence lists.
	named = 3
	// fewReports is the count of a minute below which a sentence speaks of the
	// wave as a whole: one report in a minute says nothing.
	fewReports = 10
)

// Word puts a revision of an incident into words.
func Word(name string, i *outage.Incident) outage.Bulletin {
	b := outage.Bulletin{Service: i.Service, Minute: i.Minute, Incident: i.ID, Revision: i.Revision}
	state := i.State
	if len(i.Waves) == 0 {
		state = "" // no writer of ours makes such a thing, and a log may hold anything
	}
	switch state {
	case outage.StateSuspected:
		b.Status, b.Headline, b.Reason = outage.StatusRising, risingHeadline(name, i), risingReason(i)
	case outage.StateConfirmed:
		b.Status, b.Headline, b.Reason = outage.StatusProblems, problemsHeadline(name, i), problemsReason(i)
	case outage.StateRecovering:
		b.Status, b.Headline, b.Reason = outage.StatusRecovering, recoveringHeadline(name, i), recoveringReason(i)
	case outage.StateResolved:
		b.Status, b.Headline, b.Reason = outage.StatusQuiet, quietHeadline(name, i)+" any more", resolvedReason(i)
	case outage.StateDismissed:
		b.Status, b.Headline, b.Reason = outage.StatusQuiet, quietHeadline(name, i), dismissedReason(i)
	default:
		b.Status, b.Headline, b.Reason = outage.StatusUnknown, name+": status unknown", "The state of this incident is not known to this version."
		return b
	}
	if carrier(i) {
		b.Reason = carriedReason(i)
	}
	b.Reason += carried(i)
	return b
}

func risingHeadline(name string, i *outage.Incident) string {
	switch {
	case measured(i):
		return name + ": some probes fail"
	case carrier(i):
		return name + ": services that stand on it begin to fail"
	}
	if i.Wide != "" {
		return name + ": more reports than usual " + wide(i)
	}
	if i.Confirmed != 0 {
		return name + ": reports are rising again"
	}
	return name + ": reports are rising"
}

func problemsHeadline(name string, i *outage.Incident) string {
	switch {
	case measured(i):
		return name + ": probes fail" + where(i.Probes) + graded(i)
	case carrier(i):
		return name + ": services that stand on it fail together" + graded(i)
	}
	h := name + ": people report problems" + graded(i)
	if n := len(i.Waves); n > 1 {
		h += ", " + ordinal(n) + " wave"
	}
	if p := i.Probes; p != nil && p.Quorum {
		h += ", and probes fail" + where(p)
	}
	return h
}

// graded says how severe it is, from moderate on.
func graded(i *outage.Incident) string {
	if i.Severity.Word == "" || i.Severity.Word == "minor" {
		return ""
	}
	return " (" + i.Severity.Word + ")"
}

func risingReason(i *outage.Incident) string {
	if measured(i) {
		return failingReason(i, "not yet confirmed")
	}
	return together(i) + volume(i) + mostly(i) + "; not yet confirmed by a second look" + caution(i) + "." + beside(i)
}

func problemsReason(i *outage.Incident) string {
	if measured(i) {
		return failingReason(i, "consistent with a fault that few people meet, or with the first minutes of an outage")
	}
	return together(i) + volume(i) + mostly(i) + "; consistent with an outage" + caution(i) + "." + beside(i)
}

func recoveringReason(i *outage.Incident) string {
	w := i.Waves[len(i.Waves)-1]
	if measured(i) {
		return fmt.Sprintf("Probes have succeeded again since %s; they failed from %s%s. No unusual reports came.", at(i, w.End), at(i, w.Onset), where(i.Probes))
	}
	return fmt.Sprintf("Reports have been near their usual level or far below the peak since %s; %s from %s to %s, at most %s in one minute (%s)%s.",
		at(i, w.End), reports(w.Total), at(i, w.Onset), at(i, w.End), number(w.PeakCount), at(i, w.Peak), caution(i))
}

func resolvedReason(i *outage.Incident) string {
	waves := "one wave"
	if n := len(i.Waves); n > 1 {
		waves = fmt.Sprintf("%d waves", n)
	}
	if measured(i) {
		return fmt.Sprintf("Probes succeed; they failed in %s from %s to %s%s. No unusual reports came.", waves, at(i, i.Onset), at(i, i.End), where(i.Probes))
	}
	return fmt.Sprintf("Reports are back at their usual level; %s in %s from %s to %s, at most %s in one minute.",
		reports(i.Total), waves, at(i, i.Onset), at(i, i.End), number(i.Peak))
}

func dismissedReason(i *outage.Incident) string {
	if measured(i) {
		return fmt.Sprintf("The failures from %s on were not confirmed: %s.%s", at(i, i.Onset), voices(i.Probes), noteOf(i.Probes))
	}
	return fmt.Sprintf("The rise from %s did not last: %s, and no second look confirmed it.",
		at(i, i.Onset), reports(i.Total))
}

// wide says of what there are many, when no single one stands out by itself. Networks
// are not named, here or anywhere that people read.
func wide(i *outage.Incident) string {
	switch i.Wide {
	case outage.DimensionCountries:
		return "in many countries at once"
	case outage.DimensionCategories:
		return "about many kinds of problem at once"
	}
	return "from many networks at once"
}

// together begins a reason that rests on many places, and on signals other than reports.
func together(i *outage.Incident) string {
	out := ""
	if i.Basis != "" && i.Basis != "crowd" {
		out = "Together with " + signals(i.Basis) + ": "
	}
	if i.Wide == "" {
		return out
	}
	return out + "More reports than usual " + wide(i) + ", while no single one of them would show it: "
}

// signals words the families of a basis other than the crowd.
func signals(basis string) string {
	words := map[string]string{"probes": "our own probes", "operator": "the operator's own status page", "tenants": "failures of services that stand on it"}
	var out []string
	for _, family := range strings.Split(basis, "+") {
		if family != "crowd" {
			out = append(out, cmp.Or(words[family], family))
		}
	}
	return strings.Join(out, " and ")
}

// volume is the number that matters, with its scope and what was expected there.
func volume(i *outage.Incident) string {
	w := i.Waves[len(i.Waves)-1]
	if i.Count >= fewReports {
		return fmt.Sprintf("%s in the minute %s, %s",
			reports(i.Count), at(i, i.Minute), against(float64(i.Count), i.Expected, "at this hour"))
	}
	span := i.Minute - w.Onset + 1
	return fmt.Sprintf("%s since %s, %s",
		reports(w.Total), at(i, w.Onset), against(float64(w.Total), i.Expected*float64(span), "in this time"))
}

// against compares a count with what was expected.
func against(count, expected float64, when string) string {
	if expected < 1 {
		return fmt.Sprintf("where fewer than 1 would be expected %s", when)
	}
	ratio := count / expected
	digits := 1
	if ratio >= 9.95 {
		digits = 0
	}
	return fmt.Sprintf("%s times the %s expected %s",
		strconv.FormatFloat(ratio, 'f', digits, 64), number(int(expected+0.5)), when)
}

// mostly names the countries with the most reports, none of them a small cell.
func mostly(i *outage.Incident) string {
	list := slices.DeleteFunc(slices.Clone(i.Countries), func(a outage.Affected) bool { return a.Total < smallCell })
	slices.SortFunc(list, func(a, b outage.Affected) int {
		return cmp.Or(cmp.Compare(b.Total, a.Total), cmp.Compare(a.Name, b.Name))
	})
	if len(list) == 0 {
		return ""
	}
	names := make([]string, 0, named)
	for _, a := range list[:min(named, len(list))] {
		names = append(names, a.Name)
	}
	return "; mostly " + strings.Join(names, ", ")
}

// caution says when the baseline rests on little history.
func caution(i *outage.Incident) string {
	if i.Confidence == outage.ConfidenceNormal || i.Confidence == "" {
		return ""
	}
	return "; there is little history to compare with, so what is usual is uncertain"
}

// at is a minute as a reader sees it; with the day when it is another one.
func at(i *outage.Incident, m outage.Minute) string {
	t := m.Time()
	if m/outage.Day != i.Minute/outage.Day {
		return t.Format("2006-01-02 15:04") + " UTC"
	}
	return t.Format("15:04") + " UTC"
}

func reports(n int) string {
	if n == 1 {
		return "1 report"
	}
	return number(n) + " reports"
}

// number writes thousands with commas.
func number(n int) string {
	s := strconv.Itoa(n)
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}

// ordinal counts waves.
func ordinal(n int) string {
	names := [...]string{"first", "second", "third", "fourth", "fifth"}
	if n <= len(names) {
		return names[n-1]
	}
	return "latest"
}
