package attempts

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"faultline/outage"
)

// frame is the part of a snapshot that is small and read by people; the bins follow it
// as numbers of variable length.
type frame struct {
	Span     outage.Minute     `json:"span"`
	Agents   map[string]*Agent `json:"agents"`
	Services []pastFrame       `json:"services"` // by id
}

type pastFrame struct {
	ID     string            `json:"id"`
	Spots  []Spot            `json:"spots"`
	Certs  []Cert            `json:"certs,omitempty"`
	Depth  outage.Depth      `json:"depth,omitempty"`
	Usual  map[string]*Usual `json:"usual,omitempty"`
	Held   outage.Minute     `json:"held,omitempty"`
	Health map[string]bool   `json:"health,omitempty"`
}

// Snapshot encodes the memory; equal memories give equal bytes.
func (w *Window) Snapshot() ([]byte, error) {
	f := frame{Span: w.span, Agents: w.agents}
	var body []byte
	for _, id := range slices.Sorted(maps.Keys(w.services)) {
		p := w.services[id]
		f.Services = append(f.Services, pastFrame{
			ID: id, Spots: p.Spots, Certs: p.Certs, Depth: p.Depth, Usual: p.Usual, Held: p.held, Health: p.health,
		})
		body = p.encode(body)
	}
	head, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("save what was tried: %w", err)
	}
	out := binary.AppendUvarint(nil, uint64(len(head)))
	return append(append(out, head...), body...), nil
}

func (p *Past) encode(to []byte) []byte {
	to = binary.AppendUvarint(to, uint64(len(p.Minutes)))
	for i := range p.Minutes {
		to = binary.AppendVarint(to, int64(p.Minutes[i].At))
		to = binary.AppendUvarint(to, uint64(len(p.Minutes[i].Bins)))
		for j := range p.Minutes[i].Bins {
			b := &p.Minutes[i].Bins[j]
			doubted := byte(0)
			if b.Doubted {
				doubted = 1
			}
			to = binary.AppendUvarint(to, uint64(b.Spot))
			to = append(to, doubted, b.FirstFail, b.LastFine)
			to = binary.AppendUvarint(to, uint64(len(b.Counts)))
			for _, c := range b.Counts {
				to = binary.AppendUvarint(to, uint64(c.Code))
				to = binary.AppendUvarint(to, uint64(c.N))
			}
		}
	}
	return to
}

var errShort = errors.New("read what was tried: the state ends too early")

// reader takes numbers from a snapshot; after a mistake it gives zeros.
type reader struct {
	left []byte
	bad  bool
}

func (r *reader) uint(limit int) int {
	v, n := binary.Uvarint(r.left)
	if n <= 0 || v > uint64(limit) {
		r.bad, r.left = true, nil
		return 0
	}
	r.left = r.left[n:]
	return int(v)
}

func (r *reader) int() int64 {
	v, n := binary.Varint(r.left)
	if n <= 0 {
		r.bad, r.left = true, nil
		return 0
	}
	r.left = r.left[n:]
	return v
}

func (r *reader) byte() byte {
	if len(r.left) == 0 {
		r.bad = true
		return 0
	}
	b := r.left[0]
	r.left = r.left[1:]
	return b
}

// Restore replaces the memory.
func (w *Window) Restore(data []byte) error {
	fresh := New()
	r := &reader{left: data}
	if size := r.uint(len(data)); !r.bad && size <= len(r.left) {
		var f frame
		if err := json.Unmarshal(r.left[:size], &f); err != nil {
			return fmt.Errorf("read what was tried: %w", err)
		}
		r.left = r.left[size:]
		if err := fresh.restore(&f, r); err != nil {
			return err
		}
	} else {
		return errShort
	}
	if r.bad || len(r.left) > 0 {
		return errShort
	}
	*w = *fresh
	return nil
}

func (w *Window) restore(f *frame, r *reader) error {
	if f.Span < leastSpan || f.Span > quietSpan {
		return fmt.Errorf("read what was tried: %d minutes are kept of each service, and it should be %d to %d", f.Span, leastSpan, quietSpan)
	}
	w.span = f.Span
	for id, a := range f.Agents {
		if a == nil {
			return fmt.Errorf("read what was tried: agent %q is not whole", id)
		}
		w.agents[id] = a
	}
	for i := range f.Services {
		s := &f.Services[i]
		p := &Past{
			Spots: s.Spots, Certs: s.Certs, Depth: s.Depth, Usual: s.Usual, held: s.Held, health: s.Health, index: map[Spot]int32{},
		}
		if p.Usual == nil {
			p.Usual = map[string]*Usual{}
		}
		if p.health == nil {
			p.health = map[string]bool{}
		}
		for j, spot := range p.Spots {
			p.index[spot] = int32(j)
		}
		for _, u := range p.Usual {
			if u == nil {
				return fmt.Errorf("read what was tried: service %q is not whole", s.ID)
			}
		}
		if len(p.Certs) > maxCerts || len(p.Spots) > maxSpots {
			return fmt.Errorf("read what was tried: service %q has too much", s.ID)
		}
		w.bins += p.decode(r)
		w.services[s.ID] = p
	}
	return nil
}

// decode reads the bins, and says how many there are.
func (p *Past) decode(r *reader) int {
	bins := 0
	for range r.uint(len(r.left)) {
		m := Minute{At: outage.Minute(r.int())}
		for range r.uint(len(r.left)) {
			b := Bin{Spot: int32(r.uint(max(len(p.Spots)-1, 0)))}
			b.Doubted, b.FirstFail, b.LastFine = r.byte() == 1, r.byte(), r.byte()
			for range r.uint(min(Codes, len(r.left))) {
				c := Count{Code: Code(r.uint(Codes - 1)), N: uint16(r.uint(1<<16 - 1))}
				b.Counts = append(b.Counts, c)
			}
			if r.bad || len(p.Spots) == 0 {
				r.bad = true
				return bins
			}
			m.Bins = append(m.Bins, b)
		}
		bins += len(m.Bins)
		p.Minutes = append(p.Minutes, m)
	}
	return bins
}
