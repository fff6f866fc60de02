package replay

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"faultline/internal/clock"
)

// opened is a recording of three reports over five minutes.
func opened(t *testing.T) *Recording {
	t.Helper()
	rec, err := Open([]string{Stdin}, strings.NewReader(
		`{"time":"2025-03-10T09:30:00Z","service":"x","category":"app","country":"US","network":"AS7922","reporter":"a"}
{"time":"2025-03-10T09:30:00Z","service":"x","weight":4}
{"time":"2025-03-10T09:34:00Z","service":"x","reporter":"b"}`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rec.Close(); err != nil {
			t.Error(err)
		}
	})
	return rec
}

// transport answers without a network and keeps what it was sent, with the time
// since it was begun.
type transport struct {
	begun time.Time
	sent  strings.Builder
	paths []string
}

func (tr *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&tr.sent, "after %s\n%s", time.Since(tr.begun), body)
	tr.paths = append(tr.paths, r.Method+" "+r.URL.String()+" "+r.Header.Get("Authorization"))
	n := strings.Count(string(body), `"service"`)
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(fmt.Sprintf(`{"reports":%d}`, n)))}, nil
}

func TestPostKeepsThePace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := &transport{begun: time.Now()}
		n, err := Post(t.Context(), opened(t), Target{
			URL: "http://world.example/", Token: "sesame", Speed: 60, Clock: clock.Real{}, HTTP: &http.Client{Transport: tr},
		})
		if err != nil || n != 3 {
			t.Fatalf("%d reports, error %v; want 3", n, err)
		}
		want := `after 0s
{"clock":"2025-03-10T09:30Z"}
{"service":"x","category":"app","country":"US","network":"AS7922","reporter":"a"}
{"service":"x","weight":4}
after 1s
{"clock":"2025-03-10T09:31Z"}
after 2s
{"clock":"2025-03-10T09:32Z"}
after 3s
{"clock":"2025-03-10T09:33Z"}
after 4s
{"clock":"2025-03-10T09:34Z"}
{"service":"x","reporter":"b"}
after 5s
{"clock":"2025-03-10T09:35Z"}
`
		if tr.sent.String() != want {
			t.Errorf("sent:\n%s\nwant:\n%s", tr.sent.String(), want)
		}
		if tr.paths[0] != "POST http://world.example/api/v1/replay Bearer sesame" {
			t.Errorf("request %s", tr.paths[0])
		}
	})
}

func TestPostAtOnce(t *testing.T) {
	tr := &transport{begun: time.Now()}
	n, err := Post(t.Context(), opened(t), Target{URL: "http://world.example", Clock: clock.Real{}, HTTP: &http.Client{Transport: tr}})
	if err != nil || n != 3 || len(tr.paths) != 1 {
		t.Errorf("%d reports in %d requests, error %v; want 3 in 1", n, len(tr.paths), err)
	}
}

// TestPostSaysWhy checks that a refusal comes through in the instance's words.
func TestPostSaysWhy(t *testing.T) {
	for _, c := range []struct {
		status     int
		body, want string
	}{
		{http.StatusForbidden, `{"detail":"this instance runs on real time"}`, "it answered 403: this instance runs on real time"},
		{http.StatusUnauthorized, `{"title":"Unauthorized"}`, "it answered 401: Unauthorized"},
		{http.StatusNotFound, `<html>`, "it answered 404 Not Found"},
		{http.StatusOK, `<html>`, "is it a faultline?"},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		}))
		_, err := Post(t.Context(), opened(t), Target{URL: s.URL, Clock: clock.Real{}, HTTP: s.Client()})
		s.Close()
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one with %q", err, c.want)
		}
	}
	if _, err := Post(t.Context(), opened(t), Target{URL: "world", Clock: clock.Real{}}); err == nil {
		t.Error("an address without http was taken")
	}
}
