// Package spool keeps what an agent has measured on its disk until the hub has it.
//
// It reads and writes one directory: segments of records (NUMBER.seg, named by the
// sequence of their first), signed gaps (NUMBER.gap) and how far the hub has come
// (acked). Records are sealed on their way in (internal/chain) and come out in order.
//
// Method: Append writes checksummed frames behind the newest segment and returns
// when they are on stable storage; nothing is handed out before. A full segment is
// followed by a new one, and removed when the hub has all of it. A torn end, as a
// crash leaves it, is cut off at the next start: nobody was told of it. What is
// damaged otherwise, dropped for room or refused by the hub is replaced by a gap
// record, which is on the disk before what it stands for is removed.
//
// Limits: one writer, one sender; beyond Options.Limit bytes the oldest records go.
// A disk that loses what it said was safe, and whose directory is put back from a
// copy, lets sequences be used twice: the hub then refuses the chain.
package spool

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"faultline/internal/chain"
	"faultline/outage"
)

// Options of a spool.
type Options struct {
	Key ed25519.PrivateKey
	// Limit in bytes; beyond it the oldest segments go and a gap takes their place.
	// Who is hurt: whoever wants to know what was seen while the hub was away long.
	Limit int64
	// Segment is the size in bytes after which a new one begins: what the hub has is
	// removed in such pieces.
	Segment int64
	// Blank makes the measurement that becomes a gap record: its time and vantage.
	Blank func() outage.Measurement
}

// Limits of a spool by default.
const (
	DefaultLimit   = 1 << 30
	DefaultSegment = 8 << 20
)

// Spool is an open one.
type Spool struct {
	opt   Options
	files Files

	mu       sync.Mutex
	segments []*segment // oldest first; the last is written to
	gaps     []gap      // by their first sequence
	head     chain.Head // last record on stable storage
	acked    chain.Head // last record that the hub has
	spoilt   bool       // a write failed: the newest segment is left as it is
	places   [2]place   // where the last batch began and ended
	added    chan struct{}
}

// ackedFile holds how far the hub has come.
const ackedFile = "acked"

// Open opens a spool, repairs a torn end and finishes a drop that was under way.
func Open(files Files, opt Options) (*Spool, error) {
	if opt.Limit < 2*opt.Segment || opt.Segment <= 0 {
		return nil, fmt.Errorf("open the spool: a limit of %d bytes with segments of %d: make it at least two segments", opt.Limit, opt.Segment)
	}
	s := &Spool{opt: opt, files: files, added: make(chan struct{}, 1)}
	if err := s.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("open the spool: %w", err), s.Close())
	}
	return s, nil
}

// load reads the directory.
func (s *Spool) load() error {
	names, err := s.files.List()
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		if err := s.loadFile(name); err != nil {
			return err
		}
	}
	for i, seg := range s.segments[:max(len(s.segments), 1)-1] {
		seg.last = s.segments[i+1].first - 1
	}
	if err := s.loadTail(); err != nil {
		return err
	}
	return s.settle()
}

func (s *Spool) loadFile(name string) error {
	if name == ackedFile {
		b, err := s.files.Read(name)
		if err != nil {
			return err
		}
		// It is replaced as a whole; when it cannot be read all the same, the hub is
		// sent again what it has, and says so.
		_ = json.Unmarshal(b, &s.acked)
		return nil
	}
	first, kind := parseName(name)
	switch kind {
	case segmentKind:
		seg, err := openSegment(s.files, first)
		if err != nil {
			return err
		}
		s.segments = append(s.segments, seg)
	case gapKind:
		return s.loadGap(name)
	}
	return nil
}

// loadTail finds the newest record and cuts off what a crash has torn. A segment
// that a crash left without any record is removed.
func (s *Spool) loadTail() error {
	for len(s.segments) > 0 {
		seg := s.segments[len(s.segments)-1]
		end, last, err := seg.scan()
		if err != nil {
			return err
		}
		if end < seg.size {
			if err := seg.cut(end); err != nil {
				return fmt.Errorf("repair the torn end of %s: %w", seg.name(), err)
			}
		}
		if last.Sequence > 0 {
			s.head, seg.last = last, last.Sequence
			return nil
		}
		if err := s.removeSegment(len(s.segments) - 1); err != nil {
			return err
		}
	}
	return nil
}

