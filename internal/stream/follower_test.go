package stream_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"faultline/internal/stream"
	"faultline/internal/stream/memory"
	"faultline/outage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// counter is a small fold with state: it says in each minute how many reports
// there were and how many there have been in all.
type counter struct {
	Minute, Total int
	missing       int
}

func (c *counter) Apply(topic string, r stream.Record) error {
	report, err := stream.Reports.Decode(r)
	if err != nil {
		return err
	}
	c.Minute += report.Weight
	return nil
}

func (c *counter) Tick(m outage.Minute, missing bool) ([]stream.Entry, error) {
	c.Total += c.Minute
	if missing {
		c.missing++
	}
	p := outage.MinutePoints{Service: "x", Minute: m, Points: []outage.Point{{Count: c.Minute, Aside: c.Total}}}
	c.Minute = 0
	e, err := stream.Points.Entry(m, &p)
	return []stream.Entry{e}, err
}

func (c *counter) Snapshot() ([]byte, error)  { return json.Marshal(c) }
func (c *counter) Restore(state []byte) error { return json.Unmarshal(state, c) }

func follower(snapshots string) (*stream.Follower, *counter) {
	c := &counter{}
	f := &stream.Follower{Name: "counter", In: []string{"reports"}, Out: []string{"points"}, Fold: c}
	if snapshots != "" {
		f.Snapshots = &stream.Snapshots{Dir: snapshots}
	}
	return f, c
}

func press(m outage.Minute, i int) stream.Entry {
	e, err := stream.Reports.Entry(m, &outage.Report{ID: fmt.Sprint(m, "-", i), Service: "x", Minute: m, Weight: 1})
	if err != nil {
		panic(err)
	}
	return e
}

// day fills a log with minutes 1..n that hold 0, 1, 2, ... reports in turn.
func day(t *testing.T, log stream.Log, n int) {
	t.Helper()
	for m := outage.Minute(1); m <= outage.Minute(n); m++ {
		var es []stream.Entry
		for i := range int(m) % 5 {
			es = append(es, press(m, i))
		}
		es = append(es, stream.Tick("reports", m, m%7 == 0))
		if err := log.Append(t.Context(), es, nil); err != nil {
			t.Fatal(err)
		}
	}
}

