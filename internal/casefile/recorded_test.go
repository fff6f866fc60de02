package casefile

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"faultline/internal/feature"
	"faultline/internal/knowledge"
	"faultline/internal/reason"
	"faultline/outage"
)

// recorded opens a file of the recorded logs, which are not part of this repository.
func recorded(t *testing.T, name string) io.Reader {
	t.Helper()
	f, err := os.Open(filepath.Join("../../../shared/data", name))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not there: recorded logs lie beside the repository, not in it", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if !strings.HasSuffix(name, ".gz") {
		return f
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// rows reads a CSV without its head.
func rows(t *testing.T, in io.Reader) [][]string {
	t.Helper()
	all, err := csv.NewReader(in).ReadAll()
	if err != nil || len(all) < 2 {
		t.Fatalf("%d rows: %v", len(all), err)
	}
	return all[1:]
}

func judged(t *testing.T, values map[string]float64, sample int) outage.Verdict {
	t.Helper()
	table, err := knowledge.Open(knowledge.Current)
	if err != nil {
		t.Fatal(err)
	}
	set := &feature.Set{Service: "x", Incident: "x-1", Onset: 1000, At: 1100, Own: map[string]feature.Feature{}}
	for name, v := range values {
		set.Put(feature.Feature{Name: name, Value: v, Sample: sample, Vantages: int(values[feature.AgentsLooking]),
			Networks: int(values[feature.NetworksLooked]), Origin: outage.OriginProbes})
	}
	return reason.Judge(set, table)
}

// What public monitors logged on 18 November 2025 of three sites behind Cloudflare and
// of others: 500 within a fraction of a second, in waves, at these three alone. It is
// consistent with an outage of the provider and never with an attack, which the
// operator itself first thought; and from the two monitors that there were, nothing is
// said at all.
func TestCloudflareFromTheLogs(t *testing.T) {
	behind := []string{"pAI-OS", "Sam Johnston", "Yld.Moe"}
	monitors, waves, others := map[string]bool{}, map[string]int{}, map[string]bool{}
	var speeds []float64
	down, same := 0, 0
	for _, r := range rows(t, recorded(t, "upptime/outages.csv")) {
		repo, at, site, state, code := r[0], r[2], r[3], r[4], r[5]
		switch {
		case !strings.HasPrefix(at, "2025-11-18"):
			continue
		case !slices.Contains(behind, site):
			others[site] = others[site] || state == "down" && at < "2025-11-18T15"
			continue
		case state != "down":
			continue
		}
		monitors[repo] = true
		down++
		waves[site]++
		if code == "500" {
			same++
		}
		ms, err := strconv.ParseFloat(r[6], 64)
		if err != nil {
			t.Fatal(err)
		}
		speeds = append(speeds, ms)
	}
	elsewhere := 0
	for _, failed := range others {
		if failed {
			elsewhere++
		}
	}
	slices.Sort(speeds)
	if down == 0 || len(waves) != len(behind) || len(others) == 0 {
		t.Fatalf("%d lines of %d sites, %d others: the log is not what it was", down, len(waves), len(others))
	}
	values := map[string]float64{
		feature.Attempts: 120, feature.AgentsLooking: float64(len(monitors)), feature.NetworksLooked: float64(len(monitors)),
		feature.DepthReached: 3, feature.BaselineMin: 60, feature.AgentFailShare: 1, feature.FailFrac: 0.5, feature.HTTPFailFrac: 0.5,
		feature.TCPFailFrac: 0, feature.FirstHTTPShare: 1, feature.FirstTCPShare: 0, feature.FirstDNSShare: 0, feature.FirstTLSShare: 0,
		feature.ErrorSpeed: speeds[len(speeds)/2], feature.NoAnswer: 0, feature.TopStatusShare: float64(same) / float64(down),
		feature.Status500Share: float64(same) / float64(down), feature.WaveCount: float64(waves[behind[0]]),
		feature.SiblingsWatched: 2, feature.SiblingFailShare: 1, feature.SiblingSameShare: 1,
		feature.ElsewhereFail: float64(elsewhere) / float64(len(others)),
	}
	v := judged(t, values, down)
	if v.State != outage.VerdictInsufficient {
		t.Errorf("from %d monitors: %s, %v", len(monitors), v.State, v.Leading)
	}
	values[feature.AgentsLooking], values[feature.NetworksLooked] = 3, 3
	v = judged(t, values, 40)
	if v.Class != outage.CauseUpstream || v.Leading[0] != "provider-outage" {
		t.Errorf("with a third monitor: %s, %v\n%s", v.State, v.Leading, reason.Explain(&v))
	}
	if len(v.Classes) == 0 || slices.ContainsFunc(v.Classes, func(c outage.ClassSupport) bool { return c.Class == outage.CauseAttack && c.Support > 0.01 }) {
		t.Errorf("an attack has support: %+v", v.Classes)
	}
}

// All checks of X on 10 March 2025 that one public monitor made say success, for a
// redirect was enough. With that beside forty thousand reports nothing is said, and
// above all not that there was no outage.
func TestXFromTheLogs(t *testing.T) {
	checks, fine := 0, 0
	for _, r := range rows(t, recorded(t, "statuspage/checks.csv.gz")) {
		if r[1] == "twitter" && strings.HasPrefix(r[0], "2025-03-10") {
			checks++
			if r[2] == "success" {
				fine++
			}
		}
	}
	peak := 0.0
	figures, err := io.ReadAll(recorded(t, "x-2025-03-10/figures.csv"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(figures)) { // its notes hold quotes that no CSV has
		r := strings.SplitN(line, ",", 5)
		if n, err := strconv.ParseFloat(r[min(3, len(r)-1)], 64); err == nil && strings.HasSuffix(r[2], "bucket") {
			peak = max(peak, n)
		}
	}
	if checks == 0 || fine != checks || peak < 40_000 {
		t.Fatalf("%d of %d checks succeeded, %v reports: the logs are not what they were", fine, checks, peak)
	}
	shallow := map[string]float64{
		feature.Attempts: float64(checks), feature.AgentsLooking: 1, feature.NetworksLooked: 1, feature.DepthReached: 2,
		feature.FailFrac: 1 - float64(fine)/float64(checks), feature.ReportRatio: peak / 1000,
	}
	for _, agents := range []float64{1, 4} { // and it would be no better with more of the kind
		shallow[feature.AgentsLooking], shallow[feature.NetworksLooked] = agents, agents
		if v := judged(t, shallow, checks); v.State != outage.VerdictInsufficient {
			t.Errorf("from %v shallow monitors: %s, %v", agents, v.State, v.Leading)
		}
	}
}

// One public monitor was refused by facebook.com for most of a year. Alone it proves
// nothing; beside agents that see the service well, it is the monitor.
func TestFacebookFromTheLogs(t *testing.T) {
	checks, failed := 0, 0
	for _, r := range rows(t, recorded(t, "statuspage/checks.csv.gz")) {
		if r[1] == "facebook" && r[0] >= "2024-03-09" && r[0] < "2025-01-31" {
			checks++
			if r[2] == "failed" {
				failed++
			}
		}
	}
	if checks < 1000 || float64(failed)/float64(checks) < 0.9 {
		t.Fatalf("%d of %d checks failed: the log is not what it was", failed, checks)
	}
	alone := map[string]float64{
		feature.Attempts: float64(checks), feature.AgentsLooking: 1, feature.NetworksLooked: 1, feature.DepthReached: 3,
		feature.FailFrac: float64(failed) / float64(checks), feature.AgentFailShare: 1, feature.ReportRatio: 1,
	}
	if v := judged(t, alone, checks); v.State != outage.VerdictInsufficient {
		t.Errorf("from one monitor: %s, %v", v.State, v.Leading)
	}
	const agents = 6
	beside := map[string]float64{
		feature.Attempts: float64(checks), feature.AgentsLooking: agents, feature.NetworksLooked: 5, feature.DepthReached: 3,
		feature.FailFrac: float64(failed) / float64(checks) / agents, feature.AgentFailShare: math.Round(100.0/agents) / 100,
		feature.ClassOnly: 1, feature.ControlFail: 0, feature.ReportRatio: 1, feature.BaselineMin: 60,
	}
	if v := judged(t, beside, agents*10); v.Class != outage.CauseNoOutage || v.Leading[0] != "monitor-fault" {
		t.Errorf("beside five agents that see it well: %s, %v\n%s", v.State, v.Leading, reason.Explain(&v))
	}
}