// settle makes head, acked and gaps agree.
func (s *Spool) settle() error {
	for i := range s.gaps {
		if h := s.gaps[i].head(); h.Sequence > s.head.Sequence {
			s.head = h
		}
	}
	if s.acked.Sequence >= s.head.Sequence {
		// The hub has more than the disk gave back: numbers are never used twice.
		s.head = s.acked
	}
	if s.acked.Sequence == 0 {
		// If the note of it is lost: only what the hub has is removed.
		var err error
		if s.acked, err = s.before(); err != nil {
			return err
		}
	}
	return s.tidy()
}

// Append seals measurements in order and returns when they are on stable storage.
// When it fails none of them is in the spool, and it may be tried again.
func (s *Spool) Append(list []outage.Measurement) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var frames []byte
	head := s.head
	for i := range list {
		raw, next, err := chain.Seal(&list[i], head, s.opt.Key)
		if err != nil {
			return err
		}
		frames, head = appendFrame(frames, raw), next
	}
	if len(frames) == 0 {
		return nil
	}
	if err := s.makeRoom(int64(len(frames))); err != nil {
		return fmt.Errorf("make room in the spool: %w", err)
	}
	if err := s.write(frames, head); err != nil {
		return fmt.Errorf("write to the spool: %w", err)
	}
	select {
	case s.added <- struct{}{}:
	default:
	}
	return nil
}

// write puts frames behind the newest segment, or into a new one.
func (s *Spool) write(frames []byte, head chain.Head) error {
	newest := s.newest()
	if newest == nil || s.spoilt || newest.last != s.head.Sequence || newest.size+int64(len(frames)) > s.opt.Segment && newest.size > 0 {
		var err error
		if newest, err = s.begin(); err != nil {
			return err
		}
	}
	before := newest.size
	if err := newest.add(frames); err != nil {
		// What became of the frames is not known. They are cut off if the disk lets
		// us; if not, the next segment begins at the same number, and so outlaws them.
		s.spoilt = true
		_ = newest.cut(before)
		return err
	}
	newest.last, s.head = head.Sequence, head
	return nil
}

// begin makes a new segment behind the head.
func (s *Spool) begin() (*segment, error) {
	if n := s.newest(); n != nil && n.first == s.head.Sequence+1 {
		// A write into it failed before: nothing in it counts.
		if err := s.removeSegment(len(s.segments) - 1); err != nil {
			return nil, err
		}
	}
	seg, err := openSegment(s.files, s.head.Sequence+1)
	if err != nil {
		return nil, err
	}
	s.segments = append(s.segments, seg)
	seg.last, s.spoilt = s.head.Sequence, false
	return seg, nil
}

func (s *Spool) newest() *segment {
	if len(s.segments) == 0 {
		return nil
	}
	return s.segments[len(s.segments)-1]
}

func (s *Spool) removeSegment(i int) error {
	seg := s.segments[i]
	if err := s.files.Remove(seg.name()); err != nil {
		return fmt.Errorf("remove %s: %w", seg.name(), err)
	}
	s.segments = slices.Delete(s.segments, i, i+1)
	return seg.file.Close()
}

// Added is signalled when there may be something new to send.
func (s *Spool) Added() <-chan struct{} { return s.added }

// Stats say how full a spool is.
type Stats struct {
	Waiting uint64 // records that the hub does not have, lost ones included
	Bytes   int64  // on the disk
	Head    chain.Head
	Acked   chain.Head
}

// Stats says how full it is.
func (s *Spool) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{Waiting: s.head.Sequence - s.acked.Sequence, Bytes: s.bytes(), Head: s.head, Acked: s.acked}
}

// bytes of all segments.
func (s *Spool) bytes() int64 {
	var n int64
	for _, seg := range s.segments {
		n += seg.size
	}
	return n
}

// Close gives the files back; everything that was appended is on the disk.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, seg := range s.segments {
		errs = append(errs, seg.file.Close())
	}
	s.segments = nil
	return errors.Join(errs...)
}
