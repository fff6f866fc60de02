package probe

import (
	"net"
	"net/netip"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"faultline/outage"
)

// inNamespace runs f on a thread that stands in a network namespace of its own
// with a loopback, and gives the namespace's descriptor. The thread ends with it.
func inNamespace(t *testing.T, f func(ns int)) {
	t.Helper()
	done := make(chan string)
	go func() {
		runtime.LockOSThread() // never unlocked: the runtime ends the thread
		defer close(done)
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			done <- "a network namespace of our own is not allowed here: " + err.Error()
			return
		}
		if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
			done <- "the namespace's loopback cannot be used: " + err.Error() + " " + string(out)
			return
		}
		ns, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			done <- err.Error()
			return
		}
		defer unix.Close(ns)
		f(ns)
	}()
	if why, skipped := <-done; skipped {
		t.Skip(why)
	}
}

// TestSYNLoss drops every fifth and every third packet that begins a connection,
// and reads the loss from what the kernel says of connections, failed ones too.
func TestSYNLoss(t *testing.T) {
	if _, err := exec.LookPath("nft"); err != nil {
		t.Skip("nft is not installed: loss cannot be made")
	}
	for _, c := range []struct {
		name string
		rule string
		loss float64
	}{
		{"none", "", 0},
		{"two in five", "numgen inc mod 5 < 2 drop", 0.4},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			inNamespace(t, func(ns int) {
				if c.rule != "" && !dropSYN(t, c.rule) {
					return
				}
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Error(err)
					return
				}
				defer l.Close()
				go accept(l)
				sent, lost := connects(t, ns, l.Addr().(*net.TCPAddr).AddrPort(), 200)
				if got := float64(lost) / float64(sent); got < c.loss-0.08 || got > c.loss+0.08 || c.loss == 0 && lost != 0 {
					t.Errorf("%d of %d SYNs were lost: %.3f, want %.2f", lost, sent, got, c.loss)
				}
			})
		})
	}
}

// dropSYN makes the namespace lose SYNs.
func dropSYN(t *testing.T, rule string) bool {
	cmd := exec.Command("nft", "-f", "-")
	cmd.Stdin = strings.NewReader("table ip rig {\n chain in {\n type filter hook input priority 0;\n tcp flags & (syn|ack) == syn " + rule + "\n}\n}\n")
	out, err := cmd.CombinedOutput()
	switch {
	case err != nil && strings.Contains(string(out), "not permitted"):
		t.Logf("loss cannot be made here: %s", out)
	case err != nil:
		t.Errorf("drop SYNs: %v: %s", err, out)
	}
	return err == nil
}

func accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		c.Close()
	}
}

// connects makes n attempts at once from inside a namespace, and counts SYNs that
// were sent and those that were lost.
func connects(t *testing.T, ns int, to netip.AddrPort, n int) (sent, lost int) {
	limits := DefaultLimits()
	limits.Connect = 2500 * time.Millisecond // the first SYN and one repetition
	p := New("", WithLimits(limits))
	var mu sync.Mutex
	var wg sync.WaitGroup
	target := outage.Target{URL: "tcp://" + to.String(), Host: to.Addr().String(), Address: to.Addr().String(), Port: int(to.Port())}
	for range n {
		wg.Go(func() {
			runtime.LockOSThread()
			if err := unix.Setns(ns, unix.CLONE_NEWNET); err != nil {
				t.Errorf("enter the namespace: %v", err)
				return
			}
			m := p.Attempt(t.Context(), target, nil)
			mu.Lock()
			defer mu.Unlock()
			if !m.TCP.Known {
				t.Error("the kernel told nothing")
			}
			sent += 1 + m.TCP.Retransmits
			lost += m.TCP.Retransmits
			if m.Failure != "" {
				lost++
			}
		})
	}
	wg.Wait()
	return sent, lost
}
