package probe

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"faultline/internal/scrub"
	"faultline/outage"
)

// errnos are what the kernel says, in the words of the closed set.
var errnos = []struct {
	errno   syscall.Errno
	failure outage.Failure
}{
	{syscall.ECONNREFUSED, outage.FailureRefused},
	{syscall.ECONNRESET, outage.FailureReset},
	{syscall.EPIPE, outage.FailureReset},
	{syscall.ECONNABORTED, outage.FailureAborted},
	{syscall.EHOSTUNREACH, outage.FailureHostUnreachable},
	{syscall.ENETUNREACH, outage.FailureNetworkUnreachable},
	{syscall.ENETDOWN, outage.FailureNetworkDown},
	{syscall.EADDRNOTAVAIL, outage.FailureNetworkUnreachable}, // no address of this family here
	{syscall.ETIMEDOUT, outage.FailureTimeout},
}

// failureOf finds the word for an error; nil is no failure.
func failureOf(err error) outage.Failure {
	if err == nil {
		return ""
	}
	for _, e := range errnos {
		if errors.Is(err, e.errno) {
			return e.failure
		}
	}
	var timeout net.Error
	switch {
	case errors.Is(err, errBytes):
		return outage.FailureTooLarge
	case errors.Is(err, context.Canceled):
		return outage.FailureInterrupted
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return outage.FailureTimeout
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return outage.FailureEOF
	}
	return outage.UnknownFailure(scrub.Addresses(err.Error()))
}

// certificateFailure finds the word for a certificate that does not hold.
func certificateFailure(err error, now time.Time) outage.Failure {
	var name x509.HostnameError
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &name):
		return outage.FailureTLSHostname
	case errors.As(err, &authority):
		return outage.FailureTLSAuthority
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil && now.Before(invalid.Cert.NotBefore):
		return outage.FailureCertNotYet
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return outage.FailureCertExpired
	}
	return outage.FailureTLSCertificate
}
