package project_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"faultline/internal/project"
	"faultline/internal/store"
	"faultline/internal/store/sqlite"
	"faultline/internal/stream"
	"faultline/internal/stream/memory"
	"faultline/outage"
)

// start is 2025-03-10T09:00Z.
const start = outage.Minute(29026620)

// world is a log, a store and the part between them.
type world struct {
	t     *testing.T
	dir   string
	log   *memory.Log
	store *sqlite.Store
	reg   *prometheus.Registry
	part  *project.Project
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), log: memory.New()}
	w.open()
	t.Cleanup(w.close)
	return w
}

// open begins a new life of the process.
func (w *world) open() {
	w.t.Helper()
	var err error
	if w.store, err = sqlite.Open(w.t.Context(), w.dir); err != nil {
		w.t.Fatal(err)
	}
	w.reg = prometheus.NewRegistry()
	if w.part, err = project.New(project.DefaultConfig(), w.log, w.store, w.reg); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) close() {
	if err := w.store.Close(); err != nil {
		w.t.Error(err)
	}
}

func (w *world) append(entries ...stream.Entry) {
	w.t.Helper()
	if err := w.log.Append(w.t.Context(), entries, nil); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) drain() {
	w.t.Helper()
	if err := w.part.Drain(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) row(id string) store.Row {
	w.t.Helper()
	r, err := w.store.Row(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) counts(q store.SeriesQuery) []int {
	w.t.Helper()
	got, err := w.store.Series(w.t.Context(), q)
	if err != nil {
		w.t.Fatal(err)
	}
	out := make([]int, len(got))
	for i := range got {
		out[i] = got[i].Count
	}
	return out
}

func entry[T any](t *testing.T, topic stream.Topic[T], m outage.Minute, fact *T) stream.Entry {
	t.Helper()
	e, err := topic.Entry(m, fact)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func points(t *testing.T, m outage.Minute, cells ...outage.Point) stream.Entry {
	t.Helper()
	for i := range cells {
		cells[i].Signal = outage.SignalReports
	}
	return entry(t, stream.Points, m, &outage.MinutePoints{Service: "x", Minute: m, Points: cells})
}

func report(t *testing.T, id string, m outage.Minute, weight, aside int) stream.Entry {
	t.Helper()
	return entry(t, stream.Reports, m, &outage.Report{ID: id, Service: "x", Category: "app", Minute: m, Window: m, Weight: weight, Aside: aside})
}

func tick(m outage.Minute) stream.Entry { return stream.Tick(stream.Points.Name, m, false) }

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

func catalog(t *testing.T) stream.Entry {
	return entry(t, stream.Services, start, &outage.Service{ID: "x", Name: "X", Categories: []string{"app", "login"}})
}

func TestDrain(t *testing.T) {
	w := newWorld(t)
	incident := outage.Incident{ID: "x-1", Revision: 1, Service: "x", State: outage.StateSuspected, Detected: start + 2, Onset: start + 1}
	said := outage.Bulletin{Service: "x", Minute: start + 2, Status: outage.StatusRising, Headline: "h", Reason: "r", Incident: "x-1"}
	w.append(catalog(t),
		points(t, start, outage.Point{Country: "US", Category: "app", Network: "AS1", Count: 4}, outage.Point{Country: "US", Category: "login", Network: "AS2", Count: 3, Aside: 2}),
		tick(start),
		stream.Tick(stream.Points.Name, start+1, true),
		points(t, start+2, outage.Point{Country: "DE", Category: "app", Count: 2}),
		tick(start+2),
		points(t, start+3, outage.Point{Country: "DE", Category: "app", Count: 99}), // its minute has not ended
		report(t, "a", start+2, 1, 0), report(t, "b", start+3, 1, 0), report(t, "c", start+3, 0, 1), report(t, "d", start+4, 5, 0),
		entry(t, stream.Baselines, start, &outage.ServiceBaseline{Service: "x", Minute: start, Quarters: [4]outage.Baseline{{Expected: 2, Confidence: outage.ConfidenceLow}}}),
		entry(t, stream.Incidents, start+2, &incident),
		entry(t, stream.Bulletins, start+2, &said),
	)
	w.drain()
	check := func() {
		t.Helper()
		p, err := w.store.Pulse(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "closed", p.Closed, start+2)
		equal(t, "since", p.Since, start)
		r := w.row("x")
		equal(t, "open", r.Open, store.Open{Service: "x", Minute: start + 4, Count: 6, Aside: 1})
		equal(t, "bulletin", r.Bulletin, said)
		equal(t, "baseline", r.Baseline.Expected, 2)
		equal(t, "total", w.counts(store.SeriesQuery{Service: "x", From: start, To: start + 5, Step: 1}), []int{7, 0, 2, 1, 5})
		equal(t, "US", w.counts(store.SeriesQuery{Service: "x", Country: "US", From: start, To: start + 3, Step: 1}), []int{7, 0, 0})
		equal(t, "DE", w.counts(store.SeriesQuery{Service: "x", Country: "DE", From: start, To: start + 3, Step: 1}), []int{0, 0, 0})
		revs, err := w.store.Revisions(t.Context(), "x-1")
		if err != nil || len(revs) != 1 {
			t.Errorf("revisions: %v, %v", revs, err)
		}
		waiting, err := w.store.Waiting(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "waiting", waiting, []store.Waiting{{Service: "x", Countries: map[string]int{"DE": 2}, Categories: map[string]int{"app": 6, "login": 3}}})
	}
	check()
	w.drain() // again: nothing is saved twice
	check()
	w.close()
	w.open()
	w.drain()
	check()
	w.close()
	for _, name := range []string{sqlite.FileName, sqlite.FileName + "-wal", sqlite.FileName + "-shm"} {
		if err := os.Remove(filepath.Join(w.dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	w.open()
	w.drain() // rebuilt from the log
	check()
}

// TestSteps saves a random day in lives of random length: the store ends as if
// there had been one.
func TestSteps(t *testing.T) {
	const minutes = 400
	rnd := rand.New(rand.NewPCG(1, 2))
	var entries []stream.Entry
	want := make([]int, minutes)
	for m := range minutes {
		at := start + outage.Minute(m)
		var cells []outage.Point
		for _, country := range []string{"", "DE", "GB", "US"} {
			if n := rnd.IntN(8) - 4; n > 0 {
				cells = append(cells, outage.Point{Country: country, Category: "app", Count: n})
				want[m] += n
			}
		}
		if len(cells) > 0 {
			entries = append(entries, points(t, at, cells...))
		}
		entries = append(entries, tick(at))
	}
	whole, steps := newWorld(t), newWorld(t)
	whole.append(append([]stream.Entry{catalog(t)}, entries...)...)
	whole.drain()
	steps.append(catalog(t))
	for len(entries) > 0 {
		n := min(len(entries), 1+rnd.IntN(60))
		steps.append(entries[:n]...)
		entries = entries[n:]
		steps.drain()
		if rnd.IntN(4) == 0 {
			steps.close()
			steps.open()
		}
	}
	equal(t, "totals", steps.counts(store.SeriesQuery{Service: "x", From: start, To: start + minutes, Step: 1}), want)
	for _, q := range []store.SeriesQuery{{}, {Country: "US"}, {Country: "GB"}, {Category: "app"}} {
		q.Service, q.From, q.To, q.Step = "x", start, start+minutes, 7
		equal(t, "series of "+q.Country+q.Category, steps.counts(q), whole.counts(q))
	}
	a, _ := whole.store.Waiting(t.Context())
	b, _ := steps.store.Waiting(t.Context())
	equal(t, "waiting", b, a)
	ra, rb := whole.row("x"), steps.row("x")
	equal(t, "row", rb, ra)
	for range 200 {
		from := start + outage.Minute(rnd.IntN(minutes))
		to := from + 1 + outage.Minute(rnd.IntN(minutes))
		checkShares(t, whole, from, to)
	}
}

// checkShares looks at a breakdown as a reader does who knows the total: no part
// of it, and no difference of two of them, may be one to four.
func checkShares(t *testing.T, w *world, from, to outage.Minute) {
	t.Helper()
	total := w.counts(store.SeriesQuery{Service: "x", From: from, To: to, Step: to - from})[0]
	shares, err := w.store.Countries(t.Context(), "x", from, to)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, s := range shares {
		if s.Count > 0 && s.Count < 5 || s.Count == 0 && !s.Waiting {
			t.Errorf("from %s to %s: %+v is published", from, to, s)
		}
		line := w.counts(store.SeriesQuery{Service: "x", Country: s.Name, From: from, To: to, Step: to - from})[0]
		if s.Name != "" && line != s.Count {
			t.Errorf("from %s to %s: the series of %s says %d and the breakdown %d", from, to, s.Name, line, s.Count)
		}
		sum += s.Count
	}
	if rest := total - sum; rest >= 5 {
		t.Errorf("from %s to %s: the parts of %d reports leave out %d", from, to, total, rest)
	}
}

func TestAheadOfLog(t *testing.T) {
	w := newWorld(t)
	w.append(catalog(t), tick(start), tick(start+1))
	w.drain()
	w.log = memory.New()
	w.close()
	w.open()
	w.append(catalog(t), tick(start))
	if err := w.part.Drain(t.Context()); err == nil || !strings.Contains(err.Error(), "delete query.db") {
		t.Errorf("a log that is older than the store: %v", err)
	}
}

// TestPress runs the part as serve does: a press is there within the pause.
func TestPress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, dir: t.TempDir(), log: memory.New()}
		w.open()
		defer w.close()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- w.part.Run(ctx) }()
		w.append(catalog(t), tick(start))
		time.Sleep(time.Second)
		w.append(report(t, "a", start+1, 1, 0))
		time.Sleep(300 * time.Millisecond)
		equal(t, "open", w.row("x").Open, store.Open{Service: "x", Minute: start + 1, Count: 1})
		before, _ := w.store.Pulse(ctx)
		for _, id := range []string{"b", "c", "d", "e", "f"} {
			w.append(report(t, id, start+1, 1, 0))
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(300 * time.Millisecond)
		equal(t, "open", w.row("x").Open.Count, 6)
		after, _ := w.store.Pulse(ctx)
		if n := after.Version - before.Version; n > 2 {
			t.Errorf("five presses within 50 ms were saved in %d goes", n)
		}
		w.append(points(t, start+1, outage.Point{Country: "US", Category: "app", Count: 6}), tick(start+1))
		time.Sleep(300 * time.Millisecond)
		equal(t, "open after the minute closed", w.row("x").Open.Count, 0)
		equal(t, "quarter", w.row("x").Quarter, 6)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// refusing is a store whose disk is full for a while.
type refusing struct {
	*sqlite.Store
	times int
}

func (r *refusing) Save(ctx context.Context, b *store.Batch) error {
	if len(b.Minutes) > 0 && r.times > 0 {
		r.times--
		return errors.New("disk is full")
	}
	return r.Store.Save(ctx, b)
}

func TestRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, dir: t.TempDir(), log: memory.New()}
		w.open()
		defer w.close()
		reg := prometheus.NewRegistry()
		part, err := project.New(project.DefaultConfig(), w.log, &refusing{w.store, 3}, reg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- part.Run(ctx) }()
		w.append(catalog(t), points(t, start, outage.Point{Country: "US", Category: "app", Count: 9}), tick(start))
		time.Sleep(10 * time.Second)
		equal(t, "quarter", w.row("x").Quarter, 9)
		if n := count(t, reg, "faultline_project_save_failures_total"); n != 3 {
			t.Errorf("%v failures were counted, want 3", n)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// count adds up the series of a metric.
func count(t *testing.T, reg *prometheus.Registry, name string) float64 {
	t.Helper()
	all, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, f := range all {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return sum
}

func TestUndecodable(t *testing.T) {
	w := newWorld(t)
	bad := stream.Entry{Topic: stream.Points.Name, Record: stream.Record{Minute: start, Key: "bad", Data: []byte("{")}}
	w.append(catalog(t), bad, points(t, start, outage.Point{Country: "US", Category: "app", Count: 9}), tick(start))
	w.drain()
	equal(t, "quarter", w.row("x").Quarter, 9)
	dead, err := w.log.Read(t.Context(), stream.Dead, 0, 10)
	if err != nil || len(dead) != 1 || string(dead[0].Data) != "{" {
		t.Errorf("dead letters: %v, %v", dead, err)
	}
	if n := count(t, w.reg, "faultline_project_dead_letters_total"); n != 1 {
		t.Errorf("%v dead letters were counted, want 1", n)
	}
}

func TestGap(t *testing.T) {
	w := newWorld(t)
	w.append(catalog(t), tick(start))
	w.drain()
	w.append(tick(start+1), tick(start+2), points(t, start+3, outage.Point{Country: "US", Category: "app", Count: 9}), tick(start+3))
	if _, err := w.log.Trim(t.Context(), stream.Points.Name, start+3, 3); err != nil {
		t.Fatal(err)
	}
	w.drain()
	got, err := w.store.Series(t.Context(), store.SeriesQuery{Service: "x", From: start, To: start + 4, Step: 1})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "missing", []int{got[0].Missing, got[1].Missing, got[2].Missing, got[3].Missing}, []int{0, 1, 1, 0})
	equal(t, "count", got[3].Count, 9)
}

func TestRevision(t *testing.T) {
	w := newWorld(t)
	late := points(t, start, outage.Point{Country: "US", Category: "app", Count: 9})
	w.append(catalog(t), late, tick(start), entry(t, stream.Points, start, &outage.MinutePoints{
		Service: "x", Minute: start, Revision: 1, Points: []outage.Point{{Signal: outage.SignalReports, Country: "US", Count: 12}},
	}), tick(start+1))
	w.drain()
	equal(t, "total", w.counts(store.SeriesQuery{Service: "x", From: start, To: start + 1, Step: 1}), []int{12})
	equal(t, "US", w.counts(store.SeriesQuery{Service: "x", Country: "US", From: start, To: start + 1, Step: 1}), []int{9})
}

// follower is another part with a position of its own.
type follower struct{ pos uint64 }

func (f follower) Safe(topic string) (uint64, bool) { return f.pos, topic == stream.Reports.Name }

func TestJanitor(t *testing.T) {
	for name, c := range map[string]struct {
		safe uint64
		want int // reports left
	}{
		"everything taken": {safe: 100, want: 3},
		"one part behind":  {safe: 1, want: 4},
		"nothing taken":    {safe: 0, want: 5},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			now := start + 20*outage.Day
			w.append(catalog(t),
				report(t, "a", start, 1, 0), report(t, "b", start+1, 1, 0), report(t, "c", now-2*outage.Day, 1, 0),
				report(t, "d", now, 1, 0), report(t, "e", now+1, 1, 0),
				points(t, start, outage.Point{Country: "US", Category: "app", Count: 9}), tick(start), tick(now))
			w.drain()
			j := w.part.NewJanitor(w.reg, follower{c.safe})
			if err := j.Round(t.Context()); err != nil {
				t.Fatal(err)
			}
			left, err := w.log.Read(t.Context(), stream.Reports.Name, 0, 10)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "reports left", len(left), c.want)
			pts, err := w.log.Read(t.Context(), stream.Points.Name, 0, 10)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "points left", len(pts), 1)
			p, _ := w.store.Pulse(t.Context())
			equal(t, "oldest minute", p.Oldest, now-14*outage.Day-(now-14*outage.Day)%outage.Hour)
			svc, _ := w.log.Read(t.Context(), stream.Services.Name, 0, 10)
			equal(t, "services left", len(svc), 1)
			equal(t, "hour", w.counts(store.SeriesQuery{Service: "x", From: start, To: start + 60, Step: 60}), []int{9})
		})
	}
}

func TestValidate(t *testing.T) {
	for name, spoil := range map[string]func(*project.Config){
		"pause":   func(c *project.Config) { c.SavePause = time.Minute },
		"minutes": func(c *project.Config) { c.Retention.Minutes = time.Hour },
		"reports": func(c *project.Config) { c.Retention.Reports = 0 },
		"every":   func(c *project.Config) { c.Retention.Every = 0 },
	} {
		c := project.DefaultConfig()
		spoil(&c)
		if err := c.Validate(); err == nil {
			t.Errorf("%s: a bad configuration is valid", name)
		}
	}
	if err := project.DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
}
