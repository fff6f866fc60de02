package datadir_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"faultline/internal/datadir"
)

func TestOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b")
	d, err := datadir.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, d.Private(), d.State()} {
		if info, err := os.Stat(p); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v, want a private directory", p, info, err)
		}
	}
	if !strings.HasPrefix(d.Log(), path) {
		t.Errorf("the log is at %s", d.Log())
	}
	if free, err := d.Free(); err != nil || free == 0 {
		t.Errorf("free space %d, %v", free, err)
	}
	if _, err := datadir.Open(path); err == nil || !strings.Contains(err.Error(), "another faultline") {
		t.Errorf("a second owner: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := datadir.Open(path)
	if err != nil {
		t.Fatalf("after a clean end: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

func TestOpenInAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := datadir.Open(file); err == nil || !strings.Contains(err.Error(), "--data") {
		t.Errorf("a file as directory: %v", err)
	}
}
