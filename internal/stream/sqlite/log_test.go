package sqlite_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"faultline/internal/stream"
	"faultline/internal/stream/sqlite"
	"faultline/internal/stream/streamtest"
	"faultline/outage"
)

func open(t *testing.T, path string) *sqlite.Log {
	t.Helper()
	l, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func TestContract(t *testing.T) {
	streamtest.Run(t, func(t *testing.T) stream.Log { return open(t, filepath.Join(t.TempDir(), "log.db")) })
}

func entry(i int) stream.Entry { return entryOf("points", i) }

func entryOf(topic string, i int) stream.Entry {
	return stream.Entry{Topic: topic, Record: stream.Record{
		Minute: outage.Minute(i), Key: fmt.Sprint(i), Data: []byte(strings.Repeat("x", 100)),
	}}
}

// A loss of power leaves what was synchronised and any part of what was not. The
// write-ahead log is cut and overwritten behind the last acknowledged append;
// everything acknowledged must still be there.
func TestTornTail(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log.db")
	l := open(t, path)
	const acked = 200
	for i := range acked {
		if err := l.Append(t.Context(), []stream.Entry{entry(i)}, nil); err != nil {
			t.Fatal(err)
		}
	}
	base := read(t, path)
	wal := read(t, path+"-wal")
	for i := acked; i < acked+20; i++ { // in flight when the power goes
		if err := l.Append(t.Context(), []stream.Entry{entry(i)}, nil); err != nil {
			t.Fatal(err)
		}
	}
	longer := read(t, path+"-wal")
	if len(longer) <= len(wal) {
		t.Fatalf("the write-ahead log did not grow (%d to %d bytes): the test cuts nothing", len(wal), len(longer))
	}
	for cut := len(wal); cut <= len(longer); cut += 1777 {
		for _, tail := range []string{"", strings.Repeat("\x00", 9000), strings.Repeat("\xa5", 5000)} {
			after := filepath.Join(t.TempDir(), "log.db")
			write(t, after, base)
			write(t, after+"-wal", append(longer[:cut:cut], tail...))
			recs, err := open(t, after).Read(t.Context(), "points", 0, 1000)
			if err != nil {
				t.Fatalf("cut at %d: %v", cut, err)
			}
			if len(recs) < acked {
				t.Fatalf("cut at %d, %d bytes of garbage: %d records, want all %d that were acknowledged", cut, len(tail), len(recs), acked)
			}
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a dir?#with %odd name", "log.db")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	l := open(t, path)
	if err := l.Append(t.Context(), []stream.Entry{entry(1), entry(2)}, &stream.Checkpoint{Follower: "f", Minute: 7}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, path)
	if err := l.Append(t.Context(), []stream.Entry{entry(2), entry(3)}, nil); err != nil {
		t.Fatal(err)
	}
	recs, err := l.Read(t.Context(), "points", 0, 10)
	if err != nil || len(recs) != 3 {
		t.Errorf("%d records, %v, want 3", len(recs), err)
	}
	if cp, err := l.Checkpoint(t.Context(), "f"); cp.Minute != 7 || err != nil {
		t.Errorf("checkpoint %+v, %v", cp, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is open to others: %v, %v", info.Mode(), err)
	}
}

func TestDamagedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	write(t, path, []byte(strings.Repeat("this is no database ", 500)))
	_, err := sqlite.Open(t.Context(), path)
	if err == nil {
		t.Fatal("a damaged file was opened")
	}
	for _, want := range []string{path, "damaged", "backup"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}

func TestUnwritableDirectory(t *testing.T) {
	_, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "missing", "log.db"))
	if err == nil || !strings.Contains(err.Error(), "log.db") {
		t.Errorf("opening in a missing directory: %v", err)
	}
	if errors.Is(err, stream.ErrTrimmed) {
		t.Error("the error has a kind it should not have")
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1, 64, 1024} {
		for _, topic := range []string{"reports", "points"} {
			b.Run(fmt.Sprintf("topic=%s/batch=%d", topic, size), func(b *testing.B) { benchmarkAppend(b, topic, size) })
		}
	}
}

func benchmarkAppend(b *testing.B, topic string, size int) {
	l, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "log.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	n := 0
	for b.Loop() {
		batch := make([]stream.Entry, size)
		for i := range batch {
			batch[i] = entryOf(topic, n)
			batch[i].Minute = 0
			n++
		}
		if err := l.Append(b.Context(), batch, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
}
