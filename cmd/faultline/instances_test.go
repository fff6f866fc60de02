package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
)

// Two programs live in one process without knowing of each other: nothing is
// global, and both end cleanly.
func TestTwoInstances(t *testing.T) {
	type instance struct {
		url  string
		stop func() int
	}
	begin := func() instance {
		ctx, cancel := context.WithCancel(t.Context())
		r, w := io.Pipe()
		done := make(chan int, 1)
		go func() {
			done <- run(ctx, []string{"serve", "--listen", "127.0.0.1:0", "--data", t.TempDir()}, streams{strings.NewReader(""), w, io.Discard})
			_ = w.Close() // a pipe in memory
		}()
		line := make([]byte, 200)
		n, err := r.Read(line)
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.Copy(io.Discard, r) }()
		_, url, found := strings.Cut(string(line[:n]), "http://")
		if !found {
			t.Fatalf("it says %q and no address", line[:n])
		}
		return instance{"http://" + strings.TrimSpace(url), func() int { cancel(); return <-done }}
	}
	one, two := begin(), begin()
	post := func(url string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/api/v1/reports", strings.NewReader(`{"service":"x","category":"app"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		return res.StatusCode
	}
	for _, url := range []string{one.url, two.url} {
		if code := post(url); code != http.StatusCreated {
			t.Errorf("the first press at %s: %d, want it to be new there", url, code)
		}
	}
	if code := one.stop(); code != exitOK {
		t.Errorf("the first ended with %d", code)
	}
	if code := post(two.url); code != http.StatusOK {
		t.Errorf("the second answers %d after the first has ended, want 200 for a repeat", code)
	}
	if code := two.stop(); code != exitOK {
		t.Errorf("the second ended with %d", code)
	}
}
