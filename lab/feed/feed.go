// Package feed is the service that the lab breaks: a small social feed with login,
// feed, posts and media, for browsers and for phones, with PostgreSQL behind it.
//
// It reads and writes its database, reads HTTP requests and writes their answers; what
// is to be wrong with it comes over a socket of its own. Method: every page but the
// front page asks the database, over a small pool with a bounded queue before it, as
// such services do: that queue is where it is slow first, and what it sheds when it is
// full. Queries take serviceTime, which stands for disks and for other people's rows.
//
// Limits: Pool queries at once, queueMost requests that wait, queueWait each; a leak
// keeps at most leakMost bytes.
package feed

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// Pool is how many queries run at once, and serviceTime how long each takes at least,
// so what the service can do is Capacity.
const (
	Pool        = 4
	serviceTime = 80 * time.Millisecond
)

// Capacity is how many pages a second need no queue.
const Capacity = float64(Pool) / (float64(serviceTime) / float64(time.Second))

// Bounds of the queue before the database. Who comes when it is full is told to come
// again; who has waited too long, too.
const (
	queueMost = 400
	queueWait = 5 * time.Second
	queryTime = 6 * time.Second
)

// App is the service.
type App struct {
	db    *sql.DB
	slots chan struct{}
	queue chan struct{}

	mu    sync.Mutex
	fault Fault
	leak  [][]byte
	leakN int
}

// Config is what the service needs.
type Config struct {
	Listen   string // address and port
	Control  string // path of the socket that faults come over
	Database string // connection string
}

// Run serves until the context ends.
func Run(ctx context.Context, cfg Config) error {
	db, err := sql.Open("pgx", cfg.Database)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer db.Close()
	db.SetMaxOpenConns(Pool + 2)
	db.SetMaxIdleConns(Pool + 2)
	a := &App{db: db, slots: make(chan struct{}, Pool), queue: make(chan struct{}, queueMost)}
	if err := a.prepare(ctx); err != nil {
		return err
	}
	if err := os.Remove(cfg.Control); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("replace the control socket: %w", err)
	}
	var lc net.ListenConfig
	control, err := lc.Listen(ctx, "unix", cfg.Control)
	if err != nil {
		return fmt.Errorf("listen for faults: %w", err)
	}
	front, err := lc.Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return errors.Join(fmt.Errorf("listen on %s: %w", cfg.Listen, err), control.Close())
	}
	return serve(ctx, map[net.Listener]http.Handler{control: a.control(), front: a.Handler()})
}

// serve answers on all listeners until the context ends or one fails.
func serve(ctx context.Context, all map[net.Listener]http.Handler) error {
	failed := make(chan error, len(all))
	var servers []*http.Server
	for l, h := range all {
		s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
		servers = append(servers, s)
		go func() { failed <- s.Serve(l) }()
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	for _, s := range servers {
		err = errors.Join(err, s.Close())
	}
	return err
}

// schema of the database, and a little to read.
const schema = `
CREATE TABLE IF NOT EXISTS people (name text PRIMARY KEY, password text NOT NULL);
CREATE TABLE IF NOT EXISTS sessions (token text PRIMARY KEY, name text NOT NULL);
CREATE TABLE IF NOT EXISTS posts (id serial PRIMARY KEY, author text NOT NULL, body text NOT NULL, media int NOT NULL);
CREATE TABLE IF NOT EXISTS media (id int PRIMARY KEY, body bytea NOT NULL);
INSERT INTO people VALUES ('probe', 'probe') ON CONFLICT DO NOTHING;
INSERT INTO media SELECT i, convert_to(repeat('picture ' || i || ' ', 300), 'UTF8') FROM generate_series(1, 50) i ON CONFLICT DO NOTHING;
INSERT INTO posts (author, body, media) SELECT 'somebody', 'post number ' || i, 1 + i % 50 FROM generate_series(1, 40) i WHERE NOT EXISTS (SELECT FROM posts);
`

func (a *App) prepare(ctx context.Context) error {
	if _, err := a.db.ExecContext(ctx, schema); err != nil {
		return fmt.Errorf("prepare the database: %w", err)
	}
	return nil
}

// errBusy is told to who comes when the queue is full, or has waited too long in it.
var errBusy = errors.New("too many people at once")

// ask runs a query when it is its turn.
func (a *App) ask(ctx context.Context, query func(ctx context.Context, db *sql.DB) error) error {
	select {
	case a.queue <- struct{}{}:
		defer func() { <-a.queue }()
	default:
		return errBusy
	}
	timer := time.NewTimer(queueWait)
	defer timer.Stop()
	select {
	case a.slots <- struct{}{}:
		defer func() { <-a.slots }()
	case <-timer.C:
		return errBusy
	case <-ctx.Done():
		return ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	if _, err := a.db.ExecContext(ctx, "SELECT pg_sleep($1)", serviceTime.Seconds()); err != nil {
		return err
	}
	return query(ctx, a.db)
}
