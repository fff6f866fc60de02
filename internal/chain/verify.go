package chain

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Break is the first thing that is wrong with a chain.
type Break struct {
	Agent    string
	Sequence uint64 // of the record that is bad, or of the first that is missing
	Position int    // of the record at which it showed, from 1; 0: at the end
	Err      error
}

// Error names the agent, the record and what is wrong with it.
func (b *Break) Error() string {
	where := fmt.Sprintf("at position %d", b.Position)
	if b.Position == 0 {
		where = "at the end"
	}
	if b.Agent == "" {
		return fmt.Sprintf("the record %s %v", where, b.Err)
	}
	return fmt.Sprintf("agent %s: record %d, %s, %v", b.Agent, b.Sequence, where, b.Err)
}

// Unwrap gives the kind.
func (b *Break) Unwrap() error { return b.Err }

// Errors of chains, beside those of single records.
var (
	// ErrRemoved means that a record is missing.
	ErrRemoved = errors.New("is missing: it was removed, or never sent")
	// ErrMoved means that a record is there, but not in its place.
	ErrMoved = errors.New("was moved: a later record stands before it")
	// ErrInserted means that a record stands where another one was already.
	ErrInserted = errors.New("was put in: the chain has another record of this sequence")
	// ErrRepeated means that the very same record came before.
	ErrRepeated = errors.New("is there twice")
	// ErrBroken means that a record is signed, but names another one as the one before.
	ErrBroken = errors.New("does not follow the record before it: one of the two is of another chain")
	// ErrUnknown means that nobody has given the agent's key.
	ErrUnknown = errors.New("is of an agent whose public key is not known here")
)

// Report is what is known of one chain.
type Report struct {
	Agent   string
	Records int
	First   uint64 // sequence that the records begin with
	Last    Head
	Gaps    int    // records that stand for lost ones
	Lost    uint64 // records that gaps stand for
	// Withheld records have a signed place in the chain, and a content that cannot be
	// checked, for the hub published them without routers next to the agent.
	Withheld int
	Break    *Break // nil: the chain holds
}

// Verifier follows the chains of any number of agents. Its zero value checks hashes
// and order, but no signatures.
type Verifier struct {
	// Keys are the public keys by agent; nil: signatures are not checked.
	Keys map[string]ed25519.PublicKey
	// Published records are as a hub shows them to anybody: those with a path may have
	// lost addresses, which are counted and break no chain. A log of its own is whole.
	Published bool

	position int
	chains   map[string]*follow
	broken   *Break // of a record that names no agent
}

// follow is one chain on its way.
type follow struct {
	Report
	recent map[uint64]string // hashes of the last records, to tell a repetition from another record
}

// remembered is how many hashes of a chain are kept: a repetition of an older
// record is called put in instead.
const remembered = 4096

// Add takes the next record. A chain that is broken is followed no further, but for
// telling whether what was missing comes later.
func (v *Verifier) Add(raw []byte) {
	v.position++
	link, err := Open(raw, nil)
	if link.Agent == "" {
		if v.broken == nil {
			v.broken = &Break{Position: v.position, Err: err}
		}
		return
	}
	f := v.chain(link.Agent)
	if f.Break != nil {
		f.late(&link)
		return
	}
	hidden := v.Published && errors.Is(err, ErrChanged) && withheld(raw)
	if hidden {
		err = nil
	}
	if err == nil && v.Keys != nil {
		err = v.signed(raw, &link, hidden)
	}
	seq := link.Sequence
	if err == nil {
		seq, err = f.next(&link)
	}
	if err != nil {
		f.Break = &Break{Agent: link.Agent, Sequence: seq, Position: v.position, Err: err}
		return
	}
	f.take(&link)
	if hidden {
		f.Withheld++
	}
}

// signed holds a record against the key of its agent; of one that is not as it was
// signed any more, the hash that it names.
func (v *Verifier) signed(raw []byte, l *Link, hidden bool) error {
	key := v.Keys[l.Agent]
	switch {
	case key == nil:
		return ErrUnknown
	case !hidden:
		_, err := Open(raw, key)
		return err
	case !l.vouched(key):
		return ErrForged
	}
	return nil
}

func (v *Verifier) chain(agent string) *follow {
	if v.chains == nil {
		v.chains = map[string]*follow{}
	}
	f := v.chains[agent]
	if f == nil {
		f = &follow{Report: Report{Agent: agent}, recent: map[uint64]string{}}
		v.chains[agent] = f
	}
	return f
}

// next says whether a record follows, and which one is at fault if not.
func (f *follow) next(l *Link) (uint64, error) {
	if f.Records == 0 {
		if l.First() == 1 && l.Previous != "" {
			return l.Sequence, ErrBroken
		}
		return 0, nil
	}
	if err := Follows(f.Last, l); err == nil {
		return 0, nil
	} else if !errors.Is(err, ErrInserted) || f.recent[l.Sequence] != l.Hash {
		if errors.Is(err, ErrRemoved) {
			return f.Last.Sequence + 1, err
		}
		return l.Sequence, err
	}
	return l.Sequence, ErrRepeated
}

// Follows says whether a record stands where a chain goes on: ErrRemoved, ErrInserted
// or ErrBroken when not. A gap may begin before the head, for an agent that heard
// no answer does not know what has arrived; it must reach beyond it.
func Follows(head Head, l *Link) error {
	switch {
	case l.Sequence <= head.Sequence:
		return ErrInserted
	case l.First() > head.Sequence+1:
		return ErrRemoved
	case l.First() == head.Sequence+1 && l.Previous != head.Hash:
		return ErrBroken
	}
	return nil
}

func (f *follow) take(l *Link) {
	if f.Records == 0 {
		f.First = l.First()
	}
	f.Records++
	if l.Gap != nil {
		f.Gaps++
		f.Lost += l.Sequence - max(l.First(), f.Last.Sequence+1) + 1
	}
	f.Last = l.Head()
	f.recent[l.Sequence] = l.Hash
	if l.Sequence > remembered {
		delete(f.recent, l.Sequence-remembered)
	}
}

// late notes that a record which was missing is there after all.
func (f *follow) late(l *Link) {
	if errors.Is(f.Break.Err, ErrRemoved) && l.First() <= f.Break.Sequence && f.Break.Sequence <= l.Sequence {
		f.Break.Err = ErrMoved
	}
}

// Expect says how far an agent's chain must reach at least: what the hub has of it,
// or what the agent knows to have sent.
func (v *Verifier) Expect(agent string, head Head) {
	f := v.chain(agent)
	if f.Break != nil {
		return
	}
	switch {
	case f.Last.Sequence < head.Sequence:
		f.Break = &Break{Agent: agent, Sequence: f.Last.Sequence + 1, Err: ErrRemoved}
	case f.Last.Sequence == head.Sequence && head.Hash != "" && f.Last.Hash != head.Hash:
		f.Break = &Break{Agent: agent, Sequence: head.Sequence, Err: ErrBroken}
	}
}

// Reports say what was found, by agent; with the first record that names no agent,
// if there was one, as a report of its own.
func (v *Verifier) Reports() []Report {
	var out []Report
	if v.broken != nil {
		out = append(out, Report{Break: v.broken})
	}
	for _, agent := range slices.Sorted(maps.Keys(v.chains)) {
		out = append(out, v.chains[agent].Report)
	}
	return out
}
