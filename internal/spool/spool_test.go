package spool

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"faultline/internal/chain"
	"faultline/outage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errDead = errors.New("the machine has lost its power")

// disk is a directory in memory that knows what would survive a loss of power, and
// can fail at any operation.
type disk struct {
	files map[string]*diskFile
	ops   int  // operations so far
	at    int  // the operation that fails; 0: none
	kill  bool // it fails for good: the machine is dead from then on
	dead  bool
	rand  *rand.Rand
}

type diskFile struct {
	disk    *disk
	data    []byte
	durable []byte
}

func newDisk(seed uint64) *disk {
	return &disk{files: map[string]*diskFile{}, rand: rand.New(rand.NewPCG(seed, 1))}
}

// op counts an operation that changes something.
func (d *disk) op() error {
	if d.dead {
		return errDead
	}
	if d.ops++; d.ops == d.at {
		d.dead = d.kill
		return errDead
	}
	return nil
}

// power comes back: of what was not durable some is there, some not, and some is torn.
func (d *disk) power() {
	d.dead, d.at = false, 0
	for _, f := range d.files {
		rest, grown := bytes.CutPrefix(f.data, f.durable)
		switch {
		case grown && len(rest) > 0:
			f.data = append(slices.Clone(f.durable), rest[:d.rand.IntN(len(rest)+1)]...)
			if n := len(f.data); n > len(f.durable) && d.rand.IntN(2) == 0 {
				f.data[n-1] ^= 0x40
			}
		case d.rand.IntN(2) == 0:
			f.data = slices.Clone(f.durable)
		}
		f.durable = slices.Clone(f.data)
	}
}

func (d *disk) List() ([]string, error) { return slices.Collect(maps.Keys(d.files)), nil }

func (d *disk) Open(name string) (File, int64, error) {
	f := d.files[name]
	if f == nil {
		if err := d.op(); err != nil {
			return nil, 0, err
		}
		f = &diskFile{disk: d}
		d.files[name] = f
	}
	return f, int64(len(f.data)), nil
}

func (d *disk) Read(name string) ([]byte, error) { return slices.Clone(d.files[name].data), nil }

func (d *disk) Replace(name string, content []byte) error {
	if err := d.op(); err != nil {
		return err
	}
	d.files[name] = &diskFile{disk: d, data: slices.Clone(content), durable: slices.Clone(content)}
	return nil
}

func (d *disk) Remove(name string) error {
	if err := d.op(); err != nil {
		return err
	}
	delete(d.files, name)
	return nil
}

func (f *diskFile) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(f.data).ReadAt(p, off)
}

func (f *diskFile) Write(p []byte) (int, error) {
	if err := f.disk.op(); err != nil {
		n := f.disk.rand.IntN(len(p) + 1)
		f.data = append(f.data, p[:n]...)
		return n, err
	}
	f.data = append(f.data, p...)
	return len(p), nil
}

func (f *diskFile) Truncate(size int64) error {
	if err := f.disk.op(); err != nil {
		return err
	}
	f.data = f.data[:size:size]
	return nil
}

func (f *diskFile) Sync() error {
	if err := f.disk.op(); err != nil {
		return err
	}
	f.durable = slices.Clone(f.data)
	return nil
}

func (f *diskFile) Close() error { return nil }

var key = func() ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("spool"))
	return ed25519.NewKeyFromSeed(seed[:])
}()

func options(segment, limit int64) Options {
	return Options{Key: key, Segment: segment, Limit: limit, Blank: func() outage.Measurement {
		return outage.Measurement{Attempt: 1, Outcome: outage.OutcomeSkipped}
	}}
}

func named(from, n int) []outage.Measurement {
	out := make([]outage.Measurement, n)
	for i := range out {
		out[i] = outage.Measurement{Attempt: 1, Time: time.Unix(int64(from+i), 0).UTC(), Target: outage.Target{Host: fmt.Sprintf("m%d", from+i)}}
	}
	return out
}

// hub takes what follows and knows again what it has.
type hub struct {
	t       *testing.T
	head    chain.Head
	records [][]byte
}

// take returns where the hub stands, and an error when a batch does not follow.
func (h *hub) take(b Batch) error {
	for _, raw := range b.Records {
		l, err := chain.Open(raw, key.Public().(ed25519.PublicKey))
		if err != nil {
			h.t.Fatal(err)
		}
		switch err := chain.Follows(h.head, &l); {
		case errors.Is(err, chain.ErrInserted):
		case err != nil:
			return fmt.Errorf("record %d after %d: %w", l.Sequence, h.head.Sequence, err)
		default:
			h.head, h.records = l.Head(), append(h.records, raw)
		}
	}
	return nil
}

