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
// hashes of bodies) and are rounded to a tenth of a millisecond; MaxBytes bounds a
// recording that is read.
package recording

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"

	"faultline/internal/stream"
	"faultline/lab/scenario"
	"faultline/outage"
)

// Version of the form.
const Version = 1

// MaxBytes bounds a recording, unpacked; a run has a tenth of it.
const MaxBytes = 256 << 20

// maxLine bounds a line.
const maxLine = 1 << 20

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

// line is one record.
type line struct {
	Topic  string          `json:"t"`
	Kind   stream.Kind     `json:"k,omitempty"`
	Minute outage.Minute   `json:"m"`
	Key    string          `json:"key,omitempty"`
	Data   json.RawMessage `json:"d,omitempty"`
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
	return out, nil
}

// kept is a record as it is kept.
func kept(topic string, r stream.Record) (stream.Entry, error) {
	if r.Kind != stream.KindFact {
		return stream.Tick(topic, r.Minute, r.Kind == stream.KindMissing), nil
	}
	if topic != stream.Measurements.Name {
		r.Seq = 0
		return stream.Entry{Topic: topic, Record: r}, nil
	}
	m, err := stream.Measurements.Decode(r)
	if err != nil {
		return stream.Entry{}, err
	}
	slim(m)
	return stream.Measurements.Entry(r.Minute, m)
}

// slim takes from a measurement what diagnosis does not look at.
func slim(m *outage.Measurement) {
	m.Previous, m.Hash, m.Signature = "", "", ""
	m.Time = m.Time.Truncate(time.Millisecond)
	m.Clock.OffsetMS = tenth(m.Clock.OffsetMS)
	span := func(s *outage.Span) { s.T0, s.T = tenth(s.T0), tenth(s.T) }
	if m.DNS != nil {
		span(&m.DNS.Span)
	}
	if m.TCP != nil {
		span(&m.TCP.Span)
		m.TCP.RTTMS, m.TCP.RTTVarMS = tenth(m.TCP.RTTMS), tenth(m.TCP.RTTVarMS)
	}
	if m.TLS != nil {
		span(&m.TLS.Span)
	}
	if m.HTTP != nil {
		span(&m.HTTP.Span)
		m.HTTP.FirstByte, m.HTTP.BodySHA256 = tenth(m.HTTP.FirstByte), ""
	}
	if m.Path != nil {
		span(&m.Path.Span)
		for i := range m.Path.Hops {
			m.Path.Hops[i].RTTMS = tenth(m.Path.Hops[i].RTTMS)
		}
	}
}

func tenth(x float64) float64 { return math.Round(x*10) / 10 }

// Save writes a recording, as a whole or not at all.
func (r *Recording) Save(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("save a recording: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".recording-*")
	if err != nil {
		return fmt.Errorf("save a recording: %w", err)
	}
	defer os.Remove(f.Name()) // fails when it has its name
	if err := errors.Join(r.write(f), f.Chmod(0o644), f.Close()); err != nil {
		return fmt.Errorf("save a recording: %w", err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("save a recording: %w", err)
	}
	return nil
}

func (r *Recording) write(w io.Writer) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	out := json.NewEncoder(z)
	if err := out.Encode(r.Header); err != nil {
		return err
	}
	for i := range r.Entries {
		e := &r.Entries[i]
		l := line{Topic: e.Topic, Kind: e.Kind, Minute: e.Minute, Data: e.Data}
		if e.Kind == stream.KindFact {
			l.Key = e.Key
		}
		if e.Topic == stream.Measurements.Name {
			l.Key = "" // follows from the measurement
		}
		if err := out.Encode(l); err != nil {
			return err
		}
	}
	return z.Close()
}

// Load reads a recording.
func Load(path string) (*Recording, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("load a recording: %w", err)
	}
	defer f.Close()
	r, err := Read(f)
	if err != nil {
		return nil, fmt.Errorf("load the recording %s: %w", path, err)
	}
	return r, nil
}

// Read reads a recording.
func Read(in io.Reader) (*Recording, error) {
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("it is not packed with gzip: %w", err)
	}
	lines := bufio.NewScanner(io.LimitReader(z, MaxBytes))
	lines.Buffer(make([]byte, 64<<10), maxLine)
	if !lines.Scan() {
		return nil, errors.Join(errors.New("it has no first line"), lines.Err())
	}
	r := &Recording{}
	if err := json.Unmarshal(lines.Bytes(), &r.Header); err != nil || r.Header.Lab != Version {
		return nil, errors.Join(fmt.Errorf("its first line is no header of version %d", Version), err)
	}
	for n := 2; lines.Scan(); n++ {
		e, err := decode(lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		r.Entries = append(r.Entries, e)
	}
	return r, lines.Err()
}

// decode reads one line.
func decode(b []byte) (stream.Entry, error) {
	var l line
	if err := json.Unmarshal(b, &l); err != nil {
		return stream.Entry{}, err
	}
	switch {
	case l.Kind == stream.KindTick || l.Kind == stream.KindMissing:
		return stream.Tick(l.Topic, l.Minute, l.Kind == stream.KindMissing), nil
	case l.Kind != stream.KindFact:
		return stream.Entry{}, fmt.Errorf("kind %d is none", l.Kind)
	case l.Topic == stream.Measurements.Name:
		m, err := stream.Measurements.Decode(stream.Record{Data: l.Data})
		if err != nil {
			return stream.Entry{}, err
		}
		return stream.Entry{Topic: l.Topic, Record: stream.Record{Minute: l.Minute, Key: m.Key(), Data: append([]byte(nil), l.Data...)}}, nil
	}
	return stream.Entry{Topic: l.Topic, Record: stream.Record{Minute: l.Minute, Key: l.Key, Data: append([]byte(nil), l.Data...)}}, nil
}
