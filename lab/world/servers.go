//go:build linux

package world

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"faultline/lab/proc"
	"faultline/lab/stand"
	"faultline/lab/topology"
)

// serve starts everything that answers but the service and the hub.
func (w *World) serve(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	group.Go(func() error { return w.openDatabase(ctx) })
	for _, pop := range []string{topology.PoP1, topology.PoP2} {
		for _, tenant := range []string{topology.TenantFeed, topology.TenantSiblings} {
			e := &edge{Edge: stand.Edge{PoP: pop, Tenant: tenant, Dir: w.certs(), Cert: stand.CertGood}}
			w.edges[pop+"/"+tenant] = e
			group.Go(func() error { return w.startEdge(e) })
		}
	}
	for _, s := range []struct {
		space string
		plain *stand.Plain
		share proc.Share
	}{
		{topology.Siblings, stand.SiblingOrigins(w.certs()), proc.World}, {topology.ElsewhereX, stand.Elsewhere(topology.ElsewhereX, w.certs()), proc.World},
		{topology.ElsewhereY, stand.Elsewhere(topology.ElsewhereY, w.certs()), proc.World}, {"", stand.HubFront(w.certs()), proc.Judge},
	} {
		group.Go(func() error { return w.startPlain(s.space, s.plain, s.share) })
	}
	for space, addr := range topology.NameAddrs {
		group.Go(func() error { return w.startNames(space, stand.NameServer{Name: space, Addr: addr, Dir: w.certs()}) })
	}
	group.Go(func() error {
		return w.startNames(topology.ElsewhereY, stand.NameServer{Name: "other", Addr: topology.OtherNameAddr, Dir: w.certs(), Other: true})
	})
	for _, c := range topology.Clients() {
		group.Go(func() error { return w.startResolver(stand.Resolver{Client: c, Dir: w.certs()}) })
	}
	return group.Wait()
}

// keep writes a file of configuration.
func (w *World) keep(path, text string) error {
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return fmt.Errorf("configure a server: %w", err)
	}
	return nil
}

// edge is one edge process, with the faults that are on, the latest last.
type edge struct {
	stand.Edge
	proc *proc.Process

	mu      sync.Mutex // held by whoever changes it: events of a run overlap
	answers []*stand.Answer
	stopped int // by so many events
}

func (w *World) edgeSpec(e *edge) proc.Spec {
	return proc.Spec{Space: e.PoP, Name: e.Name(), Share: proc.World, Args: []string{"nginx", "-p", w.certs(), "-c", filepath.Join(w.certs(), e.Name()+".conf")}}
}

func (w *World) startEdge(e *edge) error {
	if err := w.keep(filepath.Join(w.certs(), e.Name()+".conf"), e.Config()); err != nil {
		return err
	}
	p, err := w.group.Start(w.base, w.edgeSpec(e))
	if err != nil {
		return err
	}
	e.proc = p
	return w.settled(p)
}

// settled waits a moment for servers that end at once, as those with a mistake in
// their configuration do.
func (w *World) settled(p *proc.Process) error {
	timer := time.NewTimer(200 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-p.Done():
		return fmt.Errorf("%s ended at once: %v: %s", p.Name, p.Err(), proc.Tail(filepath.Join(w.group.Logs, p.Name+".log")))
	case <-timer.C:
		return nil
	}
}

// reconfigure gives an edge its present configuration.
func (w *World) reconfigure(e *edge) error {
	e.Answer = stand.Answer{}
	if n := len(e.answers); n > 0 {
		e.Answer = *e.answers[n-1]
	}
	if err := w.keep(filepath.Join(w.certs(), e.Name()+".conf"), e.Config()); err != nil || e.stopped > 0 {
		return err // it begins with the file that there is then
	}
	return e.proc.Signal(syscall.SIGHUP)
}

func (w *World) startPlain(space string, p *stand.Plain, share proc.Share) error {
	path := filepath.Join(w.certs(), p.Name+".conf")
	if err := w.keep(path, p.Config()); err != nil {
		return err
	}
	process, err := w.group.Start(w.base, proc.Spec{Space: space, Name: p.Name, Share: share, Args: []string{"nginx", "-p", w.certs(), "-c", path}})
	if err != nil {
		return err
	}
	w.mu.Lock()
	w.plains[p.Name] = process
	w.mu.Unlock()
	return w.settled(process)
}

func (w *World) startNames(space string, conf stand.NameServer) error {
	s := &server[stand.NameServer]{conf: conf, space: space, share: proc.World, args: []string{"nsd", "-d", "-c", conf.Config()}}
	w.mu.Lock()
	w.names[conf.Name] = s
	w.mu.Unlock()
	return w.restartNames(s)
}

