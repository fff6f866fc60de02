package measured

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"faultline/internal/judge"
	"faultline/internal/stream"
	"faultline/outage"
)

// Options of reading.
type Options struct {
	// Service that records which name none are of; empty: they are left out.
	Service string
	// Controls are targets that are known to be well: services, hosts or URLs. What was
	// tried there judges the vantage point.
	Controls []string
}

// Reader collects measurements. Use New.
type Reader struct {
	options Options
	matched map[string]bool // by control
	room    int             // bytes that may still be read
	read    int
	items   []item
	known   map[string]struct{} // what is there already
	sum     Summary
	seen    map[string]*seen
}

// item is a measurement with its place.
type item struct {
	minute   outage.Minute
	agent    string
	sequence uint64 // in the chain of its agent; 0: it has none
	at       time.Time
	entry    stream.Entry
}

// order is that in which a hub hears: of one agent its chain, which tells attempts as
// they end, and where there is none as they were begun.
func (a *item) order(b *item) int {
	return cmp.Or(cmp.Compare(a.minute, b.minute), cmp.Compare(a.agent, b.agent), cmp.Compare(a.sequence, b.sequence), a.at.Compare(b.at))
}

// New makes a reader of nothing yet.
func New(o Options) *Reader {
	return &Reader{options: o, matched: map[string]bool{}, room: MaxBytes, known: map[string]struct{}{}, seen: map[string]*seen{}}
}

// take files one record.
func (r *Reader) take(f *file, m *outage.Measurement) error {
	if r.read++; r.read > MaxRecords {
		return fmt.Errorf("the files have more than %d records together: %s", MaxRecords, less)
	}
	r.target(m)
	switch {
	case m.Gap != nil:
		r.sum.Lost++
		return nil
	case m.Kind != "":
		r.sum.Changes++
		return nil
	case m.Target.Service == "" && m.Target.Role != outage.RoleControl:
		r.sum.Nameless++
		return nil
	}
	m.Agent = vantage(m, f.name)
	m.Attempt = max(m.Attempt, 1)
	at := m.Time
	if m.Clock.Synced {
		at = at.Add(time.Duration(m.Clock.OffsetMS * float64(time.Millisecond)))
	}
	m.Received, m.Late = heard(m, outage.MinuteOf(at)), false
	e, err := stream.Measurements.Entry(m.Received, m)
	if err != nil {
		return err
	}
	id := string(e.Data)
	if m.Hash != "" {
		id = m.Agent + " " + m.Hash // of a chain: it is the same one wherever it was kept
	}
	sum := sha256.Sum256([]byte(id))
	if _, twice := r.known[string(sum[:])]; twice {
		r.sum.Twice++
		return nil
	}
	r.known[string(sum[:])] = struct{}{}
	r.items = append(r.items, item{m.Received, m.Agent, m.Sequence, at, e})
	r.count(m)
	return nil
}

// target says what a record is of, with what the options add to it.
func (r *Reader) target(m *outage.Measurement) {
	t := &m.Target
	for _, c := range r.options.Controls {
		if c != "" && (c == t.Service || c == t.URL || strings.EqualFold(c, t.Host)) {
			t.Role, t.Service = outage.RoleControl, ""
			r.matched[c] = true
		}
	}
	if t.Service == "" && t.Role != outage.RoleControl {
		t.Service = r.options.Service
	}
}

// Words of vantage points that name none.
const (
	byHand = "local"   // as 'faultline check' says
	prefix = "import:" // as the hub says of what was imported
)

// vantage is who measured.
func vantage(m *outage.Measurement, file string) string {
	who := m.Agent
	switch {
	case m.Agent == byHand || m.Agent == "":
		who = byHand + " (" + filepath.Base(file) + ")"
	case m.Source == "" || strings.TrimPrefix(m.Agent, prefix) != m.Source:
		return who
	}
	return strings.Join(slices.DeleteFunc([]string{who, m.Vantage.Country, m.Vantage.Network}, func(s string) bool { return s == "" }), " ")
}

// Distances in time.
const (
	// onItsWay is how long a measurement may have been on its way to its hub, in
	// minutes; what says more was late, or was written by hand.
	onItsWay = 5
	// silence is the longest stretch without a record in which somebody looked.
	silence = outage.Hour
)

// heard is the minute in which a measurement counts.
func heard(m *outage.Measurement, made outage.Minute) outage.Minute {
	if d := m.Received - made; m.Received == 0 || m.Late || d > onItsWay || d < -onItsWay {
		return made
	}
	return m.Received
}

// MaxMinutes bounds the minutes that are played, but for stretches of silence.
const MaxMinutes = 31 * outage.Day

// Entries are the measurements in the order in which they count, with the ends of
// minutes on every topic that the parts of a hub follow.
func (r *Reader) Entries() ([]stream.Entry, error) {
	slices.SortStableFunc(r.items, func(a, b item) int { return a.order(&b) })
	topics := []string{stream.Reports.Name, stream.Measurements.Name, stream.Observations.Name}
	out := make([]stream.Entry, 0, len(r.items))
	tick := func(m outage.Minute) {
		for _, t := range topics {
			out = append(out, stream.Tick(t, m, false))
		}
		r.sum.Minutes++
	}
	for i := range r.items {
		x := &r.items[i]
		out = append(out, x.entry)
		last := i+1 == len(r.items)
		if !last && r.items[i+1].minute == x.minute {
			continue
		}
		tick(x.minute)
		if last || r.items[i+1].minute-x.minute > silence {
			continue
		}
		for m := x.minute + 1; m < r.items[i+1].minute; m++ {
			tick(m)
		}
		if outage.Minute(r.sum.Minutes) > MaxMinutes {
			return nil, fmt.Errorf("the measurements span more than %d days: %s", MaxMinutes/outage.Day, less)
		}
	}
	return out, nil
}

// count adds a measurement to the sum.
func (r *Reader) count(m *outage.Measurement) {
	s := &r.sum
	s.Records++
	if s.From == 0 || m.Received < s.From {
		s.From = m.Received
	}
	s.To = max(s.To, m.Received)
	if m.Target.Role == outage.RoleControl {
		s.AtControls++
		return
	}
	x := r.seen[m.Target.Service]
	if x == nil {
		x = &seen{vantages: map[string]bool{}, networks: map[string]bool{}, minutes: map[outage.Minute]bool{}}
		r.seen[m.Target.Service] = x
	}
	if m.Outcome == outage.OutcomeSkipped || m.Layer == outage.LayerMonitor {
		return
	}
	x.attempts++
	if judge.Failed(m) {
		x.failed++
	}
	x.vantages[m.Agent], x.minutes[m.Received] = true, true
	if m.Vantage.Network != "" {
		x.networks[m.Vantage.Network] = true
	}
}
