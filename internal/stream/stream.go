// Package stream is the contract of the log: facts are appended to topics, and
// parts follow them. It holds the topics, the contract that every engine keeps,
// and the one runner that every part uses (Follower).
//
// Method: an append is all or nothing and durable when it returns; a key that a
// topic already has is skipped, so at-least-once delivery ends with the same
// facts. Time travels in the log: the writer of a topic ends each minute with a
// tick, and a follower of several topics takes a minute only when every one of
// them has ticked it.
//
// Limits: no transaction spans two appends; positions are per topic and only
// grow; keys are remembered for as long as the topic is retained, and not at all
// for raw topics, whose one writer sees to it (Raw).
package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"faultline/outage"
)

// Kind tells facts from the marks of time between them.
type Kind uint8

// Kinds of record.
const (
	KindFact    Kind = 0
	KindTick    Kind = 1 // the minute is complete on this topic
	KindMissing Kind = 2 // the minute is complete, and nobody was listening in it
)

// Record is what a topic holds.
type Record struct {
	Seq    uint64 // position in its topic, from 1, set by the log
	Kind   Kind
	Minute outage.Minute // the minute of the fact, or the minute that ends
	Key    string        // unique in its topic; of a tick: "tick/" and the minute
	Data   []byte        // JSON of the fact; empty for ticks
}

// Entry is a record on its way into a topic.
type Entry struct {
	Topic string
	Record
}

// Checkpoint is a follower's saved position: everything up to it has been taken
// in, and its outputs have been appended.
type Checkpoint struct {
	Follower  string            `json:"follower"`
	Minute    outage.Minute     `json:"minute"`    // last minute taken; 0: none
	Positions map[string]uint64 `json:"positions"` // by topic: Seq of the last record taken
}

// ErrTrimmed is returned by Read when records after the asked position have
// been removed by retention.
var ErrTrimmed = errors.New("records have aged out of the log")

// ErrRefused is returned by Append when the disk has no room or fails. Nothing of
// the append was kept, and it may be tried again.
var ErrRefused = errors.New("the disk refused")

// Writer is the appending half of a log.
type Writer interface {
	// Append writes the entries in order and, when cp is not nil, the checkpoint,
	// in one transaction. Entries whose key their topic already has are skipped,
	// except on Raw topics.
	// When it returns nil everything is on stable storage.
	Append(ctx context.Context, entries []Entry, cp *Checkpoint) error
	// Trim removes facts and ticks of a topic with a minute before the given one
	// and a position up to and including upTo; it says how many went.
	Trim(ctx context.Context, topic string, before outage.Minute, upTo uint64) (int, error)
}

// Batch is what somebody asks the one writer of a topic to append, who alone knows
// the open minute. Both methods are called on the writer's goroutine, in the order
// in which batches came; Settle in the opposite order when the append has failed.
type Batch interface {
	// Entries decides what to append at a minute. When it fails nothing is appended
	// for this batch, and Settle is not called.
	Entries(m outage.Minute) ([]Entry, error)
	// Settle says whether the entries are on stable storage.
	Settle(err error)
}

// Reader is the following half of a log.
type Reader interface {
	// Read returns up to limit records after a position, in order; none when the
	// topic has no more yet. ErrTrimmed when records in between have aged out and
	// after is not 0; after 0 reads from the oldest that is left.
	Read(ctx context.Context, topic string, after uint64, limit int) ([]Record, error)
	// Wait blocks until the topic has a record after the position.
	Wait(ctx context.Context, topic string, after uint64) error
	// Seek returns the position just before the first record of the given minute
	// or later; the end of the topic if there is none.
	Seek(ctx context.Context, topic string, minute outage.Minute) (uint64, error)
	// Checkpoint returns what Append saved last for a follower; the zero value
	// with the follower's name when there is none.
	Checkpoint(ctx context.Context, follower string) (Checkpoint, error)
}

// Log is the contract of an engine.
type Log interface {
	Writer
	Reader
}

// Fact is what a topic can carry.
type Fact interface{ Key() string }

// Topic names a topic and fixes the type of its facts.
type Topic[T any] struct{ Name string }

// Entry encodes a fact for this topic.
func (t Topic[T]) Entry(m outage.Minute, fact *T) (Entry, error) {
	data, err := json.Marshal(fact)
	if err != nil {
		return Entry{}, fmt.Errorf("encode a fact for topic %s: %w", t.Name, err)
	}
	k, ok := any(fact).(Fact)
	if !ok {
		return Entry{}, fmt.Errorf("encode a fact for topic %s: %T has no key", t.Name, fact)
	}
	return Entry{Topic: t.Name, Record: Record{Minute: m, Key: k.Key(), Data: data}}, nil
}

// DecodeError says which record could not be read.
type DecodeError struct {
	Topic string
	Seq   uint64
	Err   error
}

// Error names the topic and the position.
func (e *DecodeError) Error() string {
	return fmt.Sprintf("decode record %d of topic %s: %v", e.Seq, e.Topic, e.Err)
}

// Unwrap gives the cause.
func (e *DecodeError) Unwrap() error { return e.Err }

// Decode reads a fact of this topic. The error is a *DecodeError.
func (t Topic[T]) Decode(r Record) (*T, error) {
	fact := new(T)
	if err := json.Unmarshal(r.Data, fact); err != nil {
		return nil, &DecodeError{Topic: t.Name, Seq: r.Seq, Err: err}
	}
	return fact, nil
}

// Tick makes the entry that ends a minute on a topic.
func Tick(topic string, m outage.Minute, missing bool) Entry {
	kind := KindTick
	if missing {
		kind = KindMissing
	}
	return Entry{Topic: topic, Record: Record{Kind: kind, Minute: m, Key: "tick/" + m.String()}}
}
