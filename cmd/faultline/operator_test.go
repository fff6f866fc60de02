package main

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What others have measured is stored through a running hub, once, shown with its
// source; an agent that is revoked stops, and stays listed.
func TestOperator(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	data := filepath.Join(dir, "hub")
	hub := start(t, 0, "serve", "--listen", "127.0.0.1:0", "--data", data, "--catalog", write("mine.yaml", "kind: other\nservices:\n  - {id: shop, name: Shop}\n"))
	table := write("old.csv", "time,target,service,agent,country,status,outcome,layer,failure\n"+
		"2024-05-01T12:00:00Z,https://shop.example/,shop,fra-1,DE,200,ok,,\n"+
		"2024-05-01T12:01:00Z,https://shop.example/,shop,fra-1,DE,,fail,tcp,connection_refused\n")
	for _, want := range []string{"stored 2 in", "stored 0 in " + hub.url + "; it had 2 already"} {
		if code, _, errs := command(t.Context(), "", "import", "--hub", hub.url, "--data", data, table); code != 0 || !strings.Contains(errs, want) {
			t.Fatalf("import: %d %s, want %q", code, errs, want)
		}
	}
	if code, _, errs := command(t.Context(), "", "import", "--hub", hub.url, "--data", data, "--service", "nobody", table); code == 0 || !strings.Contains(errs, `service "nobody" is not in the catalog`) {
		t.Errorf("of an unknown service: %d %s", code, errs)
	}
	if code, _, errs := command(t.Context(), "", "import", "--hub", hub.url, "--data", dir, table); code == 0 || !strings.Contains(errs, "operator's key") {
		t.Errorf("without the key: %d %s", code, errs)
	}
	eventually(t, "the imports are listed", func() bool {
		_, body := hub.get("/api/v1/measurements?service=shop&from=2024-05-01&to=2024-05-02&agent=" + url.QueryEscape("import:csv/fra-1"))
		return strings.Count(body, `"source":"csv"`) == 2
	})
	if _, body := hub.get("/api/v1/incidents"); !strings.Contains(body, `"total":0`) {
		t.Errorf("history opened an incident: %s", body)
	}
	word := `[{"service":"shop","feature":"bgp_unchanged","value":1,"from":"2024-05-01T12:00Z","to":"2024-05-01T13:00Z","source":{"name":"Observatory","kind":"measurer"}}]`
	for range 2 {
		if code, out, errs := command(t.Context(), word, "observe", "--hub", hub.url, "--data", data, "-"); code != 0 || !strings.Contains(out, "1 observations are on record") {
			t.Errorf("observe: %d %s%s", code, out, errs)
		}
	}
	for body, want := range map[string]string{
		strings.Replace(word, "shop", "nobody", 1): "is not in the catalog", strings.Replace(word, "bgp_unchanged", "guilt", 1): "not in the vocabulary",
		strings.ReplaceAll(word, "2024", "2124"): "still to come",
	} {
		if code, _, errs := command(t.Context(), body, "observe", "--hub", hub.url, "--data", data, "-"); code == 0 || !strings.Contains(errs, want) {
			t.Errorf("observe %s: %d %s, want %q", body, code, errs, want)
		}
	}
	if code, _, errs := command(t.Context(), word, "observe", "--hub", hub.url, "--key", "faultline_operator_wrong", "-"); code == 0 || !strings.Contains(errs, "operator's key is missing or wrong") {
		t.Errorf("observe with another key: %d %s", code, errs)
	}
	_, token, _ := command(t.Context(), "", "agent", "token", "create", "--data", data)
	agent := start(t, 0, "agent", "run", "--hub", hub.url, "--data", filepath.Join(dir, "agent"), "--network", "AS64501", "--token", strings.TrimSpace(token))
	var id string
	eventually(t, "the agent is listed", func() bool {
		_, out, _ := command(t.Context(), "", "agent", "list", "--hub", hub.url)
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if len(lines) == 2 {
			id = strings.Fields(lines[1])[0]
		}
		return id != ""
	})
	if code, out, errs := command(t.Context(), "", "agent", "revoke", id, "--hub", hub.url, "--data", data, "--reason", "it has moved"); code != 0 || !strings.Contains(out, "is revoked since") {
		t.Fatalf("revoke: %d %s", code, errs)
	}
	agent.stop() // it would hear of it with its next batch or plan
	if code, _, errs := command(t.Context(), "", "agent", "run", "--hub", hub.url, "--data", filepath.Join(dir, "agent"), "--network", "AS64501"); code == 0 || !strings.Contains(errs, "it has moved") {
		t.Errorf("a revoked agent ends with %d %s", code, errs)
	}
	eventually(t, "the list says so", func() bool {
		_, out, _ := command(t.Context(), "", "agent", "list", "--hub", hub.url)
		_, page := hub.get("/agents")
		return strings.Contains(out, "revoked") && strings.Contains(page, "Revoked") && strings.Contains(page, "it has moved")
	})
	hub.stop()
	if code, out, errs := command(t.Context(), "", "verify", "--data", data); code != 0 && !strings.Contains(errs, "no records") {
		t.Errorf("verify: %d %s %s", code, out, errs)
	}
}
