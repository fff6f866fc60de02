package stream

import (
	"context"

	"faultline/outage"
)

// Fold is the inside of a part: a pure function of what it is given. It has no
// context, clock or I/O, so that a replay gives the same facts byte for byte.
type Fold interface {
	// Apply takes in one fact of the minute that is being read. A *DecodeError
	// sends the record to the dead-letter topic; any other error stops the part.
	Apply(topic string, r Record) error
	// Tick ends a minute: every input has been read up to it. It returns what the
	// part has to say, in a fixed order. Missing means that nobody was listening.
	Tick(m outage.Minute, missing bool) ([]Entry, error)
	// Snapshot and Restore carry the whole state over a restart.
	Snapshot() ([]byte, error)
	Restore(state []byte) error
}

// Follower runs a fold: it reads the inputs minute by minute and appends the
// outputs, a tick on every output topic, and its checkpoint in one step.
type Follower struct {
	Name string
	In   []string // topics, in the fixed order in which a minute is read
	Out  []string // topics that this part is the writer of
	Fold Fold
}

// Run follows until the context ends; a clean stop saves a snapshot.
func (f *Follower) Run(ctx context.Context, log Log) error { panic("in progress") }

// Drain follows until the inputs have no further complete minute.
func (f *Follower) Drain(ctx context.Context, log Log) error { panic("in progress") }
