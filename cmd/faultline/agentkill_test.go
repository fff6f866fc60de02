package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"faultline/internal/agentapi"
	"faultline/internal/chain"
	"faultline/internal/stream"
	logsqlite "faultline/internal/stream/sqlite"
)

// An agent is killed again and again while it probes and sends, and so is the hub. In
// the end nothing that was acknowledged is missing, nothing is there twice, and the
// chain is whole.
func TestKilledAgent(t *testing.T)     { killedAgent(t, 20) }
func TestSoakKilledAgent(t *testing.T) { soak(t); killedAgent(t, 300) }

// killLoad is how many targets are probed each second.
const killLoad = 60

func killedAgent(t *testing.T, kills int) {
	dir := t.TempDir()
	hubDir, probes := filepath.Join(dir, "hub"), killTargets(t, dir)
	address := reserve(t)
	serve := func() *process {
		return start(t, 0, "serve", "--listen", address, "--data", hubDir, "--no-builtin-catalog",
			"--catalog", filepath.Join(dir, "catalog.yaml"), "--probes", probes)
	}
	_, token, _ := runHere(t, "agent", "token", "create", "--data", hubDir)
	hub := serve()
	w := newWitness(t, hub.url)
	metrics := reserve(t)
	life := func() *process {
		return start(t, 0, "agent", "run", "--hub", w.URL, "--token", strings.TrimSpace(token), "--data", filepath.Join(dir, "agent"),
			"--lab", "--metrics", metrics)
	}
	rng := rand.New(rand.NewPCG(4, 81))
	for i := range kills {
		if i%5 == 3 { // a while without a hub, which may die with a batch in its hands
			hub.kill()
		}
		agent := life()
		time.Sleep(time.Duration(100+rng.IntN(1500)) * time.Millisecond)
		agent.kill()
		if i%5 == 4 {
			hub = serve()
		}
	}
	agent := life()
	w.drained(t, "http://"+metrics+"/metrics")
	agent.stop()
	hub.stop()
	if code, out, errs := runHere(t, "verify", "--data", hubDir); code != exitOK || !strings.Contains(out, "whole") || strings.Contains(out, "gap") {
		t.Errorf("verify ends with %d: %s%s", code, out, errs)
	}
	w.compare(t, hubDir)
}

// killTargets serves a page and writes what a hub needs to have it probed.
func killTargets(t *testing.T, dir string) (probes string) {
	t.Helper()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<title>fine</title>") }))
	t.Cleanup(page.Close)
	var b strings.Builder
	b.WriteString("contact: mailto:ops@example.org\nlab: true\ntargets:\n")
	for i := range killLoad {
		fmt.Fprintf(&b, "  - {service: mine, url: \"%s/%d\", period: 1s, per-minute: 1200}\n", page.URL, i)
	}
	writeText(t, filepath.Join(dir, "catalog.yaml"), "kind: rig\nservices: [{id: mine, name: Mine}]\n")
	probes = filepath.Join(dir, "probes.yaml")
	writeText(t, probes, b.String())
	return probes
}

func writeText(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// witness stands between an agent and its hub, and notes which records were acknowledged.
type witness struct {
	*httptest.Server
	mu    sync.Mutex
	acked map[uint64]string // hashes
}

func newWitness(t *testing.T, hub string) *witness {
	t.Helper()
	to, err := url.Parse(hub)
	if err != nil {
		t.Fatal(err)
	}
	w := &witness{acked: map[uint64]string{}}
	proxy := &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(to) },
		ErrorHandler: func(rw http.ResponseWriter, _ *http.Request, _ error) { rw.WriteHeader(http.StatusBadGateway) },
	}
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the agent was killed in the middle
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer := &statusWriter{ResponseWriter: rw}
		proxy.ServeHTTP(answer, r)
		if r.URL.Path == agentapi.PathMeasurements && answer.status == http.StatusOK {
			w.note(t, body)
		}
	}))
	t.Cleanup(w.Close)
	return w
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements [http.ResponseWriter].
func (s *statusWriter) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

// note keeps what was acknowledged.
func (w *witness) note(t *testing.T, batch []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	records, err := agentapi.Unpack(batch)
	if err != nil {
		t.Error(err)
	}
	for line := range bytes.Lines(records) {
		var l chain.Link
		if err := json.Unmarshal(line, &l); err != nil {
			t.Error(err)
		}
		if before, ok := w.acked[l.Sequence]; ok && before != l.Hash {
			t.Errorf("sequence %d was acknowledged with two hashes", l.Sequence)
		}
		w.acked[l.Sequence] = l.Hash
	}
}

// drained waits until the agent has sent what its former lives have left.
func (w *witness) drained(t *testing.T, metrics string) {
	t.Helper()
	for deadline := time.Now().Add(startup); ; time.Sleep(100 * time.Millisecond) {
		page := fetch(t, metrics)
		sent, _ := metric(page, `faultline_agent_measurements_total{state="sent"}`)
		waiting, told := metric(page, `faultline_agent_state{what="waiting"}`)
		if told && sent > 0 && waiting < 2*killLoad { // it goes on probing
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the agent does not catch up: %.0f measurements wait", waiting)
		}
	}
}

// compare holds the hub's log against what was acknowledged.
func (w *witness) compare(t *testing.T, hubDir string) {
	t.Helper()
	log, err := logsqlite.Open(t.Context(), filepath.Join(hubDir, "log.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	hashes, times, want := map[uint64]string{}, map[string]bool{}, uint64(1)
	err = stream.EachFact(t.Context(), log, stream.Measurements.Name, 0, func(r stream.Record) error {
		m, err := stream.Measurements.Decode(r)
		if err != nil {
			return err
		}
		if m.Sequence != want {
			t.Errorf("sequence %d stands where %d is due", m.Sequence, want)
		}
		want = m.Sequence + 1
		hashes[m.Sequence] = m.Hash
		// Attempts at one target are a second apart: the same moment is the same attempt.
		moment := fmt.Sprint(m.Target.URL, m.Time.UnixNano())
		if times[moment] {
			t.Errorf("the attempt at %s of %s is there twice", m.Target.URL, m.Time)
		}
		times[moment] = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for sequence, hash := range w.acked {
		if hashes[sequence] != hash {
			t.Errorf("record %d was acknowledged and is not there", sequence)
		}
	}
	t.Logf("%d records were acknowledged, the hub has %d", len(w.acked), len(hashes))
	if len(w.acked) < killLoad {
		t.Error("too few to prove anything")
	}
}
