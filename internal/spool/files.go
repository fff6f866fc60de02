package spool

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"faultline/internal/datadir"
)

// Files is the directory that a spool lives in. Names that are made, replaced or
// removed are so on stable storage when the call returns.
type Files interface {
	List() ([]string, error)
	// Open opens a file for reading anywhere and writing at its end, and gives its
	// size; it is made when missing.
	Open(name string) (File, int64, error)
	Read(name string) ([]byte, error)
	// Replace writes a file as a whole: after a crash it has the old content or the new.
	Replace(name string, content []byte) error
	Remove(name string) error
}

// File is one of them.
type File interface {
	io.ReaderAt
	io.WriteCloser
	Truncate(size int64) error
	// Sync returns when what was written is on stable storage.
	Sync() error
}

// directory is a directory of the system.
type directory struct{ path string }

// Directory makes a directory, if need be, and gives its files.
func Directory(path string) (Files, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make the spool %s: %w: choose a directory this user may write", path, err)
	}
	return directory{path}, datadir.Sync(filepath.Dir(path))
}

func (d directory) List() ([]string, error) {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return nil, fmt.Errorf("list the spool: %w", err)
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

func (d directory) Open(name string) (File, int64, error) {
	f, err := os.OpenFile(filepath.Join(d.path, name), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil {
		err = datadir.Sync(d.path)
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

func (d directory) Read(name string) ([]byte, error) { return os.ReadFile(filepath.Join(d.path, name)) }

func (d directory) Replace(name string, content []byte) error {
	return datadir.Replace(filepath.Join(d.path, name), content)
}

func (d directory) Remove(name string) error {
	if err := os.Remove(filepath.Join(d.path, name)); err != nil {
		return err
	}
	return datadir.Sync(d.path)
}