// hosts that arrived, and the number of lost ones.
func (h *hub) hosts() (hosts []string, lost uint64) {
	v := chain.Verifier{}
	for _, raw := range h.records {
		v.Add(raw)
		var m outage.Measurement
		if err := json.Unmarshal(raw, &m); err != nil {
			h.t.Fatal(err)
		}
		if m.Gap == nil {
			hosts = append(hosts, m.Target.Host)
		}
	}
	for _, r := range v.Reports() {
		if r.Break != nil {
			h.t.Error(r.Break)
		}
		lost += r.Lost
	}
	return hosts, lost
}

// drain sends all that is there.
func (h *hub) drain(s *Spool) error {
	for {
		b, err := s.Next(7, 4000)
		if err != nil || len(b.Records) == 0 {
			return err
		}
		if err := h.take(b); err != nil {
			h.t.Fatal(err)
		}
		if err := s.Ack(b.Last); err != nil {
			return err
		}
	}
}

func open(t *testing.T, files Files, opt Options) *Spool {
	t.Helper()
	s, err := Open(files, opt)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What goes in comes out in order, once, over restarts and on a real directory.
func TestInOrder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	h := &hub{t: t}
	var want []string
	for life := range 5 {
		files, err := Directory(dir)
		if err != nil {
			t.Fatal(err)
		}
		s := open(t, files, options(4000, 1<<20))
		for i := range 20 {
			list := named(life*100+i*3, 3)
			if err := s.Append(list); err != nil {
				t.Fatal(err)
			}
			for _, m := range list {
				want = append(want, m.Target.Host)
			}
			if i%4 == life%4 {
				if err := h.drain(s); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	files, err := Directory(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, files, options(4000, 1<<20))
	if err := h.drain(s); err != nil {
		t.Fatal(err)
	}
	if got, lost := h.hosts(); !slices.Equal(got, want) || lost != 0 {
		t.Errorf("sent %d, arrived %d, lost %d", len(want), len(got), lost)
	}
	if st := s.Stats(); st.Waiting != 0 || st.Bytes > 2*4000 || st.Acked.Sequence != uint64(len(want)) {
		t.Errorf("after all is sent: %+v", st)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 3 {
		t.Errorf("%d files are left: %v", len(entries), err)
	}
}

// scenario appends, sends and acknowledges; it notes what was promised.
type scenario struct {
	hub      *hub
	promised map[string]bool // an append of it returned nil
	next     int
}

// run goes on until the disk dies or the end; full leaves the hub away.
func (sc *scenario) run(s *Spool, away bool) {
	for sc.next < 60 {
		list := named(sc.next, 1+sc.next%4)
		sc.next += len(list)
		err := s.Append(list)
		for _, m := range list {
			if err == nil {
				sc.promised[m.Target.Host] = true
			}
		}
		if err != nil {
			return
		}
		if away || sc.next%3 != 0 {
			continue
		}
		b, err := s.Next(5, 1<<20)
		if err != nil {
			return
		}
		if err := sc.hub.take(b); err != nil {
			sc.hub.t.Error(err)
			return
		}
		if sc.next%2 == 0 { // else the answer got lost
			if s.Ack(b.Last) != nil {
				return
			}
		}
	}
}

// However far the machine comes before it loses its power: what was promised
// arrives, in order and once, or is counted as lost by a signed gap.
func TestPowerLoss(t *testing.T) {
	for name, test := range map[string]struct {
		limit int64
		away  bool
	}{"with room": {1 << 20, false}, "spool full": {6000, true}, "hub away": {1 << 20, true}} {
		t.Run(name, func(t *testing.T) {
			for at := 1; ; at++ {
				d := newDisk(uint64(at))
				d.at, d.kill = at, true
				sc := &scenario{hub: &hub{t: t}, promised: map[string]bool{}}
				opt := options(2000, test.limit)
				if s, err := Open(d, opt); err == nil {
					sc.run(s, test.away)
				}
				survived := !d.dead
				d.power()
				s := open(t, d, opt)
				sc.run(s, test.away)
				if err := sc.hub.drain(s); err != nil {
					t.Fatalf("killed at operation %d: %v", at, err)
				}
				sc.check(t, at, test.limit < 1<<20)
				if t.Failed() || survived {
					if at < 20 {
						t.Errorf("only %d operations were there to fail", at)
					}
					return
				}
			}
		})
	}
}

func (sc *scenario) check(t *testing.T, at int, mayLose bool) {
	t.Helper()
	got, lost := sc.hub.hosts()
	seen := map[string]bool{}
	last := -1
	for _, h := range got {
		var n int
		if _, err := fmt.Sscanf(h, "m%d", &n); err != nil {
			t.Fatal(err)
		}
		if seen[h] || n <= last {
			t.Errorf("operation %d: %s arrived twice or out of order", at, h)
		}
		seen[h], last = true, n
	}
	missing := 0
	for h := range sc.promised {
		if !seen[h] {
			missing++
		}
	}
	if !mayLose && (missing > 0 || lost > 0) || uint64(missing) > lost {
		t.Errorf("operation %d: %d promised measurements are missing, gaps stand for %d", at, missing, lost)
	}
}

// A disk that fails once and goes on: what was refused may be tried again, and
// nothing is there twice.
func TestDiskHiccup(t *testing.T) {
	for at := 1; at < 120; at++ {
		d := newDisk(uint64(at))
		d.at = at
		s, err := Open(d, options(2000, 6000))
		if err != nil {
			continue
		}
		h := &hub{t: t}
		for i := range 40 {
			list := named(i, 1)
			if err := s.Append(list); err != nil {
				if err := s.Append(list); err != nil {
					t.Fatalf("operation %d: the second try failed: %v", at, err)
				}
			}
			if i%5 == 0 {
				if err := h.drain(s); err != nil {
					if err := h.drain(s); err != nil {
						t.Fatalf("operation %d: %v", at, err)
					}
				}
			}
		}
		if i := at % 2; i == 0 { // half of them go through a restart, too
			d.power()
			s = open(t, d, options(2000, 6000))
		}
		if err := h.drain(s); err != nil && d.ops != at {
			t.Fatal(err)
		}
		if got, lost := h.hosts(); len(got) != 40 || lost != 0 {
			t.Fatalf("operation %d: %d arrived, %d lost", at, len(got), lost)
		}
	}
}

// Beyond the limit the oldest go, and one signed gap stands for them.
func TestLimit(t *testing.T) {
	d := newDisk(1)
	s := open(t, d, options(2000, 8000))
	for i := range 200 {
		if err := s.Append(named(i, 1)); err != nil {
			t.Fatal(err)
		}
		if st := s.Stats(); st.Bytes > 8000 {
			t.Fatalf("%d bytes after %d records", st.Bytes, i+1)
		}
	}
	h := &hub{t: t}
	if err := h.drain(s); err != nil {
		t.Fatal(err)
	}
	got, lost := h.hosts()
	if len(got)+int(lost) != 200 || len(got) < 8 || got[len(got)-1] != "m199" {
		t.Errorf("%d arrived, the last %s, %d lost", len(got), got[len(got)-1], lost)
	}
	var first outage.Measurement
	if err := json.Unmarshal(h.records[0], &first); err != nil || first.Gap == nil || first.Gap.Reason != outage.GapSpoolFull || first.Gap.First != 1 {
		t.Errorf("the first record is %s", h.records[0])
	}
}

// A damaged segment costs its own records, and the chain goes on behind a gap.
func TestDamage(t *testing.T) {
	for name, spoil := range map[string]func(d *disk, names []string){
		"a bit of an old segment":    func(d *disk, n []string) { d.files[n[1]].data[700] ^= 1 },
		"an old segment cut":         func(d *disk, n []string) { d.files[n[1]].data = d.files[n[1]].data[:700] },
		"an old segment gone":        func(d *disk, n []string) { delete(d.files, n[1]) },
		"two segments gone":          func(d *disk, n []string) { delete(d.files, n[1]); delete(d.files, n[2]) },
		"the first bytes of all":     func(d *disk, n []string) { d.files[n[1]].data[0] ^= 1; d.files[n[2]].data[0] ^= 1 },
		"the oldest gone":            func(d *disk, n []string) { delete(d.files, n[0]) },
		"a file that is not ours":    func(d *disk, _ []string) { d.files["x.seg"] = &diskFile{disk: d, data: []byte("x")} },
		"the note of the hub's head": func(d *disk, _ []string) { d.files[ackedFile].data = []byte("{") },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDisk(1)
			s := open(t, d, options(2000, 1<<20))
			h := &hub{t: t}
			if err := s.Append(named(0, 1)); err != nil {
				t.Fatal(err)
			}
			if err := h.drain(s); err != nil {
				t.Fatal(err)
			}
			for i := range 30 {
				if err := s.Append(named(1+i, 1)); err != nil {
					t.Fatal(err)
				}
			}
			var names []string
			for n := range d.files {
				if _, kind := parseName(n); kind == segmentKind {
					names = append(names, n)
				}
			}
			slices.Sort(names)
			spoil(d, names)
			s = open(t, d, options(2000, 1<<20))
			if err := h.drain(s); err != nil {
				t.Fatal(err)
			}
			if got, lost := h.hosts(); len(got)+int(lost) != 31 || len(got) < 20 || got[len(got)-1] != "m30" {
				t.Errorf("%d arrived, %d lost", len(got), lost)
			}
		})
	}
}

// A record that the hub will never take becomes a gap, and the rest goes on.
func TestRefuse(t *testing.T) {
	d := newDisk(1)
	s := open(t, d, options(2000, 1<<20))
	if err := s.Append(named(0, 5)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Refuse(); err != nil {
			break
		}
	}
	h := &hub{t: t}
	if err := h.drain(s); err != nil {
		t.Fatal(err)
	}
	if got, lost := h.hosts(); len(got) != 4 || lost != 1 || got[0] != "m1" {
		t.Errorf("%v arrived, %d lost", got, lost)
	}
	if err := s.Refuse(); err != nil {
		t.Errorf("nothing to refuse: %v", err)
	}
}

// A hub that was put back from a copy is sent again what is left, behind a gap.
func TestRestart(t *testing.T) {
	d := newDisk(1)
	s := open(t, d, options(2000, 1<<20))
	h := &hub{t: t}
	var copied hub
	for i := range 30 {
		if err := s.Append(named(i, 1)); err != nil {
			t.Fatal(err)
		}
		if err := h.drain(s); err != nil {
			t.Fatal(err)
		}
		if i == 9 {
			copied = hub{t: t, head: h.head, records: slices.Clone(h.records)}
		}
	}
	if err := s.Restart(copied.head); err != nil {
		t.Fatal(err)
	}
	if err := copied.drain(s); err != nil {
		t.Fatal(err)
	}
	if got, lost := copied.hosts(); len(got)+int(lost) != 30 || lost == 0 || got[len(got)-1] != "m29" {
		t.Errorf("%d arrived, %d lost", len(got), lost)
	}
	if err := s.Restart(chain.Head{Sequence: 99}); !errors.Is(err, ErrFork) {
		t.Errorf("a hub that has more than there is: %v", err)
	}
}

// Whatever lies in a segment: the spool opens, and never uses a number twice that
// the hub has.
func FuzzSegment(f *testing.F) {
	d := newDisk(1)
	s, err := Open(d, options(2000, 1<<20))
	if err != nil {
		f.Fatal(err)
	}
	if err := s.Append(named(0, 3)); err != nil {
		f.Fatal(err)
	}
	f.Add(d.files[fileName(1, segmentKind)].data)
	f.Add([]byte("\xff\xff\xff\x00aaaa"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := newDisk(1)
		d.files[fileName(1, segmentKind)] = &diskFile{disk: d, data: data}
		d.files[fileName(3, segmentKind)] = &diskFile{disk: d, data: data}
		d.files[ackedFile] = &diskFile{disk: d, data: []byte(`{"sequence":4,"hash":"x"}`)}
		s := open(t, d, options(2000, 1<<20))
		if err := s.Append(named(0, 1)); err != nil {
			t.Fatal(err)
		}
		if s.Stats().Head.Sequence < 5 {
			t.Errorf("a number that the hub has is used again: %+v", s.Stats())
		}
		if _, err := s.Next(100, 1<<20); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	files, err := Directory(filepath.Join(b.TempDir(), "spool"))
	if err != nil {
		b.Fatal(err)
	}
	s, err := Open(files, options(DefaultSegment, DefaultLimit))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := s.Append(named(0, 100)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(100*float64(b.N)/b.Elapsed().Seconds(), "records/s")
	_ = io.Closer(s).Close()
}
