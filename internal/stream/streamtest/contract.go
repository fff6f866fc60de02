// Package streamtest is the contract suite of the log: every engine passes it.
// It reads and writes only the log it is given.
package streamtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"faultline/internal/stream"
	"faultline/outage"
)

// Run checks an engine. Open returns an empty log that lives as long as the test.
func Run(t *testing.T, open func(t *testing.T) stream.Log) {
	tests := map[string]func(*testing.T, stream.Log){
		"order":            order,
		"known keys":       knownKeys,
		"checkpoint":       checkpoint,
		"all or nothing":   allOrNothing,
		"limit":            limit,
		"wait":             wait,
		"seek":             seek,
		"trim":             trim,
		"many writers":     manyWriters,
		"cancelled append": cancelled,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

const topic = "points"

func fact(i int) stream.Entry {
	return stream.Entry{Topic: topic, Record: stream.Record{
		Minute: outage.Minute(i), Key: fmt.Sprint("key ", i), Data: fmt.Appendf(nil, `{"n":%d}`, i),
	}}
}

func facts(from, to int) []stream.Entry {
	var out []stream.Entry
	for i := from; i <= to; i++ {
		out = append(out, fact(i))
	}
	return out
}

func appendAll(t *testing.T, l stream.Log, entries ...stream.Entry) {
	t.Helper()
	if err := l.Append(t.Context(), entries, nil); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, l stream.Log, topic string, after uint64) []stream.Record {
	t.Helper()
	recs, err := l.Read(t.Context(), topic, after, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return recs
}

func order(t *testing.T, l stream.Log) {
	appendAll(t, l, append(facts(1, 100), stream.Tick(topic, 100, false), stream.Tick(topic, 101, true))...)
	appendAll(t, l, stream.Entry{Topic: "incidents", Record: stream.Record{Key: "other", Data: []byte("{}")}})
	got := read(t, l, topic, 0)
	if len(got) != 102 {
		t.Fatalf("read %d records, want 102", len(got))
	}
	for i, r := range got[:100] {
		want := fact(i + 1)
		if r.Seq != uint64(i+1) || r.Minute != want.Minute || string(r.Data) != string(want.Data) || r.Kind != stream.KindFact {
			t.Fatalf("record %d is %+v", i, r)
		}
	}
	if got[100].Kind != stream.KindTick || got[101].Kind != stream.KindMissing || got[101].Minute != 101 {
		t.Errorf("ticks came back as %+v", got[100:])
	}
	if n := len(read(t, l, topic, 100)); n != 2 {
		t.Errorf("read %d records after 100, want 2", n)
	}
}

func knownKeys(t *testing.T, l stream.Log) {
	appendAll(t, l, facts(1, 10)...)
	changed := fact(5)
	changed.Data = []byte(`"changed"`)
	appendAll(t, l, changed, fact(11), changed, fact(11))
	got := read(t, l, topic, 0)
	if len(got) != 11 || got[10].Seq != 11 {
		t.Fatalf("read %d records, the last at %d, want 11", len(got), got[len(got)-1].Seq)
	}
	if string(got[4].Data) != `{"n":5}` {
		t.Errorf("a known key changed its record to %s", got[4].Data)
	}
	other := fact(5)
	other.Topic = "incidents"
	appendAll(t, l, other)
	if n := len(read(t, l, "incidents", 0)); n != 1 {
		t.Errorf("a key is known across topics: %d records, want 1", n)
	}
}

func checkpoint(t *testing.T, l stream.Log) {
	none, err := l.Checkpoint(t.Context(), "rollup")
	if err != nil || none.Follower != "rollup" || none.Minute != 0 || len(none.Positions) != 0 {
		t.Fatalf("checkpoint before any: %+v, %v", none, err)
	}
	for m := outage.Minute(1); m <= 2; m++ {
		cp := stream.Checkpoint{Follower: "rollup", Minute: m, Positions: map[string]uint64{topic: uint64(m) * 10}}
		if err := l.Append(t.Context(), nil, &cp); err != nil {
			t.Fatal(err)
		}
	}
	got, err := l.Checkpoint(t.Context(), "rollup")
	if err != nil || got.Minute != 2 || got.Positions[topic] != 20 {
		t.Errorf("checkpoint %+v, %v, want the second", got, err)
	}
}

func allOrNothing(t *testing.T, l stream.Log) {
	bad := stream.Entry{Topic: "no such topic", Record: stream.Record{Key: "k"}}
	cp := stream.Checkpoint{Follower: "rollup", Minute: 9}
	if err := l.Append(t.Context(), []stream.Entry{fact(1), bad}, &cp); err == nil {
		t.Fatal("an append to an unknown topic succeeded")
	}
	if n := len(read(t, l, topic, 0)); n != 0 {
		t.Errorf("a failed append left %d records", n)
	}
	if got, _ := l.Checkpoint(t.Context(), "rollup"); got.Minute != 0 {
		t.Errorf("a failed append left a checkpoint at %d", got.Minute)
	}
	appendAll(t, l, fact(1))
}

func limit(t *testing.T, l stream.Log) {
	appendAll(t, l, facts(1, 300)...)
	var seen []uint64
	for after := uint64(0); ; {
		recs, err := l.Read(t.Context(), topic, after, 7)
		if err != nil {
			t.Fatal(err)
		}
		if len(recs) == 0 {
			break
		}
		if len(recs) > 7 {
			t.Fatalf("read %d records with a limit of 7", len(recs))
		}
		for _, r := range recs {
			seen = append(seen, r.Seq)
		}
		after = recs[len(recs)-1].Seq
	}
	if len(seen) != 300 || !slices.IsSorted(seen) {
		t.Errorf("saw %d records, sorted %v, want 300 in order", len(seen), slices.IsSorted(seen))
	}
}

func wait(t *testing.T, l stream.Log) {
	appendAll(t, l, fact(1))
	if err := l.Wait(t.Context(), topic, 0); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- l.Wait(t.Context(), topic, 1) }()
	appendAll(t, l, fact(1)) // nothing new
	appendAll(t, l, fact(2))
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { done <- l.Wait(ctx, topic, 2) }()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("wait ended with %v, want the context's error", err)
	}
}

func seek(t *testing.T, l stream.Log) {
	if pos, err := l.Seek(t.Context(), topic, 5); pos != 0 || err != nil {
		t.Fatalf("seek in an empty topic: %d, %v", pos, err)
	}
	for m := 10; m < 20; m++ {
		a, b := fact(m), fact(m)
		b.Key += " again"
		appendAll(t, l, a, b)
	}
	for m, want := range map[outage.Minute]uint64{0: 0, 10: 0, 11: 2, 19: 18, 20: 20, 99: 20} {
		if pos, err := l.Seek(t.Context(), topic, m); pos != want || err != nil {
			t.Errorf("seek minute %d: %d, %v, want %d", m, pos, err, want)
		}
	}
}

func trim(t *testing.T, l stream.Log) {
	appendAll(t, l, facts(1, 100)...)
	if n, err := l.Trim(t.Context(), topic, 50, 30); n != 30 || err != nil {
		t.Fatalf("trim up to position 30: %d, %v", n, err)
	}
	if n, err := l.Trim(t.Context(), topic, 50, 1000); n != 19 || err != nil {
		t.Fatalf("trim before minute 50: %d, %v", n, err)
	}
	if _, err := l.Read(t.Context(), topic, 20, 10); !errors.Is(err, stream.ErrTrimmed) {
		t.Errorf("reading after a trimmed position: %v, want ErrTrimmed", err)
	}
	if got := read(t, l, topic, 0); len(got) != 51 || got[0].Seq != 50 {
		t.Errorf("after the trim %d records from %d, want 51 from 50", len(got), got[0].Seq)
	}
	if n, err := l.Trim(t.Context(), topic, 1000, 1000); n != 50 || err != nil {
		t.Fatalf("trim everything: %d, %v, want all but the newest", n, err)
	}
	appendAll(t, l, fact(101), fact(3))
	if got := read(t, l, topic, 100); len(got) != 2 || got[0].Seq != 101 {
		t.Errorf("after a trim of everything positions go on with %+v, want 101 and 102", got)
	}
}

func manyWriters(t *testing.T, l stream.Log) {
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 20 {
				e := fact(i)
				e.Key = fmt.Sprint(w, " ", i)
				if err := l.Append(t.Context(), []stream.Entry{e}, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	got := read(t, l, topic, 0)
	if len(got) != 160 {
		t.Fatalf("read %d records, want 160", len(got))
	}
	for i, r := range got {
		if r.Seq != uint64(i+1) {
			t.Fatalf("record %d has position %d: there is a hole", i, r.Seq)
		}
	}
}

func cancelled(t *testing.T, l stream.Log) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Append(ctx, facts(1, 3), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("append with an ended context: %v", err)
	}
	if n := len(read(t, l, topic, 0)); n != 0 {
		t.Errorf("it left %d records", n)
	}
}
