package httpd_test

import (
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"faultline/internal/httpd"
)

// writePair writes a certificate with its key.
func writePair(t *testing.T, serial int64, cert, key string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial)}
	der, err := x509.CreateCertificate(nil, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// A certificate is replaced as a whole or not at all, and old versions of TLS are
// refused.
func TestCertificate(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if _, err := httpd.LoadCertificate(cert, key); err == nil || !strings.Contains(err.Error(), cert) {
		t.Errorf("without files: %v", err)
	}
	writePair(t, 1, cert, key)
	c, err := httpd.LoadCertificate(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	plain := &pipes{conns: make(chan net.Conn)}
	l := c.Listen(plain)
	t.Cleanup(func() { l.Close() })
	shown := func(version uint16) (int64, error) {
		here, there := net.Pipe()
		defer here.Close()
		go func() { plain.conns <- there }()
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			_ = conn.(*tls.Conn).Handshake() // the client says what went wrong
			_, _ = io.Copy(io.Discard, conn)
		}()
		client := tls.Client(here, &tls.Config{InsecureSkipVerify: true, MaxVersion: version, MinVersion: tls.VersionTLS10})
		if err := client.HandshakeContext(t.Context()); err != nil {
			return 0, err
		}
		return client.ConnectionState().PeerCertificates[0].SerialNumber.Int64(), nil
	}
	see := func(want int64) {
		t.Helper()
		if got, err := shown(tls.VersionTLS13); got != want || err != nil {
			t.Errorf("certificate %d is shown, %v, want %d", got, err, want)
		}
	}
	see(1)
	writePair(t, 2, cert, key)
	see(1)
	if err := c.Reload(); err != nil {
		t.Error(err)
	}
	see(2)
	writePair(t, 3, cert, filepath.Join(dir, "other.pem"))
	if err := c.Reload(); err == nil || !strings.Contains(err.Error(), "belong together") {
		t.Errorf("another's key: %v", err)
	}
	see(2)
	if _, err := shown(tls.VersionTLS11); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
}
