//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"faultline/internal/datadir"
	"faultline/internal/stream/sqlite"
	"faultline/lab/fault"
	"faultline/lab/proc"
	"faultline/lab/recording"
	"faultline/lab/scenario"
	"faultline/lab/score"
	"faultline/lab/world"
)

// worldCmd is one run. It is started by run, as the first process of namespaces of its
// own; anywhere else it refuses.
type worldCmd struct {
	ID        string `required:""`
	Scenario  string `required:""`
	Out       string `required:""`
	Faultline string `required:""`
	Seed      uint64
	Magnitude float64
	Jobs      int
	Outer     uint64 `required:""`
	KeepLogs  bool
	Stop      bool
}

// place is where the files of a run are; nobody else sees what is mounted there.
const place = "/run/faultline-lab"

// Run implements the command.
func (c *worldCmd) Run(ctx context.Context) error {
	if err := c.settle(); err != nil {
		return err
	}
	s, err := scenario.Load(c.Scenario)
	if err != nil {
		return err
	}
	v := s.Vary(c.Seed, c.Magnitude)
	shares := proc.NewShares(c.ID)
	defer shares.Remove()
	if err := shares.Enter(proc.Judge); err != nil {
		return err
	}
	programs, err := c.programs()
	if err != nil {
		return err
	}
	w, err := world.Open(ctx, world.Config{
		Dir: place, Faultline: programs[0], Self: programs[1], Usual: v.Usual, Seed: c.Seed, Shares: shares, Outer: c.Outer, Say: say,
		Prepare: func(ctx context.Context, dir string) error {
			return history(c.Seed).Fill(ctx, dir, time.Now())
		},
	})
	if err == nil {
		err = c.play(ctx, w, v, shares)
		w.Close()
	}
	if c.KeepLogs || err != nil {
		err = errors.Join(err, c.keepLogs())
	}
	return err
}

// history of reports that a hub begins with: somewhat more than the hour that its
// detector wants, of the usual few.
func history(seed uint64) *recording.History {
	return &recording.History{Minutes: 80, PerMinute: world.Background, Services: world.Heard(), Seed: seed}
}

func say(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// settle makes this process's own view of the machine: its processes, its namespaces,
// its files. It refuses to go on where it could do harm.
func (c *worldCmd) settle() error {
	ino, err := proc.Inode("/proc/self/ns/net")
	if err != nil {
		return err
	}
	if os.Getpid() != 1 || ino == c.Outer {
		return errors.New("a run begins in namespaces of its own: start it with 'lab run'")
	}
	mount := func(source, target, kind string, flags uintptr, data string) error {
		if err := unix.Mount(source, target, kind, flags, data); err != nil {
			return fmt.Errorf("mount %s: %w", target, err)
		}
		return nil
	}
	if err := mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	for _, dir := range []string{proc.Dir, place, "/etc/netns"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("make a place for the run: %w", err)
		}
		if err := mount("lab", dir, "tmpfs", 0, "size=600m,mode=0755"); err != nil {
			return err
		}
	}
	return mount("proc", "/proc", "proc", 0, "")
}

// programs are copies of the two that everybody in the run can read.
func (c *worldCmd) programs() ([2]string, error) {
	self, err := os.Executable()
	if err != nil {
		return [2]string{}, err
	}
	out := [2]string{filepath.Join(place, "faultline"), filepath.Join(place, "lab")}
	for i, from := range []string{c.Faultline, self} {
		if b, err := exec.Command("install", "-m", "0755", from, out[i]).CombinedOutput(); err != nil {
			return out, fmt.Errorf("copy %s: %w: %s", from, err, b)
		}
	}
	return out, nil
}

// play is the run itself: warm-up, faults, recording.
func (c *worldCmd) play(ctx context.Context, w *world.World, v *scenario.Variant, shares *proc.Shares) error {
	if err := sleep(ctx, time.Until(begins(time.Now(), v.Phase))); err != nil {
		return err
	}
	h := recording.Header{
		Scenario: v.Name, Seed: v.Seed, Magnitude: v.Magnitude, Label: v.Label, Began: time.Now().UTC(), Jobs: c.Jobs, Shares: shares.Word(), Commit: commit(),
		Baseline: fmt.Sprintf("of measurements, the %s before the onset; of reports, 80 made minutes of one press in half an hour for each service and country", scenario.WarmUp),
	}
	if err := w.Begin(ctx); err != nil {
		return err
	}
	h.Onset = h.Began.Add(scenario.WarmUp)
	running, stop := context.WithDeadline(ctx, h.Onset.Add(scenario.Fault))
	defer stop()
	t := &fault.Timetable{World: w, Onset: h.Onset, Say: func(format string, args ...any) {
		say("%+.0fs "+format, append([]any{time.Since(h.Onset).Seconds()}, args...)...)
		h.Events = append(h.Events, fmt.Sprintf("%+.1fs "+format, append([]any{time.Since(h.Onset).Seconds()}, args...)...))
	}}
	t.Start(running, v)
	if c.Stop {
		go stopWhenRight(running, stop, w, &h)
	}
	c.diary(running, w, &h)
	stop()
	if err := errors.Join(t.Wait(), ctx.Err()); err != nil {
		return err
	}
	h.End = time.Now().UTC()
	w.End()
	return c.record(ctx, w, h)
}

