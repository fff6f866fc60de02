package topology

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// Limits of a line.
const (
	lineQueue = 2048 // packets on their way; more are lost, as at any full queue
	maxPacket = 1 << 16
)

// line is a pair of devices and the time between them.
type line struct {
	spaceA, devA  string
	spaceB, devB  string
	delay, jitter time.Duration // one way
}

// betweenTransits is the time from one transit to the other: an ocean.
const betweenTransits = 38 * time.Millisecond

// lines of the lab.
func lines() []line {
	ms := func(x float64) time.Duration { return time.Duration(x * float64(time.Millisecond)) }
	out := []line{{TransitA, "t", TransitB, "t", betweenTransits, time.Millisecond}}
	for _, c := range Clients() {
		out = append(out, line{c.Transit, c.Line(), c.Space(), "wan", ms(c.Delay), ms(c.Jitter)})
	}
	return out
}

// Lines are open devices, which carry packets while Run runs.
type Lines struct {
	ends [][2]*os.File
	list []line
}

// OpenLines makes the devices; the namespaces must exist. Path gives the file of a
// namespace.
func OpenLines(path func(space string) string) (*Lines, error) {
	l := &Lines{list: lines()}
	for _, x := range l.list {
		a, err := openTUN(path(x.spaceA), x.devA)
		if err != nil {
			return nil, errors.Join(err, l.Close())
		}
		b, err := openTUN(path(x.spaceB), x.devB)
		if err != nil {
			return nil, errors.Join(err, a.Close(), l.Close())
		}
		l.ends = append(l.ends, [2]*os.File{a, b})
	}
	return l, nil
}

// Run carries packets until the context ends.
func (l *Lines) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for i, x := range l.list {
		a, b := l.ends[i][0], l.ends[i][1]
		group.Go(func() error { return carry(ctx, a, b, x) })
		group.Go(func() error { return carry(ctx, b, a, x) })
	}
	stop := context.AfterFunc(ctx, func() { _ = l.Close() }) // wakes those that read
	defer stop()
	return group.Wait()
}

// Close ends the devices.
func (l *Lines) Close() error {
	var errs []error
	for _, pair := range l.ends {
		errs = append(errs, pair[0].Close(), pair[1].Close())
	}
	return errors.Join(errs...)
}

// packet is one on its way.
type packet struct {
	due  time.Time
	data []byte
}

// carry takes packets from one end to the other, in order, each after its time.
func carry(ctx context.Context, from, to *os.File, x line) error {
	queue := make(chan packet, lineQueue)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for p := range queue {
			if d := time.Until(p.due); d > 0 {
				time.Sleep(d)
			}
			_, _ = to.Write(p.data) // an end that is down loses packets, as lines do
		}
	}()
	defer func() { close(queue); <-done }()
	var last time.Time
	buf := make([]byte, maxPacket)
	for {
		n, err := from.Read(buf)
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, os.ErrClosed) {
				return nil
			}
			if errors.Is(err, unix.EIO) { // the device is down
				time.Sleep(10 * time.Millisecond)
				continue
			}
			return fmt.Errorf("read from the line %s: %w", x.devA, err)
		}
		due := time.Now().Add(x.delay + time.Duration(rand.Float64()*float64(x.jitter)))
		if due.Before(last) {
			due = last
		}
		last = due
		select {
		case queue <- packet{due, append([]byte(nil), buf[:n]...)}:
		default: // full
		}
	}
}

// tunRequest is struct ifreq for TUNSETIFF.
type tunRequest struct {
	name  [unix.IFNAMSIZ]byte
	flags uint16
	_     [22]byte
}

// openTUN makes a device within a namespace. The thread that enters it never comes
// back: the runtime ends it.
func openTUN(space, name string) (*os.File, error) {
	type answer struct {
		f   *os.File
		err error
	}
	got := make(chan answer)
	go func() {
		runtime.LockOSThread()
		f, err := tunHere(space, name)
		got <- answer{f, err}
	}()
	a := <-got
	if a.err != nil {
		return nil, fmt.Errorf("make the line %s in %s: %w", name, space, a.err)
	}
	return a.f, nil
}

func tunHere(space, name string) (*os.File, error) {
	ns, err := unix.Open(space, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(ns)
	if err := unix.Setns(ns, unix.CLONE_NEWNET); err != nil {
		return nil, err
	}
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	req := tunRequest{flags: unix.IFF_TUN | unix.IFF_NO_PI}
	copy(req.name[:], name)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.TUNSETIFF, uintptr(unsafe.Pointer(&req))); errno != 0 {
		unix.Close(fd)
		return nil, errno
	}
	return os.NewFile(uintptr(fd), name), nil
}
