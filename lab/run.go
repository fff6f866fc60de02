//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"faultline/lab/proc"
	"faultline/lab/scenario"
)

// runCmd runs scenarios.
type runCmd struct {
	Scenario  []string `arg:"" optional:"" help:"Names of scenarios; none: all of them."`
	Scenarios string   `default:"lab/scenarios" type:"existingdir" help:"Directory of the scenarios."`
	Out       string   `default:"lab-runs" help:"Directory of the recordings. A run whose recording is there is left out."`
	Faultline string   `default:"bin/faultline" help:"The program."`
	Jobs      int      `default:"1" help:"Runs at once; each needs half a processor and 700 MB."`
	Seed      uint64   `default:"0" help:"Other victims, moments and rates; 0: as the file says."`
	Magnitude float64  `default:"1" help:"How much stronger or weaker everything is."`
	Stop      bool     `name:"stop-after-verdict" help:"End a run when the hub has said what is right."`
	KeepLogs  bool     `help:"Keep what all processes have written, also of runs that went well."`
}

// Bounds of what can be asked for.
const (
	maxJobs      = 16
	minMagnitude = 0.1
	maxMagnitude = 4.0
)

// Run implements the command.
func (c *runCmd) Run(ctx context.Context) error {
	list, err := c.chosen()
	if err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	began := time.Now()
	slots := make(chan struct{}, c.Jobs)
	var all sync.WaitGroup
	var mu sync.Mutex
	var failed []string
	for _, s := range list {
		path := c.path(s)
		if _, err := os.Stat(path); err == nil {
			fmt.Printf("%s: %s is there\n", s.Name, path)
			continue
		}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		all.Go(func() {
			defer func() { <-slots }()
			if err := c.one(ctx, s, path); err != nil {
				fmt.Printf("%s: failed: %v\n", s.Name, err)
				mu.Lock()
				failed = append(failed, s.Name)
				mu.Unlock()
			}
		})
		_ = sleep(ctx, startGap) // an end is seen above
	}
	all.Wait()
	fmt.Printf("%d scenarios in %s, failed: %d %s\n", len(list), time.Since(began).Round(time.Second), len(failed), strings.Join(failed, " "))
	if len(failed) > 0 {
		return errors.New("some runs failed: what their processes wrote is kept beside the recordings")
	}
	return ctx.Err()
}

// startGap is the time between two starts: a start is the most work of a run.
const startGap = 8 * time.Second

// sleep waits; an error says that the context has ended.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// chosen scenarios.
func (c *runCmd) chosen() ([]*scenario.Scenario, error) {
	all, err := scenario.LoadAll(c.Scenarios)
	if err != nil {
		return nil, err
	}
	if len(c.Scenario) == 0 {
		return all, nil
	}
	var out []*scenario.Scenario
	for _, name := range c.Scenario {
		i := slices.IndexFunc(all, func(s *scenario.Scenario) bool { return s.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("scenario %q is not in %s: see 'lab list'", name, c.Scenarios)
		}
		out = append(out, all[i])
	}
	return out, nil
}

// check says what is missing before anything is started.
func (c *runCmd) check() error {
	switch {
	case os.Geteuid() != 0:
		return errors.New("the lab makes network namespaces, and only root may: run it as root, on a machine of your own")
	case c.Jobs < 1 || c.Jobs > maxJobs:
		return fmt.Errorf("%d runs at once: between 1 and %d", c.Jobs, maxJobs)
	case c.Magnitude < minMagnitude || c.Magnitude > maxMagnitude:
		return fmt.Errorf("magnitude %g: between %g and %g", c.Magnitude, minMagnitude, maxMagnitude)
	}
	var missing []string
	for _, p := range []string{"ip", "tc", "nft", "nginx", "nsd", "unbound", "hping3", "wrk", "slowhttptest", "dnsperf", "setpriv"} {
		if _, err := exec.LookPath(p); err != nil {
			missing = append(missing, p)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("these programs are missing: %s: 'make lab' installs them on Debian", strings.Join(missing, ", "))
	}
	if _, err := os.Stat(c.Faultline); err != nil {
		return fmt.Errorf("find the program: %w: build it with 'make build', or name it with --faultline", err)
	}
	return nil
}

// path of a recording.
func (c *runCmd) path(s *scenario.Scenario) string {
	name := fmt.Sprintf("%s-%d", s.Name, c.Seed)
	if c.Magnitude != 1 {
		name += fmt.Sprintf("-x%g", c.Magnitude)
	}
	return filepath.Join(c.Out, name+".jsonl.gz")
}

// one runs a scenario in a process of its own, which is the first of its process
// namespace: when it ends, for whatever reason, the kernel ends everything in it.
func (c *runCmd) one(ctx context.Context, s *scenario.Scenario, path string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	outer, err := proc.Inode("/proc/self/ns/net")
	if err != nil {
		return err
	}
	faultline, errOne := filepath.Abs(c.Faultline)
	out, errTwo := filepath.Abs(path)
	if err := errors.Join(errOne, errTwo); err != nil {
		return err
	}
	id := fmt.Sprintf("%d-%s", os.Getpid(), strings.TrimSuffix(filepath.Base(path), ".jsonl.gz"))
	args := []string{"world", "--id", id, "--scenario", filepath.Join(c.Scenarios, s.Name+".yaml"), "--out", out, "--faultline", faultline,
		"--seed", strconv.FormatUint(c.Seed, 10), "--magnitude", strconv.FormatFloat(c.Magnitude, 'g', -1, 64),
		"--jobs", strconv.Itoa(c.Jobs), "--outer", strconv.FormatUint(outer, 10)}
	if c.KeepLogs {
		args = append(args, "--keep-logs")
	}
	if c.Stop {
		args = append(args, "--stop")
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL,
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	cmd.Stderr = cmd.Stdout
	runtime.LockOSThread() // a signal at the parent's death is sent when its thread ends
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start a run: %w", err)
	}
	echo(s.Name, pipe)
	err = cmd.Wait()
	proc.RemoveShares(id) // the run itself was in one of them
	return err
}

// echo prints what a run says, with its name.
func echo(name string, r io.Reader) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fmt.Printf("%s %s: %s\n", time.Now().UTC().Format(time.TimeOnly), name, lines.Text())
	}
	_, _ = io.Copy(io.Discard, r) // a line too long to print must not stop the run that wrote it
}

// alive says whether the run with an id, which begins with its parent's number, is.
func alive(id string) bool {
	digits, _, _ := strings.Cut(id, "-")
	pid, err := strconv.Atoi(digits)
	return err == nil && syscall.Kill(pid, 0) == nil
}
