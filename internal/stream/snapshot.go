package stream

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/klauspost/compress/zstd"

	"faultline/internal/datadir"
	"faultline/outage"
)

// Snapshots keeps fold state in a directory: one file per follower, replaced as
// a whole. A file is a line of JSON with the checkpoint and the SHA-256 of the
// state, then the state compressed with zstd. A file that is missing, damaged or
// of another format is no error: the log is folded again from its oldest record.
// So is one that is ahead of the log, which was emptied or put back from a backup:
// its positions are of records that are gone.
type Snapshots struct{ Dir string }

// snapshotFormat is raised when the file's shape changes; older files are then
// ignored and the log is folded again.
const snapshotFormat = 1

type snapshotHead struct {
	Format int `json:"format"`
	Checkpoint
	SHA256 string `json:"sha256"`
}

func (s *Snapshots) path(follower string) string {
	return filepath.Join(s.Dir, follower+".snapshot")
}

func (s *Snapshots) save(cp Checkpoint, fold Fold) error {
	state, err := fold.Snapshot()
	if err != nil {
		return fmt.Errorf("take a snapshot of %s: %w", cp.Follower, err)
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return fmt.Errorf("compress the snapshot of %s: %w", cp.Follower, err)
	}
	head := snapshotHead{Format: snapshotFormat, Checkpoint: cp, SHA256: fmt.Sprintf("%x", sha256.Sum256(state))}
	line, err := json.Marshal(head)
	if err != nil {
		return fmt.Errorf("encode the snapshot of %s: %w", cp.Follower, err)
	}
	data := enc.EncodeAll(state, append(line, '\n'))
	// Retention trims the log up to a snapshot, so it must not vanish with the power.
	if err := datadir.Replace(s.path(cp.Follower), data); err != nil {
		return fmt.Errorf("save the snapshot of %s: %w", cp.Follower, err)
	}
	return nil
}

// load restores the fold and returns where to read on. No snapshot is taken before
// its minute is committed in the log, so one that is later is of another log.
func (s *Snapshots) load(follower string, fold Fold, committed outage.Minute) (Checkpoint, error) {
	none := Checkpoint{Follower: follower}
	data, err := os.ReadFile(s.path(follower))
	if errors.Is(err, fs.ErrNotExist) {
		return none, nil
	}
	if err != nil {
		return none, fmt.Errorf("read the snapshot of %s: %w", follower, err)
	}
	cp, state, err := decodeSnapshot(data)
	if err == nil && cp.Minute > committed {
		slog.Warn("the log is older than the snapshot, folding the log again", "part", follower, "file", s.path(follower), "snapshot", cp.Minute, "log", committed)
		return none, s.drop(follower) // or it would look sound when the log has grown past its minute
	}
	if err == nil {
		err = fold.Restore(state)
		// The state as bytes is as large as the fold itself: on a small machine it
		// must not stay until the heap has grown by as much again.
		state = nil //nolint:ineffassign,wastedassign // it is for the collector
		debug.FreeOSMemory()
	}
	if err != nil {
		slog.Warn("snapshot not usable, folding the log again", "part", follower, "file", s.path(follower), "error", err)
		return none, nil
	}
	return cp, nil
}

func (s *Snapshots) drop(follower string) error {
	if err := os.Remove(s.path(follower)); err != nil {
		return fmt.Errorf("remove the snapshot of %s that the log does not reach: %w", follower, err)
	}
	return datadir.Sync(s.Dir)
}

func decodeSnapshot(data []byte) (Checkpoint, []byte, error) {
	line, body, found := bytes.Cut(data, []byte{'\n'})
	if !found {
		return Checkpoint{}, nil, errors.New("it has no head")
	}
	var head snapshotHead
	if err := json.Unmarshal(line, &head); err != nil {
		return Checkpoint{}, nil, fmt.Errorf("decode its head: %w", err)
	}
	if head.Format != snapshotFormat {
		return Checkpoint{}, nil, fmt.Errorf("it has format %d, this program reads %d", head.Format, snapshotFormat)
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return Checkpoint{}, nil, err
	}
	defer dec.Close()
	state, err := dec.DecodeAll(body, nil)
	if err != nil {
		return Checkpoint{}, nil, fmt.Errorf("decompress its state: %w", err)
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256(state)); sum != head.SHA256 {
		return Checkpoint{}, nil, errors.New("its checksum does not match")
	}
	return head.Checkpoint, state, nil
}
