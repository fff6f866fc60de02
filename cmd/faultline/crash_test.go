package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"faultline/internal/detect"
	"faultline/internal/incident"
	"faultline/internal/rollup"
	"faultline/internal/stream"
	"faultline/internal/stream/memory"
	logsqlite "faultline/internal/stream/sqlite"
	"faultline/outage"
)

const token = "a token for tests"

// A recording is played into an instance that is killed again and again. In the
// end every acknowledged report is there exactly once, and everything derived is
// what a fold of the same reports gives that was never disturbed.
func TestKilled(t *testing.T)     { killed(t, 6, 130) }
func TestSoakKilled(t *testing.T) { soak(t); killed(t, 100, 900) }

// soak skips what takes long unless it was asked for.
func soak(t *testing.T) {
	t.Helper()
	if os.Getenv("FAULTLINE_SOAK") == "" {
		t.Skip("a long run: make soak")
	}
}

func killed(t *testing.T, kills, minutes int) {
	dir := t.TempDir()
	run := func() *process {
		return start(t, 0, "serve", "--listen", "127.0.0.1:0", "--data", dir, "--simulated-clock", "--replay-token", token)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	p := run()
	begin := outage.MinuteOf(time.Date(2025, 3, 10, 9, 0, 0, 0, time.UTC))
	acked := map[string]bool{}
	for m := range minutes {
		batch, reporters := minuteOf(begin+outage.Minute(m), m, rng)
		if kills > 0 && rng.IntN(minutes-m) < kills {
			kills--
			delay := time.Duration(rng.IntN(8000)) * time.Microsecond
			time.AfterFunc(delay, p.kill)
		}
		for {
			code, body, err := p.post(t.Context(), "/api/v1/replay", "application/x-ndjson", batch, "Authorization", "Bearer "+token)
			if err == nil && code == http.StatusOK {
				break
			}
			if err == nil {
				t.Fatalf("minute %d: %d %s", m, code, body)
			}
			p.kill()
			p = run() // the same batch again: whoever counted already counts once
		}
		for _, r := range reporters {
			acked[r] = true
		}
	}
	p.kill() // one may be on its way anyhow
	p = run()
	p.waitFolded(begin + outage.Minute(minutes) - 2)
	p.stop()
	compareFacts(t, dir, len(acked))
}

// minuteOf makes a replay batch: a quiet minute, or a busy one of an outage.
func minuteOf(m outage.Minute, i int, rng *rand.Rand) (batch string, reporters []string) {
	var b strings.Builder
	fmt.Fprintf(&b, `{"clock":%q}`+"\n", m)
	n := rng.IntN(3)
	if i >= 100 && i < 120 {
		n += 60
	}
	for j := range n {
		r := fmt.Sprintf("person %d of minute %d", j, i)
		reporters = append(reporters, r)
		fmt.Fprintf(&b, `{"service":"x","category":"app","country":"%s","network":"AS%d","reporter":%q}`+"\n", []string{"US", "GB", "IN"}[j%3], 64500+j%7, r)
	}
	return b.String(), reporters
}

// compareFacts folds the reports of a data directory afresh.
func compareFacts(t *testing.T, dir string, reports int) {
	t.Helper()
	log, err := logsqlite.Open(t.Context(), filepath.Join(dir, "log.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	fresh := memory.New()
	kept := map[string]int{}
	for _, r := range all(t, log, stream.Reports.Name) {
		if r.Kind != stream.KindFact {
			tick := stream.Tick(stream.Measurements.Name, r.Minute, r.Kind == stream.KindMissing)
			if err := fresh.Append(t.Context(), []stream.Entry{tick}, nil); err != nil {
				t.Fatal(err)
			}
		} else {
			report, err := stream.Reports.Decode(r)
			if err != nil {
				t.Fatal(err)
			}
			kept[report.Reporter]++
		}
		r.Key = fmt.Sprint(r.Seq)
		if err := fresh.Append(t.Context(), []stream.Entry{{Topic: stream.Reports.Name, Record: r}}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if len(kept) != reports {
		t.Errorf("%d reporters are kept, %d were acknowledged", len(kept), reports)
	}
	for who, n := range kept {
		if n != 1 {
			t.Errorf("%s counts %d times", who, n)
		}
	}
	detector, err := detect.New(detect.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	families := incident.DefaultConfig()
	for _, f := range []*stream.Follower{
		rollup.Follower(),
		{Name: "detect", In: []string{"points"}, Out: []string{"detections", "baselines"}, Fold: detector},
		incident.NewFollower(families),
	} {
		f.Strict = true
		if err := f.Drain(t.Context(), fresh); err != nil {
			t.Fatal(err)
		}
	}
	for _, topic := range []string{"points", "detections", "baselines", "incidents"} {
		got, want := text(all(t, log, topic)), text(all(t, fresh, topic))
		if !strings.HasPrefix(want, "0 ") && !strings.Contains(want, "\n0 ") {
			t.Errorf("topic %s is empty: the test compares nothing", topic)
		}
		if got != want {
			t.Errorf("topic %s differs from an undisturbed fold (%d bytes, want %d)\n%s", topic, len(got), len(want), firstDifference(got, want))
		}
	}
}

func all(t *testing.T, log stream.Log, topic string) []stream.Record {
	t.Helper()
	var out []stream.Record
	for after := uint64(0); ; {
		recs, err := log.Read(t.Context(), topic, after, 5000)
		if err != nil {
			t.Fatal(err)
		}
		if len(recs) == 0 {
			return out
		}
		out = append(out, recs...)
		after = recs[len(recs)-1].Seq
	}
}

func text(recs []stream.Record) string {
	var b strings.Builder
	for _, r := range recs {
		fmt.Fprintln(&b, r.Kind, r.Minute, string(r.Data))
	}
	return b.String()
}

func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d:\n  got  %.300s\n  want %.300s", i, a[i], b[i])
		}
	}
	return "one is a part of the other"
}

// People press while the process is killed: who was told that the report was
// taken finds it there, once.
func TestKilledUnderPresses(t *testing.T) {
	dir := t.TempDir()
	serve := func() *process {
		return start(t, 0, "serve", "--listen", "127.0.0.1:0", "--data", dir, "--trusted-hops", "127.0.0.0/8")
	}
	acked := map[string]bool{}
	for life := range 3 {
		p := serve()
		var mu sync.Mutex
		var wg sync.WaitGroup
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		for c := range 16 {
			wg.Go(func() {
				for i := 0; ctx.Err() == nil; i++ {
					id, err := pressAs(ctx, p, fmt.Sprintf("20.%d.%d.%d", life*16+c, i/250, i%250))
					if err != nil {
						return // the process is gone
					}
					mu.Lock()
					acked[id] = true
					if len(acked) >= 600*(life+1) {
						cancelLater(p)
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		cancel()
	}
	log, err := logsqlite.Open(t.Context(), filepath.Join(dir, "log.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	kept := map[string]int{}
	for _, r := range all(t, log, "reports") {
		if r.Kind == stream.KindFact {
			report, err := stream.Reports.Decode(r)
			if err != nil {
				t.Fatal(err)
			}
			kept[report.ID]++
		}
	}
	if len(acked) < 1800 {
		t.Fatalf("only %d presses were acknowledged: the test covers too little", len(acked))
	}
	for id := range acked {
		if kept[id] != 1 {
			t.Errorf("report %s was acknowledged and is there %d times", id, kept[id])
		}
	}
}

// cancelLater kills the process from the side, in the middle of what it does.
func cancelLater(p *process) { go p.kill() }

func pressAs(ctx context.Context, p *process, addr string) (id string, err error) {
	code, body, err := p.post(ctx, "/api/v1/reports", "application/json", `{"service":"x","category":"app"}`, "X-Forwarded-For", addr)
	if err != nil {
		return "", err
	}
	var a struct{ ID string }
	if err := json.Unmarshal([]byte(body), &a); err != nil || code != http.StatusCreated {
		return "", fmt.Errorf("answer %d %s", code, body)
	}
	return a.ID, nil
}

// A file system that refuses to grow a file: presses get 503 with the reason, the
// process lives, and after a restart with room everything acknowledged is there.
func TestFileSystemRefuses(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("needs bash to limit the size of files: apt-get install bash")
	}
	dir := t.TempDir()
	args := []string{"serve", "--listen", "127.0.0.1:0", "--data", dir, "--trusted-hops", "127.0.0.0/8"}
	p := start(t, 1500, args...)
	acked := map[string]bool{}
	refused := ""
	for i := range 20000 {
		code, body, err := p.post(t.Context(), "/api/v1/reports", "application/json", `{"service":"x","category":"app"}`,
			"X-Forwarded-For", fmt.Sprintf("20.%d.%d.%d", i/62500, i/250%250, i%250))
		if err != nil {
			t.Fatalf("after %d presses: %v\n%s", i, err, p.logs)
		}
		if code == http.StatusServiceUnavailable {
			refused = body
			break
		}
		var a struct{ ID string }
		if err := json.Unmarshal([]byte(body), &a); err != nil || code != http.StatusCreated {
			t.Fatalf("press %d: %d %s", i, code, body)
		}
		acked[a.ID] = true
	}
	if !strings.Contains(refused, "not saved") {
		t.Fatalf("the file system never refused, or without a word: %d acknowledged, %s", len(acked), refused)
	}
	if code, _ := p.get("/s/x"); code != http.StatusOK {
		t.Errorf("the page answers %d while the disk refuses", code)
	}
	p.kill()
	p = start(t, 0, args...)
	if _, err := pressAs(t.Context(), p, "21.0.0.1"); err != nil {
		t.Errorf("with room again: %v", err)
	}
	p.stop()
	log, err := logsqlite.Open(t.Context(), filepath.Join(dir, "log.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	for _, r := range all(t, log, "reports") {
		if r.Kind == stream.KindFact {
			report, err := stream.Reports.Decode(r)
			if err != nil {
				t.Fatal(err)
			}
			delete(acked, report.ID)
		}
	}
	if len(acked) > 0 {
		t.Errorf("%d acknowledged reports are lost", len(acked))
	}
}

func TestLockedAndDamagedDirectories(t *testing.T) {
	dir := t.TempDir()
	p := start(t, 0, "serve", "--listen", "127.0.0.1:0", "--data", dir)
	code, _, stderr := runHere(t, "serve", "--listen", "127.0.0.1:0", "--data", dir)
	if code != exitError || !strings.Contains(stderr, "locked by another faultline") || !strings.Contains(stderr, dir) {
		t.Errorf("a second process: exit %d, %q", code, stderr)
	}
	p.stop()
	if err := os.WriteFile(filepath.Join(dir, "log.db"), []byte(strings.Repeat("damage", 5000)), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, stderr = runHere(t, "serve", "--listen", "127.0.0.1:0", "--data", dir)
	if code != exitError || !strings.Contains(stderr, "damaged") || !strings.Contains(stderr, "backup") {
		t.Errorf("a damaged log: exit %d, %q", code, stderr)
	}
}

// runHere runs the program inside the test.
func runHere(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	code = run(t.Context(), args, streams{strings.NewReader(""), &out, &errs})
	return code, out.String(), errs.String()
}