// lookEvery is how often the hub is asked what it says.
const lookEvery = 5 * time.Second

// stopWhenRight ends a run when the hub has said what is right.
func stopWhenRight(ctx context.Context, stop context.CancelFunc, w *world.World, h *recording.Header) {
	run := score.Run{Label: h.Label, Onset: h.Onset}
	for sleep(ctx, lookEvery) == nil {
		v, err := w.Verdict(ctx, run.Service())
		if err != nil {
			say("what the hub says cannot be read: %v", err)
			continue
		}
		if v != nil && v.Minute >= h.OnsetMinute() && score.Right(&h.Label, v) {
			say("%+.0fs the hub says it: %s %v", time.Since(h.Onset).Seconds(), v.State, v.Leading)
			stop()
			return
		}
	}
}

// begins is when agents and people must, so that the onset has its phase of a minute.
func begins(now time.Time, phase time.Duration) time.Time {
	onset := now.Add(scenario.WarmUp)
	at := onset.Truncate(time.Minute).Add(phase)
	if at.Before(onset) {
		at = at.Add(time.Minute)
	}
	return at.Add(-scenario.WarmUp)
}

// diaryEvery is how often what people met is noted.
const diaryEvery = 15 * time.Second

// diary waits for the end, and notes what people met until then.
func (c *worldCmd) diary(ctx context.Context, w *world.World, h *recording.Header) {
	h.Load = append(h.Load, loadAverage())
	for sleep(ctx, diaryEvery) == nil {
		m := w.Met()
		e := recording.Entry{At: int(time.Since(h.Onset).Seconds()), Pages: m.Pages, Failed: m.Failed, Slow: m.Slow, Presses: m.Presses}
		h.Diary = append(h.Diary, e)
		say("%+ds pages %d failed %d slow %d presses %d refused %d load %.1f", e.At, e.Pages, e.Failed, e.Slow, e.Presses, m.Refused, loadAverage())
	}
	h.Load = append(h.Load, loadAverage())
}

// record takes the facts out of the hub's log.
func (c *worldCmd) record(ctx context.Context, w *world.World, h recording.Header) error {
	dir, err := datadir.Open(w.HubData())
	if err != nil {
		return err
	}
	defer dir.Close()
	log, err := sqlite.Open(ctx, dir.Log())
	if err != nil {
		return err
	}
	defer log.Close()
	r, err := recording.From(ctx, log, h)
	if err != nil {
		return err
	}
	if err := r.Save(c.Out); err != nil {
		return err
	}
	info, err := os.Stat(c.Out)
	if err != nil {
		return err
	}
	for _, l := range r.Header.Live {
		say("minute %+d the hub said of %s: %s %s", l.Minute-h.OnsetMinute(), l.Service, l.State, strings.Join(l.Leading, ", "))
	}
	say("the truth: %s, %s", h.Label.Class, h.Label.Hypothesis)
	say("recorded %d entries, %d kB: %s", len(r.Entries), info.Size()>>10, c.Out)
	return nil
}

// keepLogs copies what the processes wrote beside the recording.
func (c *worldCmd) keepLogs() error {
	to := strings.TrimSuffix(c.Out, ".jsonl.gz") + ".logs"
	if err := os.MkdirAll(to, 0o755); err != nil {
		return fmt.Errorf("keep the logs: %w", err)
	}
	if b, err := exec.Command("cp", "-r", filepath.Join(place, "logs")+"/.", filepath.Join(place, "conf")+"/.", to).CombinedOutput(); err != nil {
		return fmt.Errorf("keep the logs: %w: %s", err, b)
	}
	say("the logs are in %s", to)
	return nil
}

// loadAverage of the last minute, of the whole machine.
func loadAverage() float64 {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(b), " ")
	x, _ := strconv.ParseFloat(first, 64) // 0 where it cannot be read
	return x
}

// commit that this was built from.
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}
