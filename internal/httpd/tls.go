package httpd

import (
	"crypto/tls"
	"fmt"
	"net"
	"sync/atomic"
)

// Certificate is the one that a server shows. It can be read again while the server
// runs: connections that stand keep what they have been shown.
type Certificate struct {
	cert, key string // files
	now       atomic.Pointer[tls.Certificate]
}

// LoadCertificate reads a certificate with its chain, and its key, from files in PEM
// form.
func LoadCertificate(cert, key string) (*Certificate, error) {
	c := &Certificate{cert: cert, key: key}
	return c, c.Reload()
}

// Reload reads the files again; a mistake in them changes nothing.
func (c *Certificate) Reload() error {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("load the certificate %s with the key %s: %w: both are files in PEM form that this user may read, and belong together", c.cert, c.key, err)
	}
	c.now.Store(&pair)
	return nil
}

// Listen makes a listener speak TLS, for HTTP/2 and HTTP/1.1.
func (c *Certificate) Listen(l net.Listener) net.Listener {
	return tls.NewListener(l, &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.now.Load(), nil },
	})
}
