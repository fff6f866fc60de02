package siblings

import "faultline/outage"

// Manner is how a service fails, as far as one cause would make several fail alike:
// a link that loses packets lets one connection time out and the next one's handshake.
type Manner string

// Manners.
const (
	MannerUnknown     Manner = ""
	MannerName        Manner = "name"        // its name does not resolve
	MannerUnreachable Manner = "unreachable" // nothing answers, or what answers breaks off
	MannerRefused     Manner = "refused"     // the machine is there and takes no connection
	MannerCertificate Manner = "certificate"
	MannerError       Manner = "error"     // answers with an error of the server or of its edge
	MannerDenied      Manner = "denied"    // answers that it does not let one in
	MannerMisled      Manner = "misled"    // redirects in circles or to where nobody may go
	MannerContent     Manner = "content"   // answers, and the answer lacks what it should hold
	MannerSilent      Manner = "no_answer" // takes the request and does not answer it
)

// MannerOf puts the first failure of a service into its manner.
func MannerOf(layer outage.Layer, failure outage.Failure) Manner {
	switch failure {
	case "":
		return MannerUnknown
	case outage.FailureHTTP5xx, outage.FailureEdgeOrigin:
		return MannerError
	case outage.FailureHTTP403, outage.FailureHTTP429, outage.FailureChallenge, outage.FailureBlockPage, outage.FailureQueuePage:
		return MannerDenied
	case outage.FailureHTTPRedirect, outage.FailureRedirectLoop, outage.FailureForbidden:
		return MannerMisled
	case outage.FailureTLSHostname, outage.FailureTLSAuthority, outage.FailureTLSCertificate, outage.FailureCertExpired, outage.FailureCertNotYet:
		return MannerCertificate
	case outage.FailureRefused:
		return MannerRefused
	}
	switch layer {
	case outage.LayerDNS:
		return MannerName
	case outage.LayerRoute, outage.LayerTCP, outage.LayerTLS, outage.LayerQUIC:
		return MannerUnreachable
	case outage.LayerHTTP:
		return httpManner(failure)
	case outage.LayerApp:
		return MannerContent
	}
	return MannerUnknown
}

// httpManner is how a request fails that was sent.
func httpManner(f outage.Failure) Manner {
	switch f {
	case outage.FailureHTTPStatus:
		return MannerError
	case outage.FailureKeyword, outage.FailureTooLarge:
		return MannerContent
	}
	return MannerSilent
}

// Alike says whether two services fail in a way that one cause may explain. What
// fails in an unknown way is like nothing.
func (m Manner) Alike(o Manner) bool { return m != MannerUnknown && m == o }

// Words say a manner of several services in a sentence.
func (m Manner) Words() string {
	switch m {
	case MannerName:
		return "their names do not resolve"
	case MannerUnreachable:
		return "nothing answers"
	case MannerRefused:
		return "connections are refused"
	case MannerCertificate:
		return "their certificates do not hold"
	case MannerError:
		return "they answer with errors"
	case MannerDenied:
		return "they let nobody in"
	case MannerMisled:
		return "they redirect to nowhere"
	case MannerContent:
		return "their answers lack what they should hold"
	case MannerSilent:
		return "they take requests and do not answer"
	}
	return "in a way that is not known"
}
