package api_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// unlisted are addresses below /api/ that are no part of the document, and why.
var unlisted = map[string]string{
	"POST /api/v1/agents":       "agents sign it: docs/reference/agents.md",
	"POST /api/v1/measurements": "agents sign it: docs/reference/agents.md",
	"GET /api/v1/plan":          "agents sign it: docs/reference/agents.md",
	"POST /api/v1/replay":       "of a simulated clock alone: docs/how-to/replay.md",
}

// route finds what a part takes, in its source.
var route = regexp.MustCompile(`HandleFunc\("?([A-Z]+ (?:/api/[^"]*)?)"?(?: ?\+ ?(PathObservations))?`)

// Whatever a part of the hub takes below /api/ is in the document, with the words for
// its parameters, and what is in the document somebody takes.
func TestEveryRouteIsDescribed(t *testing.T) {
	srv, _ := newAPI(t)
	_, body := get(t, srv, "/api/openapi.json")
	var doc struct {
		Paths map[string]map[string]struct{ OperationID, Summary string }
	}
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		t.Fatal(err)
	}
	described := map[string]bool{}
	for path, operations := range doc.Paths {
		for method, o := range operations {
			described[strings.ToUpper(method)+" "+path] = true
			if o.OperationID == "" || o.Summary == "" {
				t.Errorf("%s %s has no name or no summary", method, path)
			}
		}
	}
	taken := map[string]bool{}
	for _, file := range []string{"../intake/intake.go", "../ingest/handler.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range route.FindAllStringSubmatch(string(source), -1) {
			pattern := m[1]
			if m[2] != "" {
				pattern += "/api/v1/observations"
			}
			if strings.Contains(pattern, " /api/") {
				taken[pattern] = true
			}
		}
	}
	if len(taken) < 8 {
		t.Fatalf("%d routes in the source, fewer than there were: %v", len(taken), taken)
	}
	for pattern := range taken {
		if described[pattern] == (unlisted[pattern] != "") {
			t.Errorf("%s: in the document: %t; left out on purpose: %q", pattern, described[pattern], unlisted[pattern])
		}
	}
	for pattern := range unlisted {
		if !taken[pattern] {
			t.Errorf("%s is left out on purpose, and nobody takes it", pattern)
		}
	}
	for pattern := range described {
		if strings.HasPrefix(pattern, "POST ") && !taken[pattern] {
			t.Errorf("%s is in the document, and nobody takes it", pattern)
		}
	}
}
