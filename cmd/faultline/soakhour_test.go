package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"faultline/internal/stream"
	logsqlite "faultline/internal/stream/sqlite"
	"faultline/outage"
)

// rigProcess is the rig of internal/probe in a process of its own.
type rigProcess struct {
	Resolver string
	CA       string
	Targets  []struct {
		Name, URL string
		Failure   outage.Failure
	}
}

// startRig builds the tests of internal/probe and runs the one that serves the rig.
func startRig(t *testing.T, dir string) *rigProcess {
	t.Helper()
	path := filepath.Join(dir, "rig")
	if out, err := exec.Command("go", "test", "-c", "-o", path, "../../internal/probe").CombinedOutput(); err != nil {
		t.Fatalf("build the rig: %v\n%s", err, out)
	}
	cmd := exec.Command(path, "-test.run=^TestRigServer$", "-test.timeout=0")
	cmd.Env = append(os.Environ(), "FAULTLINE_RIG_SERVER=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()         // it ends with its input,
		_ = cmd.Process.Kill() // but for handlers that hang on purpose
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		r := &rigProcess{}
		if json.Unmarshal(lines.Bytes(), r) == nil && r.Resolver != "" {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return r
		}
	}
	t.Fatal("the rig does not say where it is")
	return nil
}

// write makes what a hub, its agent and their probes are started with: a service for
// each fault, probed as often as a plan allows.
func (r *rigProcess) write(t *testing.T, dir string) (catalog, probes, ca string) {
	t.Helper()
	var services, targets strings.Builder
	good := r.Targets[0].URL
	fmt.Fprintf(&targets, "contact: mailto:ops@example.org\ncontrols: [{url: %q, period: 10s}, {url: %q, period: 10s}]\ntargets:\n", good, good+"other")
	services.WriteString("kind: rig\nservices:\n")
	for i, f := range r.Targets {
		fmt.Fprintf(&services, "  - {id: rig-%d, name: %q}\n", i, f.Name)
		fmt.Fprintf(&targets, "  - {service: rig-%d, url: %q, period: 10s, per-minute: 240, retries: %d", i, f.URL, i%2)
		if i == 0 {
			targets.WriteString(", also: [quic, echo, trace, authoritative]")
			targets.WriteString(", journey-period: 10s, journeys: [{name: feed, variants: [desktop, mobile], steps: [")
			fmt.Fprintf(&targets, `{name: front, url: %q, expect: {keyword: fine}}, {name: next, url: "/next", expect: {keyword: missing}}]}]`, good)
		}
		targets.WriteString("}\n")
	}
	files := map[string]string{"catalog.yaml": services.String(), "probes.yaml": targets.String(), "ca.pem": r.CA}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "catalog.yaml"), filepath.Join(dir, "probes.yaml"), filepath.Join(dir, "ca.pem")
}

// sampled are the series of one run, a value a minute: the median of the minute.
type sampled map[string][]float64

// What is sampled, and how much of it a line through the second half of a run may
// rise: a share of its median or an amount, whichever is more. An hour of attempts
// that each left something behind would be far over: there are some 25,000.
var bounds = []struct {
	name   string
	share  float64
	amount float64
}{
	{"goroutines", 0.10, 10},
	{"descriptors", 0.10, 10},
	{"heap", 0.15, 3 << 20},
	{"resident", 0.10, 6 << 20},
}

// sampleEvery does not divide the period of the probes, so that no sample falls into
// step with them.
const sampleEvery = 7 * time.Second

// sample watches an agent for a minute.
func (s sampled) minute(t *testing.T, agent proc, metricsURL string) {
	t.Helper()
	now := map[string][]float64{}
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		<-tick.C
		page := fetch(t, metricsURL)
		for name, key := range map[string]string{"goroutines": "go_goroutines", "heap": "go_memstats_heap_inuse_bytes"} {
			v, ok := metric(page, key)
			if !ok {
				t.Fatalf("the agent does not tell %s", key)
			}
			now[name] = append(now[name], v)
		}
		now["descriptors"] = append(now["descriptors"], agent.descriptors(t))
		now["resident"] = append(now["resident"], agent.status(t, "VmRSS"))
	}
	for name, list := range now {
		s[name] = append(s[name], median(list))
	}
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// judge fails a run in which something grew.
func (s sampled) judge(t *testing.T) {
	t.Helper()
	for _, b := range bounds {
		half := s[b.name][len(s[b.name])/2:]
		usual, grew := median(half), growth(half)
		allowed := max(b.share*usual, b.amount)
		t.Logf("%-12s median %.0f, from %.0f to %.0f, a line through the second half rises by %.1f (at most %.0f)",
			b.name, usual, slices.Min(s[b.name]), slices.Max(s[b.name]), grew, allowed)
		if grew > allowed {
			t.Errorf("%s grew by %.1f in the second half of the run: %.0f", b.name, grew, s[b.name])
		}
	}
}

