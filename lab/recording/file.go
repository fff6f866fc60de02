package recording

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"faultline/internal/stream"
	"faultline/outage"
)

// MaxBytes bounds a recording, unpacked; a run has a tenth of it.
const MaxBytes = 64 << 20

// maxLine bounds a line.
const maxLine = 4 << 20

// line is one record, or one column of measurements.
type line struct {
	Topic  string          `json:"t,omitempty"`
	Place  int             `json:"i,omitempty"` // in its topic
	Kind   stream.Kind     `json:"k,omitempty"`
	Minute outage.Minute   `json:"m,omitzero"`
	Key    string          `json:"key,omitempty"`
	Data   json.RawMessage `json:"d,omitempty"`
	Column *column         `json:"c,omitempty"`
}

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
	columns := newPacker()
	places := map[string]int{}
	for i := range r.Entries {
		e := &r.Entries[i]
		place := places[e.Topic]
		places[e.Topic]++
		if e.Topic == stream.Measurements.Name && e.Kind == stream.KindFact {
			if err := columns.add(place, e); err != nil {
				return err
			}
			continue
		}
		l := line{Topic: e.Topic, Place: place, Kind: e.Kind, Minute: e.Minute, Data: e.Data}
		if e.Kind == stream.KindFact {
			l.Key = e.Key
		}
		if err := out.Encode(l); err != nil {
			return err
		}
	}
	for _, c := range columns.columns {
		if err := out.Encode(line{Column: c}); err != nil {
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
func Read(in io.Reader) (*Recording, error) { return read(in, MaxBytes) }

// read reads one of so many bytes at most.
func read(in io.Reader, most int64) (*Recording, error) {
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("it is not packed with gzip: %w", err)
	}
	limited := &io.LimitedReader{R: z, N: most + 1}
	lines := bufio.NewScanner(limited)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	if !lines.Scan() {
		return nil, errors.Join(errors.New("it has no first line"), lines.Err())
	}
	r := &Recording{}
	if err := json.Unmarshal(lines.Bytes(), &r.Header); err != nil || r.Header.Lab != Version {
		return nil, errors.Join(fmt.Errorf("its first line is no header of version %d", Version), err)
	}
	u := unpacker{}
	for n := 2; lines.Scan(); n++ {
		if limited.N == 0 {
			return nil, fmt.Errorf("it has more than %d bytes: a run has a tenth of that", most)
		}
		if err := u.take(lines.Bytes()); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	r.Entries, err = u.entries()
	return r, errors.Join(lines.Err(), err)
}

// unpacker puts entries back into the places that they had in their topics.
type unpacker map[string][]stream.Entry

// take reads one line.
func (u unpacker) take(b []byte) error {
	var l line
	if err := json.Unmarshal(b, &l); err != nil {
		return err
	}
	if l.Column != nil {
		return l.Column.unpack(func(i int, e stream.Entry) error { return u.place(i, e) })
	}
	switch l.Kind {
	case stream.KindTick, stream.KindMissing:
		return u.place(l.Place, stream.Tick(l.Topic, l.Minute, l.Kind == stream.KindMissing))
	case stream.KindFact:
		return u.place(l.Place, stream.Entry{Topic: l.Topic, Record: stream.Record{Minute: l.Minute, Key: l.Key, Data: append([]byte(nil), l.Data...)}})
	}
	return fmt.Errorf("kind %d is none", l.Kind)
}

// place puts an entry where it belongs.
func (u unpacker) place(i int, e stream.Entry) error {
	if !slices.Contains(topics(), e.Topic) {
		return fmt.Errorf("topic %.40q is not recorded", e.Topic)
	}
	if i < 0 || i >= maxEntries {
		return fmt.Errorf("place %d: a topic has at most %d entries", i, maxEntries)
	}
	list := u[e.Topic]
	if i >= len(list) {
		list = append(list, make([]stream.Entry, i+1-len(list))...)
	}
	if list[i].Topic != "" {
		return fmt.Errorf("two entries are at place %d of topic %s", i, e.Topic)
	}
	list[i] = e
	u[e.Topic] = list
	return nil
}

// entries of all topics, none of which has a gap.
func (u unpacker) entries() ([]stream.Entry, error) {
	var out []stream.Entry
	for _, topic := range topics() {
		for i := range u[topic] {
			if u[topic][i].Topic == "" {
				return nil, fmt.Errorf("nothing is at place %d of topic %s", i, topic)
			}
		}
		out = append(out, u[topic]...)
	}
	return out, nil
}
