package feature

import (
	"math"

	"faultline/internal/attempts"
	"faultline/outage"
)

// round keeps what a person would write: values are stored and compared for ever.
func round(v float64) float64 {
	const digits = 1e4
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return math.Round(v*digits) / digits
}

// n is a counter of the attempts in the incident.
func (x *extract) n(c attempts.Code) int { return x.all.N(c) }

// word counts failures of a kind at one or more layers.
func (x *extract) word(f outage.Failure, at ...outage.Layer) int {
	sum := 0
	for _, l := range at {
		sum += x.n(attempts.Word(l, f))
	}
	return sum
}

// words counts several kinds at one layer.
func (x *extract) words(l outage.Layer, kinds ...outage.Failure) int {
	sum := 0
	for _, f := range kinds {
		sum += x.n(attempts.Word(l, f))
	}
	return sum
}

func (x *extract) fell(at ...outage.Layer) int {
	sum := 0
	for _, l := range at {
		sum += x.n(attempts.Fell(l))
	}
	return sum
}

func (x *extract) reached(at ...outage.Layer) int {
	sum := 0
	for _, l := range at {
		sum += x.n(attempts.Reached(l))
	}
	return sum
}

// layers says how much was looked at, and which layer fails.
func (x *extract) layers() {
	tried := x.n(attempts.Tried)
	x.put(Attempts, float64(tried), tried)
	ids := x.ids
	x.put(AgentsLooking, float64(len(ids)), len(ids))
	x.put(NetworksLooked, float64(x.networks(ids)), len(ids))
	x.put(DepthReached, depth(x.past.Depth), tried)
	x.part(FailFrac, x.n(attempts.Failed), tried)
	x.part(DNSFailFrac, x.n(attempts.LookFailed), x.n(attempts.Looked))
	// A look at a path or an echo is none at a connection, so what is unreachable
	// counts with the connects that met it.
	connects := []outage.Layer{outage.LayerRoute, outage.LayerTCP}
	x.part(TCPFailFrac, x.fell(connects...), x.reached(connects...))
	x.part(TLSFailFrac, x.fell(outage.LayerTLS), x.reached(outage.LayerTLS))
	x.part(QUICFailFrac, x.fell(outage.LayerQUIC), x.reached(outage.LayerQUIC))
	x.part(HTTPFailFrac, x.fell(outage.LayerHTTP), x.reached(outage.LayerHTTP))
	x.part(AppFailFrac, x.fell(outage.LayerApp), x.reached(outage.LayerApp))
	failed := x.n(attempts.Failed)
	x.mixed()
	for _, s := range []struct {
		name string
		n    int
	}{
		{FirstDNSShare, x.fell(outage.LayerDNS)}, {FirstTCPShare, x.fell(connects...)}, {FirstTLSShare, x.fell(outage.LayerTLS)},
		{FirstHTTPShare, x.fell(outage.LayerHTTP)}, {FirstAppShare, x.fell(outage.LayerApp)},
	} {
		x.of(s.name, s.n, failed)
	}
}

// mixed says whether what fails also succeeds close by: loss does, a cut does not.
func (x *extract) mixed() {
	if x.failing < 1 {
		return // what was fine before the first failure is no mixture
	}
	spots, both := 0, 0
	connects := map[pair]bool{}
	for i := range x.cells {
		c, s := &x.cells[i].now, &x.past.Spots[i]
		if !s.Whole() && s.Look != attempts.LookName {
			continue
		}
		if c.whole.bad != 0 {
			spots++
			// A name that does not resolve leads to no address: whether it also does is told
			// by the agent's other look-ups.
			if c.whole.both || s.Address == "" && x.agents[s.Agent].names.both {
				both++
			}
		}
		if k := (pair{s.Agent, s.Address}); c.lossy.bad != 0 {
			connects[k] = connects[k] || c.lossy.both
		}
	}
	x.of(MixedShare, both, spots)
	clean := 0
	for _, ok := range connects {
		if ok {
			clean++
		}
	}
	x.of(ConnectMixed, clean, len(connects))
}

// depth as a number.
func depth(d outage.Depth) float64 {
	switch d {
	case outage.DepthName:
		return 1
	case outage.DepthEdge:
		return 2
	case outage.DepthPage:
		return 3
	case outage.DepthJourney:
		return 4
	}
	return 0
}

// names says how look-ups fail.
func (x *extract) names() {
	failed := x.n(attempts.LookFailed)
	for _, s := range []struct {
		name  string
		kinds []outage.Failure
	}{
		{NXDomainShare, []outage.Failure{outage.FailureNXDOMAIN}},
		{ServfailShare, []outage.Failure{outage.FailureSERVFAIL, outage.FailureDNSMisbehaving, outage.FailureDNSRefused}},
		{DNSTimeoutShare, []outage.Failure{outage.FailureTimeout, outage.FailureDNSTemporary}},
		{DNSEmptyShare, []outage.Failure{outage.FailureDNSNoAnswer}},
	} {
		x.of(s.name, x.words(outage.LayerDNS, s.kinds...), failed)
	}
	x.share(AuthoritativeFail, attempts.ZoneFailed, attempts.ZoneLooked)
	x.addresses()
}

// Bounds of what addresses tell.
const (
	// namesFail is the share of look-ups from which on it is asked whether addresses
	// known from before still answer.
	namesFail = 0.05
)