// soakTime is how long the run takes: an hour, or what FAULTLINE_SOAK_TIME says.
func soakTime(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("FAULTLINE_SOAK_TIME")
	if text == "" {
		return time.Hour
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The real agent probes for an hour what fails in every way, and the hub is away for
// a minute of each quarter of an hour. Nothing of the agent may grow, every fault must
// have been seen as what it is, and the chain must hold at the end.
func TestSoakHour(t *testing.T) {
	soak(t)
	dir, minutes := t.TempDir(), int(soakTime(t).Minutes())
	rig := startRig(t, dir)
	catalog, probes, ca := rig.write(t, dir)
	address := reserve(t)
	hubDir := filepath.Join(dir, "hub")
	serve := func() *process {
		return start(t, 0, "serve", "--listen", address, "--data", hubDir, "--no-builtin-catalog", "--catalog", catalog, "--probes", probes)
	}
	_, token, _ := runHere(t, "agent", "token", "create", "--data", hubDir)
	hub := serve()
	t.Setenv("SSL_CERT_FILE", ca)
	metrics := reserve(t)
	agent := start(t, 0, "agent", "run", "--hub", hub.url, "--token", strings.TrimSpace(token), "--data", filepath.Join(dir, "agent"),
		"--country", "DE", "--network", "AS64500", "--resolver", rig.Resolver, "--metrics", metrics)
	agentURL := "http://" + metrics + "/metrics"
	watched := proc(agent.cmd.Process.Pid)
	series, begun := sampled{}, time.Now()
	for m := range minutes {
		away := m%15 == 14
		if away {
			hub.stop()
		}
		series.minute(t, watched, agentURL)
		if away {
			hub = serve()
		}
		t.Logf("minute %d: %s of processor time; hub %.0f MiB; %v", m+1, watched.used(t).Round(time.Second),
			proc(hub.cmd.Process.Pid).status(t, "VmRSS")/(1<<20), series.last())
	}
	page := fetch(t, agentURL)
	made, _ := metric(page, `faultline_agent_attempts_total{result="made"}`)
	t.Logf("%.0f attempts in %s, %s of processor time", made, time.Since(begun).Round(time.Second), watched.used(t))
	agent.stop()
	hub.stop()
	series.judge(t)
	rig.judge(t, hubDir)
}

// last are the newest values.
func (s sampled) last() map[string]int {
	out := map[string]int{}
	for name, list := range s {
		out[name] = int(list[len(list)-1])
	}
	return out
}

// judge holds what the hub has against what is wrong in the rig, and the chain.
func (r *rigProcess) judge(t *testing.T, hubDir string) {
	t.Helper()
	if code, out, errs := runHere(t, "verify", "--data", hubDir); code != exitOK || !strings.Contains(out, "whole") {
		t.Errorf("verify ends with %d: %s%s", code, out, errs)
	}
	log, err := logsqlite.Open(t.Context(), filepath.Join(hubDir, "log.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	seen := map[string]map[outage.Failure]int{}
	err = stream.EachFact(t.Context(), log, stream.Measurements.Name, 0, func(rec stream.Record) error {
		m, err := stream.Measurements.Decode(rec)
		if err == nil {
			if seen[m.Target.Service] == nil {
				seen[m.Target.Service] = map[outage.Failure]int{}
			}
			seen[m.Target.Service][m.Failure]++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range r.Targets {
		got := seen[fmt.Sprintf("rig-%d", i)]
		t.Logf("%s: %v", f.Name, got)
		if got[f.Failure] == 0 {
			t.Errorf("%s: seen as %v, want %q", f.Name, got, f.Failure)
		}
	}
}

// reserve finds a port that is free, for a hub that comes back to the same one.
func reserve(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
