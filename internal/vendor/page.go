package vendor

import (
	"reflect"
	"slices"

	"faultline/outage"
)

// reading is what a page says at one look.
type reading struct {
	status      outage.VendorStatus
	description string
	items       []item
	truncated   bool // the page has more items than are looked at
}

// item is an incident on a page.
type item struct {
	id, title, status, impact, link string

	posted outage.Minute // 0: not said
	open   bool
}

// state is what is known of one service's page: the last word and what came after
// it. It is a value: a look gives the next state, which counts once its word is
// saved.
type state struct {
	word     outage.VendorWord
	read     outage.Minute // last look that the page answered; 0: never
	failures int           // in a row
	failed   outage.Minute // the first of them
}

// Limits of what a word carries.
const (
	// unknownAfter is how many failures in a row make a page unknown: one may be
	// ours. A page that has never been read is unknown at the first.
	unknownAfter = 2
	// closedFor is how long a closed incident stays in the words, so that a page can
	// still show it.
	closedFor = outage.Day
	// repeatAfter is how often a word is repeated when nothing changes, so that its
	// reader can tell that the page is still being read.
	repeatAfter = outage.Day
)

// begin is the state of a service whose last word is known, or which has none.
func begin(service, page string, last *outage.VendorWord) state {
	s := state{word: outage.VendorWord{Service: service, Page: page}}
	if last != nil && last.Page == page {
		s.word, s.read = *last, last.Reached
		if last.Unknown != 0 {
			s.failures, s.failed = unknownAfter, last.Unknown
		}
	} else if last != nil {
		s.word.Revision = last.Revision // another page now: what the old one said is gone
	}
	return s
}

// see takes in what the page says in a minute. Changed says that there is a word to
// save.
func (s state) see(m outage.Minute, r *reading) (next state, changed bool) {
	word := outage.VendorWord{
		Service: s.word.Service, Page: s.word.Page, Minute: m, Status: r.status, Description: r.description, Reached: m,
	}
	word.Incidents, word.Truncated = s.incidents(m, r)
	if word.Status.Troubled() {
		word.Troubled = s.troubled(m, word.Incidents)
	}
	next = state{word: word, read: m}
	changed = s.word.Revision == 0 || !same(&s.word, &word, m) || m-s.word.Minute >= repeatAfter
	return s.settle(next, changed)
}

// unmodified takes in that the page still says what it said at the last look.
func (s state) unmodified(m outage.Minute) (next state, changed bool) {
	word := s.word
	word.Minute, word.Reached = m, m
	if word.Unknown != 0 {
		word.Status, word.LastStatus, word.Unknown, word.Why = word.LastStatus, "", 0, ""
	}
	next = state{word: word, read: m}
	changed = s.word.Unknown != 0 || m-s.word.Minute >= repeatAfter
	return s.settle(next, changed)
}

// miss takes in that the page could not be read.
func (s state) miss(m outage.Minute, why string) (next state, changed bool) {
	next = s
	if next.failures++; next.failures == 1 {
		next.failed = m
	}
	if s.word.Unknown != 0 || next.failures < unknownAfter && s.read != 0 {
		return next, false
	}
	word := s.word
	if word.Status != "" && word.Status != outage.VendorUnknown {
		word.LastStatus = word.Status
	}
	word.Minute, word.Status, word.Unknown, word.Why, word.Reached = m, outage.VendorUnknown, next.failed, why, s.read
	next.word = word
	return s.settle(next, true)
}

// settle numbers a word that is to be saved, or keeps the old one.
func (s state) settle(next state, changed bool) (state, bool) {
	if !changed {
		next.word = s.word
		return next, false
	}
	next.word.Revision = s.word.Revision + 1
	return next, true
}

// troubled is the minute in which the page first admitted the present problem.
func (s state) troubled(m outage.Minute, incidents []outage.VendorIncident) outage.Minute {
	if s.word.Troubled != 0 {
		return s.word.Troubled
	}
	first := m
	for i := range incidents {
		if incidents[i].Closed == 0 {
			first = min(first, incidents[i].Acknowledged)
		}
	}
	return first
}

// incidents carries over what was known of the incidents on the page: open ones,
// and those that were closed within a day.
func (s state) incidents(m outage.Minute, r *reading) (list []outage.VendorIncident, truncated bool) {
	known := map[string]*outage.VendorIncident{}
	for i := range s.word.Incidents {
		known[s.word.Incidents[i].ID] = &s.word.Incidents[i]
	}
	for i := range r.items {
		it := &r.items[i]
		was := known[it.id]
		delete(known, it.id)
		if was == nil && !it.open && (it.posted == 0 || m-it.posted > closedFor) {
			continue // history
		}
		now := outage.VendorIncident{
			ID: it.id, Title: it.title, Status: it.status, Impact: it.impact, Link: it.link, Posted: it.posted, Seen: m,
		}
		if was != nil {
			now.Posted, now.Seen, now.Acknowledged, now.Closed = was.Posted, was.Seen, was.Acknowledged, was.Closed
		} else {
			now.Acknowledged = s.acknowledged(m, it.posted)
		}
		switch {
		case it.open:
			now.Closed = 0
		case now.Closed == 0:
			now.Closed = m
		}
		list = append(list, now)
	}
	for _, was := range known { // no longer on the page
		gone := *was
		if gone.Closed == 0 {
			gone.Closed = m
		}
		list = append(list, gone)
	}
	return trim(list, m, r.truncated)
}

// trim drops what was closed long ago and keeps the newest.
func trim(list []outage.VendorIncident, m outage.Minute, truncated bool) ([]outage.VendorIncident, bool) {
	list = slices.DeleteFunc(list, func(i outage.VendorIncident) bool { return i.Closed != 0 && m-i.Closed >= closedFor })
	slices.SortFunc(list, func(a, b outage.VendorIncident) int {
		if a.Acknowledged != b.Acknowledged {
			return int(b.Acknowledged - a.Acknowledged)
		}
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	if len(list) > maxIncidents {
		list, truncated = list[:maxIncidents], true
	}
	return list, truncated
}

// acknowledged is the minute that counts for an incident that is seen for the
// first time: when the vendor says it was posted, but not before the last look, at
// which it was not there, and not in the future.
func (s state) acknowledged(m, posted outage.Minute) outage.Minute {
	if posted == 0 {
		return m
	}
	if s.read != 0 {
		posted = max(posted, s.read+1)
	}
	return min(posted, m)
}

// same compares two words by what they say, not by when. Closed incidents that the
// new one has dropped for their age make no difference.
func same(a, b *outage.VendorWord, m outage.Minute) bool {
	old, _ := trim(slices.Clone(a.Incidents), m, false)
	return a.Status == b.Status && a.Description == b.Description && a.Troubled == b.Troubled &&
		a.Truncated == b.Truncated && a.Unknown == b.Unknown &&
		(len(old) == 0 && len(b.Incidents) == 0 || reflect.DeepEqual(old, b.Incidents))
}
