package httpd_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"faultline/internal/httpd"
)

func TestClientAddr(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	tests := []struct {
		name, remote string
		forwarded    []string
		want         string
	}{
		{"direct", "203.0.113.7:1234", nil, "203.0.113.7"},
		{"nobody is trusted to forward", "203.0.113.7:1234", []string{"198.51.100.1"}, "203.0.113.7"},
		{"one hop", "10.0.0.1:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"a forged head of the chain", "10.0.0.1:1", []string{"1.2.3.4, 198.51.100.1"}, "198.51.100.1"},
		{"two trusted hops", "10.0.0.1:1", []string{"1.2.3.4, 198.51.100.1, 10.2.2.2"}, "198.51.100.1"},
		{"several headers", "10.0.0.1:1", []string{"1.2.3.4", "198.51.100.1"}, "198.51.100.1"},
		{"all trusted", "10.0.0.1:1", []string{"10.9.9.9"}, "10.9.9.9"},
		{"no header", "10.0.0.1:1", nil, "10.0.0.1"},
		{"unreadable hop", "10.0.0.1:1", []string{"198.51.100.1, unknown"}, "10.0.0.1"},
		{"hops with ports", "10.0.0.1:1", []string{"198.51.100.1:443, 10.2.2.2:80"}, "198.51.100.1"},
		{"IPv6 with a port", "[fd00::1]:1", []string{"[2001:db8::5]:443"}, "2001:db8::5"},
		{"IPv6 in brackets", "[fd00::1]:1", []string{"[2001:db8::5]"}, "2001:db8::5"},
		{"IPv6", "[fd00::1]:1", []string{"2001:db8::5"}, "2001:db8::5"},
		{"IPv4 in IPv6", "[::ffff:10.0.0.1]:1", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"a zone is dropped", "[fe80::1%eth0]:1", nil, "fe80::1"},
		{"no address", "@", nil, "invalid IP"},
		{"a hostile chain", "10.0.0.1:1", []string{"6.6.6.6, " + strings.Repeat("10.1.1.1, ", 5000) + "10.1.1.2"}, "10.1.1.1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			r.RemoteAddr = test.remote
			r.Header["X-Forwarded-For"] = test.forwarded
			if got := httpd.ClientAddr(r, trusted).String(); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func FuzzClientAddr(f *testing.F) {
	f.Add("10.0.0.1:1", "1.2.3.4, 10.0.0.2")
	f.Fuzz(func(t *testing.T, remote, forwarded string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.RemoteAddr = remote
		r.Header["X-Forwarded-For"] = []string{forwarded}
		if a := httpd.ClientAddr(r, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}); a.Is4In6() || a.Zone() != "" {
			t.Errorf("%s is not in its plain form", a)
		}
	})
}

func handle(h http.HandlerFunc, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	httpd.Secure(h).ServeHTTP(w, r)
	return w
}

func TestSecure(t *testing.T) {
	called := 0
	h := func(w http.ResponseWriter, _ *http.Request) { called++ }
	cross := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/s/x/report", nil)
	cross.Header.Set("Sec-Fetch-Site", "cross-site")
	if w := handle(h, cross); w.Code != http.StatusForbidden || called != 0 || !strings.Contains(w.Body.String(), "another site") {
		t.Errorf("a form of another site: %d %s", w.Code, w.Body)
	}
	own := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/s/x/report", nil)
	own.Header.Set("Sec-Fetch-Site", "same-origin")
	w := handle(h, own)
	if w.Code != http.StatusOK || called != 1 {
		t.Errorf("our own form: %d", w.Code)
	}
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
	} {
		if got := w.Header().Get(name); !strings.HasPrefix(got, want) {
			t.Errorf("%s is %q", name, got)
		}
	}
}

func TestPanic(t *testing.T) {
	w := handle(func(http.ResponseWriter, *http.Request) { panic(errors.New("the inside of it")) },
		httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "the inside of it") {
		t.Errorf("%d %s, want 500 without the inside of it", w.Code, w.Body)
	}
}

func TestCompress(t *testing.T) {
	page := strings.Repeat("a page ", 1000)
	h, err := httpd.Compress(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", r.URL.Query().Get("type"))
		_, _ = io.WriteString(w, page)
	}))
	if err != nil {
		t.Fatal(err)
	}
	for ct, want := range map[string]string{"text/html; charset=utf-8": "gzip", "text/event-stream": "", "video/mp4": ""} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?type="+strings.ReplaceAll(ct, " ", "%20"), nil)
		r.Header.Set("Accept-Encoding", "gzip")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := w.Header().Get("Content-Encoding"); got != want {
			t.Errorf("%s is encoded as %q, want %q", ct, got, want)
		}
	}
}

// A clean stop lets a request that is under way finish.
func TestServe(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	entered, leave := make(chan struct{}), make(chan struct{})
	served := make(chan error)
	go func() {
		served <- httpd.Serve(ctx, l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(entered)
			<-leave
			if err := r.Context().Err(); err != nil {
				t.Errorf("what it asks for would be refused: %v", err)
			}
			_, _ = io.WriteString(w, "done")
			<-r.Context().Done() // as a live stream waits
		}))
	}()
	got := make(chan string)
	go func() {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.Addr().String(), nil)
		if err != nil {
			t.Error(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			got <- err.Error()
			return
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		got <- string(b)
	}()
	<-entered
	cancel()
	close(leave)
	if s := <-got; s != "done" {
		t.Errorf("the request under way got %q", s)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// pipes is a listener whose connections are in memory.
type pipes struct {
	net.Listener
	conns chan net.Conn
}

func (p *pipes) Accept() (net.Conn, error) {
	c, ok := <-p.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (p *pipes) Close() error   { close(p.conns); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// A client that asks and does not read is cut off; one whose handler moves the
// deadline is not, though the answer takes longer.
func TestSlowReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, err := httpd.Compress(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/stuck" {
				_, err := io.WriteString(w, strings.Repeat("a page ", 10_000))
				if !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("writing to one who does not read ended with %v", err)
				}
				return
			}
			w.Header().Set("Content-Type", "text/event-stream")
			ctl := http.NewResponseController(w)
			for i := range 10 {
				deadline := ctl.SetWriteDeadline(time.Now().Add(time.Second))
				_, wrote := io.WriteString(w, "data: x\n\n")
				if err := errors.Join(deadline, wrote, ctl.Flush()); err != nil {
					t.Errorf("event %d: %v", i, err)
				}
				<-time.After(20 * time.Second)
			}
		}))
		if err != nil {
			t.Fatal(err)
		}
		l := &pipes{conns: make(chan net.Conn)}
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan error)
		go func() { served <- httpd.Serve(ctx, l, httpd.Secure(h)) }()
		stuck, server := net.Pipe()
		l.conns <- server
		live, server := net.Pipe()
		l.conns <- server
		for c, path := range map[net.Conn]string{stuck: "/stuck", live: "/live"} {
			if _, err := io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
		}
		b, err := io.ReadAll(live)
		if n := strings.Count(string(b), "data: x"); n != 10 || err != nil {
			t.Errorf("%d events arrived, %v, want 10", n, err)
		}
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}
