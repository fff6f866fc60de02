// Package certs says what a certificate shows, in the words of the facts. It reads
// parsed certificates, seen by our own probes or kept by others, and writes nothing.
//
// Method: names and texts come from whoever runs the server, so they are scrubbed of
// what no page should print and cut. Limits: maxNames names and maxText bytes of each.
package certs

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"

	"faultline/internal/scrub"
	"faultline/outage"
)

const (
	maxNames = 20 // of a certificate are kept; some have hundreds
	maxText  = 200
)

// Facts keeps what a certificate says: the first of a chain of so many. An empty host
// matches no name.
func Facts(c *x509.Certificate, host string, chain int) *outage.Certificate {
	sum := sha256.Sum256(c.Raw)
	issuer := c.Issuer.CommonName
	if issuer == "" && len(c.Issuer.Organization) > 0 {
		issuer = c.Issuer.Organization[0]
	}
	out := &outage.Certificate{
		SHA256: hex.EncodeToString(sum[:]), Subject: line(c.Subject.CommonName), Issuer: line(issuer),
		NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(),
		NameMatch: host != "" && c.VerifyHostname(host) == nil, Chain: chain,
	}
	for _, n := range c.DNSNames[:min(maxNames, len(c.DNSNames))] {
		out.Names = append(out.Names, line(n))
	}
	return out
}

func line(s string) string { return scrub.Line(s, maxText) }
