package vendor

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// page starts a status page on loopback.
func page(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func asking() *client {
	cfg := DefaultConfig()
	cfg.Contact, cfg.Private = "https://faultline.example/about", true
	return newClient(cfg)
}

func TestFetch(t *testing.T) {
	url := page(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.UserAgent(), "https://faultline.example/about") {
			t.Errorf("user agent %q", r.UserAgent())
		}
		if r.Header.Get("If-None-Match") == `"v1"` && r.Header.Get("If-Modified-Since") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Last-Modified", "Mon, 23 Nov 2026 12:00:00 GMT")
		io.WriteString(w, "page")
	})
	first, err := asking().Fetch(t.Context(), Request{URL: url})
	if err != nil || string(first.Body) != "page" || first.ETag != `"v1"` {
		t.Fatalf("%+v, %v", first, err)
	}
	second, err := asking().Fetch(t.Context(), Request{URL: url, ETag: first.ETag, LastModified: first.LastModified})
	if err != nil || !second.Unmodified || len(second.Body) != 0 {
		t.Errorf("%+v, %v", second, err)
	}
}

// A server may do what it likes: the answer is bounded and the reason plain, and
// it names no address.
func TestHostileServers(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	z.Write(make([]byte, 8*maxBody))
	z.Close()
	self := ""
	cases := []struct {
		name, want string
		handler    http.HandlerFunc
	}{
		{"error", "answers HTTP 500", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }},
		{"gone", "answers HTTP 404", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }},
		{"endless", "more than 4194304 bytes", func(w http.ResponseWriter, _ *http.Request) {
			for b := make([]byte, 1<<16); ; {
				if _, err := w.Write(b); err != nil {
					return
				}
			}
		}},
		{"bomb", "more than 4194304 bytes", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(bomb.Bytes())
		}},
		{"large head", "cannot be fetched", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 2*maxHead)) }},
		{"round and round", "leads elsewhere more than 3 times", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, self, http.StatusFound) }},
		{"cut off", "in the middle", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, "x")
		}},
		{"hangs up", "in the middle", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			self = page(t, c.handler)
			_, err := asking().Fetch(t.Context(), Request{URL: self})
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "127.0.0.1") {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// A page that comes a byte at a time is left when its time is over.
func TestSlowDrip(t *testing.T) {
	url := page(t, func(w http.ResponseWriter, r *http.Request) {
		flush := http.NewResponseController(w)
		for {
			if _, err := io.WriteString(w, " "); err != nil || flush.Flush() != nil {
				return
			}
			select {
			case <-r.Context().Done():
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	c := asking()
	c.http.Timeout = 200 * time.Millisecond
	if _, err := c.Fetch(t.Context(), Request{URL: url}); err == nil || !strings.Contains(err.Error(), "did not answer within") {
		t.Errorf("%v", err)
	}
}

func TestRefusals(t *testing.T) {
	url := page(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "999999")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	_, err := asking().Fetch(t.Context(), Request{URL: url})
	var later *Later
	if !errors.As(err, &later) || later.After != maxRetryAfter {
		t.Errorf("%v", err)
	}
	for s, want := range map[string]time.Duration{"": 0, "x": 0, "-1": 0, "120": 2 * time.Minute} {
		if got := retryAfter(s); got != want {
			t.Errorf("%q: %s", s, got)
		}
	}
}

// Without leave, no address is asked that is not public, whatever its name.
func TestPrivateAddresses(t *testing.T) {
	url := page(t, func(http.ResponseWriter, *http.Request) { t.Error("it was asked") })
	cfg := DefaultConfig()
	cfg.Contact = "x"
	for _, target := range []string{url, strings.Replace(url, "127.0.0.1", "localhost", 1), "http://10.0.0.1/", "http://[::1]:1/"} {
		if _, err := newClient(cfg).Fetch(t.Context(), Request{URL: target}); !errors.Is(err, errPrivate) {
			t.Errorf("%s: %v", target, err)
		}
	}
}

func TestAddress(t *testing.T) {
	for in, want := range map[string]string{
		"https://status.x.example":              "https://status.x.example/api/v2/summary.json",
		"https://status.x.example/":             "https://status.x.example/api/v2/summary.json",
		"https://status.x.example/history.rss#": "https://status.x.example/history.rss",
	} {
		if got, err := address(in); err != nil || got != want {
			t.Errorf("%s: %s, %v", in, got, err)
		}
	}
	if _, err := address("https://x\x7f"); err == nil {
		t.Error("a broken address was taken")
	}
}
