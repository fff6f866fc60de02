package outage

// Status is what a page says of a service in one word.
type Status string

// The statuses of a service.
const (
	StatusQuiet      Status = "no_unusual_reports"
	StatusRising     Status = "rising"
	StatusProblems   Status = "problems"
	StatusRecovering Status = "recovering"
	StatusUnknown    Status = "unknown"
)

// Bulletin is the only thing we say in public. Publish is its only writer, and
// it speaks only when status, headline or what the verdict comes to changes.
type Bulletin struct {
	Service  string `json:"service"`
	Minute   Minute `json:"minute"`
	Status   Status `json:"status"`
	Headline string `json:"headline"`           // one line
	Reason   string `json:"reason"`             // one sentence with the numbers and their scope
	Incident string `json:"incident,omitempty"` // empty when it speaks of none
	Revision int    `json:"revision,omitempty"` // of the incident
	// What the incident is consistent with, where a verdict was given: how far the
	// evidence goes, what may be quoted, and how sound it is in a sentence of its own.
	VerdictState    VerdictState `json:"verdict_state,omitempty"`
	VerdictRevision int          `json:"verdict_revision,omitempty"`
	Verdict         string       `json:"verdict,omitempty"`
	Confidence      string       `json:"confidence,omitempty"`
}

// Key identifies the bulletin.
func (b *Bulletin) Key() string {
	return b.Service + "/" + b.Minute.String() + "/" + b.Incident
}
