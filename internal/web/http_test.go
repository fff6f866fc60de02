package web

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"faultline/internal/httpd"
	"faultline/internal/store"
	"faultline/internal/web/gen/bundle"
	"faultline/outage"
)

// Budgets of a page, in bytes over the wire.
const (
	pageBudget   = 60_000
	scriptBudget = 15_000
)

func TestPolicy(t *testing.T) {
	w := newTestWeb(xDay(), nil)
	inline := regexp.MustCompile(`<style|\sstyle=|<script>|\son[a-z]+=|javascript:`)
	for _, path := range []string{"/", "/s/x", "/i/x-20250310T0932Z", "/about", "/?q=x", "/nothing", "/search?q=x"} {
		rec := get(t, w, path)
		csp := rec.Header().Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self';", "style-src 'self';", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: the policy %q lacks %q", path, csp, want)
			}
		}
		if strings.Contains(csp, "unsafe") {
			t.Errorf("%s: the policy is %q", path, csp)
		}
		if found := inline.FindString(rec.Body.String()); found != "" {
			t.Errorf("%s: %q in the page would be blocked", path, found)
		}
	}
}

func TestNotModified(t *testing.T) {
	f := xDay()
	w := newTestWeb(f, nil)
	mux := http.NewServeMux()
	w.Register(mux)
	ask := func(etag string) *httptest.ResponseRecorder {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/s/x", nil)
		req.Header.Set("Accept-Encoding", "gzip")
		req.Header.Set("If-None-Match", etag)
		rec := httptest.NewRecorder()
		mux.ServeHTTP(rec, req)
		return rec
	}
	first := ask("")
	if first.Code != 200 || first.Header().Get("Content-Encoding") != "gzip" {
		t.Fatalf("status %d, encoding %q", first.Code, first.Header().Get("Content-Encoding"))
	}
	etag := first.Header().Get("ETag")
	if again := ask(etag); again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("the same page: status %d with %d bytes", again.Code, again.Body.Len())
	}
	f.change(func() { f.rows[4].Open.Count++ })
	w.snaps.every = 0
	if changed := ask(etag); changed.Code != 200 {
		t.Errorf("the changed page: status %d", changed.Code)
	}
	if own := get(t, w, "/s/x?report=counted").Header().Get("Cache-Control"); own != "no-store" {
		t.Errorf("the answer to one's own report may be kept: %q", own)
	}
}

// thousand is a store with a thousand services.
func thousand() *fakeStore {
	f := xDay()
	kinds := []string{"social", "banks", "games", "clouds", "carriers", "shopping", "news", "video", "work", "other"}
	for i := len(f.rows); i < 1000; i++ {
		r := quietRow(fmt.Sprintf("service-%03d", i), fmt.Sprintf("Service %c%c of %d", 'A'+i%26, 'a'+i*7%26, i), kinds[i%len(kinds)], "")
		if i%20 == 0 {
			r.Bulletin.Status = outage.StatusProblems
			r.Bulletin.Reason = fmt.Sprintf("%d reports in the minute 14:%02d UTC, %d times the 3 expected at this hour; mostly US, GB, DE; consistent with an outage.", i*3, i%60, i)
		}
		f.rows = append(f.rows, r)
	}
	return f
}

func TestSizes(t *testing.T) {
	w := newTestWeb(thousand(), nil)
	for _, path := range []string{"/", "/s/x", "/i/x-20250310T0932Z", "/?q=service"} {
		body := get(t, w, path).Body.Bytes()
		var z bytes.Buffer
		zw := gzip.NewWriter(&z)
		if _, err := zw.Write(body); err != nil {
			t.Fatal(err)
		}
		if err := zw.Close(); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes, %d over the wire", path, len(body), z.Len())
		if z.Len() > pageBudget {
			t.Errorf("%s has %d bytes over the wire, over the budget of %d", path, z.Len(), pageBudget)
		}
	}
	if n := len(w.assets.body["app.js"]); n > scriptBudget {
		t.Errorf("the script has %d bytes, over the budget of %d", n, scriptBudget)
	}
}

