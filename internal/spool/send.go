package spool

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"faultline/internal/chain"
	"faultline/outage"
)

// place is where a record lies in its segment.
type place struct {
	sequence uint64
	first    uint64 // of the segment
	offset   int64
}

// Batch is what may be sent next, in order.
type Batch struct {
	Records [][]byte // JSON, gaps among them
	Last    chain.Head
}

// Next returns the records after the last acknowledged one, at most so many and,
// but for the first, at most so many bytes. It is empty when the hub has all.
func (s *Spool) Next(records int, size int64) (Batch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := Batch{Last: s.acked}
	w := &walk{spool: s, at: s.acked}
	for _, p := range s.places {
		if p.sequence == s.acked.Sequence+1 {
			w.place = p
		}
	}
	s.places[0] = w.place
	for len(b.Records) < records {
		raw, head, err := w.next()
		if err != nil {
			return Batch{}, fmt.Errorf("read record %d of the spool: %w", w.at.Sequence+1, err)
		}
		if raw == nil {
			break
		}
		if size -= int64(len(raw)); size < 0 && len(b.Records) > 0 {
			break
		}
		b.Records, b.Last = append(b.Records, raw), head
		w.at = head
		s.places[1] = w.place
	}
	return b, nil
}

// walk reads on from a head.
type walk struct {
	spool *Spool
	at    chain.Head
	place place
	from  io.Reader // reader of the segment at place
	in    *segment
}

// next returns the record after w.at; nil at the end. Where the disk gives back
// something else, a gap is made.
func (w *walk) next() ([]byte, chain.Head, error) {
	s, want := w.spool, w.at.Sequence+1
	if want > s.head.Sequence {
		return nil, w.at, nil
	}
	if g := s.gapAt(want); g != nil {
		w.in = nil
		return g.raw, g.head(), nil
	}
	if seg := s.segmentOf(want); seg != nil {
		raw, head, err := w.read(seg, want)
		if err == nil || !errors.Is(err, errTorn) {
			return raw, head, err
		}
	}
	if err := s.mend(w.at); err != nil {
		return nil, w.at, err
	}
	w.in = nil
	g := s.gapAt(want)
	return g.raw, g.head(), nil
}

// read finds a record in its segment; errTorn when it is not there.
func (w *walk) read(seg *segment, want uint64) ([]byte, chain.Head, error) {
	if w.in != seg || w.place.sequence > want {
		if w.place.first != seg.first || w.place.sequence > want || w.place.sequence == 0 {
			w.place = place{sequence: seg.first, first: seg.first}
		}
		w.in, w.from = seg, seg.reader(w.place.offset)
	}
	for {
		raw, err := readFrame(w.from)
		if errors.Is(err, io.EOF) {
			return nil, w.at, errTorn
		}
		if err != nil {
			return nil, w.at, err
		}
		l, err := link(raw)
		if err != nil || l.Sequence != w.place.sequence {
			return nil, w.at, errTorn
		}
		w.place.sequence++
		w.place.offset += frameHead + int64(len(raw))
		if l.Sequence < want {
			continue
		}
		return raw, l.Head(), nil
	}
}

func (s *Spool) segmentOf(sequence uint64) *segment {
	for _, seg := range s.segments {
		if seg.first <= sequence && sequence <= seg.last {
			return seg
		}
	}
	return nil
}

// Ack notes that the hub has everything up to a head, which a batch ended with. An
// error means that it is not on the disk: after a crash the hub is sent some
// records again, which it knows.
func (s *Spool) Ack(head chain.Head) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if head.Sequence <= s.acked.Sequence || head.Sequence > s.head.Sequence {
		return nil
	}
	s.acked = head
	return s.saveAcked()
}

// saveAcked notes it and removes what is not needed any longer.
func (s *Spool) saveAcked() error {
	b, err := json.Marshal(s.acked)
	if err != nil {
		return err
	}
	if err := s.files.Replace(ackedFile, b); err != nil {
		return fmt.Errorf("note in the spool what the hub has: %w", err)
	}
	return s.tidy()
}

// tidy removes segments and gaps that the hub has, or that a gap stands for. The
// newest segment stays: it says how far the numbers go.
func (s *Spool) tidy() error {
	for len(s.segments) > 1 && s.segments[0].last <= s.acked.Sequence {
		if err := s.removeSegment(0); err != nil {
			return err
		}
	}
	for len(s.gaps) > 0 && s.gaps[0].last <= s.acked.Sequence {
		if err := s.files.Remove(fileName(s.gaps[0].first, gapKind)); err != nil {
			return fmt.Errorf("remove a gap that the hub has: %w", err)
		}
		s.gaps = s.gaps[1:]
	}
	for len(s.segments) > 1 {
		g := s.gapAt(s.segments[0].last)
		if g == nil || max(s.segments[0].first, s.acked.Sequence+1) < g.first {
			return nil
		}
		if err := s.removeSegment(0); err != nil {
			return err
		}
	}
	return nil
}

// Refuse replaces the next record by a gap: the hub will never take it.
func (s *Spool) Refuse() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := &walk{spool: s, at: s.acked}
	raw, head, err := w.next()
	if err != nil || raw == nil {
		return err
	}
	if s.gapAt(s.acked.Sequence+1) != nil {
		return fmt.Errorf("the hub refuses the signed gap up to %d", head.Sequence)
	}
	return s.putGap(s.acked, head, outage.GapRefused)
}

// ErrFork means that the hub has another chain of this agent.
var ErrFork = errors.New("the hub has other measurements under these numbers: the agent's directory was put back from a copy, or two processes use its key; " +
	"register the agent anew, with a new token and an empty directory")

// Restart goes back to where the hub stands, which is behind what it had: it was
// put back from a copy. What is not in the spool any longer becomes a gap.
func (s *Spool) Restart(hub chain.Head) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if hub.Sequence >= s.acked.Sequence {
		return ErrFork
	}
	s.acked, s.places = hub, [2]place{}
	if err := s.saveAcked(); err != nil {
		return err
	}
	w := &walk{spool: s, at: hub}
	if seg := s.segmentOf(hub.Sequence + 1); seg != nil {
		raw, _, err := w.read(seg, hub.Sequence+1)
		if err == nil {
			l, err := link(raw)
			if err == nil && l.Previous != hub.Hash {
				return ErrFork
			}
			return err
		}
		if !errors.Is(err, errTorn) {
			return err
		}
	}
	if s.gapAt(hub.Sequence+1) != nil {
		return nil
	}
	return s.mend(hub)
}
