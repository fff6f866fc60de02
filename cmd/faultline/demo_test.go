package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"faultline/internal/api"
	"faultline/internal/demo"
	"faultline/outage"
)

// TestDemoPlaysTheDay runs the real program through the first wave and asks it,
// as a reader would, what happened.
func TestDemoPlaysTheDay(t *testing.T) {
	begun := time.Now()
	p := start(t, 0, "demo", "--speed", "max", "--listen", "127.0.0.1:0")
	if status, page := p.get("/"); status != http.StatusOK || !strings.Contains(page, "Demonstration") {
		t.Fatalf("the first page answers %d:\n%s", status, page)
	}
	t.Logf("first page %s after the start", time.Since(begun))
	in := p.firstWave()
	onset, peak := demo.Day+9*outage.Hour+30, demo.Day+9*outage.Hour+41
	within(t, "onset", outage.MinuteOf(in.Waves[0].Onset), onset, 5)
	if at := outage.MinuteOf(in.Waves[0].Peak); at < peak || at >= peak+15 {
		t.Errorf("peak at %s lies outside the bucket of %s", at, peak)
	}
	p.cannotTell(in.ID)
	if _, about := p.get("/about/demo"); !strings.Contains(about, "reconstruction") || !strings.Contains(about, "22,000") {
		t.Error("the page about the demonstration does not say what it is")
	}
	press := `{"service":"x","category":"app","country":"US"}`
	status, answer, err := p.post(t.Context(), "/api/v1/reports", "application/json", press)
	if err != nil || status != http.StatusCreated || !strings.Contains(answer, `"counted":true`) {
		t.Errorf("a press answers %d %s, error %v", status, answer, err)
	}
	p.stop()
}

// cannotTell holds the verdict on a day that nobody measured to what can be said of it.
func (p *process) cannotTell(incident string) {
	p.t.Helper()
	_, body := p.get("/api/v1/incidents/" + incident + "/verdicts")
	var list api.VerdictList
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list.Verdicts) == 0 {
		p.t.Fatalf("no verdict on %s: %v in:\n%s", incident, err, body)
	}
	for _, v := range list.Verdicts {
		if v.State != outage.VerdictInsufficient || v.Class != outage.CauseUndecided || len(v.Leading) != 0 {
			p.t.Errorf("from reports alone revision %d says %s, %v: %s", v.Revision, v.State, v.Leading, v.Sentence)
		}
	}
	for path, says := range map[string]string{
		"/i/" + incident: "Verdict: Cannot tell", "/i/" + incident + "/verdicts/1": "Verdict: Cannot tell", "/s/x": "Cannot tell",
	} {
		if status, page := p.get(path); status != http.StatusOK || !strings.Contains(page, says) {
			p.t.Errorf("%s answers %d and lacks %q", path, status, says)
		}
	}
}

// firstWave waits until X's first wave is over.
func (p *process) firstWave() api.Incident {
	p.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(startup)
	for {
		_, body := p.get("/api/v1/incidents?service=x&from=2025-03-10T00:00Z&to=2025-03-11T00:00Z")
		var list struct {
			Incidents []api.Incident `json:"incidents"`
		}
		if err := json.Unmarshal([]byte(body), &list); err != nil {
			p.t.Fatalf("%v in:\n%s", err, body)
		}
		if len(list.Incidents) > 0 && list.Incidents[0].Waves[0].End != nil {
			return list.Incidents[0]
		}
		select {
		case <-tick.C:
		case <-deadline:
			p.t.Fatalf("no wave has come and gone:\n%s\n%s", body, p.logs)
		}
	}
}

func TestDemoRefuses(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "log.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"is not empty":            {"demo", "--data", full},
		"use a number from 1":     {"demo", "--speed", "fast"},
		"must be 2 to 15 minutes": {"demo", "--ramp", "1"},
		"choose another address":  {"demo", "--listen", "256.0.0.1:1"},
	} {
		if code, _, errs := command(t.Context(), "", args...); code != 1 || !strings.Contains(errs, want) {
			t.Errorf("%v ended with %d and said %q, want %q", args, code, errs, want)
		}
	}
}
