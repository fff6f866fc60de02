package view

import (
	"strings"

	"faultline/internal/web/words"
	"faultline/outage"
)

// Judged is a verdict in a line or two, for pages that are about more than one incident.
type Judged struct {
	State      words.Status
	Short      string // layer and cause in a few words
	Confidence string // a sentence of its own, without the ground; "" where it abstains
	Incident   string // path of the sentence that may be quoted, with its evidence
}

// JudgedOf is nil while nothing was said. An incident that is open may still be told.
func JudgedOf(v *outage.Verdict, open bool) *Judged {
	if v == nil {
		return nil
	}
	out := &Judged{State: words.VerdictWord(v.State), Short: shortOf(v, open), Incident: "/i/" + v.Incident + "#verdict-h"}
	if v.State != outage.VerdictInsufficient && v.Confidence != "" {
		out.Confidence = "Confidence is " + string(v.Confidence) + "."
	}
	return out
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
		cause = strings.ToLower(words.VerdictWord(v.State).Word)
	}
	if layer := words.LayersName(&v.Layer); layer != "" {
		return layer + " · " + cause
	}
	return strings.ToUpper(cause[:1]) + cause[1:]
}
