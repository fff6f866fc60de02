package probe

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestRobots(t *testing.T) {
	status, text := 200, "User-agent: *\nDisallow: /private\n\nUser-agent: faultline\nDisallow: /login\n"
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		w.Write([]byte(text))
	}))
	t.Cleanup(s.Close)
	target, err := ParseTarget(s.URL + "/feed")
	if err != nil {
		t.Fatal(err)
	}
	p := New("", WithLimits(rigLimits()))
	robots, err := p.FetchRobots(t.Context(), target, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{"/feed": true, "/login": false, "/login/x?y": false, "/private": true} {
		if robots.Allows(s.URL+path) != want {
			t.Errorf("%s: allowed %v", path, !want)
		}
	}
	status = 404
	if robots, err = p.FetchRobots(t.Context(), target, "127.0.0.1"); err != nil || !robots.Allows(s.URL+"/login") {
		t.Errorf("a host without a robots file allows all: %v", err)
	}
	status = 503
	if _, err = p.FetchRobots(t.Context(), target, "127.0.0.1"); err == nil {
		t.Error("a host that cannot be asked has allowed something")
	}
}

func FuzzRobots(f *testing.F) {
	f.Add("User-agent: *\nDisallow: /\n", "/a")
	f.Fuzz(func(t *testing.T, text, path string) {
		data, err := ParseRobots(200, []byte(text))
		if err == nil {
			data.Allows(path)
		}
	})
}
