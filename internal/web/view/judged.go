package view

import (
	"strings"

	"faultline/outage"
)

// Judged is a verdict in two lines, for pages that are about more than one incident.
type Judged struct {
	State      Status
	Sentence   string
	Confidence string // a sentence of its own
	Short      string // layer and cause in a few words, for lists
	Incident   string // path of its evidence
}

// JudgedOf is nil while nothing was said. An incident that is open may still be told.
func JudgedOf(v *outage.Verdict, open bool) *Judged {
	if v == nil {
		return nil
	}
	return &Judged{VerdictWord(v.State), v.Sentence, v.ConfidenceWhy, shortOf(v, open), "/i/" + v.Incident + "#verdict-h"}
}

// shortOf answers both questions in a few words, those of the verdict itself.
func shortOf(v *outage.Verdict, open bool) string {
	cause := v.Short
	switch {
	case v.State == outage.VerdictInsufficient && open:
		cause = "cannot tell yet"
	case v.State == outage.VerdictInsufficient:
		cause = "cannot tell"
	case cause == "": // of a hub that did not say it in a few words
		cause = strings.ToLower(VerdictWord(v.State).Word)
	}
	if layer := LayersName(&v.Layer); layer != "" {
		return layer + " · " + cause
	}
	return strings.ToUpper(cause[:1]) + cause[1:]
}

// LayersName names the layer that fails, or the two that share it; "" where none is
// known.
func LayersName(l *outage.LayerVerdict) string {
	switch {
	case l.Layer == "":
		return ""
	case l.Second != "":
		return LayerName(l.Layer) + " and " + LayerName(l.Second)
	}
	return LayerName(l.Layer)
}
