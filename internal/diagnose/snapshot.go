package diagnose

import (
	"encoding/json"
	"fmt"
)

// saved is what a snapshot holds.
type saved struct {
	Window []byte          `json:"window"`
	Book   json.RawMessage `json:"book"`
	State  state           `json:"state"`
}

// Snapshot encodes the state; equal states give equal bytes.
func (f *Fold) Snapshot() ([]byte, error) {
	window, err := f.window.Snapshot()
	if err != nil {
		return nil, err
	}
	book, err := f.book.Snapshot()
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(saved{Window: window, Book: book, State: f.state})
	if err != nil {
		return nil, fmt.Errorf("encode the state of verdicts: %w", err)
	}
	return b, nil
}

// Restore replaces the state.
func (f *Fold) Restore(b []byte) error {
	fresh := New(f.config)
	s := saved{State: newState()}
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("decode the state of verdicts: %w", err)
	}
	if err := fresh.window.Restore(s.Window); err != nil {
		return err
	}
	if err := fresh.book.Restore(s.Book); err != nil {
		return err
	}
	for id, l := range s.State.Lives {
		if l == nil || l.Inc.ID != id {
			return fmt.Errorf("decode the state of verdicts: that of incident %q is not whole", id)
		}
	}
	fresh.state = s.State
	if fresh.state.Fresh == nil {
		fresh.state.Fresh = map[string]bool{}
	}
	*f = *fresh
	return nil
}
