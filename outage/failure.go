package outage

import "strings"

// Layer is the part of the way to a service that was looked at, or that failed
// first.
type Layer string

// Layers, in the order in which a request passes them.
const (
	LayerMonitor Layer = "monitor" // the agent itself: its uplink, its clock, its being blocked
	LayerDNS     Layer = "dns"
	LayerRoute   Layer = "route"
	LayerTCP     Layer = "tcp"
	LayerTLS     Layer = "tls"
	LayerQUIC    Layer = "quic"
	LayerHTTP    Layer = "http"
	LayerApp     Layer = "app" // what the answer says: a journey's step, a keyword, a login form
)

// Operation is what was being done when something failed. A timeout means
// different things in different operations, so a failure is never told without.
type Operation string

// Operations; the first five are OONI's (data format df-007).
const (
	OperationResolve       Operation = "resolve"
	OperationConnect       Operation = "connect"
	OperationTLSHandshake  Operation = "tls_handshake"
	OperationQUICHandshake Operation = "quic_handshake"
	OperationRoundTrip     Operation = "http_round_trip"
	OperationEcho          Operation = "echo"   // ICMP
	OperationTrace         Operation = "trace"  // TTL walk
	OperationAssert        Operation = "assert" // a journey's expectation of an answer
)

// Failure says how an attempt failed: a closed set of words, or
// UnknownFailure with the scrubbed text of the error. Empty: it did not.
type Failure string

// Failures of OONI's data format df-007, kept word for word.
const (
	FailureTimeout            Failure = "generic_timeout_error"
	FailureRefused            Failure = "connection_refused"
	FailureReset              Failure = "connection_reset"
	FailureAborted            Failure = "connection_aborted"
	FailureHostUnreachable    Failure = "host_unreachable"
	FailureNetworkUnreachable Failure = "network_unreachable"
	FailureNetworkDown        Failure = "network_down"
	FailureEOF                Failure = "eof_error"
	FailureNXDOMAIN           Failure = "dns_nxdomain_error"
	FailureSERVFAIL           Failure = "dns_servfail_error"
	FailureDNSRefused         Failure = "dns_refused_error"
	FailureDNSNoAnswer        Failure = "dns_no_answer"
	FailureDNSMisbehaving     Failure = "dns_server_misbehaving"
	FailureDNSBogon           Failure = "dns_bogon_error"
	FailureDNSTemporary       Failure = "dns_temporary_failure"
	FailureTLSHandshake       Failure = "ssl_failed_handshake"
	FailureTLSHostname        Failure = "ssl_invalid_hostname"
	FailureTLSAuthority       Failure = "ssl_unknown_authority"
	FailureTLSCertificate     Failure = "ssl_invalid_certificate"
	FailureQUICVersion        Failure = "quic_incompatible_version"
	FailureHTTPStatus         Failure = "http_unexpected_status_code"
	FailureHTTPRedirect       Failure = "http_unexpected_redirect_url"
	FailureHTTPRequest        Failure = "http_request_failed"
	FailureInterrupted        Failure = "interrupted"
)

// Failures that Faultline adds. The agent never says slow, blocked or offline:
// those are judged at the hub, from many attempts.
const (
	FailureHTTP5xx        Failure = "x_http_5xx"
	FailureHTTP429        Failure = "x_http_429"
	FailureHTTP403        Failure = "x_http_403"
	FailureChallenge      Failure = "x_challenge"
	FailureBlockPage      Failure = "x_block_page"
	FailureQueuePage      Failure = "x_queue_page"
	FailureEdgeOrigin     Failure = "x_edge_origin_52x"
	FailureCertExpired    Failure = "x_cert_expired"
	FailureCertNotYet     Failure = "x_cert_not_yet_valid"
	FailureSlow           Failure = "x_slow"
	FailureTruncatedBody  Failure = "x_truncated_body"
	FailureKeyword        Failure = "x_keyword_missing"
	FailureRedirectLoop   Failure = "x_redirect_loop"
	FailureForbidden      Failure = "x_redirect_forbidden" // to a private address, or to the hub itself
	FailureTooLarge       Failure = "x_answer_too_large"
	FailureMonitorBlocked Failure = "x_monitor_blocked"
	FailureAgentOffline   Failure = "x_agent_offline"
)

// unknownFailure begins a failure that has no word of its own.
const unknownFailure = "unknown_failure: "

// maxUnknown bounds the scrubbed text; a longer error loses its end.
const maxUnknown = 200

// UnknownFailure is a failure without a word of its own. The text must have been
// scrubbed of addresses already; what is longer than 200 bytes is cut.
func UnknownFailure(scrubbed string) Failure {
	scrubbed = strings.ToValidUTF8(scrubbed, "?")
	if len(scrubbed) > maxUnknown {
		scrubbed = strings.ToValidUTF8(scrubbed[:maxUnknown], "")
	}
	return Failure(unknownFailure + scrubbed)
}

// Closed says whether a failure is empty or of the closed set.
func (f Failure) Closed() bool {
	switch f {
	case "", FailureTimeout, FailureRefused, FailureReset, FailureAborted, FailureHostUnreachable,
		FailureNetworkUnreachable, FailureNetworkDown, FailureEOF, FailureNXDOMAIN, FailureSERVFAIL,
		FailureDNSRefused, FailureDNSNoAnswer, FailureDNSMisbehaving, FailureDNSBogon, FailureDNSTemporary,
		FailureTLSHandshake, FailureTLSHostname, FailureTLSAuthority, FailureTLSCertificate,
		FailureQUICVersion, FailureHTTPStatus, FailureHTTPRedirect, FailureHTTPRequest, FailureInterrupted,
		FailureHTTP5xx, FailureHTTP429, FailureHTTP403, FailureChallenge, FailureBlockPage, FailureQueuePage,
		FailureEdgeOrigin, FailureCertExpired, FailureCertNotYet, FailureSlow, FailureTruncatedBody,
		FailureKeyword, FailureRedirectLoop, FailureForbidden, FailureTooLarge, FailureMonitorBlocked,
		FailureAgentOffline:
		return true
	}
	return false
}

// Known says whether a failure is empty, of the closed set, or an unknown one in
// its proper form.
func (f Failure) Known() bool {
	return f.Closed() || strings.HasPrefix(string(f), unknownFailure) && len(f) <= len(unknownFailure)+maxUnknown
}
