// Package sqlite is the log engine for one machine: one SQLite file in WAL mode,
// without cgo. It reads and writes that file alone.
//
// Method: a table per topic, with a unique index over a hash of the key unless
// the topic is raw; every Append is one transaction that ends with a synchronised write-ahead log
// (synchronous=FULL), so what was acknowledged survives a loss of power. There
// is one writing connection behind a mutex; followers read on their own
// connections and never block it.
//
// Limits: one process per file (the data directory is locked by its owner), one
// transaction at a time, keys are remembered as long as their record is kept.
package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"faultline/internal/stream"
)

// readers is the number of connections that followers share; fewer make followers
// wait for each other.
const readers = 4

// Page caches in KiB a connection. The writer holds the hot end of the key
// indexes; readers go through the log once and gain nothing from more. Larger
// ones count against the memory of a small machine.
const (
	writerCache = 4 << 10
	readerCache = 512
)

// checkpointPages is how many pages the write-ahead log holds before it is
// folded into the file: larger means fewer stalls and a longer recovery.
const checkpointPages = 4000

// schemaVersion is the shape of the file, kept in PRAGMA user_version.
const schemaVersion = 1

// Log implements [stream.Log] on one SQLite file.
type Log struct {
	path string
	read *sql.DB

	mu     sync.Mutex // held for a whole append: one writer
	write  *sql.DB
	conn   *sql.Conn // the one connection of write, with its transaction
	insert map[insertKey]*sql.Stmt

	tail  sync.Mutex // guards last and grown, so that readers never wait for a commit
	last  map[string]uint64
	grown chan struct{} // closed and replaced at every append
}

type insertKey struct {
	topic string
	rows  int
}

// Open opens or creates the log in a file. The caller owns the directory.
func Open(ctx context.Context, path string) (*Log, error) {
	l := &Log{
		path: path, insert: map[insertKey]*sql.Stmt{}, last: map[string]uint64{}, grown: make(chan struct{}),
	}
	var err error
	if l.write, err = sql.Open("sqlite", dsn(path, "rwc", writerCache)); err != nil {
		return nil, fmt.Errorf("open log %s: %w", path, err)
	}
	if l.conn, err = l.write.Conn(ctx); err != nil {
		return nil, errors.Join(l.explain("open", err), l.write.Close())
	}
	if err := l.prepare(ctx); err != nil {
		return nil, errors.Join(l.explain("open", err), l.conn.Close(), l.write.Close())
	}
	if l.read, err = sql.Open("sqlite", dsn(path, "ro", readerCache)); err != nil {
		return nil, errors.Join(fmt.Errorf("open log %s for reading: %w", path, err), l.write.Close())
	}
	l.read.SetMaxOpenConns(readers)
	l.read.SetMaxIdleConns(readers)
	return l, nil
}

// dsn names the file with the settings of a connection.
func dsn(path, mode string, cacheKiB int) string {
	q := url.Values{"mode": {mode}, "_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)",
		fmt.Sprintf("cache_size(-%d)", cacheKiB), fmt.Sprintf("wal_autocheckpoint(%d)", checkpointPages),
	}}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// prepare makes the tables and learns how far each topic reaches.
func (l *Log) prepare(ctx context.Context) error {
	if err := os.Chmod(l.path, 0o600); err != nil {
		return err
	}
	var version int
	if err := l.conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version > schemaVersion {
		return fmt.Errorf("it was written by a newer faultline (format %d, this program reads %d): use that program", version, schemaVersion)
	}
	if err := l.transact(ctx, func() error { return l.createTables(ctx) }); err != nil {
		return err
	}
	for _, t := range stream.Names() {
		var last sql.NullInt64
		if err := l.conn.QueryRowContext(ctx, "SELECT max(seq) FROM topic_"+t).Scan(&last); err != nil {
			return err
		}
		l.last[t] = uint64(last.Int64)
	}
	return nil
}

func (l *Log) createTables(ctx context.Context) error {
	schema := []string{
		"CREATE TABLE IF NOT EXISTS checkpoints (follower TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID",
		fmt.Sprintf("PRAGMA user_version = %d", schemaVersion),
	}
	for _, t := range stream.Names() {
		schema = append(schema,
			"CREATE TABLE IF NOT EXISTS topic_"+t+" (seq INTEGER PRIMARY KEY, kind INTEGER NOT NULL,"+
				" minute INTEGER NOT NULL, key BLOB NOT NULL, data BLOB NOT NULL)")
		if !stream.Raw(t) {
			schema = append(schema, "CREATE UNIQUE INDEX IF NOT EXISTS topic_"+t+"_key ON topic_"+t+" (key)")
		}
	}
	for _, s := range schema {
		if _, err := l.conn.ExecContext(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// Close ends the log; a waiting reader is left to its context.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	errs := []error{l.read.Close()}
	for _, s := range l.insert {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, l.conn.Close(), l.write.Close())...)
}

// Checkpoint implements [stream.Reader].
func (l *Log) Checkpoint(ctx context.Context, follower string) (stream.Checkpoint, error) {
	cp := stream.Checkpoint{Follower: follower}
	var data []byte
	err := l.read.QueryRowContext(ctx, "SELECT data FROM checkpoints WHERE follower = ?", follower).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return cp, nil
	}
	if err != nil {
		return cp, l.explain("read the checkpoint of "+follower+" in", err)
	}
	if err := json.Unmarshal(data, &cp); err != nil {
		return cp, fmt.Errorf("decode the checkpoint of %s in log %s: %w", follower, l.path, err)
	}
	return cp, nil
}

// explain names the file and, where there is one, the remedy.
func (l *Log) explain(doing string, err error) error {
	var se *sqlite.Error
	if !errors.As(err, &se) {
		return fmt.Errorf("%s log %s: %w", doing, l.path, err)
	}
	remedy := ""
	switch se.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		err = fmt.Errorf("%w: %w", stream.ErrRefused, err)
		remedy = "the disk is full: free some space; nothing that was acknowledged is lost"
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		remedy = "the file is damaged: restore it from a backup, or move it aside to start with an empty log"
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		remedy = "another program holds it: stop that program, or choose another data directory"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		remedy = "give this user the right to write the file and its directory"
	case sqlite3.SQLITE_IOERR:
		err = fmt.Errorf("%w: %w", stream.ErrRefused, err)
		remedy = "the file system refused: look at the system's log and at the disk"
	}
	if remedy == "" {
		return fmt.Errorf("%s log %s: %w", doing, l.path, err)
	}
	return fmt.Errorf("%s log %s: %w (%s)", doing, l.path, err, remedy)
}
