package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// authority signs certificates for this machine.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, cert: &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of a test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}}
	a.key = a.newKey()
	return a
}

func (a *authority) newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	return key
}

func (a *authority) write(path, kind string, der []byte) {
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// sign writes a certificate of this machine with its key.
func (a *authority) sign(serial int64, cert, key string) {
	k := a.newKey()
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(serial), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: a.cert.NotBefore, NotAfter: a.cert.NotAfter,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, a.cert, &k.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		a.t.Fatal(err)
	}
	a.write(cert, "CERTIFICATE", der)
	a.write(key, "EC PRIVATE KEY", private)
}

// save writes the authority's own certificate and gives a client that trusts it.
func (a *authority) save(path string) *http.Client {
	der, err := x509.CreateCertificate(rand.Reader, a.cert, a.cert, &a.key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	a.write(path, "CERTIFICATE", der)
	pool := x509.NewCertPool()
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		a.t.Fatal(err)
	}
	pool.AddCert(a.cert)
	return &http.Client{Timeout: startup, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true, DisableKeepAlives: true,
	}}
}

// eventually waits for something that another process does.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(startup); !is(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: not within %s", what, startup)
		}
	}
}

// The hub ends TLS itself: for readers, for an agent over https and for the agent in
// its own process; a new certificate is shown after SIGHUP.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key, roots, data := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "roots.pem"), filepath.Join(dir, "hub")
	a := newAuthority(t)
	client := a.save(roots)
	a.sign(7, cert, key)
	t.Setenv("SSL_CERT_FILE", roots)
	hub := start(t, 0, "serve", "--listen", "127.0.0.1:0", "--data", data, "--tls-cert", cert, "--tls-key", key,
		"--local-agent", "--local-network", "AS64500")
	var token bytes.Buffer
	if code := run(t.Context(), []string{"agent", "token", "create", "--data", data}, streams{nil, &token, os.Stderr}); code != 0 {
		t.Fatal("no token")
	}
	agent := start(t, 0, "agent", "run", "--hub", hub.url, "--data", filepath.Join(dir, "agent"), "--network", "AS64501", "--token", strings.TrimSpace(token.String()))
	get := func() (serial int64, proto, body string) {
		res, err := client.Get(hub.url + "/api/v1/agents")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.TLS.PeerCertificates[0].SerialNumber.Int64(), res.Proto, string(b)
	}
	eventually(t, "both agents are registered", func() bool {
		_, _, body := get()
		return strings.Contains(body, `"AS64500"`) && strings.Contains(body, `"AS64501"`)
	})
	if serial, proto, _ := get(); serial != 7 || proto != "HTTP/2.0" {
		t.Errorf("certificate %d over %s", serial, proto)
	}
	agent.stop()
	a.sign(8, cert, key)
	if err := hub.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the new certificate is shown", func() bool { serial, _, _ := get(); return serial == 8 })
	res, err := http.Get("http" + strings.TrimPrefix(hub.url, "https"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusBadRequest {
		t.Errorf("in the clear: %s", res.Status)
	}
	hub.stop()
	if log := hub.logs.String(); strings.Contains(log, "127.0.0.1:") {
		t.Errorf("the log names an address:\n%s", log)
	}
}
