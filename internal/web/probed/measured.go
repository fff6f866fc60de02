package probed

import (
	"fmt"
	"strings"

	"faultline/internal/judge"
	"faultline/internal/web/words"
	"faultline/outage"
)

// Measured is what measurements bring to an incident, beside what was heard.
type Measured struct {
	Agreement Agreement
	Count     string // vantage points that fail, of those that look
	Quorum    string
	Failure   string // where and how, empty while nothing fails
	Depth     string
	Note      string
	Passed    bool // none counts as failing
}

// MeasuredOf is nil where nobody looked.
func MeasuredOf(i *outage.Incident) *Measured {
	p := i.Probes
	if p == nil {
		return nil
	}
	m := &Measured{Failure: failureWords(p.Layer, p.Failure), Depth: words.Upper(depthWord(p.Depth)), Note: words.Sentence(strings.TrimSuffix(p.Note, "."))}
	m.Agreement.Title, m.Agreement.Meaning = judge.Agreement(p.Agreement).Words(judge.CanBeHealthy(p.Depth))
	switch {
	case p.Looking == 0:
		m.Count = "No agent that can be believed looked."
	case p.Failing == 0:
		m.Passed = true
		m.Count = fmt.Sprintf("None of the %s that looked counts as failing.", words.Plural(p.Looking, "vantage point"))
	default:
		m.Count = fmt.Sprintf("%d of %s failed, in %s.", p.Failing, words.Plural(p.Looking, "vantage point"), words.Plural(p.Networks, "network"))
	}
	m.Quorum = "That would not be enough to confirm an incident on measurements alone."
	if p.Quorum {
		m.Quorum = "That is enough to confirm an incident on measurements alone."
	}
	return m
}
