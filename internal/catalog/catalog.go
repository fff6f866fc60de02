// Package catalog is the part that owns services: what can be out, how it is
// called, where it is reached and what people may report of it.
//
// It reads YAML files and a starter catalog that is built in, and writes the topic
// services; nothing else writes that topic. A service that is gone from the files
// stays as retired for as long as it has history, and an unchanged catalog appends
// nothing.
//
// Method: every file is read as a whole and every mistake named with its line and
// remedy; a later file replaces a service of the same id; only a catalog without
// mistakes takes effect. Names, aliases and ids are compared in folded form
// (names.Fold), and no two services may share one.
//
// Limits: MaxFileBytes, MaxServices and the limits of one service in decode.go.
// Hosts of the starter catalog are from general knowledge and not verified.
package catalog

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"faultline/internal/names"
	"faultline/outage"
)

// Config says where services come from.
type Config struct {
	Builtin bool     // begin with the starter catalog
	Files   []string // YAML files; a later one replaces services of an earlier one
}

// DefaultConfig is the starter catalog alone.
func DefaultConfig() Config { return Config{Builtin: true} }

// Catalog holds the services that are in effect. It is safe for any number of
// readers while it reloads; what it returns must not be changed.
type Catalog struct {
	view   atomic.Pointer[view]
	reload sync.Mutex
}

// view is one state of the catalog; it never changes.
type view struct {
	services []outage.Service // by id
	byID     map[string]int
	index    *names.Index
}

// New makes a catalog of services, in effect at once.
func New(services []outage.Service) *Catalog {
	c := &Catalog{}
	c.view.Store(newView(services))
	return c
}

func newView(services []outage.Service) *view {
	services = slices.Clone(services)
	slices.SortFunc(services, func(a, b outage.Service) int { return strings.Compare(a.ID, b.ID) })
	v := &view{services: services, byID: make(map[string]int, len(services)), index: names.NewIndex(services)}
	for i := range services {
		v.byID[services[i].ID] = i
	}
	return v
}

// Services lists every service by id, retired ones included.
func (c *Catalog) Services() []outage.Service { return c.view.Load().services }

// Get finds a service by its id, retired or not.
func (c *Catalog) Get(id string) (outage.Service, bool) {
	v := c.view.Load()
	i, ok := v.byID[id]
	if !ok {
		return outage.Service{}, false
	}
	return v.services[i], true
}

// Lookup finds the one service with this id, name or alias, however it is spelt
// in case and accents.
func (c *Catalog) Lookup(word string) (outage.Service, bool) {
	return c.view.Load().index.Lookup(word)
}

// Search finds up to n services while a query is being typed; see names.Index.
func (c *Catalog) Search(query string, n int) []outage.Service {
	return c.view.Load().index.Search(query, n)
}

// Change says by id what a reload did.
type Change struct {
	Added, Changed, Retired, Dropped []string
}

// Empty is true when nothing changed.
func (c Change) Empty() bool {
	return len(c.Added)+len(c.Changed)+len(c.Retired)+len(c.Dropped) == 0
}

// Reload reads the files again. With an error the catalog stays as it was; so a
// running process survives a mistake in a file. HasHistory says of a service that
// is gone from the files whether anything was ever reported of it.
func (c *Catalog) Reload(cfg Config, hasHistory func(id string) bool) (Change, error) {
	c.reload.Lock()
	defer c.reload.Unlock()
	loaded, err := Load(cfg.Builtin, cfg.Files...)
	if err != nil {
		return Change{}, err
	}
	before := c.Services()
	after := Merge(before, loaded, hasHistory)
	c.view.Store(newView(after))
	return compare(before, after), nil
}

// Merge is the catalog after a load: what was loaded, and as retired whatever was
// there before, is gone and has history. The services come ordered by id.
func Merge(previous, loaded []outage.Service, hasHistory func(id string) bool) []outage.Service {
	there := make(map[string]bool, len(loaded))
	for i := range loaded {
		there[loaded[i].ID] = true
	}
	merged := slices.Clone(loaded)
	for _, s := range previous {
		if !there[s.ID] && hasHistory(s.ID) {
			s.Retired = true
			merged = append(merged, s)
		}
	}
	slices.SortFunc(merged, func(a, b outage.Service) int { return strings.Compare(a.ID, b.ID) })
	return merged
}

// compare lists the differences of two catalogs that are ordered by id.
func compare(before, after []outage.Service) Change {
	old := make(map[string]*outage.Service, len(before))
	for i := range before {
		old[before[i].ID] = &before[i]
	}
	var c Change
	for i := range after {
		s := &after[i]
		was := old[s.ID]
		delete(old, s.ID)
		switch {
		case was == nil:
			c.Added = append(c.Added, s.ID)
		case s.Retired && !was.Retired:
			c.Retired = append(c.Retired, s.ID)
		case s.Key() != was.Key():
			c.Changed = append(c.Changed, s.ID)
		}
	}
	for i := range before {
		if old[before[i].ID] != nil {
			c.Dropped = append(c.Dropped, before[i].ID)
		}
	}
	return c
}
