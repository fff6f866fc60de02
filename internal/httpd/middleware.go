package httpd

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/klauspost/compress/gzhttp"
)

// minCompress is the smallest body that is worth compressing.
const minCompress = 1 << 10

// contentPolicy lets a page use its own styles, script, pictures and forms and
// nothing else: an outage page must not fail with what it watches, and a hole in
// a template must not become a script.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"

// referrerPolicy tells other sites nothing. Under no-referrer a browser would send
// our own forms with the origin "null" too, and over plain HTTP, where it sends no
// Sec-Fetch-Site either, they could not be told from those of another site.
const referrerPolicy = "same-origin"

// Secure sets the headers of every answer, refuses writes that another site's
// page makes a browser send, and turns a panic into a 500.
func Secure(next http.Handler) http.Handler {
	csrf := http.NewCrossOriginProtection()
	csrf.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		WriteProblem(w, http.StatusForbidden, "this request was sent by a page of another site: open Faultline itself and press there")
	}))
	inner := csrf.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", referrerPolicy)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		defer recoverTo(w, r)
		inner.ServeHTTP(w, r)
	})
}

func recoverTo(w http.ResponseWriter, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler { //nolint:errorlint // the server compares it the same way
		panic(p)
	}
	slog.Error("request handler panicked", "path", r.URL.Path, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	WriteProblem(w, http.StatusInternalServerError, "a mistake in Faultline: please report it with the time and this address")
}

// Compress gzips what is worth it; server-sent events go through as they are.
func Compress(next http.Handler) (http.Handler, error) {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(minCompress),
		gzhttp.ContentTypeFilter(func(ct string) bool {
			return ct != "text/event-stream" && gzhttp.DefaultContentTypeFilter(ct)
		}))
	if err != nil {
		return nil, fmt.Errorf("set up compression: %w", err)
	}
	return wrap(next), nil
}
