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
	"slices"
	"syscall"
	"time"

	"faultline/lab/feed"
	"faultline/lab/people"
	"faultline/lab/proc"
	"faultline/lab/stand"
	"faultline/lab/topology"
)

// Undo takes a fault back.
type Undo func(ctx context.Context) error

// All makes one of several, in the opposite order.
func All(list ...Undo) Undo {
	return func(ctx context.Context) error {
		var errs []error
		for _, u := range slices.Backward(list) {
			if u != nil {
				errs = append(errs, u(ctx))
			}
		}
		return errors.Join(errs...)
	}
}

// each makes a change in several places; when one cannot be made, none is left.
func each[T any](ctx context.Context, list []T, change func(T) (Undo, error)) (Undo, error) {
	var done []Undo
	for _, x := range list {
		u, err := change(x)
		if err != nil {
			return nil, errors.Join(err, All(done...)(ctx))
		}
		done = append(done, u)
	}
	return All(done...), nil
}

// edgesOf are the edge processes of tenants at PoPs.
func (w *World) edgesOf(pops, tenants []string) []*edge {
	var out []*edge
	for _, p := range pops {
		for _, t := range tenants {
			if e := w.edges[p+"/"+t]; e != nil {
				out = append(out, e)
			}
		}
	}
	return out
}

// Answer lets edges answer by themselves. Of several answers the latest holds.
func (w *World) Answer(ctx context.Context, pops, tenants []string, a stand.Answer) (Undo, error) {
	return each(ctx, w.edgesOf(pops, tenants), func(e *edge) (Undo, error) {
		e.mu.Lock()
		defer e.mu.Unlock()
		mine := a
		e.answers = append(e.answers, &mine)
		return func(context.Context) error {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.answers = slices.DeleteFunc(e.answers, func(x *stand.Answer) bool { return x == &mine })
			return w.reconfigure(e)
		}, w.reconfigure(e)
	})
}

// Certificate lets edges show another certificate for our service.
func (w *World) Certificate(ctx context.Context, pops []string, cert string) (Undo, error) {
	return each(ctx, w.edgesOf(pops, []string{topology.TenantFeed}), func(e *edge) (Undo, error) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.Cert = cert
		return func(context.Context) error {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.Cert = stand.CertGood
			return w.reconfigure(e)
		}, w.reconfigure(e)
	})
}

// Hang stops edges in the middle of what they do: the kernel still takes connections
// for them, as long as there is room.
func (w *World) Hang(ctx context.Context, pops, tenants []string) (Undo, error) {
	return each(ctx, w.edgesOf(pops, tenants), func(e *edge) (Undo, error) {
		all := func(s syscall.Signal) error {
			e.mu.Lock()
			defer e.mu.Unlock()
			if e.stopped > 0 {
				return nil // there is nothing that could hang
			}
			return syscall.Kill(-e.proc.Pid(), s)
		}
		return func(context.Context) error { return all(syscall.SIGCONT) }, all(syscall.SIGSTOP)
	})
}

// StopEdge ends edges: nobody listens, until the last event that ended one is over.
func (w *World) StopEdge(ctx context.Context, pops, tenants []string) (Undo, error) {
	return each(ctx, w.edgesOf(pops, tenants), func(e *edge) (Undo, error) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.stopped++
		e.proc.Stop(syscall.SIGTERM)
		return func(context.Context) error {
			e.mu.Lock()
			defer e.mu.Unlock()
			if e.stopped--; e.stopped > 0 {
				return nil
			}
			return w.startEdge(e)
		}, nil
	})
}

// Zone changes what name servers of our zone say of our service.
func (w *World) Zone(ctx context.Context, servers []string, state string) (Undo, error) {
	return each(ctx, servers, func(name string) (Undo, error) {
		s := w.names[name]
		if s == nil || s.conf.Other {
			return nil, fmt.Errorf("%s serves no zone of ours", name)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.conf.Zone = state
		return func(context.Context) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.conf.Zone = stand.ZoneGood
			return w.restartNames(s)
		}, w.restartNames(s)
	})
}

// Lie makes resolvers answer an address for our service that is not its own.
func (w *World) Lie(ctx context.Context, clients []string, a netip.Addr) (Undo, error) {
	return each(ctx, clients, func(name string) (Undo, error) {
		s := w.resolvers[name]
		s.mu.Lock()
		defer s.mu.Unlock()
		s.conf.Lie = a
		return func(context.Context) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.conf.Lie = netip.Addr{}
			return w.restartResolver(s)
		}, w.restartResolver(s)
	})
}

