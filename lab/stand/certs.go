package stand

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Authority signs the certificates of one run.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	dir  string
	next int64
}

// privateKey is how PEM names one.
const privateKey = "PRIVATE KEY"

// Validity of certificates: of one that is good, and of one whose time is over.
const (
	goodFor    = 24 * time.Hour
	expiredFor = 10 * time.Minute
)

// NewAuthority makes an authority whose certificate is the file ca.pem of a directory.
func NewAuthority(dir string, now time.Time) (*Authority, error) {
	a := &Authority{dir: dir, next: 1}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, fmt.Errorf("make the lab's authority: %w", err)
	}
	t := &x509.Certificate{
		SerialNumber: big.NewInt(a.next), Subject: pkix.Name{CommonName: "Lab Authority"},
		NotBefore: now.Add(-goodFor), NotAfter: now.Add(goodFor), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &a.key.PublicKey, a.key)
	if err != nil {
		return nil, fmt.Errorf("make the lab's authority: %w", err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		return nil, fmt.Errorf("make the lab's authority: %w", err)
	}
	return a, writePEM(a.CA(), "CERTIFICATE", der)
}

// CA is the file of the authority's own certificate.
func (a *Authority) CA() string { return filepath.Join(a.dir, "ca.pem") }

// Leaf is what a certificate shall say.
type Leaf struct {
	Name    string // of its files
	Hosts   []string
	Address net.IP // beside the hosts; nil: none
	Expired bool   // since now
	Alone   bool   // signed by nobody but itself
}

// Issue writes the files NAME.pem and NAME.key.
func (a *Authority) Issue(l Leaf, now time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make the certificate %s: %w", l.Name, err)
	}
	a.next++
	t := &x509.Certificate{
		SerialNumber: big.NewInt(a.next), Subject: pkix.Name{CommonName: l.Hosts[0]}, DNSNames: l.Hosts,
		NotBefore: now.Add(-goodFor), NotAfter: now.Add(goodFor), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if l.Address != nil {
		t.IPAddresses = []net.IP{l.Address}
	}
	if l.Expired {
		t.NotAfter = now.Add(-expiredFor)
	}
	parent, signer := a.cert, a.key
	if l.Alone {
		parent, signer = t, key
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, &key.PublicKey, signer)
	if err != nil {
		return fmt.Errorf("make the certificate %s: %w", l.Name, err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("make the certificate %s: %w", l.Name, err)
	}
	if err := writePEM(filepath.Join(a.dir, l.Name+".pem"), "CERTIFICATE", der); err != nil {
		return err
	}
	return writePEM(filepath.Join(a.dir, l.Name+".key"), privateKey, secret)
}

// writePEM writes a file that everybody may read, unless it is a key.
func writePEM(path, kind string, der []byte) error {
	mode := os.FileMode(0o644)
	if kind == privateKey {
		mode = 0o600
	}
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode); err != nil {
		return fmt.Errorf("write a certificate: %w", err)
	}
	return nil
}
