package imports

import (
	"strings"

	"faultline/internal/scrub"
	"faultline/outage"
)

// unknown keeps an error that has no word, without addresses.
func unknown(s string) outage.Failure {
	return outage.UnknownFailure(scrub.Addresses(text(s)))
}

// ooniWords are words of OONI's old probes, of the operating system that new ones
// pass on, and a misspelt one of its specification; everything else of OONI's data
// format df-007 is ours already.
var ooniWords = map[string]outage.Failure{
	"address_family_not_supported":       outage.FailureNetworkUnreachable,
	"address_family_not_supported_error": outage.FailureNetworkUnreachable,
	"address_not_available":              outage.FailureNetworkUnreachable,
	"connection_already_closed":          outage.FailureEOF,
	"connection_done":                    outage.FailureEOF,
	"connection_lost_error":              outage.FailureReset,
	"connection_refused_error":           outage.FailureRefused,
	"deferred_timeout_error":             outage.FailureTimeout,
	"dns_lookup_error":                   outage.FailureDNSTemporary,
	"dns_name_error":                     outage.FailureNXDOMAIN,
	"dns_name_failure":                   outage.FailureSERVFAIL,
	"dns_non_recoverable_failure":        outage.FailureDNSMisbehaving,
	"dns_reply_with_wrong_query_id":      outage.FailureDNSMisbehaving,
	"response_never_received":            outage.FailureEOF,
	"ssl_unknown_autority":               outage.FailureTLSAuthority,
	"task_timed_out":                     outage.FailureTimeout,
	"tcp_timed_out_error":                outage.FailureTimeout,
	"timed_out":                          outage.FailureTimeout,
}

// ooniFailure translates a failure of OONI's; ours is the same closed set, so
// nearly always it stays as it is.
func ooniFailure(s *string) outage.Failure {
	if s == nil || *s == "" {
		return ""
	}
	f := outage.Failure(*s)
	if w, ok := ooniWords[*s]; ok {
		return w
	}
	if rest, ok := strings.CutPrefix(*s, "unknown_failure"); ok {
		return unknown(strings.TrimLeft(rest, ": "))
	}
	if f.Known() {
		return f
	}
	return unknown(*s)
}

// phrase is a part of an error text, in lower case, and the failure it means.
type phrase struct {
	text    string
	failure outage.Failure
}

// socketPhrases are what C libraries say of sockets, on Linux and on the C
// libraries of small probes; RIPE Atlas passes them on. The first that fits counts.
var socketPhrases = []phrase{
	{"refused", outage.FailureRefused},
	{"connection reset", outage.FailureReset},
	{"reset by peer", outage.FailureReset},
	{"broken pipe", outage.FailureReset},
	{"connection aborted", outage.FailureAborted},
	{"no route to host", outage.FailureHostUnreachable},
	{"host is unreachable", outage.FailureHostUnreachable},
	{"host unreachable", outage.FailureHostUnreachable},
	{"network is unreachable", outage.FailureNetworkUnreachable},
	{"network unreachable", outage.FailureNetworkUnreachable},
	{"address family not supported", outage.FailureNetworkUnreachable},
	{"cannot assign requested address", outage.FailureNetworkUnreachable},
	{"network is down", outage.FailureNetworkDown},
	{"timeout", outage.FailureTimeout},
	{"timed out", outage.FailureTimeout},
	{"unexpected eof", outage.FailureEOF},
	{"premature eof", outage.FailureEOF},
	{"connection closed", outage.FailureEOF},
}

// resolvePhrases are what C libraries say when a name has no address.
var resolvePhrases = []phrase{
	{"temporary failure", outage.FailureDNSTemporary},
	{"try again", outage.FailureDNSTemporary},
	{"non-recoverable", outage.FailureDNSMisbehaving},
	{"no address associated", outage.FailureDNSNoAnswer},
	{"no data", outage.FailureDNSNoAnswer},
	{"servname not supported", outage.FailureNXDOMAIN},
	{"name or service not known", outage.FailureNXDOMAIN},
	{"nodename nor servname", outage.FailureNXDOMAIN},
	{"name does not exist", outage.FailureNXDOMAIN},
	{"nxdomain", outage.FailureNXDOMAIN},
	{"servfail", outage.FailureSERVFAIL},
	{"timeout", outage.FailureTimeout},
	{"timed out", outage.FailureTimeout},
}

// look finds the failure that an error text means.
func look(table []phrase, s string) outage.Failure {
	low := strings.ToLower(s)
	for _, p := range table {
		if strings.Contains(low, p.text) {
			return p.failure
		}
	}
	return unknown(s)
}

// rcodeFailure says what is wrong with a DNS answer by its code.
func rcodeFailure(rcode string, answers int) outage.Failure {
	switch rcode {
	case "NOERROR":
		if answers == 0 {
			return outage.FailureDNSNoAnswer
		}
		return ""
	case "NXDOMAIN":
		return outage.FailureNXDOMAIN
	case "SERVFAIL":
		return outage.FailureSERVFAIL
	case "REFUSED":
		return outage.FailureDNSRefused
	}
	return outage.FailureDNSMisbehaving
}

// statusFailure says what is wrong with an answer by its status alone; a redirect
// is no failure.
func statusFailure(status int) outage.Failure {
	switch {
	case status >= 100 && status < 400:
		return ""
	case status == 403:
		return outage.FailureHTTP403
	case status == 429:
		return outage.FailureHTTP429
	case status >= 500 && status < 600:
		return outage.FailureHTTP5xx
	}
	return outage.FailureHTTPStatus
}

// alertFailure says what a TLS alert by its number means.
func alertFailure(number int) outage.Failure {
	switch number {
	case 48:
		return outage.FailureTLSAuthority
	case 42, 43, 44, 46:
		return outage.FailureTLSCertificate
	case 45:
		return outage.FailureCertExpired
	case 112:
		return outage.FailureTLSHostname
	}
	return outage.FailureTLSHandshake
}
