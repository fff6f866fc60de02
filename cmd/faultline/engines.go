package main

import (
	"context"
	"errors"
	"io"

	"faultline/internal/datadir"
	"faultline/internal/store"
	storesqlite "faultline/internal/store/sqlite"
	"faultline/internal/stream"
	logsqlite "faultline/internal/stream/sqlite"
)

// The engines by name. Each passes the contract suite of what it implements; to
// add one, write its package and add a line here.

// logEngine opens the log of a data directory.
type logEngine func(ctx context.Context, d *datadir.Dir) (stream.Log, io.Closer, error)

func logEngines() map[string]logEngine {
	return map[string]logEngine{
		"sqlite": func(ctx context.Context, d *datadir.Dir) (stream.Log, io.Closer, error) {
			l, err := logsqlite.Open(ctx, d.Log())
			return l, l, err
		},
	}
}

// storeEngine opens the query store of a data directory.
type storeEngine func(ctx context.Context, d *datadir.Dir) (store.Store, io.Closer, error)

func storeEngines() map[string]storeEngine {
	return map[string]storeEngine{
		"sqlite": func(ctx context.Context, d *datadir.Dir) (store.Store, io.Closer, error) {
			s, err := storesqlite.Open(ctx, d.Path())
			return s, s, err
		},
	}
}

// defaultEngine serves one machine with nothing to install.
const defaultEngine = "sqlite"

// openStopped opens the log of a directory whose faultline is stopped, for commands
// that read or fill it by themselves. The closer closes both.
func openStopped(ctx context.Context, path string) (stream.Log, io.Closer, error) {
	dir, err := datadir.Open(path)
	if err != nil {
		return nil, nil, err
	}
	log, closer, err := logEngines()[defaultEngine](ctx, dir)
	if err != nil {
		return nil, nil, errors.Join(err, dir.Close())
	}
	return log, both{closer, dir}, nil
}

// both closes two things, in their order.
type both [2]io.Closer

// Close implements [io.Closer].
func (b both) Close() error { return errors.Join(b[0].Close(), b[1].Close()) }
