package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"reflect"
	"time"

	"faultline/internal/certs"
	"faultline/outage"
)

// maxText is how much of any text from outside is kept.
const maxText = 200

// errCertificate ends a handshake whose certificate does not hold; the failure
// itself is noted where it is found.
var errCertificate = errors.New("the certificate does not hold")

// handshake makes the connection a TLS one. What the server showed is kept when
// it fails; it returns nil then.
func (p *Prober) handshake(ctx context.Context, w watch, conn net.Conn, m *outage.Measurement) net.Conn {
	ctx, cancel := context.WithTimeout(ctx, p.limits.Handshake)
	defer cancel()
	t := &outage.TLS{Span: outage.Span{T0: w.now()}}
	m.TLS = t
	c := tls.Client(conn, p.tlsConfig(m.Target.Host, m.Time, t, "h2", "http/1.1"))
	err := c.HandshakeContext(ctx)
	t.T = w.now()
	if s := c.ConnectionState(); s.Version != 0 {
		t.Version, t.Cipher, t.ALPN = tls.VersionName(s.Version), tls.CipherSuiteName(s.CipherSuite), s.NegotiatedProtocol
	}
	if err == nil {
		return c
	}
	if t.Failure == "" {
		t.Alert, t.Failure = alertOf(err), handshakeFailure(err)
	}
	fail(m, outage.LayerTLS, outage.OperationTLSHandshake, t.Failure)
	return nil
}

// tlsConfig verifies as usual, but keeps what it was shown.
func (p *Prober) tlsConfig(host string, now time.Time, t *outage.TLS, protocols ...string) *tls.Config {
	return &tls.Config{
		ServerName: host, NextProtos: protocols, MinVersion: tls.VersionTLS10,
		InsecureSkipVerify: true, // VerifyConnection verifies, after the facts were kept
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) == 0 {
				t.Failure = outage.FailureTLSCertificate
				return errCertificate
			}
			t.Certificate = certs.Facts(s.PeerCertificates[0], host, len(s.PeerCertificates))
			if t.Failure = p.trust.verify(s.PeerCertificates, host, now); t.Failure != "" {
				return errCertificate
			}
			return nil
		},
	}
}

// handshakeFailure finds the word for a handshake that was not about a certificate.
func handshakeFailure(err error) outage.Failure {
	f := failureOf(err)
	if f.Known() && (len(f) < len("unknown") || f[:len("unknown")] != "unknown") {
		return f
	}
	return outage.FailureTLSHandshake
}

// alertOf is the alert that the server sent; 0: none. The library keeps its type
// to itself, but not its value.
func alertOf(err error) int {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" || op.Err == nil {
		return 0
	}
	if v := reflect.ValueOf(op.Err); v.Kind() == reflect.Uint8 {
		return int(v.Uint())
	}
	return 0
}
