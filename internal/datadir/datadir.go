// Package datadir owns a data directory: it makes it, locks it against a second
// process, says how much room is left and replaces small files so that they survive
// a loss of power. It reads and writes the directory's own entries (LOCK, private,
// state); what stands in the other files is their owners' business.
package datadir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"
)

// Dir is a locked data directory.
type Dir struct {
	path string
	lock *os.File
}

// Open makes and locks a directory. It is an error that another process has it.
func Open(path string) (*Dir, error) {
	for _, p := range []string{path, filepath.Join(path, "private"), filepath.Join(path, "state")} {
		if err := os.MkdirAll(p, 0o700); err != nil {
			return nil, fmt.Errorf("make data directory %s: %w: choose a directory this user may write with --data", path, err)
		}
	}
	lock, err := os.OpenFile(filepath.Join(path, "LOCK"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock data directory %s: %w: give this user the right to write it", path, err)
	}
	err = unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, errors.Join(
			fmt.Errorf("data directory %s is locked by another faultline: stop that one, or choose another directory with --data", path), lock.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock data directory %s: %w", path, err), lock.Close())
	}
	return &Dir{path: path, lock: lock}, nil
}

// Close gives the directory up.
func (d *Dir) Close() error { return d.lock.Close() }

// Path is the directory itself; the query store puts its file there.
func (d *Dir) Path() string { return d.path }

// Log is the file of the log.
func (d *Dir) Log() string { return filepath.Join(d.path, "log.db") }

// State is the directory of fold snapshots.
func (d *Dir) State() string { return filepath.Join(d.path, "state") }

// Private is the directory of what must not be in any backup: the salts.
func (d *Dir) Private() string { return filepath.Join(d.path, "private") }

// Free is the room left for this user on the directory's file system, in bytes.
func (d *Dir) Free() (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(d.path, &st); err != nil {
		return 0, fmt.Errorf("ask for the free space of %s: %w", d.path, err)
	}
	return st.Bavail * uint64(st.Bsize), nil //nolint:unconvert // the field's type differs between systems
}

// Replace writes a private file as a whole: after a crash or a loss of power it
// holds the old content or the new, and the new once Replace has returned nil.
func Replace(path string, content []byte) error {
	if err := renameio.WriteFile(path, content, 0o600); err != nil {
		return err
	}
	return Sync(filepath.Dir(path))
}

// Sync makes what was renamed or removed in a directory durable.
func Sync(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("open %s to synchronise it: %w", dir, err)
	}
	return errors.Join(d.Sync(), d.Close())
}
