package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write generated pages and goldens")

// The reference page is what the settings say of themselves.
func TestSettingsPage(t *testing.T) {
	golden(t, filepath.Join("..", "..", "docs", "reference", "settings.md"), settingsPage())
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil { //nolint:gosec // a page for everybody
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what the program says; run 'go test ./cmd/faultline -update' and read the difference", file)
	}
}
