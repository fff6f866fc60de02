package vendor

import (
	"log/slog"

	"faultline/internal/feature"
	"faultline/internal/stream"
	"faultline/outage"
)

// Committer appends what is the ingest's to write.
type Committer interface {
	Commit(b stream.Batch) error
}

// admitsFor is for how long after its first word an admission stands in verdicts:
// vendors say late that it is over.
const admitsFor = 6 * outage.Hour

// admission is that a vendor's own page admits a problem, as an observation: folds
// follow those, and no words, which have no minutes. It says that something is wrong
// and never what.
type admission struct{ observation outage.Observation }

// admits makes the observation of a word that is new in admitting; ok is false for any
// other word.
func admits(was, word *outage.VendorWord) (a *admission, ok bool) {
	if word.Troubled == 0 || was != nil && was.Troubled == word.Troubled {
		return nil, false
	}
	o := outage.Observation{
		Service: word.Service, Feature: feature.VendorAdmits, Value: 1, From: word.Troubled, To: word.Troubled + admitsFor,
		Source: outage.Source{Name: word.Service, URL: word.Page, Kind: "operator"}, Quote: word.Description,
	}
	o.Identify()
	return &admission{o}, true
}

// Entries implements [stream.Batch].
func (a *admission) Entries(m outage.Minute) ([]stream.Entry, error) {
	a.observation.Minute = m
	e, err := stream.Observations.Entry(m, &a.observation)
	return []stream.Entry{e}, err
}

// Settle implements [stream.Batch]: nothing is remembered of it.
func (a *admission) Settle(error) {}

// admit hands an admission in; false says that it must come again. Once more is no
// more: its id follows from what it says.
func (v *Vendor) admit(was, word *outage.VendorWord) bool {
	a, ok := admits(was, word)
	if !ok || v.deps.Commit == nil {
		return true
	}
	if err := v.deps.Commit.Commit(a); err != nil {
		slog.Error("that a vendor admits a problem cannot be saved, trying again with the next look", "service", word.Service, "error", err)
		return false
	}
	return true
}