// TestBundle keeps the committed script the one that the sources make.
func TestBundle(t *testing.T) {
	want, err := bundle.Build("script/app.ts")
	if err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile("static/app.js")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Error("static/app.js is stale: run \"go run ./internal/web/gen\" in the root of the module and commit it")
	}
}

// A crowd that reads the same pages reads the store no oftener for it.
func TestCrowd(t *testing.T) {
	f := xDay()
	w := newTestWeb(f, nil)
	for range 100 {
		get(t, w, "/")
		get(t, w, "/s/x")
	}
	if f.reads != 1 {
		t.Errorf("%d reads of all rows for one version", f.reads)
	}
	if n := w.pages.Len(); n != 2 {
		t.Errorf("%d pages kept", n)
	}
	for range maxPages + 10 {
		get(t, w, "/i/none-20250310T0000Z")
	}
	if n := w.pages.Len(); n != 2 {
		t.Errorf("pages that do not exist are kept: %d", n)
	}
}

func TestSmallCells(t *testing.T) {
	f := xDay()
	f.countries = []store.Share{{Name: "US", Count: 3}, {Name: "GB", Waiting: true}, {Name: "DE", Count: 41, Waiting: true}, {Name: "FR"}}
	body := get(t, newTestWeb(f, nil), "/s/x").Body.String()
	_, countries, _ := strings.Cut(body, `data-part="countries"`)
	countries, _, _ = strings.Cut(countries, "</section>")
	for _, want := range []string{"United States", "United Kingdom", "&lt;5", ">41<"} {
		if !strings.Contains(countries, want) {
			t.Errorf("the countries lack %q: %s", want, countries)
		}
	}
	for _, not := range []string{">3<", "France"} {
		if strings.Contains(countries, not) {
			t.Errorf("the countries show %q: %s", not, countries)
		}
	}
}

func TestConfig(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	for _, c := range []Config{{PollEvery: -1}, {MaxStreams: -1}} {
		if c.Validate() == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}

// Whatever is asked, the answer is a page or a refusal, and never a 5xx.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"/?q=x", "/s/x", "/s/%2e%2e", "/i/x-20250310T0932Z", "/i/-", "/live?page=/s/none", "/search?q=%ff", "/s/x?report=", "/static/..", "//x"} {
		f.Add(seed)
	}
	store := xDay()
	w := newTestWeb(store, nil)
	w.hub.close() // live streams end at once
	mux := http.NewServeMux()
	w.Register(mux)
	f.Fuzz(func(t *testing.T, address string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Skip()
		}
		rec := httptest.NewRecorder()
		httpd.Secure(mux).ServeHTTP(rec, req)
		if rec.Code >= 500 && !strings.HasPrefix(req.URL.Path, "/live") {
			t.Errorf("%q: status %d", address, rec.Code)
		}
		if ct := rec.Header().Get("Content-Type"); strings.HasPrefix(ct, "text/html") && rec.Header().Get("Content-Security-Policy") == "" && rec.Code == 200 {
			t.Errorf("%q: a page without a policy", address)
		}
	})
}

func benchmarkPage(b *testing.B, path string) {
	f := thousand()
	w := newTestWeb(f, nil)
	w.snaps.every = 0
	mux := http.NewServeMux()
	w.Register(mux)
	for b.Loop() {
		f.change(func() { f.rows[4].Open.Count++ })
		rec := httptest.NewRecorder()
		mux.ServeHTTP(rec, httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, nil))
		if rec.Code != 200 {
			b.Fatal(rec.Code)
		}
	}
}

// The uncached pages at a thousand services, store apart.
func BenchmarkHome(b *testing.B)    { benchmarkPage(b, "/") }
func BenchmarkService(b *testing.B) { benchmarkPage(b, "/s/x") }

// BenchmarkKept is a page that was rendered before.
func BenchmarkKept(b *testing.B) {
	w := newTestWeb(thousand(), nil)
	mux := http.NewServeMux()
	w.Register(mux)
	req := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/s/x", nil)
	req.Header.Set("Accept-Encoding", "gzip")
	for b.Loop() {
		mux.ServeHTTP(httptest.NewRecorder(), req)
	}
}
