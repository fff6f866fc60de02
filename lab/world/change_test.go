//go:build linux

package world

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"faultline/lab/proc"
	"faultline/lab/stand"
	"faultline/lab/topology"
)

// small is a world with one edge, which is a process that takes every signal to read its
// configuration again, and does nothing else.
func small(t *testing.T) (*World, *edge) {
	t.Helper()
	w := &World{Config: Config{Dir: t.TempDir()}, base: t.Context(), edges: map[string]*edge{}}
	w.group = &proc.Group{Logs: w.Dir}
	if err := os.MkdirAll(w.certs(), 0o755); err != nil {
		t.Fatal(err)
	}
	e := &edge{Edge: stand.Edge{PoP: topology.PoP1, Tenant: topology.TenantFeed, Dir: w.certs(), Cert: stand.CertGood}}
	w.edges[topology.PoP1+"/"+topology.TenantFeed] = e
	p, err := w.group.Start(w.base, proc.Spec{Name: "edge", Dir: "/", Args: []string{"sh", "-c", `trap "" HUP; echo deaf; sleep 60`}})
	if err != nil {
		t.Fatal(err)
	}
	deaf := func() bool { // a signal before that would end it, on a machine that is busy
		b, err := os.ReadFile(filepath.Join(w.Dir, "edge.log"))
		return err == nil && strings.Contains(string(b), "deaf")
	}
	for ends := time.Now().Add(10 * time.Second); !deaf(); time.Sleep(time.Millisecond) {
		if time.Now().After(ends) {
			t.Fatal("the edge does not begin")
		}
	}
	e.proc = p
	t.Cleanup(w.group.Close)
	return w, e
}

// Events overlap: whatever they change of one edge at the same time, nothing of it is
// lost, and when all are over it is as it was.
func TestChangesOverlap(t *testing.T) {
	w, e := small(t)
	pops, tenants := []string{topology.PoP1}, []string{topology.TenantFeed}
	config := func() string {
		b, err := os.ReadFile(filepath.Join(w.certs(), e.Name()+".conf"))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	var mu sync.Mutex
	var undo []Undo
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			u, err := w.Answer(t.Context(), pops, tenants, stand.Answer{Kind: stand.AnswerStatus, Status: 500 + i})
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			undo = append(undo, u)
			mu.Unlock()
		})
	}
	all.Wait()
	if len(e.answers) != 20 || !strings.Contains(config(), "return 5") {
		t.Errorf("%d answers are on", len(e.answers))
	}
	for _, u := range undo {
		all.Go(func() {
			if err := u(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(e.answers) != 0 || strings.Contains(config(), "return 5") {
		t.Errorf("%d answers are left", len(e.answers))
	}
}

// An edge that is not there is configured for when it comes back, which is when nobody
// keeps it down any more.
func TestChangesOfAStoppedEdge(t *testing.T) {
	w, e := small(t)
	pops, tenants := []string{topology.PoP1}, []string{topology.TenantFeed}
	first, err := w.StopEdge(t.Context(), pops, tenants)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.StopEdge(t.Context(), pops, tenants); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Certificate(t.Context(), pops, stand.CertExpired); err != nil {
		t.Errorf("a certificate of an edge that is stopped: %v", err)
	}
	if u, err := w.Hang(t.Context(), pops, tenants); err != nil || u(t.Context()) != nil {
		t.Errorf("an edge that is stopped hangs: %v", err)
	}
	if err := first(t.Context()); err != nil || e.stopped != 1 {
		t.Errorf("%v, stopped by %d", err, e.stopped)
	}
	select {
	case <-e.proc.Done():
	default:
		t.Error("it runs although one event keeps it down")
	}
}
