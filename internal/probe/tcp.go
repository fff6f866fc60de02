package probe

import (
	"context"
	"net"
	"strconv"
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