func points(t *testing.T, log stream.Log) string {
	t.Helper()
	recs, err := log.Read(t.Context(), "points", 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, r := range recs {
		fmt.Fprintln(&b, r.Kind, r.Minute, string(r.Data))
	}
	return b.String()
}

func TestDrain(t *testing.T) {
	log := memory.New()
	day(t, log, 20)
	f, c := follower("")
	if err := f.Drain(t.Context(), log); err != nil {
		t.Fatal(err)
	}
	if c.Total != 40 || c.missing != 2 {
		t.Errorf("total %d in %d missing minutes, want 40 and 2", c.Total, c.missing)
	}
	if got := strings.Count(points(t, log), "\n"); got != 40 {
		t.Errorf("%d records, want a fact and a tick for each of 20 minutes", got)
	}
	// An unfinished minute waits for its tick, over two drains.
	if err := log.Append(t.Context(), []stream.Entry{press(21, 0)}, nil); err != nil {
		t.Fatal(err)
	}
	if err := f.Drain(t.Context(), log); err != nil || c.Total != 40 {
		t.Fatalf("total %d, %v: the open minute was closed", c.Total, err)
	}
	if err := log.Append(t.Context(), []stream.Entry{press(21, 1), stream.Tick("reports", 21, false)}, nil); err != nil {
		t.Fatal(err)
	}
	if err := f.Drain(t.Context(), log); err != nil || c.Total != 42 {
		t.Errorf("total %d, %v, want 42", c.Total, err)
	}
}

// failing breaks the n-th append, before or after it took effect.
type failing struct {
	stream.Log
	n     int
	after bool
}

var errBroken = errors.New("the power is gone")

func (f *failing) Append(ctx context.Context, es []stream.Entry, cp *stream.Checkpoint) error {
	f.n--
	if f.n == 0 && !f.after {
		return errBroken
	}
	err := f.Log.Append(ctx, es, cp)
	if f.n == 0 {
		return errBroken
	}
	return err
}

// Whatever append fails, and whether or not it took effect, a restart ends with
// the same facts as a life without failure.
func TestCrashAtEveryAppend(t *testing.T) {
	const minutes = 3000
	calm := memory.New()
	day(t, calm, minutes)
	f, _ := follower("")
	if err := f.Drain(t.Context(), calm); err != nil {
		t.Fatal(err)
	}
	want := points(t, calm)
	for _, after := range []bool{false, true} {
		for n := 1; ; n++ {
			log := memory.New()
			day(t, log, minutes)
			f, _ := follower("")
			broken := &failing{Log: log, n: n, after: after}
			err := f.Drain(t.Context(), broken)
			if err == nil {
				if n < 4 {
					t.Fatalf("only %d appends: the test covers too little", n)
				}
				break // fewer than n appends: all have been tried
			}
			if !errors.Is(err, errBroken) {
				t.Fatal(err)
			}
			again, _ := follower("")
			if err := again.Drain(t.Context(), log); err != nil {
				t.Fatal(err)
			}
			if got := points(t, log); got != want {
				t.Fatalf("append %d failed (after it took effect: %v): the facts differ", n, after)
			}
		}
	}
}

func TestSnapshot(t *testing.T) {
	dir := t.TempDir()
	log := memory.New()
	day(t, log, 50)
	run := func() *counter {
		f, c := follower(dir)
		if err := f.Drain(t.Context(), log); err != nil {
			t.Fatal(err)
		}
		return c
	}
	run()
	// The reports are gone: only the snapshot can know the total.
	if _, err := log.Trim(t.Context(), "reports", 50, 1000); err != nil {
		t.Fatal(err)
	}
	more := memoryDay(t, log, 51, 60)
	if c := run(); c.Total != 100+more {
		t.Errorf("total %d after a restart, want %d", c.Total, 100+more)
	}
}

func memoryDay(t *testing.T, log stream.Log, from, to outage.Minute) (reports int) {
	t.Helper()
	for m := from; m <= to; m++ {
		if err := log.Append(t.Context(), []stream.Entry{press(m, 0), stream.Tick("reports", m, false)}, nil); err != nil {
			t.Fatal(err)
		}
		reports++
	}
	return reports
}

// A running part follows what is appended, and its end is no error.
func TestRun(t *testing.T) {
	log := memory.New()
	f, _ := follower("")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- f.Run(ctx, log) }()
	for n := 1; n <= 5; n++ {
		memoryDay(t, log, outage.Minute(n), outage.Minute(n))
		if err := log.Wait(ctx, "points", uint64(2*n-1)); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if pos, follows := f.Safe("reports"); !follows || pos != 10 {
		t.Errorf("safe position %d, %v, want the end of the last minute", pos, follows)
	}
	if _, follows := f.Safe("points"); follows {
		t.Error("it claims to follow what it writes")
	}
}

// refusing is a log on a disk that is full for the first appends of a part.
type refusing struct {
	stream.Log
	left int
}

func (r *refusing) Append(ctx context.Context, es []stream.Entry, cp *stream.Checkpoint) error {
	if r.left--; r.left >= 0 {
		return fmt.Errorf("append: %w", stream.ErrRefused)
	}
	return r.Log.Append(ctx, es, cp)
}

// A live part waits for a disk that refuses; only who drains is told.
func TestRefusingDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := memory.New()
		day(t, log, 20)
		f, c := follower("")
		if err := f.Drain(t.Context(), &refusing{log, 1}); !errors.Is(err, stream.ErrRefused) {
			t.Errorf("a drain ended with %v", err)
		}
		f, c = follower("")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- f.Run(ctx, &refusing{log, 70}) }()
		if err := log.Wait(ctx, "points", 39); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := <-done; err != nil || c.Total != 40 {
			t.Errorf("total %d, %v, want 40", c.Total, err)
		}
	})
}

// A part whose snapshot cannot be saved goes on, and holds on to the log.
func TestSnapshotRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := memory.New()
		f, _ := follower(filepath.Join(t.TempDir(), "gone"))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- f.Run(ctx, log) }()
		for m := range outage.Minute(3) {
			<-time.After(10 * time.Minute) // longer than a snapshot is good for
			memoryDay(t, log, m+1, m+1)
			synctest.Wait()
		}
		<-time.After(time.Second)
		if n := strings.Count(points(t, log), "\n"); n != 6 {
			t.Errorf("%d records, want a fact and a tick for each of 3 minutes", n)
		}
		if pos, _ := f.Safe("reports"); pos != 0 {
			t.Errorf("safe position %d: a restart without a snapshot needs all", pos)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// A damaged snapshot costs time and nothing else.
func TestDamagedSnapshot(t *testing.T) {
	dir := t.TempDir()
	log := memory.New()
	day(t, log, 30)
	file := filepath.Join(dir, "counter.snapshot")
	start := func() *counter {
		f, c := follower(dir)
		if err := f.Drain(t.Context(), log); err != nil {
			t.Fatal(err)
		}
		return c
	}
	start()
	sound, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	flipped := slices.Clone(sound)
	flipped[len(flipped)-3] ^= 0xff
	for name, data := range map[string][]byte{
		"empty": {}, "cut": sound[:len(sound)-4], "flipped": flipped, "other format": []byte(`{"format":99}` + "\n"), "no snapshot": []byte("hello\n"),
	} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		before := points(t, log)
		if c := start(); c.Total != 60 {
			t.Errorf("%s: total %d, want 60 from the log", name, c.Total)
		}
		if points(t, log) != before {
			t.Errorf("%s: the facts changed", name)
		}
	}
}

