package web

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"faultline/outage"
)

// reader is a live stream as a browser sees it, without a network.
type reader struct {
	header http.Header
	status int
	lines  *bufio.Scanner
	pipe   *io.PipeWriter
}

func (r *reader) Header() http.Header         { return r.header }
func (r *reader) WriteHeader(status int)      { r.status = status }
func (r *reader) Write(b []byte) (int, error) { return r.pipe.Write(b) }
func (r *reader) FlushError() error           { return nil }

// listen opens a stream in the background.
func listen(ctx context.Context, w *Web, query string) *reader {
	out, in := io.Pipe()
	r := &reader{header: http.Header{}, status: 200, pipe: in, lines: bufio.NewScanner(out)}
	r.lines.Buffer(nil, 1<<20)
	go func() {
		w.live(r, httptest.NewRequestWithContext(ctx, http.MethodGet, "/live?"+query, nil))
		in.Close()
	}()
	return r
}

// event is the next event of the stream; ok is false at its end.
func (r *reader) event(t *testing.T) (parts map[string]string, ok bool) {
	t.Helper()
	for r.lines.Scan() {
		data, found := strings.CutPrefix(r.lines.Text(), "data: ")
		if !found {
			continue
		}
		var e struct{ Parts map[string]string }
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			t.Fatal(err)
		}
		return e.Parts, true
	}
	return nil, false
}

func TestLiveSendsWhatChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := xDay()
		w := newTestWeb(f, nil)
		w.snaps.every, w.cfg.PollEvery = 500*time.Millisecond, 500*time.Millisecond
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- w.Run(ctx) }()

		r := listen(ctx, w, "page=/s/x")
		first, ok := r.event(t)
		if !ok || !strings.Contains(first["numbers"], ">431<") || first["day"] == "" {
			t.Fatalf("the first event lacks parts: %v", first)
		}
		began := time.Now()
		f.change(func() { f.rows[4].Open.Count = 432 })
		second, ok := r.event(t)
		if !ok || !strings.Contains(second["numbers"], ">432<") {
			t.Fatalf("the press is not in the second event: %v", second)
		}
		if len(second) != 1 {
			t.Errorf("parts that did not change were sent: %d", len(second))
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("a change took %s to arrive", took)
		}
		cancel()
		if _, ok := r.event(t); ok {
			t.Error("an event came after the end")
		}
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func TestLiveSkipsWhatIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := xDay()
		w := newTestWeb(f, nil)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _ = w.Run(ctx) }()
		s, err := w.snaps.get(ctx)
		if err != nil {
			t.Fatal(err)
		}
		r := listen(ctx, w, "page=/s/youtube&stamp="+w.stamp(s, "youtube"))
		<-time.After(time.Second)                   // of the bubble
		f.change(func() { f.rows[4].Open.Count++ }) // of another service
		<-time.After(time.Second)
		f.change(func() { f.rows[5].Open = f.rows[4].Open })
		parts, ok := r.event(t)
		if !ok || !strings.Contains(parts["numbers"], ">432<") {
			t.Errorf("the first event is not the first change of the service: %v", parts)
		}
		cancel()
		r.event(t)
	})
}

func TestLiveIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := xDay()
		w := New(Config{MaxStreams: 1}, Deps{Store: f, Clock: fixedClock{f.pulse.Closed.Time()}})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _ = w.Run(ctx) }()
		r := listen(ctx, w, "page=/")
		if _, ok := r.event(t); !ok {
			t.Fatal("the first stream did not begin")
		}
		rec := httptest.NewRecorder()
		w.live(rec, httptest.NewRequestWithContext(ctx, http.MethodGet, "/live?page=/", nil))
		if rec.Code != http.StatusServiceUnavailable || rec.Header().Get("Retry-After") == "" {
			t.Errorf("the second stream got %d", rec.Code)
		}
		cancel()
		r.event(t)
		synctest.Wait()
		if n := w.hub.len(); n != 0 {
			t.Errorf("%d streams are still counted", n)
		}
	})
}

func TestLiveOfNothing(t *testing.T) {
	w := newTestWeb(xDay(), nil)
	for _, page := range []string{"", "/nothing", "/s/none", "/i/none-20250310T0000Z"} {
		if rec := get(t, w, "/live?page="+page); rec.Code != http.StatusNotFound {
			t.Errorf("page %q: status %d", page, rec.Code)
		}
	}
}

// A store that fails is said, and is no lasting harm.
func TestStoreFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := xDay()
		w := newTestWeb(f, nil)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _ = w.Run(ctx) }()
		r := listen(ctx, w, "page=/s/x")
		r.event(t)
		f.change(func() { f.err = errors.New("disk on fire") })
		<-time.After(time.Second)
		for _, path := range []string{"/", "/s/x", "/i/x-20250310T0932Z", "/?q=x", "/search?q=x"} {
			rec := get(t, w, path)
			if rec.Code != http.StatusServiceUnavailable || strings.Contains(rec.Body.String(), "fire") {
				t.Errorf("%s: status %d\n%s", path, rec.Code, rec.Body)
			}
		}
		f.change(func() { f.err = nil; f.rows[4].Open.Count = 500 })
		if parts, ok := r.event(t); !ok || !strings.Contains(parts["numbers"], ">500<") {
			t.Errorf("the stream did not recover: %v", parts)
		}
		cancel()
		r.event(t)
	})
}

// Pages of closed minutes change with every minute.
func TestMinuteChangesEveryPage(t *testing.T) {
	f := xDay()
	w := newTestWeb(f, nil)
	s, _ := w.snaps.get(t.Context())
	before := w.stamp(s, "youtube")
	f.change(func() { f.pulse.Closed++ })
	w.snaps.every = 0
	s, _ = w.snaps.get(t.Context())
	if after := w.stamp(s, "youtube"); after == before {
		t.Errorf("the stamp stays %s over a minute", after)
	}
	w.deps.Clock = fixedClock{(f.pulse.Closed + 10*outage.Minute(1)).Time()}
	if late := w.stamp(s, "youtube"); !strings.Contains(late, "10 minutes") {
		t.Errorf("the lag is not in the stamp %s", late)
	}
}
