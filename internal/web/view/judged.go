package view

import "faultline/outage"

// Judged is a verdict in two lines, for pages that are about more than one incident.
type Judged struct {
	Word       string
	Sentence   string
	Confidence string // a sentence of its own
	Incident   string // path of its evidence
}

// JudgedOf is nil while nothing was said.
func JudgedOf(v *outage.Verdict) *Judged {
	if v == nil {
		return nil
	}
	return &Judged{VerdictWord(v.State).Word, v.Sentence, v.ConfidenceWhy, "/i/" + v.Incident + "#verdict-h"}
}