// restartNames starts a name server, or starts it again with another zone.
func (w *World) restartNames(s *server[stand.NameServer]) error {
	for path, text := range s.conf.Files() {
		if err := w.keep(path, text); err != nil {
			return err
		}
	}
	if s.proc != nil {
		s.proc.Stop(syscall.SIGTERM)
	}
	p, err := w.group.Start(w.base, proc.Spec{Space: s.space, Name: "names-" + s.conf.Name, Share: s.share, Args: s.args})
	if err != nil {
		return err
	}
	s.proc = p
	return w.settled(p)
}

func (w *World) startResolver(conf stand.Resolver) error {
	path := filepath.Join(w.certs(), "resolver-"+conf.Client.Name+".conf")
	s := &server[stand.Resolver]{conf: conf, space: conf.Client.Space(), share: proc.World, args: []string{"unbound", "-d", "-p", "-c", path}}
	w.mu.Lock()
	w.resolvers[conf.Client.Name] = s
	w.mu.Unlock()
	return w.restartResolver(s)
}

func (w *World) restartResolver(s *server[stand.Resolver]) error {
	if err := w.keep(s.args[len(s.args)-1], s.conf.Config()); err != nil {
		return err
	}
	if s.proc != nil {
		s.proc.Stop(syscall.SIGTERM)
	}
	p, err := w.group.Start(w.base, proc.Spec{Space: s.space, Name: "resolver-" + s.conf.Client.Name, Share: s.share, Args: s.args})
	if err != nil {
		return err
	}
	s.proc = p
	return w.settled(p)
}

// postgres finds a program of the database, which Debian keeps out of the usual path.
func postgres(name string) (string, error) {
	list, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil || len(list) == 0 {
		return "", fmt.Errorf("PostgreSQL's %s is not installed: apt-get install postgresql", name)
	}
	return list[len(list)-1], nil
}

// asPostgres runs a program as the user that the database insists on.
func asPostgres(args ...string) []string {
	return append([]string{"setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"}, args...)
}

// openDatabase makes a database and starts it.
func (w *World) openDatabase(ctx context.Context) error {
	initdb, err := postgres("initdb")
	if err != nil {
		return err
	}
	dir := w.path("database")
	if err := w.group.Run(ctx, proc.Spec{Name: "initdb", Args: []string{"install", "-d", "-o", "postgres", "-m", "0700", dir}}); err != nil {
		return err
	}
	err = w.group.Run(ctx, proc.Spec{Name: "initdb", Args: asPostgres(initdb, "-D", dir, "--auth=trust", "--no-sync", "-U", "postgres"), Dir: "/"})
	if err != nil {
		return err
	}
	return w.startDatabase()
}

func (w *World) startDatabase() error {
	program, err := postgres("postgres")
	if err != nil {
		return err
	}
	rule := fmt.Sprintf("host all all %s/8 trust\n", topology.Inside[0].Addr())
	if err := w.keep(w.path("database", "pg_hba.conf"), rule); err != nil {
		return err
	}
	w.database, err = w.group.Start(w.base, proc.Spec{Space: topology.Database, Name: "database", Share: proc.World, Dir: "/", Args: asPostgres(program, "-D", w.path("database"),
		"-c", "listen_addresses="+topology.DatabaseAddr.String(), "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "shared_buffers=16MB",
		"-c", "max_connections=40", "-c", "autovacuum=off", "-c", "wal_level=minimal", "-c", "max_wal_senders=0", "-c", "restart_after_crash=off")})
	return err
}

// databaseURL is how the service reaches its database.
func databaseURL() string {
	return fmt.Sprintf("postgres://postgres@%s/postgres?connect_timeout=3", netip.AddrPortFrom(topology.DatabaseAddr, 5432))
}

// Socket is where the service takes faults.
func (w *World) socket() string { return w.path("feed.sock") }

// openService starts the service and keeps it running, as a supervisor does.
func (w *World) openService(ctx context.Context) error {
	go w.supervise()
	return w.until(ctx, "the service", func() error {
		c, err := net.Dial("unix", w.socket())
		if err != nil {
			return err
		}
		return c.Close()
	})
}

// restartPause is how long a supervisor waits before it starts a service again.
const restartPause = 1500 * time.Millisecond

func (w *World) supervise() {
	for w.base.Err() == nil {
		p, err := w.group.Start(w.base, proc.Spec{Space: topology.Origin, Name: "feed", Share: proc.World, Args: []string{
			w.Self, "feed", "--listen", netip.AddrPortFrom(topology.OriginAddr, 8080).String(), "--control", w.socket(), "--database", databaseURL(),
		}})
		if err == nil {
			go w.tellAgain(p)
			<-p.Done()
		}
		timer := time.NewTimer(restartPause)
		select {
		case <-w.base.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// startTime is how long anything of a world may take to begin.
const startTime = 40 * time.Second

// until waits until something works.
func (w *World) until(ctx context.Context, what string, works func() error) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := works()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w: see %s", what, errors.Join(err, ctx.Err()), strings.TrimSpace(w.group.Logs))
		case <-tick.C:
		}
	}
}
