// Package sqlite keeps the query store in one SQLite file, without cgo.
//
// It reads and writes query.db (with its -wal and -shm) and query.db.lock in the
// data directory, and nothing else. Project alone fills it. Delete query.db to
// have it rebuilt from the log; hours older than the points that the log still
// has are then gone.
//
// Method: one writer connection, several that only read. A row holds an hour of
// a service with its sixty minutes packed into it, so a day is 24 rows and ageing
// empties a column; the hour's sum stays for ever. What lists show (the last day
// of every service, its bulletin, its baseline) is also held in memory, read from
// the file when it is opened and kept up with every save. Provisional counts are
// held in memory alone.
//
// Limits: WAL with synchronous NORMAL: a loss of power may take the last saves
// with their positions, and project reads them again. The board in memory takes
// about 6 kB for each service with reports.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/pressly/goose/v3"
	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"faultline/internal/store"
)

const (
	// readers is the number of connections that only read: more readers of pages
	// than this wait for one another, for as long as a query takes.
	readers = 4
	// writerCache and readerCache bound the page caches, in KiB per connection.
	// Smaller is slower: pages are then read from the file system's cache.
	writerCache = 8 << 10
	readerCache = 4 << 10
	// walBytes is what the log of changes shrinks to after a large save.
	walBytes = 16 << 20
	// busyMillis is how long a connection waits for another one of this process.
	busyMillis = 5000
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is the engine. It implements store.Store.
type Store struct {
	path  string
	lock  *sql.DB
	write *sql.DB
	read  *sql.DB

	saving sync.Mutex // one save at a time
	mu     sync.RWMutex
	board  *board // guarded by mu; changed under saving as well
}

var _ store.Store = (*Store)(nil)

// FileName is the store in its directory; the file that is locked while it is open
// stands beside it.
const (
	FileName   = "query.db"
	lockSuffix = ".lock"
)

// Open opens or makes the store in a directory. The error is store.ErrLocked when
// it is open already, and store.ErrDamaged when it must be deleted.
func Open(ctx context.Context, dir string) (*Store, error) {
	s := &Store{path: filepath.Join(dir, FileName)}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(explain(s.path, err), s.Close())
	}
	return s, nil
}

// private makes the files readable by their owner alone; SQLite gives -wal and
// -shm the same rights.
func private(path string) error {
	for _, p := range []string{path, path + lockSuffix} {
		f, err := os.OpenFile(p, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return fmt.Errorf("check that its directory exists and may be written to: %w", err)
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) open(ctx context.Context) error {
	if err := private(s.path); err != nil {
		return err
	}
	var err error
	if s.lock, err = hold(ctx, s.path+lockSuffix); err != nil {
		return err
	}
	s.write, err = connect(s.path, 1, fmt.Sprintf("busy_timeout(%d),journal_mode(WAL),synchronous(NORMAL),journal_size_limit(%d),cache_size(-%d)",
		busyMillis, walBytes, writerCache))
	if err != nil {
		return err
	}
	if err := migrate(ctx, s.write); err != nil {
		return err
	}
	s.read, err = connect(s.path, readers, fmt.Sprintf("busy_timeout(%d),query_only(1),cache_size(-%d)", busyMillis, readerCache))
	if err != nil {
		return err
	}
	s.board, err = load(ctx, s.read)
	return err
}

// connect names the pragmas of every connection to a file, separated by commas.
func connect(path string, max int, pragmas string) (*sql.DB, error) {
	q := url.Values{"_txlock": {"immediate"}}
	for p := range strings.SplitSeq(pragmas, ",") {
		q.Add("_pragma", p)
	}
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(max)
	db.SetMaxIdleConns(max)
	return db, nil
}

// hold takes a lock that lasts until the process ends: an open transaction on a
// file of its own, so that readers of query.db are not in the way.
func hold(ctx context.Context, path string) (*sql.DB, error) {
	db, err := connect(path, 1, "busy_timeout(0),journal_mode(MEMORY),locking_mode(EXCLUSIVE)")
	if err != nil {
		return nil, err
	}
	if _, err := db.ExecContext(ctx, "BEGIN EXCLUSIVE"); err != nil {
		var se *driver.Error
		if errors.As(err, &se) && se.Code()&0xff == codes.SQLITE_BUSY {
			err = store.ErrLocked
		}
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// migrate brings the tables up to date. It does not lose the hours that the log
// no longer has, which is why the file is not simply made anew.
func migrate(ctx context.Context, db *sql.DB) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	if err := probe(ctx, db); err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir)
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("bring the tables up to date: %w", err)
	}
	return nil
}

// probe reads the version that the file says it has, if it has any: goose tries a
// damaged table again for seconds and then says that it exists already.
func probe(ctx context.Context, db *sql.DB) error {
	var tables int
	row := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE name = ?`, goose.DefaultTablename)
	if err := row.Scan(&tables); err != nil || tables == 0 {
		return err
	}
	var version sql.NullInt64
	return db.QueryRowContext(ctx, `SELECT max(version_id) FROM `+goose.DefaultTablename).Scan(&version)
}

// Close gives the file up; open queries end first.
func (s *Store) Close() error {
	var errs []error
	for _, db := range []*sql.DB{s.read, s.write, s.lock} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// explain adds to an error of SQLite which file it speaks of and what to do.
func explain(path string, err error) error {
	if errors.Is(err, store.ErrLocked) {
		return fmt.Errorf("open %s: %w: stop it, or choose another data directory", path, err)
	}
	var se *driver.Error
	if errors.As(err, &se) {
		switch se.Code() & 0xff {
		case codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB:
			err = fmt.Errorf("%w (%w)", store.ErrDamaged, err)
		case codes.SQLITE_FULL:
			return fmt.Errorf("use %s: the disk is full: free some space: %w", path, err)
		case codes.SQLITE_CANTOPEN, codes.SQLITE_READONLY, codes.SQLITE_PERM:
			return fmt.Errorf("use %s: check that its directory exists and may be written to: %w", path, err)
		}
	}
	if errors.Is(err, store.ErrDamaged) {
		return fmt.Errorf("use %s: %w: stop faultline and delete the file with its -wal and -shm, it is rebuilt from the log", path, err)
	}
	return fmt.Errorf("use %s: %w", path, err)
}