// The log was emptied, or put back from a copy, and the snapshot was not: its
// positions would wait for records that are other ones.
func TestSnapshotAheadOfLog(t *testing.T) {
	dir := t.TempDir()
	long := memory.New()
	day(t, long, 50)
	f, _ := follower(dir)
	if err := f.Drain(t.Context(), long); err != nil {
		t.Fatal(err)
	}
	older := memory.New()
	day(t, older, 20)
	f, _ = follower(dir)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Run(ctx, older); err != nil { // ends before it could save a snapshot of its own
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%v, %v: the snapshot would be taken for sound when the log has grown", left, err)
	}
	f, c := follower(dir)
	if err := f.Drain(t.Context(), older); err != nil {
		t.Fatal(err)
	}
	if c.Total != 40 {
		t.Errorf("total %d, want 40 from the log", c.Total)
	}
}

func TestDeadLetter(t *testing.T) {
	log := memory.New()
	bad := stream.Entry{Topic: "reports", Record: stream.Record{Minute: 1, Key: "bad", Data: []byte("{")}}
	es := []stream.Entry{bad, press(1, 0), stream.Tick("reports", 1, false)}
	if err := log.Append(t.Context(), es, nil); err != nil {
		t.Fatal(err)
	}
	f, c := follower("")
	if err := f.Drain(t.Context(), log); err != nil || c.Total != 1 {
		t.Fatalf("total %d, %v, want the good report counted", c.Total, err)
	}
	dead, err := log.Read(t.Context(), stream.Dead, 0, 10)
	if err != nil || len(dead) != 1 || string(dead[0].Data) != "{" {
		t.Errorf("dead letters %+v, %v, want the bad record", dead, err)
	}
	strict, _ := follower("")
	strict.Strict = true
	var decode *stream.DecodeError
	if err := strict.Drain(t.Context(), log); !errors.As(err, &decode) || decode.Seq != 1 {
		t.Errorf("a strict follower ended with %v, want the decode error of record 1", err)
	}
}

// Several topics are taken minute by minute in their fixed order, however their
// records arrive.
func TestSeveralTopics(t *testing.T) {
	log := memory.New()
	var order recorder
	f := &stream.Follower{Name: "both", In: []string{"reports", "points"}, Fold: &order}
	mark := func(topic string, m outage.Minute) stream.Entry {
		return stream.Entry{Topic: topic, Record: stream.Record{Minute: m, Key: fmt.Sprint(topic, m), Data: []byte("{}")}}
	}
	steps := [][]stream.Entry{
		{mark("points", 1), stream.Tick("points", 1, false), mark("points", 2)},
		{mark("reports", 1), stream.Tick("reports", 1, false), stream.Tick("reports", 2, false)},
		{stream.Tick("points", 2, true), stream.Tick("points", 3, false)},
	}
	for _, s := range steps {
		if err := log.Append(t.Context(), s, nil); err != nil {
			t.Fatal(err)
		}
		if err := f.Drain(t.Context(), log); err != nil {
			t.Fatal(err)
		}
	}
	want := "reports1 points1 |1 points2 |2(missing)"
	if got := strings.Join(order, " "); got != want {
		t.Errorf("order %q, want %q", got, want)
	}
}

// An input whose older records have aged out, or that is newer than the others, says
// nothing up to its first record.
func TestTopicThatBeginsLater(t *testing.T) {
	log := memory.New()
	var order recorder
	f := &stream.Follower{Name: "both", In: []string{"reports", "points"}, Fold: &order}
	var es []stream.Entry
	for m := outage.Minute(1); m <= 4; m++ {
		es = append(es, stream.Tick("reports", m, false))
		if m >= 3 {
			fact := stream.Record{Minute: m, Key: fmt.Sprint("points", m), Data: []byte("{}")}
			es = append(es, stream.Entry{Topic: "points", Record: fact}, stream.Tick("points", m, false))
		}
	}
	if err := log.Append(t.Context(), es, nil); err != nil {
		t.Fatal(err)
	}
	if err := f.Drain(t.Context(), log); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(order, " "), "|1 |2 points3 |3 points4 |4"; got != want {
		t.Errorf("order %q, want %q", got, want)
	}
}

type recorder []string

func (r *recorder) Apply(topic string, rec stream.Record) error {
	*r = append(*r, fmt.Sprint(topic, int(rec.Minute)))
	return nil
}

func (r *recorder) Tick(m outage.Minute, missing bool) ([]stream.Entry, error) {
	word := fmt.Sprint("|", int(m))
	if missing {
		word += "(missing)"
	}
	*r = append(*r, word)
	return nil, nil
}

func (r *recorder) Snapshot() ([]byte, error) { return nil, nil }
func (r *recorder) Restore([]byte) error      { return nil }
