package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
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

// What cannot work is refused at the start, by its name and with the remedy.
func TestBadSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "faultline.yaml")
	for name, test := range map[string]struct {
		file string
		args []string
		says string
	}{
		"no value":      {"data:\n", nil, `gives "data" no value`},
		"unknown key":   {"dara: x\n", nil, `unknown key "dara"`},
		"no directory":  {"data: ''\n", nil, "data is empty"},
		"overflow":      {"", []string{"--min-free-mb=18446744073709551615"}, "min-free-mb"},
		"short":         {"keep-reports: 1h\n", nil, "keep-reports"},
		"clock, no key": {"", []string{"--simulated-clock"}, "--replay-token"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(file, []byte(test.file), 0o600); err != nil {
				t.Fatal(err)
			}
			code, out, said := runHere(t, append([]string{"check-config", "--config", file}, test.args...)...)
			if code == exitOK || !strings.Contains(said, test.says) {
				t.Errorf("exit %d, %q, want %q\n%s", code, said, test.says, out)
			}
		})
	}
}

// An empty address would be a port of the system's choice, open to everybody.
func TestNoAddress(t *testing.T) {
	for _, addr := range []string{"", "127.0.0.1"} {
		code, _, said := runHere(t, "serve", "--listen", addr, "--data", t.TempDir())
		if code != exitError || !strings.Contains(said, "such as 127.0.0.1:8080") {
			t.Errorf("listening on %q: exit %d, %q", addr, code, said)
		}
	}
}
