package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"faultline/internal/stream"
)

// A log without room refuses as a whole, and takes the same again when there is.
func TestNoRoom(t *testing.T) {
	l, err := Open(t.Context(), filepath.Join(t.TempDir(), "log.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	limit := func(pragma string) {
		var pages int
		if err := l.conn.QueryRowContext(t.Context(), pragma).Scan(&pages); err != nil {
			t.Fatal(err)
		}
	}
	limit("PRAGMA max_page_count = 1") // no fewer than there are
	big := []stream.Entry{{Topic: stream.Points.Name, Record: stream.Record{Minute: 1, Key: "a", Data: make([]byte, 1<<20)}}}
	if err := l.Append(t.Context(), big, nil); !errors.Is(err, stream.ErrRefused) {
		t.Errorf("without room: %v, want a refusal that can be told", err)
	}
	limit("PRAGMA max_page_count = 1000000")
	if err := l.Append(t.Context(), big, nil); err != nil {
		t.Errorf("with room again: %v", err)
	}
	recs, err := l.Read(t.Context(), stream.Points.Name, 0, 10)
	if err != nil || len(recs) != 1 || recs[0].Seq != 1 {
		t.Errorf("%d records, %v, want the one that was taken", len(recs), err)
	}
}

// A context that ends in the middle of an append never leaves a transaction open:
// the next append would fail, and every one after it.
func TestCancelledAtAnyMoment(t *testing.T) {
	l, err := Open(t.Context(), filepath.Join(t.TempDir(), "log.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for i := range 300 {
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		e := stream.Entry{Topic: stream.Points.Name, Record: stream.Record{Minute: 1, Key: fmt.Sprint(i), Data: []byte("{}")}}
		if err := l.Append(ctx, []stream.Entry{e}, nil); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatalf("append %d: %v", i, err)
		}
	}
	var recs []stream.Record
	if recs, err = l.Read(t.Context(), stream.Points.Name, 0, 1000); err != nil {
		t.Fatal(err)
	}
	for i, r := range recs {
		if r.Seq != uint64(i+1) {
			t.Fatalf("record %d has position %d: there is a hole", i, r.Seq)
		}
	}
}
