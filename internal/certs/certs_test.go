package certs_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"faultline/internal/certs"
)

// made gives a certificate as a hostile server might make one.
func made(t testing.TB, c *x509.Certificate) *x509.Certificate {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	c.SerialNumber = big.NewInt(1)
	der, err := x509.CreateCertificate(nil, c, c, public, private)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestFacts(t *testing.T) {
	from := time.Date(2025, 3, 10, 0, 0, 0, 0, time.FixedZone("", 3600))
	plain := made(t, &x509.Certificate{
		Subject: pkix.Name{Organization: []string{"Example"}}, DNSNames: []string{"x.example"}, NotBefore: from, NotAfter: from.AddDate(1, 0, 0),
	})
	got := certs.Facts(plain, "x.example", 2)
	if !got.NameMatch || got.Issuer != "Example" || got.Chain != 2 || len(got.SHA256) != 64 || got.NotBefore.Location() != time.UTC {
		t.Errorf("%+v", got)
	}
	for _, host := range []string{"", "y.example"} {
		if certs.Facts(plain, host, 1).NameMatch {
			t.Errorf("%q matches", host)
		}
	}
}

// Absurd fields are cut, and no text breaks a line.
func TestAbsurdFields(t *testing.T) {
	var names []string
	for i := range 500 {
		names = append(names, fmt.Sprintf("n%d.example", i))
	}
	got := certs.Facts(made(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "a\nb\x1b[31m" + strings.Repeat("x", 10_000)}, DNSNames: names,
	}), "", 1)
	if len(got.Names) != 20 || len(got.Subject) > 210 || strings.ContainsAny(got.Subject+got.Issuer, "\n\x1b") {
		t.Errorf("%d names, subject of %d bytes: %.40q", len(got.Names), len(got.Subject), got.Subject)
	}
}
