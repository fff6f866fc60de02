package feature

import (
	"errors"
	"fmt"
	"math"
)

// Units of features.
const (
	UnitShare   = "share" // 0 to 1
	UnitRatio   = "ratio" // to the baseline, 1 being as usual
	UnitMS      = "ms"
	UnitMinutes = "min"
	UnitSeconds = "s"
	UnitCount   = "count"
	UnitYes     = "yes" // 1 or 0
	UnitHour    = "hour"
	UnitBits    = "bits"
)

// Words lists the vocabulary.
func Words() []Word { return words }

// Find is the row of a name; ok is false where there is none.
func Find(name string) (w Word, ok bool) {
	for i := range words {
		if words[i].Name == name {
			return words[i], true
		}
	}
	return Word{}, false
}

// Check says what is wrong with a value that somebody writes down; nil: nothing.
func (w *Word) Check(v float64) error {
	low, high := 0.0, math.Inf(1)
	switch {
	case w.Name == RTTRise:
		low = math.Inf(-1) // round trips may be shorter than before
	case w.Name == FamilyGap:
		low, high = -1, 1
	case w.Unit == UnitShare:
		high = 1
	}
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return errors.New("its value is not a number")
	case w.Unit == UnitShare && (v < low || v > high):
		return fmt.Errorf("%s is a share, and %g is none: write 0.62 for 62 %%", w.Name, v)
	case w.Unit == UnitYes && v != 0 && v != 1:
		return fmt.Errorf("%s is 1 for yes or 0 for no, and not %g", w.Name, v)
	case v < low:
		return fmt.Errorf("%s is %g: write a number from 0 on", w.Name, v)
	}
	return nil
}

