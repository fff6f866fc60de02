package cache

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
)

func TestMadeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(10)
		made := 0
		gate := make(chan struct{})
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				p, err := c.Get(t.Context(), "/", "1", func(context.Context) (*Page, error) {
					<-gate
					made++
					return NewPage("1", []byte("page"), nil), nil
				})
				if err != nil || string(p.Body) != "page" {
					t.Errorf("got %v, %v", p, err)
				}
			})
		}
		synctest.Wait()
		close(gate)
		all.Wait()
		if made != 1 {
			t.Errorf("made %d times", made)
		}
	})
}

func TestStampDecides(t *testing.T) {
	c := New(10)
	get := func(stamp string) string {
		p, err := c.Get(t.Context(), "/", stamp, func(context.Context) (*Page, error) {
			return NewPage(stamp, []byte("of "+stamp), nil), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return string(p.Body)
	}
	if get("1") != "of 1" || get("2") != "of 2" || get("2") != "of 2" {
		t.Error("a page of another stamp was served")
	}
	if c.Len() != 1 {
		t.Errorf("%d pages kept under one key", c.Len())
	}
}

func TestFailuresAreNotKept(t *testing.T) {
	c := New(10)
	want := errors.New("no")
	if _, err := c.Get(t.Context(), "/", "1", func(context.Context) (*Page, error) { return nil, want }); !errors.Is(err, want) {
		t.Errorf("got %v", err)
	}
	if c.Len() != 0 {
		t.Error("a failure is kept")
	}
}

// The reader who asked first may leave; the others still get their page.
func TestLeavingReader(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := New(1).Get(ctx, "/", "1", func(ctx context.Context) (*Page, error) {
		return NewPage("1", nil, nil), ctx.Err()
	})
	if err != nil {
		t.Errorf("the page ended with its first reader: %v", err)
	}
}

func TestLimit(t *testing.T) {
	c := New(3)
	for i := range 20 {
		key := strconv.Itoa(i)
		if _, err := c.Get(t.Context(), key, "1", func(context.Context) (*Page, error) { return NewPage("1", nil, nil), nil }); err != nil {
			t.Fatal(err)
		}
	}
	if c.Len() != 3 {
		t.Errorf("%d pages kept, want 3", c.Len())
	}
}

func TestServe(t *testing.T) {
	p := NewPage("1", []byte("hello"), nil)
	for _, c := range []struct {
		method, encoding, etag string
		ask, status            int
		body                   string
	}{
		{"GET", "", "", 200, 200, "hello"},
		{"GET", "gzip, br", "", 200, 200, "hello"},
		{"HEAD", "", "", 200, 200, ""},
		{"GET", "", p.etag, 200, 304, ""},
		{"GET", "", `"other", ` + p.etag, 200, 304, ""},
		{"GET", "", `"other"`, 200, 200, "hello"},
		{"GET", "", p.etag, 404, 404, "hello"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), c.method, "/", nil)
		r.Header.Set("Accept-Encoding", c.encoding)
		r.Header.Set("If-None-Match", c.etag)
		w := httptest.NewRecorder()
		p.Serve(w, r, c.ask)
		body := io.Reader(w.Body)
		if w.Header().Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			body = z
		} else if c.encoding != "" && w.Code == http.StatusOK {
			t.Errorf("%+v: not compressed", c)
		}
		got, err := io.ReadAll(body)
		if err != nil || w.Code != c.status || string(got) != c.body {
			t.Errorf("%+v: %d %q %v", c, w.Code, got, err)
		}
	}
}
