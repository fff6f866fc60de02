package topology

import (
	"context"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// ends is a pair of files that keep packets apart, as devices do.
func ends(t *testing.T) (near, far *os.File) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	near, far = os.NewFile(uintptr(fds[0]), "near"), os.NewFile(uintptr(fds[1]), "far")
	t.Cleanup(func() { near.Close(); far.Close() })
	return near, far
}

// Packets come in the order in which they went, none earlier than its time, and
// together when they went together: a line has a delay and no rate.
func TestCarry(t *testing.T) {
	in, from := ends(t)
	to, out := ends(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	const delay = 40 * time.Millisecond
	go func() { done <- carry(ctx, from, to, line{devA: "test", delay: delay, jitter: delay / 2}) }()
	began := time.Now()
	const n = 20
	for i := range n {
		if _, err := in.Write([]byte{byte(i)}); err != nil {
			t.Fatal(err)
		}
	}
	buf := make([]byte, 10)
	for i := range n {
		if err := out.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		got, err := out.Read(buf)
		if err != nil || got != 1 || buf[0] != byte(i) {
			t.Fatalf("packet %d: %d bytes, number %d: %v", i, got, buf[0], err)
		}
		if d := time.Since(began); d < delay {
			t.Errorf("packet %d after %s, before its time", i, d)
		}
	}
	cancel()
	from.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