var words = []Word{
	{Attempts, UnitCount, "attempts", "first attempts in the minutes of the failing: pages, steps of journeys and redirects on their way, by agents that can be believed; a retry is none"},
	{AgentsLooking, UnitCount, "agents", "agents with such attempts"},
	{NetworksLooked, UnitCount, "agents", "different networks that these agents are in"},
	{DepthReached, UnitCount, "attempts", "how far in probes look: 0 nobody looks, 1 the name, 2 the edge, 3 a page, 4 a journey"},

	{FailFrac, UnitShare, "attempts", "attempts that failed, at whatever layer"},
	{DNSFailFrac, UnitShare, "look-ups", "look-ups by resolvers that failed; one look-up counts once, however many addresses it gave"},
	{TCPFailFrac, UnitShare, "connects", "connects that failed, of attempts that came to one"},
	{TLSFailFrac, UnitShare, "handshakes", "TLS handshakes that failed, of those begun"},
	{QUICFailFrac, UnitShare, "handshakes", "QUIC handshakes that failed, of those begun"},
	{HTTPFailFrac, UnitShare, "requests", "requests that failed, of those sent"},
	{AppFailFrac, UnitShare, "steps", "steps of journeys whose answer came and was not what it should be"},
	{FirstDNSShare, UnitShare, "failed attempts", "failed attempts that failed first at the look-up of the name"},
	{FirstTCPShare, UnitShare, "failed attempts", "failed attempts that failed first at the connect, or had no route"},
	{FirstTLSShare, UnitShare, "failed attempts", "failed attempts that failed first at the TLS handshake"},
	{FirstHTTPShare, UnitShare, "failed attempts", "failed attempts that failed first at the request or its answer"},
	{FirstAppShare, UnitShare, "failed attempts", "failed attempts whose answer came well and did not hold what it should"},
	{PeakFailFrac, UnitShare, "attempts of that minute", "failing share of the worst minute"},
	{MixedShare, UnitShare, "spots that fail", "agent, address and step at which an attempt failed and another one succeeded within two minutes of it: loss rather than a cut"},

	{NXDomainShare, UnitShare, "failed look-ups", "answered that the name does not exist"},
	{ServfailShare, UnitShare, "failed look-ups", "answered with a server failure, or refused"},
	{DNSTimeoutShare, UnitShare, "failed look-ups", "not answered in time"},
	{DNSEmptyShare, UnitShare, "failed look-ups", "answered without an address"},
	{DNSTimeRatio, UnitRatio, "look-ups that succeed", "median time of look-ups that succeed, against before"},
	{AuthoritativeFail, UnitShare, "look-ups at the zone's servers", "look-ups at the zone's own name servers that failed"},
	{AddressStillOK, UnitShare, "connects", "connects to addresses known from before that succeed, while look-ups fail"},
	{AnswerChanged, UnitShare, "attempts", "attempts that a look-up led to an address never seen before the onset"},
	{AnswerElsewhere, UnitShare, "failed attempts", "failed attempts, of the agents that see it fail, at addresses that nobody was given before the onset and nobody is given for whom it works; absent where it fails for all"},
	{SameNameserverFail, UnitShare, "services", "other services on the same name servers that fail in the same minutes"},

	{RefusedShare, UnitShare, "failed connects", "refused"},
	{TimeoutShare, UnitShare, "failed connects", "not answered in time"},
	{ResetShare, UnitShare, "failed connects", "reset"},
	{UnreachableShare, UnitShare, "failed connects", "host or network unreachable"},
	{SYNRetransRate, UnitCount, "connects", "repeated SYNs for each connect, failed ones too"},
	{SYNLoss, UnitShare, "SYNs sent", "SYNs that brought no answer, by the kernel's count of repeats"},
	{RTTRatio, UnitRatio, "connects that succeed", "median round trip of connects that succeed, against before, at the vantage points and addresses that have part in the failing, or at all where none has"},
	{RTTRise, UnitMS, "connects that succeed", "the same as a difference"},
	{JitterRatio, UnitRatio, "connects that succeed", "range between the quartiles of round trips, against before"},
	{ConnectMixed, UnitShare, "pairs of agent and address with a failed or repeated SYN", "pairs at which a connect went through at once within two minutes of that"},
	{EchoLoss, UnitShare, "echoes sent", "ICMP echoes that did not come back"},
	{PathReached, UnitShare, "traces", "traces that reached the address"},
	{PathShorter, UnitShare, "traces that end early", "traces that end more than two hops before where the path ended before"},
	{PathLateEnd, UnitShare, "traces that end early", "traces that end at the last two hops"},

	{CertExpiredShare, UnitShare, "failed handshakes", "certificate expired, or not yet valid"},
	{CertNameShare, UnitShare, "failed handshakes", "certificate is of another name"},
	{CertAuthorityShare, UnitShare, "failed handshakes", "certificate of an authority that is not known, or otherwise not valid"},
	{CertExpiredAtOnset, UnitMinutes, "handshakes with an expired certificate", "time between the end of a shown certificate's validity and the onset"},
	{CertChanged, UnitShare, "handshakes", "handshakes that show a certificate not seen before the onset"},
	{HandshakeTimeout, UnitShare, "failed handshakes", "not finished in time"},
	{HandshakeReset, UnitShare, "failed handshakes", "ended by a reset, or with the connection"},

	{Status5xxShare, UnitShare, "failed answers", "status 500 to 599"},
	{Status500Share, UnitShare, "failed answers", "status 500"},
	{Status502Share, UnitShare, "failed answers", "status 502"},
	{Status503Share, UnitShare, "failed answers", "status 503"},
	{Status504Share, UnitShare, "failed answers", "status 504"},
	{Status52xShare, UnitShare, "failed answers", "status 520 to 530, by which an edge says that it cannot reach the origin"},
	{Status403Share, UnitShare, "failed answers", "status 403"},
	{Status404Share, UnitShare, "failed answers", "status 404"},
	{Status429Share, UnitShare, "failed answers", "status 429"},
	{TopStatusShare, UnitShare, "failed answers", "share of the most frequent status"},
	{StatusEntropy, UnitBits, "failed answers", "how mixed the statuses are: 0 where all are the same"},
	{RedirectLoop, UnitShare, "failed requests", "redirects that lead in a circle, or too far"},
	{Truncated, UnitShare, "failed requests", "answers that ended too early"},
	{NoAnswer, UnitShare, "failed requests", "no status came: time-outs, resets, ends without an answer"},
	{ErrorSpeed, UnitMS, "failed answers", "median time from the request to the first byte of a failed answer"},
	{TTFBRatio, UnitRatio, "answers that are fine", "median time to the first byte, against the same page before"},
	{ServerTimeRatio, UnitRatio, "answers that are fine", "the same less one round trip, so that a slow way does not count as a slow server"},
	{StaticTTFBRatio, UnitRatio, "answers that are fine", "median time to the first byte of media and other static files, against before"},
	{DynamicTTFBRatio, UnitRatio, "answers that are fine", "median time to the first byte of later steps and other pages, against before"},
	{SlowAfter, UnitShare, "first bytes", "answers that were fine and took at least three times as long as before the onset, in the five minutes after the failing share first fell to half of its worst"},
	{TTFBRampMin, UnitMinutes, "first bytes", "for how long times to the first byte were half as long again before the first failure; 0: not at all"},
	{ChallengeShare, UnitShare, "answers", "pages that ask whether one is human"},
	{RateLimitShare, UnitShare, "answers", "status 429"},
	{BlockPageShare, UnitShare, "answers", "pages that say that one is blocked"},
	{QueueShare, UnitShare, "answers", "waiting rooms"},
	{MaintenanceShare, UnitShare, "answers", "pages that announce maintenance"},
	{MitigationAfter, UnitMinutes, "challenges, blocks and 429", "from the onset to the first challenge, block page or 429, where there were none before"},
	{ComeAgain, UnitShare, "failed answers", "errors with a Retry-After: the service says when to come again"},
	{ProviderError, UnitShare, "failed answers", "errors that the edge makes itself (520 to 530)"},

	{FrontOK, UnitShare, "looks at the front", "front pages and first steps that are fine"},
	{DeepFail, UnitShare, "looks behind the front", "later steps and other pages that fail, told only while the front is fine"},
	{OneStepShare, UnitShare, "failed steps and pages", "share of the step or page that fails most often"},
	{StaticOK, UnitShare, "looks at media", "media and other static files that are fine"},
	{DynamicFail, UnitShare, "later steps and pages", "later steps and other pages, without static files, that fail"},
	{VariantGap, UnitShare, "attempts of the smaller variant", "difference of the failing shares of the mobile and the desktop path"},

	{AgentFailShare, UnitShare, "agents", "agents that see it fail, or most answers take three times as long as before, of those that look"},
	{CountryFailShare, UnitShare, "countries", "countries in which most agents see it fail"},
	{NetworkFailShare, UnitShare, "networks", "networks in which most agents see it fail"},
	{OneCountry, UnitYes, "agents", "all agents that see it fail are in one country, and agents elsewhere see it well"},
	{OneNetwork, UnitYes, "agents", "all agents that see it fail are in one network, and agents elsewhere see it well"},
	{ClassOnly, UnitYes, "agents", "all agents that see it fail are in one class of network, such as data centers, and others see it well"},
	{VantageGini, UnitShare, "agents", "how unevenly failures are spread over agents: 0 alike, towards 1 one alone (Gini)"},
	{AddressFailShare, UnitShare, "addresses", "addresses of the service that fail for most agents"},
	{AddressGini, UnitShare, "addresses", "how unevenly failures are spread over addresses (Gini)"},
	{FamilyGap, UnitShare, "attempts of the smaller family", "failing share over IPv6 less that over IPv4"},
	{RegionOthersFail, UnitShare, "services", "unrelated services that fail for the agents that see this one fail"},

	{OnsetSharpness, UnitShare, "attempts of the first two minutes", "failing share of the first two minutes, of the highest that any two minutes reached"},
	{OnsetRamp, UnitMinutes, "attempts since the first rise", "from the first rise of the failing share, or of times to the first byte, until half of the highest failing share was reached"},
	{OnsetSpread, UnitSeconds, "agents that see it fail", "from the first failure until four of five agents that see it fail had one; the period of the probes is in it"},
	{WaveCount, UnitCount, "attempts", "times that it rose and fell"},
	{FocusShift, UnitShare, "waves", "how much the agents that fail differ from wave to wave (1 less the Jaccard index)"},
	{Duration, UnitMinutes, "minutes looked at", "from the onset to the last closed minute"},
	{OnsetHour, UnitHour, "one onset", "hour of the day at which it began, UTC"},
	{OnTheHour, UnitYes, "one onset", "it began within a minute of :00 or :30"},
	{BaselineMin, UnitMinutes, "attempts before the onset", "quiet minutes that ratios are against"},

	{SiblingsWatched, UnitCount, "services", "other services on the same provider, edge or addresses that are watched"},
	{SiblingFailShare, UnitShare, "services", "of these, those that fail in the same minutes"},
	{SiblingSameShare, UnitShare, "siblings that fail", "siblings that fail at the same layer in the same way, within two minutes"},
	{ElsewhereFail, UnitShare, "services", "services that share nothing with it and fail in the same minutes"},
	{ProviderOut, UnitYes, "one provider", "an incident of a provider that it stands on is open"},
	{ControlFail, UnitShare, "looks at controls", "looks at control targets that fail, of the agents that see the service fail"},
	{DependencyOut, UnitYes, "one service", "an incident of a service that it depends on is open"},

	{ReportRatio, UnitRatio, "reports", "reports since the onset, over what was expected"},
	{ReportTotal, UnitCount, "reports", "reports since the onset"},
	{ReportCountries, UnitCount, "reports", "countries that people report from"},
	{ReportTopCountry, UnitShare, "reports", "reports from the country with the most of them"},
	{ReportCountryCut, UnitYes, "agents of that country", "all agents of the country with most reports are silent or fail at their controls too since the onset, and agents elsewhere can be believed"},
	{ReportTopKind, UnitShare, "reports", "reports of the most frequent category"},
	{ReportApp, UnitShare, "reports", "reports of the app"},
	{ReportLogin, UnitShare, "reports", "reports of the login"},
	{LeadRatio, UnitRatio, "one other service", "excess of reports over that of the other service with the largest one"},
	{LeadFails, UnitYes, "one other service", "that other service is seen failing by probes, or is ten times larger"},

	{VendorAdmits, UnitYes, "one page", "the vendor's own page admits a problem"},

	{BGPVisibility, UnitShare, "full-feed peers", "peers that see the prefixes of the service"},
	{BGPOriginChanged, UnitYes, "prefixes", "a prefix is announced by another network than before"},
	{BGPNewUpstream, UnitYes, "prefixes", "the prefixes are reached through a network that was not on the path before, such as one that scrubs"},
	{BGPUnchanged, UnitYes, "prefixes", "no change of origin, path or visibility"},
	{BlackholeRoute, UnitYes, "prefixes", "a route that discards traffic on purpose"},
	{FlowSurge, UnitRatio, "flows", "traffic towards the target, against the usual"},
	{OwnLogsSurge, UnitRatio, "requests", "requests, against the usual, from the operator's own logs"},
}
