package imports

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"time"

	"faultline/outage"
)

// maxNames of a certificate are kept.
const maxNames = 16

// certificate keeps what the first certificate of a chain says, from its DER form;
// nil when it cannot be read.
func certificate(der []byte, host string, chain int) *outage.Certificate {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	sum := sha256.Sum256(der)
	issuer := c.Issuer.CommonName
	if issuer == "" && len(c.Issuer.Organization) > 0 {
		issuer = c.Issuer.Organization[0]
	}
	out := &outage.Certificate{
		SHA256: hex.EncodeToString(sum[:]), Subject: text(c.Subject.CommonName), Issuer: text(issuer),
		NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(),
		NameMatch: host != "" && c.VerifyHostname(host) == nil, Chain: chain,
	}
	for _, n := range c.DNSNames[:min(maxNames, len(c.DNSNames))] {
		out.Names = append(out.Names, text(n))
	}
	return out
}

// certificateFailure says what a certificate itself shows to be wrong at a time.
// Whether its authority is trusted nobody can say afterwards.
func certificateFailure(c *outage.Certificate, at time.Time) outage.Failure {
	switch {
	case c == nil || at.IsZero():
		return ""
	case at.After(c.NotAfter):
		return outage.FailureCertExpired
	case at.Before(c.NotBefore):
		return outage.FailureCertNotYet
	}
	return ""
}
