package api

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"faultline/internal/names"
	"faultline/internal/store"
	"faultline/outage"
)

const (
	// nearAtMost is how many near matches are told.
	nearAtMost = 3
	// shownRunes bounds what is said back of a word that nobody knows.
	shownRunes = 60
)

// near says which services may have been meant.
func near(x *names.Index, id string, rows []store.Row) string {
	var found []string
	for _, s := range x.Search(id, nearAtMost) {
		found = append(found, s.ID)
	}
	if len(found) == 0 {
		ids := make([]string, len(rows))
		for i := range rows {
			ids[i] = rows[i].Service.ID
		}
		if one := names.Nearest(strings.ToLower(id), ids); one != "" {
			found = []string{one}
		}
	}
	if len(found) == 0 {
		return ": /api/v1/services lists them, and ?q= searches"
	}
	return fmt.Sprintf(": did you mean %s?", strings.Join(found, ", "))
}

// shorten cuts a word that is said back.
func shorten(s string) string {
	r := []rune(s)
	if len(r) <= shownRunes {
		return s
	}
	return string(r[:shownRunes]) + "…"
}

// index keeps the search index until the services change.
type index struct {
	mu   sync.Mutex
	made *names.Index
	keys []string // of each service, what is searched
}

func (x *index) of(rows []store.Row) *names.Index {
	keys := make([]string, len(rows))
	for i := range rows {
		keys[i] = searched(&rows[i].Service)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.made != nil && slices.Equal(x.keys, keys) {
		return x.made
	}
	services := make([]outage.Service, len(rows))
	for i := range rows {
		services[i] = rows[i].Service
	}
	x.made, x.keys = names.NewIndex(services), keys
	return x.made
}

// searched is what a search looks at, in one word.
func searched(s *outage.Service) string {
	parts := append([]string{s.ID, s.Name, s.Homepage, fmt.Sprint(s.Retired)}, s.Aliases...)
	for i := range s.Hosts {
		parts = append(parts, s.Hosts[i].Name)
	}
	return strings.Join(parts, "\x00")
}
