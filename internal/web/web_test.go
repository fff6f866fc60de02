package web

import (
	"faultline/internal/httpd"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// get asks for one page.
func get(t *testing.T, w *Web, path string) *httptest.ResponseRecorder {
	t.Helper()
	mux := http.NewServeMux()
	w.Register(mux)
	rec := httptest.NewRecorder()
	httpd.Secure(mux).ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return rec
}

func TestPagesAnswer(t *testing.T) {
	w := newTestWeb(xDay(), &Notice{Text: "A made-up world.", Title: "About this world", Body: "<p>Made up.</p>"})
	for _, c := range []struct {
		path   string
		status int
		want   string
	}{
		{"/", 200, "What is out right now"},
		{"/?q=twitter", 200, `href="/s/x"`},
		{"/search?q=face", 200, "Facebook"},
		{"/s/x", 200, "Users report problems"},
		{"/s/X", 200, "Users report problems"},
		{"/s/x?report=counted", 200, "Thank you"},
		{"/s/x?report=duplicate", 200, "already reported"},
		{"/s/x?report=aside", 200, "set aside"},
		{"/s/x?report=country", 200, "Åland"},
		{"/s/x?report=%3Cscript%3E", 200, "Users report"},
		{"/s/whatsap", 404, "Did you mean"},
		{"/i/x-20250310T0932Z", 200, "Wave"},
		{"/i/none-20250310T0932Z", 404, "no such page"},
		{"/about", 200, "How Faultline works"},
		{"/about/demo", 200, "Made up"},
		{"/nothing", 404, "no such page"},
		{"/api/nothing", 404, "application"},
		{"/robots.txt", 200, "User-agent"},
		{"/favicon.ico", 301, ""},
		{"/static/app.js", 200, "EventSource"},
		{"/static/none.js", 404, ""},
	} {
		rec := get(t, w, c.path)
		body := rec.Body.String()
		if rec.Code != c.status || !strings.Contains(body+rec.Header().Get("Content-Type"), c.want) {
			t.Errorf("%s: status %d, want %d with %q in\n%s", c.path, rec.Code, c.status, c.want, body)
		}
	}
}
