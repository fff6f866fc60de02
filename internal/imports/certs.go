package imports

import (
	"crypto/x509"
	"time"

	"faultline/internal/certs"
	"faultline/outage"
)

// certificate keeps what the first certificate of a chain says, from its DER form;
// nil when it cannot be read.
func certificate(der []byte, host string, chain int) *outage.Certificate {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	return certs.Facts(c, host, chain)
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
