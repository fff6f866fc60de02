package probe

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"faultline/outage"
)

// feed is a small social service: a login that sets a cookie, and a feed for who
// has it.
func feed(broken *string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", http.StatusFound) })
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `<html><head><title>Log in</title></head><form><input name=u><input type="Password" name=p><input type=hidden name=csrf value="t0k"></form></html>`)
	})
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("csrf") != "t0k" {
			http.Error(w, "no token", http.StatusForbidden)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "s1", Path: "/"})
		http.Redirect(w, r, "/feed", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /feed", func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("session"); err != nil || c.Value != "s1" {
			http.Error(w, "who are you", http.StatusUnauthorized)
			return
		}
		if *broken == "feed" {
			fmt.Fprint(w, `{"items":[]}`)
			return
		}
		fmt.Fprintf(w, `{"items":[{"id":"p7","mobile":%q}],"count":1}`, r.Header.Get("Sec-CH-UA-Mobile"))
	})
	mux.HandleFunc("GET /media/{id}", func(w http.ResponseWriter, r *http.Request) {
		if *broken == "media" {
			http.Error(w, "gone", http.StatusServiceUnavailable)
			return
		}
		w.Write([]byte(strings.Repeat(r.PathValue("id"), 100)))
	})
	return mux
}

// social is the journey of a person who looks at the feed.
func social(base string) *Journey {
	return &Journey{Name: "feed", Variants: []string{VariantDesktop, VariantMobile}, Steps: []Step{
		{Name: "front", URL: base + "/", Expect: Expect{LoginForm: true, Keyword: "Log in"}, Capture: []Capture{{Name: "csrf", Pattern: `name=csrf value="([^"]+)"`}}},
		{
			Name: "login", Method: "POST", URL: "/login", Body: "u=a&p=b&csrf=${csrf}",
			Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
			Expect: Expect{JSON: map[string]string{"count": "1"}}, Capture: []Capture{{Name: "id", JSON: "items.0.id"}},
		},
		{Name: "media", URL: "/media/${id}", Expect: Expect{MinBytes: 200, Status: []int{200}}},
	}}
}

func TestJourney(t *testing.T) {
	broken := ""
	s := httptest.NewServer(feed(&broken))
	t.Cleanup(s.Close)
	p := New("", WithLimits(rigLimits()))
	for _, c := range []struct {
		broken, variant, step string
		failure               outage.Failure
		layer                 outage.Layer
		requests              int
	}{
		{"", VariantDesktop, "media", "", "", 5},
		{"", VariantMobile, "media", "", "", 5},
		{"feed", VariantDesktop, "login", outage.FailureKeyword, outage.LayerApp, 4},
		{"media", VariantMobile, "media", outage.FailureHTTP5xx, outage.LayerHTTP, 5},
	} {
		t.Run(c.broken+" "+c.variant, func(t *testing.T) {
			broken = c.broken
			j := social(s.URL)
			if err := j.Validate(); err != nil {
				t.Fatal(err)
			}
			list := p.Walk(t.Context(), j, outage.Target{Service: "social"}, c.variant, anywhere)
			last := list[len(list)-1]
			if len(list) != c.requests || last.Target.Step != c.step || last.Failure != c.failure || last.Layer != c.layer {
				t.Fatalf("%d requests, step %s, %s in %s\n%+v", len(list), last.Target.Step, last.Failure, last.Layer, last.Journey)
			}
			if last.Target.Service != "social" || last.Target.Journey != "feed" || last.Target.Variant != c.variant || last.Journey.Order == 0 {
				t.Errorf("%+v", last.Target)
			}
		})
	}
}

// Every request of a journey is permitted by itself, redirects among them. A walk that is
// stopped says nothing; one that leads where nobody may go has failed.
func TestJourneyPermits(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := len(r.URL.RawQuery); n < 5 {
			http.Redirect(w, r, "/?"+strings.Repeat("x", n+1), http.StatusFound)
		}
	}))
	t.Cleanup(s.Close)
	p := New("", WithLimits(rigLimits()))
	j := &Journey{Name: "feed", Steps: []Step{{Name: "home", URL: s.URL}, {Name: "again", URL: s.URL}}}
	for _, test := range []struct {
		requests int // that are permitted
		then     Permit
		want     int // records
		failure  outage.Failure
		judged   bool
	}{
		{12, PermitStop, 12, "", true},
		{8, PermitStop, 8, "", false},
		{0, PermitStop, 0, "", false},
		{8, PermitForbid, 9, outage.FailureForbidden, true},
	} {
		asked := 0
		list := p.Walk(t.Context(), j, outage.Target{Service: "social"}, VariantDesktop, func(outage.Target) Permit {
			if asked++; asked > test.requests {
				return test.then
			}
			return PermitGo
		})
		if len(list) != test.want {
			t.Fatalf("%+v: %d records", test, len(list))
		}
		if len(list) == 0 {
			continue
		}
		last := list[len(list)-1]
		if last.Failure != test.failure || (last.Journey != nil) != test.judged {
			t.Errorf("%+v: %q, journey %+v", test, last.Failure, last.Journey)
		}
	}
}

func TestJourneyMistakes(t *testing.T) {
	for want, j := range map[string]Journey{
		"no name":              {Steps: []Step{{Name: "a", URL: "https://a.example/"}}},
		"0 steps":              {Name: "j"},
		"21 steps":             {Name: "j", Steps: make([]Step, 21)},
		"use desktop or":       {Name: "j", Variants: []string{"fridge"}, Steps: []Step{{Name: "a", URL: "https://a.example/"}}},
		"step 1: it has no":    {Name: "j", Steps: []Step{{URL: "https://a.example/"}}},
		"scheme ftp":           {Name: "j", Steps: []Step{{Name: "a", URL: "ftp://a.example/"}}},
		"either json or":       {Name: "j", Steps: []Step{{Name: "a", URL: "https://a.example/", Capture: []Capture{{Name: "x"}}}}},
		"with a group":         {Name: "j", Steps: []Step{{Name: "a", URL: "https://a.example/", Capture: []Capture{{Name: "x", Pattern: "y"}}}}},
		"must be a regular":    {Name: "j", Steps: []Step{{Name: "a", URL: "https://a.example/", Capture: []Capture{{Name: "x", Pattern: "("}}}}},
		"holds a name or pass": {Name: "j", Steps: []Step{{Name: "a", URL: "https://u:p@a.example/"}}},
	} {
		if err := j.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

func FuzzJSONAt(f *testing.F) {
	f.Add([]byte(`{"a":[{"b":1}]}`), "a.0.b")
	f.Add([]byte(`[]`), "9999999999999999999")
	f.Fuzz(func(t *testing.T, body []byte, path string) {
		if text, ok := jsonAt(body, path); !ok && text != "" {
			t.Errorf("%q without being there", text)
		}
	})
}

func FuzzReadPage(f *testing.F) {
	f.Add([]byte("<title>a</title><input type=password>"))
	f.Add([]byte("<title><title></input type"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if p := readPage(body); len(p.title) > maxText || strings.ContainsAny(p.title, "\n\r\x00") {
			t.Errorf("%q", p.title)
		}
	})
}