// addresses says whether connects to addresses known from before work while the name
// does not, and whether answers lead elsewhere than before.
func (x *extract) addresses() {
	known := x.known()
	if len(known) == 0 {
		return
	}
	tried, fell, strange := 0, 0, 0
	for i := range x.cells {
		c, s := &x.cells[i], &x.past.Spots[i]
		if s.Address == "" || !s.Whole() {
			continue
		}
		t := c.now.connects()
		if !known[s.Address] {
			strange += t.tried
			continue
		}
		tried, fell = tried+t.tried, fell+t.failed
	}
	x.of(AnswerChanged, strange, tried+strange)
	x.elsewhere(known)
	if share, ok := x.all.Share(attempts.LookFailed, attempts.Looked); ok && share >= namesFail {
		x.of(AddressStillOK, tried-fell, tried)
	}
}

// known lists the addresses that were tried before the onset.
func (x *extract) known() map[string]bool {
	known := map[string]bool{}
	for i := range x.cells {
		if a := x.past.Spots[i].Address; a != "" && x.cells[i].base.N(attempts.Tried) > 0 {
			known[a] = true
		}
	}
	return known
}

// elsewhere says whether those for whom it fails are led to addresses of their own, as
// where a resolver lies (OONI, ts-017: answers that are not consistent with the control).
func (x *extract) elsewhere(known map[string]bool) {
	well := false
	for _, id := range x.ids {
		well = well || !x.agents[id].fails()
	}
	if !well {
		return
	}
	shared := map[string]bool{}
	for i := range x.cells {
		if s := &x.past.Spots[i]; x.cells[i].tried > 0 && !x.agents[s.Agent].fails() {
			shared[s.Address] = true
		}
	}
	failed, own := 0, 0
	for i := range x.cells {
		s, c := &x.past.Spots[i], &x.cells[i]
		if c.tried == 0 || s.Address == "" || !s.Whole() || !x.agents[s.Agent].fails() {
			continue
		}
		failed += c.failed
		if !known[s.Address] && !shared[s.Address] {
			own += c.failed
		}
	}
	x.of(AnswerElsewhere, own, failed)
}

// connects says how connects fail, and what is lost on the way.
func (x *extract) connects() {
	at := []outage.Layer{outage.LayerRoute, outage.LayerTCP}
	failed := x.fell(at...)
	x.of(RefusedShare, x.word(outage.FailureRefused, at...), failed)
	x.of(TimeoutShare, x.word(outage.FailureTimeout, at...), failed)
	x.of(ResetShare, x.word(outage.FailureReset, at...), failed)
	unreachable := 0
	for _, f := range []outage.Failure{outage.FailureHostUnreachable, outage.FailureNetworkUnreachable, outage.FailureNetworkDown} {
		unreachable += x.word(f, at...)
	}
	x.of(UnreachableShare, unreachable, failed)
	connects := x.n(attempts.SYNSent) - x.n(attempts.SYNRepeated)
	x.of(SYNRetransRate, x.n(attempts.SYNRepeated), connects)
	x.of(SYNLoss, x.n(attempts.SYNLost), x.n(attempts.SYNSent))
	x.share(EchoLoss, attempts.EchoLost, attempts.EchoSent)
}

// certificates says how handshakes fail, and whether another certificate is shown.
func (x *extract) certificates() {
	failed := x.fell(outage.LayerTLS)
	tls := outage.LayerTLS
	expired := x.words(tls, outage.FailureCertExpired, outage.FailureCertNotYet)
	x.of(CertExpiredShare, expired, failed)
	x.of(CertNameShare, x.words(tls, outage.FailureTLSHostname), failed)
	x.of(CertAuthorityShare, x.words(tls, outage.FailureTLSAuthority, outage.FailureTLSCertificate), failed)
	x.of(HandshakeTimeout, x.words(tls, outage.FailureTimeout), failed)
	x.of(HandshakeReset, x.words(tls, outage.FailureReset, outage.FailureAborted, outage.FailureEOF), failed)
	if x.quiet.N(attempts.Shaken) == 0 {
		return
	}
	changed := x.n(attempts.Shaken)
	nearest, found := 0.0, false
	for i := range x.past.Certs {
		if x.quiet.N(attempts.CertCode(i)) > 0 {
			changed -= x.n(attempts.CertCode(i))
		}
		if d := math.Abs(float64(x.past.Certs[i].NotAfter - x.onset)); x.n(attempts.CertCode(i)) > 0 && (!found || d < nearest) {
			nearest, found = d, true
		}
	}
	x.of(CertChanged, changed, x.n(attempts.Shaken))
	if found && expired > 0 {
		x.put(CertExpiredAtOnset, nearest, expired)
	}
}

// paths says where traces end, against how long the path was before.
func (x *extract) paths() {
	x.share(PathReached, attempts.Traced, attempts.Traces)
	shorter, late, ended := 0, 0, 0
	for i := range x.cells {
		c := &x.cells[i]
		usual := c.base.length()
		if usual == 0 {
			continue
		}
		for n := range c.now.Ends {
			count := c.now.Ends[n]
			if ended += count; n < usual-2 {
				shorter += count
			} else {
				late += count
			}
		}
	}
	x.of(PathLateEnd, late, ended)
	x.of(PathShorter, shorter, ended)
}
