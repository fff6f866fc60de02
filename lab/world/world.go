//go:build linux

// Package world builds one lab and runs it: namespaces, servers, people, agents and a
// hub, and what faults change of them.
//
// It reads programs of the machine and writes processes, namespaces and the files of
// one directory; what people press it gives to the hub. Method: everything is inside
// process, mount and network namespaces of the run, so that all of it ends with the
// run; a fault changes what the world says of itself (an edge's answer, a zone, a
// route) and gets back what undoes it.
//
// Limits: load tools run on the hosts for them only, at rates and for times that
// load.go bounds, and only after the namespace and every address were checked.
package world

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"faultline/lab/feed"
	"faultline/lab/proc"
	"faultline/lab/scenario"
	"faultline/lab/stand"
	"faultline/lab/topology"
)

// Config is what a world is made from.
type Config struct {
	Dir       string // of this run, empty
	Faultline string // the program
	Self      string // this program, which is also the service and the people
	Usual     scenario.Usual
	Seed      uint64
	Shares    *proc.Shares
	Outer     uint64 // see proc.Group
	// Prepare fills the hub's data directory before its first start; nil: nothing.
	Prepare func(ctx context.Context, dir string) error
	Say     func(format string, args ...any)
}

// World is one lab.
type World struct {
	Config
	group     *proc.Group
	lines     *topology.Lines
	authority *stand.Authority
	base      context.Context // of all processes

	mu        sync.Mutex
	edges     map[string]*edge
	names     map[string]*server[stand.NameServer]
	resolvers map[string]*server[stand.Resolver]
	crowds    map[string]*crowd
	plains    map[string]*proc.Process
	database  *proc.Process
	faults    []*feed.Fault // of the service, the latest last
	tables    int           // packet filters made so far
	loads     int
	carrying  errgroup.Group
	stop      context.CancelFunc
	met       Met
}

// server is a process with what it is configured with.
type server[T any] struct {
	mu    sync.Mutex // held by whoever changes it: events of a run overlap
	conf  T
	space string
	share proc.Share
	args  []string
	proc  *proc.Process
}

// Open builds a world without agents and people; see Begin. The caller is in the
// namespace of management, which nobody else is in.
func Open(ctx context.Context, cfg Config) (*World, error) {
	base, stop := context.WithCancel(context.WithoutCancel(ctx))
	w := &World{
		Config: cfg, base: base, stop: stop, edges: map[string]*edge{}, names: map[string]*server[stand.NameServer]{},
		resolvers: map[string]*server[stand.Resolver]{}, crowds: map[string]*crowd{}, plains: map[string]*proc.Process{},
	}
	w.group = &proc.Group{Logs: filepath.Join(cfg.Dir, "logs"), Shares: cfg.Shares, Outer: cfg.Outer}
	for _, dir := range []string{w.group.Logs, w.certs(), w.path("hub")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("make the run's directory: %w", err)
		}
	}
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{{"wire the namespaces", w.wire}, {"make certificates", w.certify}, {"start the servers", w.serve}, {"start the service", w.openService}, {"start the hub", w.openHub}} {
		began := time.Now()
		if err := step.do(ctx); err != nil {
			w.Close()
			return nil, fmt.Errorf("%s: %w", step.what, err)
		}
		w.Say("%s: %s", step.what, time.Since(began).Round(10*time.Millisecond))
	}
	return w, nil
}

// path is a file of the run.
func (w *World) path(parts ...string) string {
	return filepath.Join(append([]string{w.Dir}, parts...)...)
}

func (w *World) certs() string { return w.path("conf") }

// Close ends everything that the world has started.
func (w *World) Close() {
	w.group.Close()
	w.stop()
	if w.lines != nil {
		_ = w.lines.Close()
	}
	_ = w.carrying.Wait() // an end of a line that was closed
}

// script runs commands in a namespace, all or none.
func (w *World) script(ctx context.Context, space string, lines ...string) error {
	return w.group.Run(ctx, proc.Spec{Space: space, Name: "script-" + space, Args: []string{"sh", "-ec", strings.Join(lines, "\n")}})
}

// wire makes the namespaces and all that is between them.
func (w *World) wire(ctx context.Context) error {
	batch := w.path("wiring")
	if err := os.WriteFile(batch, []byte(strings.Join(topology.Wiring(), "\n")+"\n"), 0o600); err != nil {
		return err
	}
	if err := w.group.Run(ctx, proc.Spec{Name: "wiring", Args: []string{"ip", "-batch", batch}}); err != nil {
		return err
	}
	for _, s := range topology.Spaces() {
		if err := w.group.Made(s); err != nil {
			return err
		}
	}
	var err error
	if w.lines, err = topology.OpenLines(proc.Path); err != nil {
		return err
	}
	w.carrying.Go(func() error { return w.lines.Run(w.base) })
	group, scripts := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for _, s := range topology.Scripts() {
		group.Go(func() error { return w.script(scripts, s.Space, s.Lines...) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if !w.Usual.Cookies {
		return nil
	}
	return errors.Join(w.script(ctx, topology.PoP1, cookies), w.script(ctx, topology.PoP2, cookies))
}

const cookies = "sysctl -qw net.ipv4.tcp_syncookies=1"

// certify makes what servers show.
func (w *World) certify(context.Context) error {
	now := time.Now()
	a, err := stand.NewAuthority(w.certs(), now)
	if err != nil {
		return err
	}
	w.authority = a
	var errs []error
	for _, l := range []stand.Leaf{
		{Name: stand.CertGood, Hosts: []string{stand.FeedHost}},
		{Name: stand.CertExpired, Hosts: []string{stand.FeedHost}, Expired: true},
		{Name: stand.CertName, Hosts: []string{"staging.feed.example"}},
		{Name: stand.CertAlone, Hosts: []string{stand.FeedHost}, Alone: true},
		{Name: "siblings", Hosts: stand.Siblings()},
		{Name: stand.PlainCert, Hosts: stand.PlainHosts(), Address: topology.HubAddr.AsSlice()},
	} {
		errs = append(errs, a.Issue(l, now))
	}
	return errors.Join(errs...)
}
