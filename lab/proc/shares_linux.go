package proc

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Share is a part of the processors' time.
type Share string

// Shares: agents, hub and the lines of the lab must not starve when its servers do.
// Load tools have as much as the servers, or a flood would be as strong as the machine
// is idle.
const (
	Judge Share = "judge"
	World Share = "world"
	Load  Share = "load"
)

// weights as cgroup v1 counts them, and the niceness that stands in.
var weights = map[Share]struct{ shares, nice int }{Judge: {4096, -5}, World: {1024, 0}, Load: {1024, 0}}

// whole is the weight of a run among everything else on the machine: other work slows
// it down last, for what is measured in it are times.
const whole = 16384

// groupPrefix begins the names of the lab's control groups.
const groupPrefix = "faultline-lab-"

// Shares are the control groups of a run.
type Shares struct {
	dir string // empty: niceness stands in
	v2  bool
}

// hierarchies that may control processors, by what they are mounted as.
var hierarchies = []struct {
	root string
	v2   bool
}{{"/sys/fs/cgroup/cpu", false}, {"/sys/fs/cgroup/cpu,cpuacct", false}, {"/sys/fs/cgroup", true}}

// NewShares makes the control groups of a run. Where that is not allowed niceness
// stands in, which is no error.
func NewShares(id string) *Shares {
	for _, h := range hierarchies {
		if h.v2 && !controlsCPU(h.root) {
			continue
		}
		s := &Shares{dir: filepath.Join(h.root, groupPrefix+id), v2: h.v2}
		if s.make() == nil {
			return s
		}
		s.Remove()
	}
	return &Shares{}
}

func controlsCPU(root string) bool {
	b, err := os.ReadFile(filepath.Join(root, "cgroup.subtree_control"))
	return err == nil && strings.Contains(string(b), "cpu")
}

func (s *Shares) make() error {
	if err := os.Mkdir(s.dir, 0o755); err != nil {
		return err
	}
	if s.v2 {
		if err := os.WriteFile(filepath.Join(s.dir, "cgroup.subtree_control"), []byte("+cpu"), 0o644); err != nil {
			return err
		}
	}
	if err := s.weigh(s.dir, whole); err != nil {
		return err
	}
	for share, w := range weights {
		dir := filepath.Join(s.dir, string(share))
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
		if err := s.weigh(dir, w.shares); err != nil {
			return err
		}
	}
	return nil
}

// weigh gives a group its weight.
func (s *Shares) weigh(dir string, shares int) error {
	file, value := "cpu.shares", shares
	if s.v2 {
		file, value = "cpu.weight", max(1, shares*100/1024)
	}
	return os.WriteFile(filepath.Join(dir, file), []byte(strconv.Itoa(value)), 0o644)
}

// Word says what shares are made of.
func (s *Shares) Word() string {
	switch {
	case s.dir == "":
		return "niceness"
	case s.v2:
		return "cgroup v2"
	}
	return "cgroup v1"
}

// wrap makes a command begin in a share: a shell enters it and becomes the command.
func (s *Shares) wrap(share Share, args []string) []string {
	if s == nil || share == "" {
		return args
	}
	if s.dir == "" {
		return append([]string{"nice", "-n", strconv.Itoa(weights[share].nice)}, args...)
	}
	return append([]string{"sh", "-c", `echo 0 >"$0" && exec "$@"`, filepath.Join(s.dir, string(share), "cgroup.procs")}, args...)
}

// Enter puts this process into a share.
func (s *Shares) Enter(share Share) error {
	if s.dir == "" {
		return nil
	}
	if err := os.WriteFile(filepath.Join(s.dir, string(share), "cgroup.procs"), []byte("0"), 0o644); err != nil {
		return fmt.Errorf("enter the share %s: %w", share, err)
	}
	return nil
}

// Remove removes the control groups; those that still hold a process stay.
func (s *Shares) Remove() { removeGroups(s.dir) }

// RemoveShares removes the control groups of a run that has ended.
func RemoveShares(id string) {
	for _, h := range hierarchies {
		removeGroups(filepath.Join(h.root, groupPrefix+id))
	}
}

func removeGroups(dir string) {
	if dir == "" {
		return
	}
	for share := range weights {
		_ = os.Remove(filepath.Join(dir, string(share)))
	}
	_ = os.Remove(dir) // fails while a process is inside, and clean finds it later
}

// Leftovers removes control groups of runs that have ended without removing them, and
// lists them. Alive says whether a run still is.
func Leftovers(alive func(id string) bool) []string {
	var out []string
	for _, h := range hierarchies {
		dirs, _ := filepath.Glob(filepath.Join(h.root, groupPrefix+"*")) // the pattern is sound
		for _, dir := range dirs {
			id := strings.TrimPrefix(filepath.Base(dir), groupPrefix)
			if !alive(id) {
				removeGroups(dir)
				out = append(out, dir)
			}
		}
	}
	return out
}
