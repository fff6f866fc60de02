package probe

import (
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"sync/atomic"
	"syscall"

	"faultline/outage"
)

// connect opens a connection to the target's address and notes what the kernel
// knows of it, also when it failed. It returns nil then.
func (p *Prober) connect(ctx context.Context, w watch, m *outage.Measurement) net.Conn {
	ctx, cancel := context.WithTimeout(ctx, p.limits.Connect)
	defer cancel()
	var spare spareSocket
	defer spare.close()
	d := net.Dialer{
		KeepAlive: -1, FallbackDelay: -1,
		Control: func(_, _ string, raw syscall.RawConn) error { return spare.take(raw) },
	}
	tcp := &outage.TCP{Span: outage.Span{T0: w.now()}}
	m.TCP = tcp
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(m.Target.Address, strconv.Itoa(m.Target.Port)))
	tcp.T = w.now()
	spare.info(tcp)
	if err != nil {
		tcp.Failure = failureOf(err)
		fail(m, outage.LayerTCP, outage.OperationConnect, tcp.Failure)
		return nil
	}
	return conn
}

// What an attempt reads at most beside the head: the limits of bodies are of decoded
// bytes, and compression can also make something of next to nothing.
const (
	handshakeBytes = 256 << 10 // far more than any chain of certificates
	wireFactor     = 2         // bytes read for each byte of a body that is kept
)

// errBytes ends an attempt that has read too much.
var errBytes = errors.New("the server sends more bytes than an attempt reads")

// metered is a connection that reads so many bytes and no more, and remembers why
// there was nothing more to read. One attempt has one connection and reads it from one
// goroutine at a time.
type metered struct {
	net.Conn
	left  int64
	ended atomic.Pointer[error]
}

// Read implements [net.Conn].
func (m *metered) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, errBytes
	}
	n, err := m.Conn.Read(p[:min(int64(len(p)), m.left)])
	m.left -= int64(n)
	if err != nil && !errors.Is(err, net.ErrClosed) { // that was ourselves
		m.ended.CompareAndSwap(nil, &err)
	}
	return n, err
}

// why is what ended the connection; one that the server closed properly, or that it
// left open and told to ask elsewhere, has come to its end.
func (m *metered) why() error {
	if err := m.ended.Load(); err != nil {
		return *err
	}
	return io.EOF
}
