package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"faultline/internal/demo"
	"faultline/outage"
)

// recording writes three days of X from the generator as counts of 15 minutes.
func recording(t *testing.T) string {
	t.Helper()
	w, err := demo.New(demo.DefaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("time,service,count\n")
	n := 0
	for m := demo.Day - 2*outage.Day; m < demo.Close; m++ {
		if p := w.Points(0, m); p != nil {
			n += p.Total()
		}
		if (m+1)%15 == 0 {
			fmt.Fprintf(&b, "%s,x,%d\n", (m - 14).Time().Format("2006-01-02 15:04"), n)
			n = 0
		}
	}
	path := filepath.Join(t.TempDir(), "x.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// command runs the program in this process.
func command(ctx context.Context, stdin string, args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = run(ctx, args, streams{strings.NewReader(stdin), &o, &e})
	return code, o.String(), e.String()
}

// TestReplayGolden holds what a replay prints, and that it prints it again.
func TestReplayGolden(t *testing.T) {
	path := recording(t)
	for name, args := range map[string][]string{
		"replay.txt":  {"replay", path},
		"replay.json": {"replay", "--json", path},
	} {
		code, out, errs := command(t.Context(), "", args...)
		if code != 0 {
			t.Fatalf("%v ended with %d: %s", args, code, errs)
		}
		if _, again, _ := command(t.Context(), "", args...); again != out {
			t.Errorf("%v printed something else the second time", args)
		}
		golden(t, filepath.Join("testdata", name), out)
	}
}

func TestReplayRefuses(t *testing.T) {
	for _, c := range []struct {
		stdin string
		args  []string
		want  string
	}{
		{`{"time":"2025-03-10T09:30:00Z","service":"facebok"}`, nil, `standard input:1: service "facebok" is not in the catalog (did you mean facebook`},
		{`{"time":"2025-03-10T09:30:00Z","service":"x","category":"weather"}`, nil, `category "weather" is not one of app, website`},
		{`{"time":"2025-03-10T09:30:00Z","service":"x","country":"XX"}`, nil, `country "XX" is not an ISO 3166-1 code`},
		{"", []string{"--step", "90s"}, "use whole minutes"},
		{"", []string{"--speed=-1"}, "use 0 or more"},
		{"", []string{"--into", "http://127.0.0.1:1"}, ""},
	} {
		code, out, errs := command(t.Context(), c.stdin, append([]string{"replay", "-"}, c.args...)...)
		if c.want == "" {
			if code != 0 {
				t.Errorf("nothing to play ended with %d: %s", code, errs)
			}
			continue
		}
		if code != 1 || out != "" || !strings.Contains(errs, c.want) {
			t.Errorf("%q ended with %d, printed %q and said %q, want %q", c.stdin, code, out, errs, c.want)
		}
	}
	code, out, errs := command(t.Context(), `{"time":"2025-03-10T09:30:00Z","service":"nobody-knows-me"}`, "replay", "--any-service", "-")
	if code != 0 || !strings.HasSuffix(out, "incidents: 0\n") || !strings.HasPrefix(errs, "1 reports in 1 minutes") {
		t.Errorf("any service: ended with %d, printed %q and said %q", code, out, errs)
	}
}

// TestReplayGaps checks what a long stretch without rows means.
func TestReplayGaps(t *testing.T) {
	csv := "time,service,count\n2025-03-10 09:30,x,1\n2025-03-10 09:31,x,1\n2025-03-10 09:32,x,1\n2025-03-12 09:30,x,1\n"
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"replay", "-"}, "4 reports in 4 minutes"},
		{[]string{"replay", "--fill-zero", "-"}, "4 reports in 2881 minutes"},
	} {
		if code, _, errs := command(t.Context(), csv, c.args...); code != 0 || !strings.HasPrefix(errs, c.want) {
			t.Errorf("%v ended with %d and said %q, want %q", c.args, code, errs, c.want)
		}
	}
}

// TestReplayInto plays a day into a running instance, and finds it closed where
// the clock is real or the token wrong.
func TestReplayInto(t *testing.T) {
	const token = "open-sesame"
	path := recording(t)
	real := start(t, 0, "serve", "--listen", "127.0.0.1:0", "--data", t.TempDir())
	if code, _, errs := command(t.Context(), "", "replay", "--into", real.url, "--token", token, path); code != 1 || !strings.Contains(errs, "it answered 403: this instance runs on real time") {
		t.Errorf("real time: ended with %d and said %q", code, errs)
	}
	real.stop()
	p := start(t, 0, "serve", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--simulated-clock", "--replay-token", token)
	if code, _, errs := command(t.Context(), "", "replay", "--into", p.url, "--token", "wrong-one", path); code != 1 || !strings.Contains(errs, "it answered 401") {
		t.Errorf("wrong token: ended with %d and said %q", code, errs)
	}
	if code, _, errs := command(t.Context(), "", "replay", "--into", p.url, "--token", token, "--speed", "0", path); code != 0 {
		t.Fatalf("ended with %d and said %q", code, errs)
	}
	p.waitFolded(demo.Close - 1)
	if _, page := p.get("/"); !strings.Contains(page, "A recording is played here") {
		t.Error("the page does not say that it shows a recording")
	}
	if code, _, errs := command(t.Context(), "", "replay", "--into", p.url, "--token", token, "--speed", "0", path); code != 1 || !strings.Contains(errs, "it answered 409") {
		t.Errorf("a second time: ended with %d and said %q", code, errs)
	}
	p.stop()
}
