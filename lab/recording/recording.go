// Package recording keeps what a run of the lab has measured and heard, and plays it
// through the parts of the hub again.
//
// It reads the log of a hub that has stopped and recordings, and writes recordings:
// gzip, JSON lines, the first of which says which run it is and what the truth was.
// Method: only facts that come from outside are kept (services, agents, reports,
// measurements, observations) with the ends of minutes; what the parts make of them
// follows again, so a recording outlives every change of the parts.
//
// Limits: measurements lose what diagnosis does not look at (chains and signatures,
// hashes of bodies, times to live) and times keep three digits; MaxBytes bounds a
// recording that is read.
package recording

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"faultline/internal/pipeline"
	"faultline/internal/stream"
	"faultline/lab/scenario"
	"faultline/outage"
)

// Version of the form.
const Version = 2

// Header is the first line.
type Header struct {
	Lab       int            `json:"lab"` // Version
	Scenario  string         `json:"scenario"`
	Seed      uint64         `json:"seed"`
	Magnitude float64        `json:"magnitude"`
	Label     scenario.Label `json:"label"`
	// Began is when agents and people did, Onset when the first fault did, End when the
	// run was over; Baseline says what is usual in it.
	Began    time.Time `json:"began"`
	Onset    time.Time `json:"onset"`
	End      time.Time `json:"end"`
	Baseline string    `json:"baseline"`
	Commit   string    `json:"commit,omitempty"`
	// Machine is what else went on: runs at once, load averages at the onset and at the
	// end, and what gave agents and hub their share.
	Jobs   int       `json:"jobs"`
	Load   []float64 `json:"load"`
	Shares string    `json:"shares"`
	// Diary is what people met, by the quarter of a minute.
	Diary []Entry `json:"diary,omitempty"`
	// Live is what the hub said while it happened; a replay should say the same.
	Live []Word `json:"live,omitempty"`
	// Events are the variant's, as they were switched.
	Events []string `json:"events,omitempty"`
}

// Entry of the diary: seconds since the onset, and counts since the last entry.
type Entry struct {
	At      int `json:"at"`
	Pages   int `json:"pages"`
	Failed  int `json:"failed"`
	Slow    int `json:"slow"`
	Presses int `json:"presses"`
}

// Word is a revision of a verdict in short.
type Word struct {
	Minute  outage.Minute       `json:"minute"`
	Service string              `json:"service"`
	State   outage.VerdictState `json:"state"`
	Leading []string            `json:"leading,omitempty"`
}

// words of verdicts.
func words(list []outage.Verdict) []Word {
	var out []Word
	for i := range list {
		v := &list[i]
		out = append(out, Word{v.Minute, v.Service, v.State, v.Leading})
	}
	return out
}

// OnsetMinute is the minute in which the fault began.
func (h *Header) OnsetMinute() outage.Minute { return outage.MinuteOf(h.Onset) }

// Recording is a run.
type Recording struct {
	Header  Header
	Entries []stream.Entry // by topic, in the order of the log
}

// topics that are kept, in this order.
func topics() []string {
	return []string{stream.Services.Name, stream.Agents.Name, stream.Reports.Name, stream.Measurements.Name, stream.Observations.Name}
}

// From takes what is kept out of a hub's log.
func From(ctx context.Context, log stream.Reader, h Header) (*Recording, error) {
	h.Lab = Version
	out := &Recording{Header: h}
	for _, topic := range topics() {
		for pos := uint64(0); ; {
			recs, err := log.Read(ctx, topic, pos, 1024)
			if err != nil {
				return nil, fmt.Errorf("read the hub's topic %s: %w", topic, err)
			}
			if len(recs) == 0 {
				break
			}
			for _, r := range recs {
				pos = r.Seq
				e, err := kept(topic, r)
				if err != nil {
					return nil, err
				}
				out.Entries = append(out.Entries, e)
			}
		}
	}
	live, err := pipeline.All(ctx, log, stream.Verdicts)
	out.Header.Live = words(live)
	return out, err
}

// kept is a record as it is kept.
func kept(topic string, r stream.Record) (stream.Entry, error) {
	if r.Kind != stream.KindFact {
		return stream.Tick(topic, r.Minute, r.Kind == stream.KindMissing), nil
	}
	r.Seq = 0
	switch topic {
	case stream.Measurements.Name:
	case stream.Agents.Name:
		a, err := stream.Agents.Decode(r)
		if err != nil {
			return stream.Entry{}, err
		}
		a.Head, a.PublicKey = "", "" // of a chain that is not kept either
		return stream.Agents.Entry(r.Minute, a)
	default:
		return stream.Entry{Topic: topic, Record: r}, nil
	}
	m, err := stream.Measurements.Decode(r)
	if err != nil {
		return stream.Entry{}, err
	}
	slim(m)
	m.Received = r.Minute // as the hub has it; a recording keeps the two as one
	return stream.Measurements.Entry(r.Minute, m)
}

// slim takes from a measurement what diagnosis does not look at.
func slim(m *outage.Measurement) {
	m.Previous, m.Hash, m.Signature = "", "", ""
	m.Time = m.Time.Truncate(time.Millisecond)
	if m.DNS != nil {
		for i := range m.DNS.Answers {
			m.DNS.Answers[i].TTL = 0
		}
		// Resolvers turn them around from answer to answer.
		slices.SortFunc(m.DNS.Answers, func(a, b outage.Answer) int { return strings.Compare(a.Type+a.Data, b.Type+b.Data) })
	}
	if m.HTTP != nil {
		m.HTTP.BodySHA256 = ""
	}
	chained, plain := floats(m)
	for _, p := range append(chained, plain...) {
		*p = rounded(*p)
	}
}

// rounded keeps a tenth of a millisecond, and three digits of what is longer.
func rounded(ms float64) float64 {
	unit := 0.1
	for math.Abs(ms) >= 1000*unit {
		unit *= 10
	}
	return float64(tenths(math.Round(ms/unit)*unit)) / 10
}
