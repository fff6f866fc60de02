package probed

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"faultline/internal/store"
	"faultline/internal/web/chart"
	"faultline/internal/web/words"
	"faultline/outage"
)

// Line is what each vantage point saw of an incident, layer by layer, from
// before its onset to after its end.
type Line struct {
	Vantages []Vantage
	Fold     bool         // the strips of all but the first are folded away
	Hours    []chart.Tick // below the strips
	Waves    []Stretch    // behind them
	Width    int          // in slots
	More     string       // vantage points that are not shown
	Note     string       // what has aged out, or lies beyond what is drawn
}

// Stretch is a part of a strip, in slots.
type Stretch struct{ X, Width float64 }

// Limits of a line: beyond them it is neither read nor worth its bytes.
const (
	maxProbed   = 2 * outage.Day
	maxVantages = 12
	// lookback is how much is shown before the onset, and after the end.
	lookback = outage.Hour
	// kept is how long looks are kept.
	kept = 7 * outage.Day
)

// LineSpan says which stretch of looks the page of an incident shows: whole slots.
func LineSpan(i *outage.Incident, p store.Pulse) (from, to outage.Minute) {
	from, to = i.Onset-lookback, p.Closed+1
	if i.End > 0 {
		to = min(to, i.End+lookback)
	}
	to = min(max(to, i.Onset+1), from+maxProbed)
	from -= from % store.SlotWidth
	return from, to
}

// LineFacts is what the store answered about looks in the time of an incident.
type LineFacts struct {
	Pulse  store.Pulse
	Looks  []store.Look  // in the span of LineSpan
	Agents []store.Heard // that may have taken them
	Waves  []chart.Span  // of the incident
}

// LineOf builds the line; nil when nobody looked in that time.
func LineOf(f *LineFacts, i *outage.Incident) *Line {
	if len(f.Looks) == 0 {
		return nil
	}
	from, to := LineSpan(i, f.Pulse)
	facts := Facts{Looks: f.Looks, From: from, Span: "in this time"}
	v := &Line{Width: slotsOf(&facts, to-1)}
	v.Hours = chart.Hours(from, store.SlotWidth, v.Width)
	for _, w := range f.Waves {
		first, last := max(w.From, from), min(w.To, to)
		if first < last {
			v.Waves = append(v.Waves, Stretch{slots(first - from), slots(last - first)})
		}
	}
	places := map[string]outage.Vantage{}
	for n := range f.Agents {
		places[f.Agents[n].ID] = f.Agents[n].Vantage
	}
	byAgent := map[string][]store.Look{}
	for _, l := range f.Looks {
		byAgent[l.Agent] = append(byAgent[l.Agent], l)
	}
	agents := inOrderOfFailure(byAgent)
	if n := len(agents) - maxVantages; n > 0 {
		v.More = words.Plural(n, "more vantage point") + " looked: those that failed first are shown."
		agents = agents[:maxVantages]
	}
	for _, id := range agents {
		one := Vantage{Agent: id, Place: PlaceOf(places[id]), Failure: firstFailure(byAgent[id], i.Onset), Strips: stripsOf(&facts, &outage.VantageState{Agent: id}, byAgent[id], to-1)}
		if source, ok := store.ImportedFrom(id); ok {
			one.Place, one.Health = "Imported from "+sourceName(source), importedWords
		}
		v.Vantages = append(v.Vantages, one)
	}
	v.Fold = len(v.Vantages) > mostUnfolded
	switch {
	case f.Pulse.Closed-from > kept:
		v.Note = "What single agents saw is kept for seven days; of earlier minutes only imports are left here, and the counts of all agents together."
	case i.Onset-lookback+maxProbed <= to && (i.End == 0 || i.End+lookback > to):
		v.Note = "The first two days are shown."
	}
	return v
}

func slots(m outage.Minute) float64 { return float64(m) / float64(store.SlotWidth) }

// inOrderOfFailure lists agents: who failed first comes first, then who never did,
// and imports at the end.
func inOrderOfFailure(looks map[string][]store.Look) []string {
	type key struct {
		imported bool
		first    outage.Minute
		id       string
	}
	var keys []key
	for id, list := range looks {
		_, imported := store.ImportedFrom(id)
		k := key{imported, 1 << 40, id}
		for _, l := range list {
			if l.Failed > 0 {
				k.first = min(k.first, l.Slot)
			}
		}
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b key) int {
		if a.imported != b.imported {
			if a.imported {
				return 1
			}
			return -1
		}
		return cmp.Or(cmp.Compare(a.first, b.first), strings.Compare(a.id, b.id))
	})
	out := make([]string, len(keys))
	for i := range keys {
		out[i] = keys[i].id
	}
	return out
}

// firstFailure says where and how an agent first failed since about the onset.
func firstFailure(looks []store.Look, onset outage.Minute) string {
	best := -1
	for i, l := range looks {
		if l.Failed == 0 || l.Slot+store.SlotWidth <= onset-store.SlotWidth {
			continue
		}
		if best < 0 || l.Slot < looks[best].Slot || l.Slot == looks[best].Slot && l.Failed > looks[best].Failed {
			best = i
		}
	}
	if best < 0 {
		return "Nothing failed here since the onset."
	}
	l := &looks[best]
	return fmt.Sprintf("Failed first between %s and %s. %s.", l.Slot.Time().Format("15:04"), words.At(l.Slot+store.SlotWidth, onset).Text, failureWords(l.Layer, l.Failure))
}
