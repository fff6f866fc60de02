package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"faultline/outage"
)

// ownMinutes is how long the sample lasts, ownFails the minute in which the shop begins
// to fail, from 0.
const (
	ownMinutes = 25
	ownFails   = 15
)

func ownBegin() outage.Minute {
	return outage.MinuteOf(time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC))
}

func ownOnset() outage.Minute { return ownBegin() + ownFails }

// ownTable is a sample of somebody's own measurements: three vantage points look every
// minute at a shop, at two sites beside it in the same network, and at two that have
// nothing to do with them; from a minute on the shop answers everybody with 500, at once.
func ownTable() string { return ownTableOf([]string{"shop"}) }

// ownTableOf is the same with others that fail, and more sites elsewhere.
func ownTableOf(fail []string, more ...string) string {
	var b strings.Builder
	b.WriteString("time,agent,country,network,service,target,address,tcp_ms,tls_ms,ttfb_ms,http_ms,status,body_class,outcome,layer,operation,failure\n")
	places := []struct{ agent, country, network string }{{"fra-1", "DE", "AS64500"}, {"lon-1", "GB", "AS64501"}, {"nyc-1", "US", "AS64502"}}
	sites := []struct{ name, address string }{
		{"shop", "192.0.2.10"}, {"blog", "192.0.2.11"}, {"help", "192.0.2.12"}, {"one", "198.51.100.1"}, {"two", "203.0.113.2"},
	}
	for i, name := range more {
		sites = append(sites, struct{ name, address string }{name, fmt.Sprintf("198.18.%d.1", i)})
	}
	for i := range ownMinutes {
		for n, p := range places {
			at := (ownBegin() + outage.Minute(i)).Time().Add(time.Duration(7+3*n) * time.Second).Format(time.RFC3339)
			for k, site := range sites {
				tail := fmt.Sprintf("%d,%d,200,ok,ok,,,", 40+(i*7+n*3+k)%9, 52+(i*5+n)%9)
				if slices.Contains(fail, site.name) && i >= ownFails {
					tail = fmt.Sprintf("%d,%d,500,error_page,fail,http,http_round_trip,x_http_5xx", 18+(i+n)%5, 20+(i+n)%5)
				}
				fmt.Fprintf(&b, "%s,%s,%s,%s,%s,https://www.%s.example/,%s,%d,%d,%s\n",
					at, p.agent, p.country, p.network, site.name, site.name, site.address, 20+10*n+(i+k)%4, 45+10*n+(i+k)%4, tail)
			}
		}
	}
	return b.String()
}

// sampleFile holds ownTable, for whoever reads the page.
const sampleFile = "testdata/own/shop.csv"

