package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"faultline/outage"
)

// Bounds of a walk: as far as routes go, one packet a hop, and a pause that is
// short because a silent router never answers.
const (
	maxHops     = 30
	hopWait     = 700 * time.Millisecond
	silentHops  = 6     // in a row after which nothing more will come
	tracePort   = 33434 // where nobody listens
	errQueueLen = 512
)

// Trace walks to the target's address by packets that live for one hop, two hops
// and so on. It needs no privileges: the kernel keeps the errors that routers send
// back for the socket that caused them (IP_RECVERR).
func (p *Prober) Trace(ctx context.Context, t outage.Target) outage.Measurement {
	m := p.record(t)
	if p.outside(&m) {
		return m
	}
	w := watch{m.Time}
	path := &outage.Path{Span: outage.Span{T0: w.now()}, Protocol: "udp"}
	m.Path = path
	addr, err := netip.ParseAddr(t.Address)
	if err != nil {
		m.Outcome, m.Operation, m.Failure = outage.OutcomeSkipped, outage.OperationTrace, outage.UnknownFailure("the target has no address")
		return m
	}
	silent := 0
	for ttl := 1; ttl <= maxHops && silent < silentHops && ctx.Err() == nil && !path.Reached; ttl++ {
		hop, reached, err := oneHop(addr, ttl)
		if err != nil {
			m.Outcome, m.Operation, m.Failure = outage.OutcomeSkipped, outage.OperationTrace, failureOf(err)
			break
		}
		path.Hops, path.Reached = append(path.Hops, hop), reached
		silent++
		if hop.Address != "" {
			silent = 0
		}
	}
	path.T = w.now()
	return m
}

// oneHop sends one packet that lives for ttl hops and waits for what comes back.
func oneHop(addr netip.Addr, ttl int) (outage.Hop, bool, error) {
	hop := outage.Hop{TTL: ttl}
	fd, err := hopSocket(addr, ttl)
	if err != nil {
		return hop, false, err
	}
	defer unix.Close(fd)
	sent := time.Now()
	if err := unix.Sendto(fd, []byte("faultline trace"), 0, hopTarget(addr, ttl)); err != nil {
		return hop, false, err
	}
	for left := hopWait; left > 0; left = hopWait - time.Since(sent) {
		// POLLERR needs no asking; with nothing else asked for it is all that wakes.
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd)}}, int(left.Milliseconds())+1)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n == 0 {
			return hop, false, err
		}
		if from, reached, ok := readError(fd); ok {
			hop.Address, hop.RTTMS = from.String(), float64(time.Since(sent).Microseconds())/1000
			return hop, reached || from == addr, nil
		}
	}
	return hop, false, nil
}

// hopSocket is a socket whose packets live for ttl hops and whose errors are kept.
func hopSocket(addr netip.Addr, ttl int) (int, error) {
	domain, level, life, recv := unix.AF_INET, unix.IPPROTO_IP, unix.IP_TTL, unix.IP_RECVERR
	if addr.Is6() {
		domain, level, life, recv = unix.AF_INET6, unix.IPPROTO_IPV6, unix.IPV6_UNICAST_HOPS, unix.IPV6_RECVERR
	}
	fd, err := unix.Socket(domain, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return -1, err
	}
	if err := errors.Join(unix.SetsockoptInt(fd, level, life, ttl), unix.SetsockoptInt(fd, level, recv, 1)); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// hopTarget is where a packet goes; the port differs by hop, as routers expect.
func hopTarget(addr netip.Addr, ttl int) unix.Sockaddr {
	if addr.Is4() {
		return &unix.SockaddrInet4{Port: tracePort + ttl, Addr: addr.As4()}
	}
	return &unix.SockaddrInet6{Port: tracePort + ttl, Addr: addr.As16()}
}

// readError takes one kept error: who sent it, and whether it says that the end
// was reached (its port is closed).
func readError(fd int) (from netip.Addr, reached, ok bool) {
	data, control := make([]byte, errQueueLen), make([]byte, errQueueLen)
	_, n, _, _, err := unix.Recvmsg(fd, data, control, unix.MSG_ERRQUEUE)
	if err != nil {
		return from, false, false
	}
	messages, err := unix.ParseSocketControlMessage(control[:n])
	if err != nil {
		return from, false, false
	}
	for _, c := range messages {
		if from, reached, ok := offender(c.Data); ok {
			return from, reached, true
		}
	}
	return from, false, false
}

// Layout of sock_extended_err, which the offender's address follows (ip(7)).
const (
	extendedLen = 16
	originAt    = 4
	typeAt      = 5
	originICMP  = 2
	originICMP6 = 3
	unreachable = 3 // ICMP type; of ICMPv6 it is 1
)

// offender reads who sent an ICMP error.
func offender(b []byte) (from netip.Addr, reached, ok bool) {
	if len(b) < extendedLen+8 {
		return from, false, false
	}
	origin, kind := b[originAt], b[typeAt]
	addr := b[extendedLen:]
	switch {
	case origin == originICMP && binary.NativeEndian.Uint16(addr) == unix.AF_INET:
		return netip.AddrFrom4([4]byte(addr[4:8])), kind == unreachable, true
	case origin == originICMP6 && binary.NativeEndian.Uint16(addr) == unix.AF_INET6 && len(addr) >= 24:
		return netip.AddrFrom16([16]byte(addr[8:24])), kind == 1, true
	}
	return from, false, false
}
