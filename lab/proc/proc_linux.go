// Package proc starts and ends the processes of a lab, each in a namespace and with
// a share of the processors.
//
// It reads nothing and writes processes, control groups and the files that their
// output goes to. Method: a run lives in process, mount and network namespaces of its
// own, so that everything it has started dies with it, whatever happens; what load
// tools are started for is checked first: the namespace must be one that this run has
// made, and every address one of the lab.
//
// Limits: shares need control groups that can be written; without them niceness
// stands in, and Shares.Word says so.
package proc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Dir is where ip(8) keeps the namespaces; a run has its own.
const Dir = "/run/netns"

// Path is the file of a namespace.
func Path(space string) string { return filepath.Join(Dir, space) }

// Group is all processes of a run.
type Group struct {
	Logs   string // directory of outputs
	Shares *Shares
	// Outer is the inode of the network namespace that the lab was started from:
	// nothing of a run may be in it.
	Outer uint64

	mu    sync.Mutex
	made  map[string]uint64 // inodes of the namespaces that this run has made
	alive map[*Process]bool
}

// Process is one that was started.
type Process struct {
	Name string
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// Spec is what to start.
type Spec struct {
	Space string // network namespace; empty: that of the run itself
	Name  string // of the file that its output goes to
	Share Share
	Args  []string
	Env   []string // beside those of the run
	Dir   string
	In    *os.File          // standard input; nil: none
	Out   func(line string) // takes standard output instead of the file
}

// Inode of a namespace's file.
func Inode(path string) (uint64, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return 0, fmt.Errorf("look at the namespace %s: %w", path, err)
	}
	return st.Ino, nil
}

// Made notes a namespace that this run has made.
func (g *Group) Made(space string) error {
	ino, err := Inode(Path(space))
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.made == nil {
		g.made = map[string]uint64{}
	}
	g.made[space] = ino
	return nil
}

// errOutside refuses what would leave the lab.
var errOutside = errors.New("this is not a namespace that the run has made: nothing is started there")

// Check says whether a namespace is one that this run has made, and still the same.
func (g *Group) Check(space string) error {
	ino, err := Inode(Path(space))
	g.mu.Lock()
	defer g.mu.Unlock()
	if err != nil || g.made[space] == 0 || g.made[space] != ino || ino == g.Outer || g.Outer == 0 {
		return fmt.Errorf("namespace %q: %w", space, errors.Join(errOutside, err))
	}
	return nil
}

// Start starts a process.
func (g *Group) Start(ctx context.Context, s Spec) (*Process, error) {
	args := s.Args
	if s.Space != "" {
		if err := g.Check(s.Space); err != nil {
			return nil, err
		}
		args = append([]string{"ip", "netns", "exec", s.Space}, args...)
	}
	args = g.Shares.wrap(s.Share, args)
	out, err := os.OpenFile(filepath.Join(g.Logs, s.Name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Name, err)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stderr, cmd.Dir, cmd.Env = out, s.Dir, append(os.Environ(), s.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	if s.In != nil {
		cmd.Stdin = s.In
	}
	if cmd.Stdout = out; s.Out != nil {
		cmd.Stdout = &lines{take: s.Out}
	}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", s.Name, err), out.Close())
	}
	p := &Process{Name: s.Name, cmd: cmd, done: make(chan struct{})}
	g.mu.Lock()
	if g.alive == nil {
		g.alive = map[*Process]bool{}
	}
	g.alive[p] = true
	g.mu.Unlock()
	go func() {
		p.err = cmd.Wait()
		out.Close()
		g.mu.Lock()
		delete(g.alive, p)
		g.mu.Unlock()
		close(p.done)
	}()
	return p, nil
}

// Run starts a process and waits for its end. The error carries what it wrote.
func (g *Group) Run(ctx context.Context, s Spec) error {
	p, err := g.Start(ctx, s)
	if err != nil {
		return err
	}
	<-p.done
	if p.err != nil {
		return fmt.Errorf("%s: %w: %s", s.Name, p.err, Tail(filepath.Join(g.Logs, s.Name+".log")))
	}
	return nil
}

// Tail is the end of a log, for errors.
func Tail(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	const most = 1500 // bytes that a person reads
	if len(b) > most {
		b = b[len(b)-most:]
	}
	return strings.TrimSpace(string(b))
}

// Pid of the process, as the run sees it.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Done is closed at the end of the process.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err is how the process ended; call it after Done.
func (p *Process) Err() error { return p.err }

// Signal sends a signal to the process alone.
func (p *Process) Signal(s syscall.Signal) error { return p.cmd.Process.Signal(s) }

// stopTime is how long a process has to end by itself.
const stopTime = 5 * time.Second

// Stop ends a process and all that it has started, first politely.
func (p *Process) Stop(s syscall.Signal) {
	_ = p.cmd.Process.Signal(s)
	timer := time.NewTimer(stopTime)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.done
}

// Close ends everything.
func (g *Group) Close() { g.StopNamed(syscall.SIGTERM, "") }

// StopNamed ends the processes whose names begin so, all at once.
func (g *Group) StopNamed(s syscall.Signal, prefix string) {
	g.mu.Lock()
	var left []*Process
	for p := range g.alive {
		if strings.HasPrefix(p.Name, prefix) {
			left = append(left, p)
		}
	}
	g.mu.Unlock()
	var all sync.WaitGroup
	for _, p := range left {
		all.Go(func() { p.Stop(s) })
	}
	all.Wait()
}

// maxLine bounds a line of output; a longer one is cut.
const maxLine = 64 << 10

// lines hands over output line by line.
type lines struct {
	take func(string)
	rest []byte
}

// Write implements [io.Writer].
func (l *lines) Write(b []byte) (int, error) {
	n := len(b)
	for {
		line, rest, ok := strings.Cut(string(b), "\n")
		if !ok {
			l.rest = append(l.rest, b...)
			l.rest = l.rest[:min(len(l.rest), maxLine)]
			return n, nil
		}
		l.take(string(l.rest) + line)
		l.rest, b = l.rest[:0], []byte(rest)
	}
}