func TestOwnSample(t *testing.T) {
	if *update {
		if err := os.WriteFile(sampleFile, []byte(ownTable()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(sampleFile)
	if err != nil || string(b) != ownTable() {
		t.Errorf("%s is not what the test makes (%v); run 'go test ./cmd/faultline -run TestOwnSample -update'", sampleFile, err)
	}
}

// ownSection is where the page shows how.
const ownSection = "## Your own measurements"

// The commands of the page run as they stand there, in a shell, one after the other,
// but for those that need a hub: TestOwnFromHub has them.
func TestOwnPage(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "diagnosis.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(page), ownSection+"\n")
	if !ok {
		t.Fatalf("docs/diagnosis.md has no section %q", ownSection)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var script strings.Builder
	for line := range strings.Lines(section) {
		if c, ok := strings.CutPrefix(line, "    "); ok && !strings.Contains(c, "http://127.0.0.1") {
			script.WriteString(c)
		}
	}
	if n := strings.Count(script.String(), "faultline diagnose --measurements"); n < 2 {
		t.Fatalf("%d commands on the page:\n%s", n, script.String())
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin, work := t.TempDir(), t.TempDir()
	if err := os.Symlink(self, filepath.Join(bin, "faultline")); err != nil { // by that name it is the program: see TestMain
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(root, "cmd"), filepath.Join(work, "cmd")); err != nil {
		t.Fatal(err)
	}
	sh := exec.CommandContext(t.Context(), "sh", "-e", "-c", script.String())
	sh.Dir, sh.Env = work, append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	var errs strings.Builder
	sh.Stderr = &errs
	out, err := sh.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, script.String(), errs.String())
	}
	if n := strings.Count(string(out), " score, a share of "); n < 10 {
		t.Errorf("%d hypotheses are added up:\n%s", n, out)
	}
	var brief strings.Builder
	for line := range strings.Lines(string(out)) {
		if strings.TrimLeft(line, " \n") == line { // the sums are indented; package reason has goldens of them
			brief.WriteString(line)
		}
	}
	golden(t, filepath.Join("testdata", "own", "page.txt"), brief.String())
}

// own runs the command over texts of measurements, one file each.
func own(t *testing.T, files []string, args ...string) (out ownVerdicts) {
	t.Helper()
	args = append([]string{"diagnose", "--measurements", "--json"}, args...)
	for i, text := range files {
		path := filepath.Join(t.TempDir(), fmt.Sprintf("%d.json", i))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	code, text, errs := command(t.Context(), "", args...)
	if code != exitOK {
		t.Fatalf("%v: %d %s", args, code, errs)
	}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// What a hub answers is judged as what was imported into it.
func TestOwnFromHub(t *testing.T) {
	dir := t.TempDir()
	known := filepath.Join(dir, "mine.yaml")
	if err := os.WriteFile(known, []byte("kind: other\nservices:\n  - {id: shop, name: Shop}\n  - {id: one, name: One}\n  - {id: two, name: Two}\n  - {id: blog, name: Blog}\n  - {id: help, name: Help}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "hub")
	hub := start(t, 0, "serve", "--listen", "127.0.0.1:0", "--data", data, "--catalog", known)
	if code, _, errs := command(t.Context(), "", "import", "--hub", hub.url, "--data", data, sampleFile); code != exitOK {
		t.Fatalf("import: %d %s", code, errs)
	}
	var files []string
	for _, agent := range []string{"fra-1", "lon-1", "nyc-1"} {
		address := fmt.Sprintf("/api/v1/measurements?agent=%s&from=2026-03-10&to=2026-03-11&limit=500", url.QueryEscape("import:csv/"+agent))
		eventually(t, "the measurements of "+agent+" are listed", func() bool {
			_, body := hub.get(address)
			return strings.Count(body, `"source":"csv"`) == 5*ownMinutes
		})
		_, body := hub.get(address)
		files = append(files, body)
	}
	controls := []string{"--control", "one", "--control", "two"}
	fromHub := own(t, files, controls...)
	_, lines, _ := command(t.Context(), "", "import", sampleFile)
	fromFile := own(t, []string{lines}, controls...)
	if len(fromHub.Incidents) != 1 || len(fromFile.Incidents) != 1 || fromHub.Played.Records != 15*ownMinutes {
		t.Fatalf("%+v\n%+v", fromHub, fromFile)
	}
	a, b := fromHub.Incidents[0].Verdict, fromFile.Incidents[0].Verdict
	if a.Sentence != b.Sentence || a.State == outage.VerdictInsufficient || !slices.Contains(a.Leading, "code-deploy") || a.Onset != ownOnset() {
		t.Errorf("from the hub: %s, %v, %s, onset %s\nfrom the file: %s", a.State, a.Leading, a.Sentence, a.Onset, b.Sentence)
	}
	again := own(t, slices.Concat(files, files[:1]), controls...)
	if again.Played.Twice != 5*ownMinutes || again.Incidents[0].Verdict.Sentence != a.Sentence {
		t.Errorf("with a file twice: %+v", again.Played)
	}
}

// Three sites on one host that fail alike while others do not are an incident of the
// host, too, though no record is of it.
func TestOwnProvider(t *testing.T) {
	path := filepath.Join(t.TempDir(), "own.csv")
	if err := os.WriteFile(path, []byte(ownTableOf([]string{"shop", "blog", "help"}, "far", "off", "out")), 0o600); err != nil {
		t.Fatal(err)
	}
	_, lines, _ := command(t.Context(), "", "import", path)
	args := []string{"--control", "one", "--control", "two", "--catalog", "testdata/own/services.yaml"}
	of := func(o ownVerdicts) (ids []string) {
		for i := range o.Incidents {
			if one := &o.Incidents[i]; one.Verdict == nil {
				t.Errorf("incident %s has no verdict", one.Incident.ID)
			}
			ids = append(ids, o.Incidents[i].Incident.Service)
		}
		slices.Sort(ids)
		return ids
	}
	all := own(t, []string{lines}, args...)
	if got := of(all); !slices.Equal(got, []string{"blog", "help", "host", "shop"}) || len(all.Quiet) != 3 {
		t.Errorf("incidents of %v, %d quiet", got, len(all.Quiet))
	}
	one := own(t, []string{lines}, slices.Concat(args, []string{"--service", "shop"})...)
	if got := of(one); !slices.Equal(got, []string{"shop"}) || !slices.Contains(one.Incidents[0].Verdict.Leading, "provider-outage") {
		t.Errorf("incidents of %v", got)
	}
}

// Where too little was measured it is said what there was and why, and with an onset
// the verdict is the engine's own word that it is not enough.
func TestOwnTooLittle(t *testing.T) {
	_, all, _ := command(t.Context(), "", "import", sampleFile)
	only := func(agents ...string) string {
		var b strings.Builder
		for line := range strings.Lines(all) {
			for _, a := range agents {
				if strings.Contains(line, a) {
					b.WriteString(line)
				}
			}
		}
		return b.String()
	}
	controls := []string{"--service", "shop", "--control", "one", "--control", "two"}
	for name, c := range map[string]struct {
		lines string
		args  []string
		why   string
	}{
		"one vantage point": {only("fra-1"), controls, "one agent alone proves nothing of a service"},
		"one network":       {strings.ReplaceAll(only("fra-1", "lon-1"), "AS64501", "AS64500"), controls, "all in 1 network"},
		"no controls":       {all, controls[:2], "0 of the 2 control targets that are needed were tried"},
		"nothing failed":    {before(t, all, ownOnset()), controls, "in two looks in a row"},
	} {
		out := own(t, []string{c.lines}, c.args...)
		if len(out.Incidents) > 0 || len(out.Quiet) != 1 || !strings.Contains(out.Quiet[0].Why, c.why) {
			t.Errorf("%s: %d incidents, %+v, want %q", name, len(out.Incidents), out.Quiet, c.why)
		}
		out = own(t, []string{c.lines}, slices.Concat(c.args, []string{"--onset", (ownOnset() - 1).String()})...)
		if len(out.Incidents) != 1 || out.Incidents[0].Verdict.State != outage.VerdictInsufficient || !out.Incidents[0].Given || len(out.Quiet) != 1 {
			t.Errorf("%s, from an onset on: %+v", name, out)
		}
	}
}

// before are the lines of measurements that were made before a minute.
func before(t *testing.T, lines string, m outage.Minute) string {
	t.Helper()
	var b strings.Builder
	for line := range strings.Lines(lines) {
		var x outage.Measurement
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatal(err)
		}
		if outage.MinuteOf(x.Time) < m {
			b.WriteString(line)
		}
	}
	return b.String()
}
