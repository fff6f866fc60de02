package attempts

import (
	"math"

	"faultline/outage"
)

// Code names a counter.
type Code uint16

// Counters of attempts. An attempt is a page, a step of a journey or a redirect on its
// way: what a person's request could be.
const (
	Tried Code = iota
	Failed
	Retried // left out of all but connects
	Looked  // look-ups by resolvers
	LookFailed
	ZoneLooked // look-ups at the zone's own servers
	ZoneFailed
	Connects // retries too
	Clean    // connects without a repeated SYN
	SYNSent
	SYNRepeated
	SYNLost
	EchoSent
	EchoLost
	Traces
	Traced    // that reached their address
	Answers   // with a status
	BadAnswer // failed answers
	NoAnswer  // failed requests without one
	ComeAgain // failed answers that say when to come again
	Shaken    // handshakes that showed a certificate
	codeReached
	codeFell   = codeReached + layerCount
	codeWord   = codeFell + layerCount
	codeStatus = codeWord + layerCount*wordCount
	codeBody   = codeStatus + 600
	codeCert   = codeBody + 8
	codeLength = codeCert + maxCerts
	codeEnd    = codeLength + maxHops
	codeTried  = codeEnd + maxHops
	codeFailed = codeTried + Slots
	codeTime   = codeFailed + Slots
	// Codes is the number of counters.
	Codes = int(codeTime) + int(timeCount)*buckets
)

// Slots are the parts of a minute that beginnings and waves are told by.
const Slots = 6

// SlotSeconds is the length of a slot.
const SlotSeconds = 60 / Slots

// layers in the order in which a request passes them.
var layers = [...]outage.Layer{
	outage.LayerDNS, outage.LayerRoute, outage.LayerTCP, outage.LayerTLS, outage.LayerQUIC, outage.LayerHTTP, outage.LayerApp,
}

const layerCount = 7

func layerIndex(l outage.Layer) int {
	for i := range layers {
		if layers[i] == l {
			return i
		}
	}
	return -1
}

// Reached counts attempts that came to a layer.
func Reached(l outage.Layer) Code { return codeReached + Code(layerIndex(l)) }

// Fell counts attempts that failed there first.
func Fell(l outage.Layer) Code { return codeFell + Code(layerIndex(l)) }

// words are the failures that are told apart; the rest share the last place.
var words = [...]outage.Failure{
	outage.FailureTimeout, outage.FailureRefused, outage.FailureReset, outage.FailureAborted, outage.FailureHostUnreachable,
	outage.FailureNetworkUnreachable, outage.FailureNetworkDown, outage.FailureEOF, outage.FailureNXDOMAIN, outage.FailureSERVFAIL,
	outage.FailureDNSRefused, outage.FailureDNSNoAnswer, outage.FailureDNSMisbehaving, outage.FailureDNSBogon, outage.FailureDNSTemporary,
	outage.FailureTLSHandshake, outage.FailureTLSHostname, outage.FailureTLSAuthority, outage.FailureTLSCertificate,
	outage.FailureHTTPStatus, outage.FailureHTTPRedirect, outage.FailureHTTP5xx, outage.FailureHTTP429, outage.FailureHTTP403,
	outage.FailureChallenge, outage.FailureBlockPage, outage.FailureQueuePage, outage.FailureEdgeOrigin, outage.FailureCertExpired,
	outage.FailureCertNotYet, outage.FailureTruncatedBody, outage.FailureKeyword, outage.FailureRedirectLoop,
}

const wordCount = 34

func wordIndex(f outage.Failure) int {
	for i := range words {
		if words[i] == f {
			return i
		}
	}
	return wordCount - 1
}

// Word counts attempts that failed first at a layer in a way. Failures without a place
// of their own are counted together.
func Word(l outage.Layer, f outage.Failure) Code {
	return codeWord + Code(layerIndex(l)*wordCount+wordIndex(f))
}

// Status counts failed answers with a status from 0 to 599; what is beyond is 599.
func Status(n int) Code { return codeStatus + Code(min(max(n, 0), 599)) }

// bodies are the classes that are told apart.
var bodies = [...]outage.BodyClass{
	outage.BodyOK, outage.BodyErrorPage, outage.BodyChallenge, outage.BodyBlockPage, outage.BodyQueue, outage.BodyMaintenance, outage.BodyEmpty,
}

// Body counts answers of a class; ok is false for one that is not known.
func Body(c outage.BodyClass) (code Code, ok bool) {
	for i := range bodies {
		if bodies[i] == c {
			return codeBody + Code(i), true
		}
	}
	return 0, false
}

// CertCode counts handshakes that showed the i-th certificate of the service.
func CertCode(i int) Code { return codeCert + Code(i) }

// maxHops bounds a path; a longer one ends there.
const maxHops = 40

// Length counts traces that reached their address after n hops, End those that ended
// at hop n without reaching it.
func Length(n int) Code { return codeLength + Code(min(max(n, 0), maxHops-1)) }

// End is like Length for a trace that did not reach its address.
func End(n int) Code { return codeEnd + Code(min(max(n, 0), maxHops-1)) }

// SlotTried and SlotFailed are Tried and Failed of a part of the minute.
func SlotTried(slot int) Code { return codeTried + Code(slot) }

// SlotFailed is the failed part of SlotTried.
func SlotFailed(slot int) Code { return codeFailed + Code(slot) }

// Time is a histogram of times.
type Time int

// Histograms, in milliseconds.
const (
	TimeConnect   Time = iota // round trip of connects that succeed
	TimeFirstByte             // of answers that are fine
	TimeServer                // the same less one round trip: what the server took
	TimeError                 // from the request to a failed answer
	TimeName                  // of look-ups that succeed
	timeCount
)

// Buckets of a histogram: each is longer by an eighth of an octave.
const (
	buckets   = 176
	leastMS   = 0.05
	perOctave = 8
)

func bucket(ms float64) int {
	if !(ms > leastMS) {
		return 0
	}
	return min(int(perOctave*math.Log2(ms/leastMS)), buckets-1)
}

func timeCode(t Time, ms float64) Code { return codeTime + Code(int(t)*buckets+bucket(ms)) }
