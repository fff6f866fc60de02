package stream

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"faultline/outage"
)

// bytesFold is a fold whose state is a string of bytes.
type bytesFold []byte

func (f *bytesFold) Apply(string, Record) error                { return nil }
func (f *bytesFold) Tick(outage.Minute, bool) ([]Entry, error) { return nil, nil }
func (f *bytesFold) Snapshot() ([]byte, error)                 { return *f, nil }
func (f *bytesFold) Restore(state []byte) error                { *f = state; return nil }

// Whatever stands in a snapshot file, reading it ends with a state that was saved
// or with an error, and never with something else.
func FuzzDecodeSnapshot(f *testing.F) {
	dir := f.TempDir()
	state := bytesFold("the state of a fold")
	s := &Snapshots{Dir: dir}
	if err := s.save(Checkpoint{Follower: "x", Minute: 7, Positions: map[string]uint64{"reports": 9}}, &state); err != nil {
		f.Fatal(err)
	}
	sound, err := os.ReadFile(filepath.Join(dir, "x.snapshot"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sound)
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, got, err := decodeSnapshot(data)
		if err == nil && !bytes.Equal(got, state) {
			t.Errorf("%q was read from a file that nobody wrote", got)
		}
	})
}
