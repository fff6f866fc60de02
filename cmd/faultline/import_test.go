package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The commands of the page on imports run as they stand there, but for the hub
// and the one that needs it: TestOperator has them.
func TestImportPage(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	page, err := os.ReadFile(filepath.Join("docs", "how-to", "import-measurements.md"))
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for line := range strings.Lines(string(page)) {
		args, ok := strings.CutPrefix(line, "    faultline ")
		if !ok || strings.Contains(args, "--hub ") || strings.HasPrefix(args, "serve ") {
			continue
		}
		var out, errs bytes.Buffer
		if code := run(t.Context(), strings.Fields(args), streams{strings.NewReader(""), &out, &errs}); code != exitOK {
			t.Errorf("%s ended with %d: %s", strings.TrimSpace(line), code, errs.String())
		}
		if !strings.HasPrefix(out.String(), `{"agent":`) || !strings.Contains(errs.String(), " measurements from ") {
			t.Errorf("%s: %.80s, %s", strings.TrimSpace(line), out.String(), errs.String())
		}
		ran++
	}
	if ran < 6 {
		t.Errorf("%d commands on the page", ran)
	}
}
