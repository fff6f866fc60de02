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

func TestReplace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "salts.json")
	for _, content := range []string{"first", "second"} {
		if err := datadir.Replace(path, []byte(content)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != content {
			t.Errorf("%q, %v, want %q", got, err, content)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is open to others: %v, %v", info.Mode(), err)
	}
	if err := datadir.Replace(filepath.Join(path, "below"), nil); err == nil {
		t.Error("a file below a file was written")
	}
}
