package proc

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Nothing is started in a namespace that the run has not made, or that is not what it
// was, nor when it is not known where the outside is.
func TestCheckRefuses(t *testing.T) {
	ino, err := Inode("/proc/self/ns/net")
	if err != nil {
		t.Skip("no namespaces here: " + err.Error())
	}
	for name, g := range map[string]*Group{
		"never made":     {Outer: 1},
		"not the same":   {Outer: 1, made: map[string]uint64{"x": ino + 1}},
		"the outside":    {Outer: ino, made: map[string]uint64{"x": ino}},
		"unknown inside": {made: map[string]uint64{"x": ino}},
	} {
		if err := g.Check("x"); !errors.Is(err, errOutside) {
			t.Errorf("%s: %v", name, err)
		}
		g.Logs = t.TempDir()
		if _, err := g.Start(t.Context(), Spec{Space: "x", Name: "never", Args: []string{"true"}}); !errors.Is(err, errOutside) {
			t.Errorf("%s: it is started: %v", name, err)
		}
	}
}

// A process that does not end politely is ended, with what it has started.
func TestStop(t *testing.T) {
	g := &Group{Logs: t.TempDir()}
	said := make(chan string, 4)
	p, err := g.Start(t.Context(), Spec{Name: "stubborn", Args: []string{"sh", "-c", "trap '' TERM; sleep 1000 & echo $!; wait; wait"}, Out: func(l string) { said <- l }})
	if err != nil {
		t.Fatal(err)
	}
	child := <-said
	p.Stop(syscall.SIGKILL)
	<-p.Done()
	if p.Err() == nil {
		t.Error("it ended well")
	}
	g.Close()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(10 * time.Second); ; {
		b, err := os.ReadFile("/proc/" + child + "/stat")
		if err != nil || strings.Contains(string(b), ") Z ") {
			return
		}
		select {
		case <-tick.C: // the kernel ends it when it next runs
		case <-deadline:
			t.Fatalf("what it has started lives on: %s", b)
		}
	}
}

// The error of a command carries what it wrote.
func TestRun(t *testing.T) {
	g := &Group{Logs: t.TempDir()}
	err := g.Run(t.Context(), Spec{Name: "broken", Args: []string{"sh", "-c", "echo no such thing >&2; exit 3"}})
	if err == nil || !strings.Contains(err.Error(), "no such thing") {
		t.Error(err)
	}
	if err := g.Run(t.Context(), Spec{Name: "fine", Args: []string{"true"}}); err != nil {
		t.Error(err)
	}
}

func TestLines(t *testing.T) {
	var got []string
	l := &lines{take: func(s string) { got = append(got, s) }}
	for _, part := range []string{"one\ntw", "o\n", "\nrest", strings.Repeat("x", 2*maxLine), "\n"} {
		if n, err := l.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	if len(got) != 4 || !slices.Equal(got[:3], []string{"one", "two", ""}) || len(got[3]) > 3*maxLine || !strings.HasPrefix(got[3], "restx") {
		t.Errorf("%.100q", got)
	}
}

// Shares are entered before a command begins, so that what it starts is in them, too.
func TestWrap(t *testing.T) {
	for _, c := range []struct {
		s    *Shares
		want string
	}{
		{nil, "true"}, {&Shares{}, "nice -n -5 true"},
		{&Shares{dir: "/x"}, `sh -c echo 0 >"$0" && exec "$@" /x/judge/cgroup.procs true`},
	} {
		if got := strings.Join(c.s.wrap(Judge, []string{"true"}), " "); got != c.want {
			t.Errorf("%+v: %q, want %q", c.s, got, c.want)
		}
	}
	if (&Shares{}).Word() != "niceness" || (&Shares{dir: "/x"}).Word() != "cgroup v1" {
		t.Error("shares are named wrongly")
	}
}

func TestTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte(strings.Repeat("a", 9000)+" the end\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := Tail(path); len(got) > 1600 || !strings.HasSuffix(got, "the end") || Tail(path+"x") != "" {
		t.Errorf("%q", got)
	}
}