// Service makes something wrong with the service itself. Of several faults the latest
// holds.
func (w *World) Service(ctx context.Context, f feed.Fault) (Undo, error) {
	mine := f
	w.mu.Lock()
	w.faults = append(w.faults, &mine)
	w.mu.Unlock()
	return func(ctx context.Context) error {
		w.mu.Lock()
		w.faults = slices.DeleteFunc(w.faults, func(x *feed.Fault) bool { return x == &mine })
		w.mu.Unlock()
		return w.tell(ctx)
	}, w.tell(ctx)
}

// tell gives the service its present fault. One that is not there is told when it is.
func (w *World) tell(ctx context.Context) error {
	w.mu.Lock()
	var f feed.Fault
	if n := len(w.faults); n > 0 {
		f = *w.faults[n-1]
	}
	w.mu.Unlock()
	err := feed.Tell(ctx, w.socket(), f)
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, os.ErrNotExist) {
		return nil // between a crash and the next start; see tellAgain
	}
	return err
}

// tellAgain gives a fault to a service that has just started, if there is one.
func (w *World) tellAgain(p *proc.Process) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range 100 {
		select {
		case <-p.Done():
			return
		case <-tick.C:
		}
		w.mu.Lock()
		n := len(w.faults)
		w.mu.Unlock()
		if n == 0 {
			return
		}
		if c, err := net.Dial("unix", w.socket()); err == nil {
			c.Close()
			_ = w.tell(w.base) // a service that ends meanwhile is told after its next start
			return
		}
	}
}

// Database stops the database, or holds its tables.
func (w *World) Database(ctx context.Context, state string) (Undo, error) {
	if state == "stopped" {
		w.database.Stop(syscall.SIGINT)
		return func(context.Context) error { return w.startDatabase() }, nil
	}
	psql, err := postgres("psql")
	if err != nil {
		return nil, err
	}
	p, err := w.group.Start(w.base, proc.Spec{Space: topology.Origin, Name: "lock", Share: proc.World, Dir: "/", Args: []string{psql, databaseURL(), "-c",
		"BEGIN; LOCK TABLE people, sessions, posts, media IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(600)"}})
	if err != nil {
		return nil, err
	}
	return func(context.Context) error { p.Stop(syscall.SIGINT); return nil }, nil
}

// People gives the people of client networks other orders; none: all of them.
func (w *World) People(ctx context.Context, clients []string, change func(o *people.Orders)) (Undo, error) {
	var list []*crowd
	for name, k := range w.crowds {
		if len(clients) == 0 || slices.Contains(clients, name) {
			list = append(list, k)
		}
	}
	return each(ctx, list, func(k *crowd) (Undo, error) {
		mine := change
		k.mu.Lock()
		k.changes = append(k.changes, &mine)
		k.mu.Unlock()
		return func(context.Context) error {
			k.mu.Lock()
			k.changes = slices.DeleteFunc(k.changes, func(x *func(*people.Orders)) bool { return x == &mine })
			k.mu.Unlock()
			return k.tell()
		}, k.tell()
	})
}

// Impostor lets a host of the bots pretend to be our edge, with a certificate of its
// own making. Routes to it are another change.
func (w *World) Impostor(ctx context.Context) (Undo, error) {
	var addrs []netip.Addr
	var lines []string
	for _, a := range topology.FeedAddrs {
		addrs = append(addrs, a)
		lines = append(lines, fmt.Sprintf("ip addr add %s dev lo", a))
	}
	if err := w.script(ctx, topology.BotsTwo, lines...); err != nil {
		return nil, err
	}
	e := &edge{Edge: stand.Edge{PoP: topology.BotsTwo, Tenant: topology.TenantFeed, Dir: w.certs(), Cert: stand.CertAlone, Addrs: addrs, Answer: stand.Answer{Kind: stand.AnswerStatus, Status: 404}}}
	if err := w.startEdge(e); err != nil {
		return nil, err
	}
	return func(context.Context) error { e.proc.Stop(syscall.SIGTERM); return nil }, nil
}

// Logs is where the world's processes write.
func (w *World) Logs() string { return w.group.Logs }

// Log is the file of one process.
func (w *World) Log(name string) string { return filepath.Join(w.group.Logs, name+".log") }
