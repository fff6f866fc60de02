package web

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"time"

	"faultline/internal/names"
	"faultline/internal/store"
	"faultline/internal/web/words"
	"faultline/outage"
)

// snapshot is what all pages share: every service's row and the open incidents,
// read once for each version of the store. It is not changed after it was made.
type snapshot struct {
	pulse store.Pulse
	rows  []store.Row
	byID  map[string]int
	open  []outage.Incident
	// newest is, by service, where its newest open incident is in open.
	newest map[string]int
	// verdicts are the latest on open incidents, brief, by incident.
	verdicts map[string]*outage.Verdict
	// changed is, by service, the version in which its row, its open incident or the
	// verdict on that last changed.
	changed map[string]uint64
	index   *names.Index
	taken   time.Time
}

func (s *snapshot) row(service string) (store.Row, bool) {
	i, ok := s.byID[service]
	if !ok {
		return store.Row{}, false
	}
	return s.rows[i], true
}

func (s *snapshot) openOf(service string) *outage.Incident {
	if i, ok := s.newest[service]; ok {
		return &s.open[i]
	}
	return nil
}

// verdictOf is the verdict on a service's open incident; nil where there is none.
func (s *snapshot) verdictOf(service string) *outage.Verdict {
	if i := s.openOf(service); i != nil {
		return s.verdicts[i.ID]
	}
	return nil
}

// snapshots reads the store no oftener than every so often, whoever asks.
type snapshots struct {
	reader Reader
	every  time.Duration

	mu   sync.Mutex
	last *snapshot
}

// readTimeout bounds the reading of all rows; beyond it the page says that we
// cannot read our own records.
const readTimeout = 5 * time.Second

// get returns a snapshot that is no older than the polling interval. While the
// store fails, the error is returned: an old page would pass for a new one.
func (s *snapshots) get(ctx context.Context) (*snapshot, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout) // others wait for it too
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last != nil && time.Since(s.last.taken) < s.every {
		return s.last, nil
	}
	pulse, err := s.reader.Pulse(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask the store how far it is: %w", err)
	}
	if s.last != nil && s.last.pulse == pulse {
		fresh := *s.last
		fresh.taken = time.Now()
		s.last = &fresh
		return s.last, nil
	}
	next, err := s.read(ctx, pulse)
	if err != nil {
		return nil, err
	}
	next.changed = changedSince(s.last, next)
	next.index = indexOf(s.last, next)
	s.last = next
	return next, nil
}

func (s *snapshots) read(ctx context.Context, pulse store.Pulse) (*snapshot, error) {
	next := &snapshot{pulse: pulse, taken: time.Now()}
	var err error
	if next.rows, err = s.reader.Rows(ctx); err != nil {
		return nil, fmt.Errorf("read the services: %w", err)
	}
	if next.open, err = s.reader.Incidents(ctx, store.IncidentFilter{OpenOnly: true}); err != nil {
		return nil, fmt.Errorf("read the open incidents: %w", err)
	}
	verdicts, err := s.reader.LatestVerdicts(ctx, store.IncidentFilter{OpenOnly: true})
	if err != nil {
		return nil, fmt.Errorf("read the verdicts on open incidents: %w", err)
	}
	next.verdicts = make(map[string]*outage.Verdict, len(verdicts))
	for i := range verdicts {
		next.verdicts[verdicts[i].Incident] = &verdicts[i]
	}
	next.newest = make(map[string]int, len(next.open))
	for i := len(next.open) - 1; i >= 0; i-- {
		next.newest[next.open[i].Service] = i
	}
	next.byID = make(map[string]int, len(next.rows))
	for i := range next.rows {
		next.byID[next.rows[i].Service.ID] = i
	}
	return next, nil
}

// changedSince carries the versions of services that are as they were.
func changedSince(prev, next *snapshot) map[string]uint64 {
	out := make(map[string]uint64, len(next.rows))
	for i := range next.rows {
		id := next.rows[i].Service.ID
		out[id] = next.pulse.Version
		if prev == nil {
			continue
		}
		j, ok := prev.byID[id]
		if ok && reflect.DeepEqual(prev.rows[j], next.rows[i]) && sameRevision(prev.openOf(id), next.openOf(id)) && sameVerdict(prev.verdictOf(id), next.verdictOf(id)) {
			out[id] = prev.changed[id]
		}
	}
	return out
}

// indexOf keeps the search index while the services are the same.
func indexOf(prev, next *snapshot) *names.Index {
	same := prev != nil && len(prev.rows) == len(next.rows)
	services := make([]outage.Service, len(next.rows))
	for i := range next.rows {
		services[i] = next.rows[i].Service
		same = same && reflect.DeepEqual(prev.rows[i].Service, services[i])
	}
	if same {
		return prev.index
	}
	return names.NewIndex(services)
}

func sameRevision(a, b *outage.Incident) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.ID == b.ID && a.Revision == b.Revision
}

func sameVerdict(a, b *outage.Verdict) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Incident == b.Incident && a.Revision == b.Revision
}

// world says how far the counting is, against the clock of this world.
func (w *Web) world(s *snapshot) words.World {
	return words.WorldOf(s.pulse.Closed, outage.MinuteOf(w.deps.Clock.Now()))
}

// stamp names everything that a page about one service is made from.
func (w *Web) stamp(s *snapshot, service string) string {
	return fmt.Sprintf("%d.%d.%s", s.pulse.Closed, s.changed[service], w.world(s).Behind)
}

// stampAll names everything that a page about all services is made from.
func (w *Web) stampAll(s *snapshot) string {
	return fmt.Sprintf("%d.%s", s.pulse.Version, w.world(s).Behind)
}
