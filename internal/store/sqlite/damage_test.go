package sqlite_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"faultline/internal/store"
	"faultline/internal/store/sqlite"
	"faultline/outage"
)

func TestLocked(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, sqlite.FileName)
	s, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = sqlite.Open(t.Context(), dir)
	if !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), path) {
		t.Errorf("second open: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = sqlite.Open(t.Context(), dir); err != nil {
		t.Fatalf("open after close: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestNoDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "missing")
	if _, err := sqlite.Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "directory exists") {
		t.Errorf("open in a directory that is not there: %v", err)
	}
}

// TestDamaged spoils a file in several places: each must give an error with the
// remedy, at open or when the page is read, and never a panic.
func TestDamaged(t *testing.T) {
	whole := t.TempDir()
	fill(t, whole)
	data, err := os.ReadFile(filepath.Join(whole, sqlite.FileName))
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func([]byte) []byte{
		"text":        func([]byte) []byte { return []byte(strings.Repeat("this is no database ", 500)) },
		"header":      func(b []byte) []byte { copy(b[16:], strings.Repeat("\xff", 100)); return b },
		"pages":       func(b []byte) []byte { copy(b[4096:], strings.Repeat("\xa5", len(b)-4096)); return b },
		"cut in half": func(b []byte) []byte { return b[:len(b)/2/4096*4096] },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, sqlite.FileName)
			if err := os.WriteFile(path, spoil(append([]byte(nil), data...)), 0o600); err != nil {
				t.Fatal(err)
			}
			err := readAll(t, dir)
			if !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), "delete the file") || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// fill makes a store of some size.
func fill(t *testing.T, dir string) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	b := &store.Batch{Closed: 60000}
	for i := range 40 {
		id := fmt.Sprint("s", i)
		b.Services = append(b.Services, outage.Service{ID: id, Name: id})
		for m := outage.Minute(50000); m < 60000; m += 7 {
			b.Minutes = append(b.Minutes, store.Minute{Service: id, Minute: m, Count: 7, Countries: map[string]int{"US": 7}})
		}
	}
	if err := s.Save(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// readAll opens a store and reads what is in it, up to the first error.
func readAll(t *testing.T, dir string) error {
	t.Helper()
	s, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		return err
	}
	defer s.Close()
	for i := range 40 {
		q := store.SeriesQuery{Service: fmt.Sprint("s", i), Country: "US", From: 50000, To: 60000, Step: 60}
		if _, err := s.Series(t.Context(), q); err != nil {
			return err
		}
	}
	return nil
}
