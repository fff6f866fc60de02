// Package memory is the log engine that keeps everything in memory: for replay,
// for folding recorded data and for tests. It reads and writes nothing outside
// the process, and forgets all when it ends.
package memory

import (
	"context"
	"fmt"
	"maps"
	"sort"
	"sync"

	"faultline/internal/stream"
	"faultline/outage"
)

// Log implements [stream.Log]. The zero value is not ready: use New.
type Log struct {
	mu     sync.Mutex
	topics map[string]*topic
	points map[string]stream.Checkpoint
	grown  chan struct{} // closed and replaced at every append
}

type topic struct {
	recs []stream.Record // recs[i].Seq = gone + i + 1
	gone uint64          // records trimmed
	keys map[string]struct{}
}

// New returns an empty log.
func New() *Log {
	l := &Log{
		topics: map[string]*topic{}, points: map[string]stream.Checkpoint{}, grown: make(chan struct{}),
	}
	for _, name := range stream.Names() {
		l.topics[name] = &topic{keys: map[string]struct{}{}}
	}
	return l
}

// Append implements [stream.Writer].
func (l *Log) Append(ctx context.Context, entries []stream.Entry, cp *stream.Checkpoint) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range entries {
		if l.topics[e.Topic] == nil {
			return fmt.Errorf("append to the log in memory: no topic %q: the topics are %v", e.Topic, stream.Names())
		}
	}
	for _, e := range entries {
		t := l.topics[e.Topic]
		if !stream.Raw(e.Topic) {
			if _, known := t.keys[e.Key]; known {
				continue
			}
			t.keys[e.Key] = struct{}{}
		}
		e.Seq = t.gone + uint64(len(t.recs)) + 1
		t.recs = append(t.recs, e.Record)
	}
	if cp != nil {
		saved := *cp
		saved.Positions = maps.Clone(cp.Positions)
		l.points[cp.Follower] = saved
	}
	close(l.grown)
	l.grown = make(chan struct{})
	return nil
}

// Trim implements [stream.Writer].
func (l *Log) Trim(_ context.Context, name string, before outage.Minute, upTo uint64) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.topics[name]
	n := 0
	for n < len(t.recs)-1 && t.recs[n].Minute < before && t.recs[n].Seq <= upTo {
		delete(t.keys, t.recs[n].Key)
		n++
	}
	t.recs = append([]stream.Record(nil), t.recs[n:]...)
	t.gone += uint64(n)
	return n, nil
}

// Read implements [stream.Reader].
func (l *Log) Read(ctx context.Context, name string, after uint64, limit int) ([]stream.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.topics[name]
	if after < t.gone {
		if after > 0 {
			return nil, fmt.Errorf("topic %s after %d: %w", name, after, stream.ErrTrimmed)
		}
		after = t.gone
	}
	rest := t.recs[min(after-t.gone, uint64(len(t.recs))):]
	return append([]stream.Record(nil), rest[:min(limit, len(rest))]...), nil
}

// Wait implements [stream.Reader].
func (l *Log) Wait(ctx context.Context, name string, after uint64) error {
	for {
		l.mu.Lock()
		t, grown := l.topics[name], l.grown
		more := t.gone+uint64(len(t.recs)) > after
		l.mu.Unlock()
		if more {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-grown:
		}
	}
}

// Seek implements [stream.Reader].
func (l *Log) Seek(_ context.Context, name string, m outage.Minute) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.topics[name]
	i := sort.Search(len(t.recs), func(i int) bool { return t.recs[i].Minute >= m })
	return t.gone + uint64(i), nil
}

// Checkpoint implements [stream.Reader].
func (l *Log) Checkpoint(_ context.Context, follower string) (stream.Checkpoint, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	cp := l.points[follower]
	cp.Follower = follower
	cp.Positions = maps.Clone(cp.Positions)
	return cp, nil
}
