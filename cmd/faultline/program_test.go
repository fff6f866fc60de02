package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"faultline/outage"
)

// builtBinary builds the program once for all tests that kill or limit it.
var builtBinary = sync.OnceValues(func() (string, error) {
	dir, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		return "", err
	}
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	// Two checkouts share the cache: each has a binary of its own.
	path := filepath.Join(strings.TrimSpace(string(dir)), fmt.Sprintf("faultline-under-test-%x", sha256.Sum256([]byte(here)))[:40])
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

// process is a running faultline.
type process struct {
	t    testing.TB
	cmd  *exec.Cmd
	url  string
	logs *strings.Builder
	done chan error
}

// startup bounds how long a start may take before the test gives up; it asserts
// nothing about speed.
const startup = 3 * time.Minute

// start runs the real binary and waits until it says where it answers. A limit
// on the size of files (in blocks of 1 KiB) plays a file system that refuses.
func start(t testing.TB, fileLimit int, args ...string) *process {
	t.Helper()
	path, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	line := append([]string{path}, args...)
	if fileLimit > 0 {
		line = append([]string{"bash", "-c", fmt.Sprintf(`ulimit -f %d; exec "$@"`, fileLimit), "limited"}, line...)
	}
	p := &process{t: t, cmd: exec.Command(line[0], line[1:]...), logs: &strings.Builder{}, done: make(chan error, 1)}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = p.logs
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	said := make(chan string, 1)
	go func() {
		in := bufio.NewScanner(out)
		for in.Scan() {
			if at := strings.Index(in.Text(), "http"); at >= 0 {
				said <- strings.Fields(in.Text()[at:])[0]
				break
			}
		}
		_, _ = io.Copy(io.Discard, out)
		p.done <- p.cmd.Wait()
	}()
	select {
	case p.url = <-said:
	case err := <-p.done:
		p.done <- err
		t.Fatalf("faultline %v ended at its start: %v\n%s", args, err, p.logs)
	case <-time.After(startup):
		t.Fatalf("faultline %v does not answer", args)
	}
	return p
}

// kill ends the process as a crash would.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may be gone already
	p.done <- <-p.done
}

// stop ends it as an operator would and expects a clean end.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	err := <-p.done
	p.done <- err
	if err != nil {
		p.t.Fatalf("a clean stop ended with %v\n%s", err, p.logs)
	}
}

func (p *process) post(ctx context.Context, path, contentType, body string, header ...string) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Content-Type", contentType)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

func (p *process) get(path string) (int, string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.url+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// waitFolded blocks until every part has taken a minute.
func (p *process) waitFolded(m outage.Minute) {
	p.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(startup)
	want := fmt.Sprintf("faultline_follower_minute_seconds{part=\"publish\"} %s\n", formatFloat(float64(m.Time().Unix())))
	for {
		_, metrics := p.get("/metrics")
		if strings.Contains(metrics, want) {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			p.t.Fatalf("publish has not taken minute %s\n%s", m, p.logs)
		}
	}
}

// formatFloat writes a number as the metrics page does.
func formatFloat(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
