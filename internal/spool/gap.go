package spool

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"faultline/internal/chain"
	"faultline/outage"
)

// gap is a signed record that stands for lost ones.
type gap struct {
	first, last uint64
	raw         []byte
	after       string // hash of the last lost one
}

func (g *gap) head() chain.Head { return chain.Head{Sequence: g.last, Hash: g.after} }

// loadGap reads one back. A damaged one is forgotten: what it stood for is found
// to be missing again, and signed again.
func (s *Spool) loadGap(name string) error {
	b, err := s.files.Read(name)
	if err != nil {
		return err
	}
	l, err := link(b)
	if err != nil || l.Gap == nil || l.Gap.First > l.Sequence {
		return nil
	}
	s.gaps = append(s.gaps, gap{first: l.Gap.First, last: l.Sequence, raw: b, after: l.Gap.Head})
	return nil
}

// gapAt is the gap that stands for a record.
func (s *Spool) gapAt(sequence uint64) *gap {
	for i := range s.gaps {
		if s.gaps[i].first <= sequence && sequence <= s.gaps[i].last {
			return &s.gaps[i]
		}
	}
	return nil
}

// putGap signs and saves a gap behind a head, and drops the gaps that it covers.
func (s *Spool) putGap(after, last chain.Head, reason outage.GapReason) error {
	m := s.opt.Blank()
	raw, err := chain.SealGap(&m, after, last, reason, s.opt.Key)
	if err != nil {
		return err
	}
	g := gap{first: after.Sequence + 1, last: last.Sequence, raw: raw, after: last.Hash}
	if err := s.files.Replace(fileName(g.first, gapKind), raw); err != nil {
		return fmt.Errorf("save the gap from %d to %d: %w", g.first, g.last, err)
	}
	var errs []error
	s.gaps = slices.DeleteFunc(s.gaps, func(old gap) bool {
		covered := g.first <= old.first && old.last <= g.last
		if covered && old.first != g.first {
			errs = append(errs, s.files.Remove(fileName(old.first, gapKind)))
		}
		return covered
	})
	s.gaps = append(s.gaps, g)
	slices.SortFunc(s.gaps, func(a, b gap) int { return cmp.Compare(a.first, b.first) })
	return errors.Join(errs...)
}

// makeRoom drops the oldest segments until more bytes fit. The gap that takes
// their place is on the disk first.
func (s *Spool) makeRoom(more int64) error {
	free, drop := s.opt.Limit-s.bytes()-more, 0
	for ; free < 0 && drop < len(s.segments)-1; drop++ {
		free += s.segments[drop].size
	}
	if drop == 0 {
		return nil
	}
	last, err := s.headBefore(s.segments[drop])
	if err != nil {
		return err
	}
	if last.Sequence > s.acked.Sequence {
		if err := s.putGap(s.acked, last, outage.GapSpoolFull); err != nil {
			return err
		}
	}
	return s.tidy()
}

// headBefore is the head that a segment's first record follows. A segment without a
// readable record passes the question on.
func (s *Spool) headBefore(seg *segment) (chain.Head, error) {
	raw, err := readFrame(seg.reader(0))
	if err == nil {
		if l, err := link(raw); err == nil && l.Sequence == seg.first {
			return chain.Head{Sequence: seg.first - 1, Hash: l.Previous}, nil
		}
	}
	if i := slices.Index(s.segments, seg); i+1 < len(s.segments) {
		return s.headBefore(s.segments[i+1])
	}
	return s.head, nil
}

// mend makes a gap of what cannot be read after a head: up to the next segment, or
// all that there is.
func (s *Spool) mend(after chain.Head) error {
	last := s.head
	for _, seg := range s.segments {
		if seg.first > after.Sequence+1 {
			var err error
			if last, err = s.headBefore(seg); err != nil {
				return err
			}
			break
		}
	}
	for i := range s.gaps {
		if g := &s.gaps[i]; g.first > after.Sequence+1 && g.first <= last.Sequence {
			l, err := link(g.raw)
			if err != nil {
				return err
			}
			last = chain.Head{Sequence: g.first - 1, Hash: l.Previous}
			break
		}
	}
	reason := outage.GapDamaged
	if after.Sequence < s.oldest() {
		reason = outage.GapForgotten
	}
	return s.putGap(after, last, reason)
}

// oldest is the sequence before which nothing is kept.
func (s *Spool) oldest() uint64 {
	if len(s.segments) == 0 {
		return s.head.Sequence
	}
	return s.segments[0].first - 1
}

// before is the head that the oldest thing in the spool follows.
func (s *Spool) before() (chain.Head, error) {
	if len(s.gaps) > 0 && (len(s.segments) == 0 || s.gaps[0].first <= s.segments[0].first) {
		l, err := link(s.gaps[0].raw)
		return chain.Head{Sequence: s.gaps[0].first - 1, Hash: l.Previous}, err
	}
	if len(s.segments) == 0 {
		return chain.Head{}, nil
	}
	return s.headBefore(s.segments[0])
}
