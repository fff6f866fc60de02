package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strconv"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"faultline/outage"
)

// AttemptQUIC is one attempt over QUIC and HTTP/3 at the address and port of an
// https target. A network that passes TCP may still drop UDP: that is what the
// failure then says, and no more.
func (p *Prober) AttemptQUIC(ctx context.Context, t outage.Target, dns *outage.DNS) outage.Measurement {
	m := p.record(t)
	m.DNS = dns
	if p.outside(&m) {
		return m
	}
	w := watch{m.Time}
	q := &outage.QUIC{Span: outage.Span{T0: w.now()}}
	shown := &outage.TLS{Span: q.Span}
	m.QUIC = q
	limited, cancel := context.WithTimeout(ctx, p.limits.Handshake)
	defer cancel()
	conf := p.tlsConfig(t.Host, m.Time, shown, http3.NextProtoH3)
	conf.MinVersion = tls.VersionTLS13
	conn, err := quic.DialAddr(limited, net.JoinHostPort(t.Address, strconv.Itoa(t.Port)), conf, &quic.Config{HandshakeIdleTimeout: p.limits.Handshake})
	q.T = w.now()
	shown.T = q.T
	if shown.Certificate != nil {
		shown.Version = tls.VersionName(tls.VersionTLS13)
		m.TLS = shown
	}
	if err != nil {
		q.Failure = quicFailure(err, shown.Failure)
		fail(&m, outage.LayerQUIC, outage.OperationQUICHandshake, q.Failure)
		return m
	}
	defer conn.CloseWithError(0, "")
	q.Version = conn.ConnectionState().Version.String()
	transport := &http3.Transport{MaxResponseHeaderBytes: int(p.limits.Head)}
	defer transport.Close()
	p.roundTrip(ctx, w, transport.NewClientConn(conn), &m, &ask{})
	return m
}

// quicFailure finds the word for a handshake that failed; what is wrong with the
// certificate goes first.
func quicFailure(err error, certificate outage.Failure) outage.Failure {
	var version *quic.VersionNegotiationError
	var idle *quic.IdleTimeoutError
	var slow *quic.HandshakeTimeoutError
	var transport *quic.TransportError
	switch {
	case certificate != "":
		return certificate
	case errors.As(err, &version):
		return outage.FailureQUICVersion
	case errors.As(err, &idle), errors.As(err, &slow):
		return outage.FailureTimeout
	case errors.As(err, &transport) && transport.ErrorCode.IsCryptoError():
		return outage.FailureTLSHandshake
	}
	return failureOf(err)
}
