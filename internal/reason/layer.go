package reason

import (
	"cmp"
	"slices"
	"strconv"

	"faultline/internal/feature"
	"faultline/outage"
)

// Thresholds of the question which layer fails. They are counts and no likelihoods,
// so they stand here and not in the table.
const (
	layerFailed   = 5    // fewest failed attempts that say anything
	layerClear    = 0.8  // share of the failures from which a layer has them, very likely
	layerMost     = 0.6  // likely
	nearlyNone    = 0.01 // share of attempts up to which next to none fail
	slowRatio     = 2.0  // times the usual from which something is slow
	slowRise      = 20.0 // ms from which a slower connection is felt at all
	lossyConnects = 0.05 // loss of SYNs from which silence above is blamed on the network
	rttBurdened   = 3.0  // the same by round-trip times
	noRoute       = 0.5  // share of failed connects without a route from which it is the route
)

// part is the share of the failures that one layer has.
type part struct {
	layer outage.Layer
	share float64
}

// layerOf answers which layer fails.
func layerOf(set *feature.Set, g ground) outage.LayerVerdict {
	if g.probes {
		return measuredLayer(set)
	}
	if len(g.sources) > 0 && g.enough {
		return publishedLayer(set)
	}
	if g.attempts > 0 || len(g.sources) > 0 {
		return outage.LayerVerdict{State: outage.VerdictInsufficient, Why: fill("layer-ground")}
	}
	return outage.LayerVerdict{State: outage.VerdictInsufficient, Why: fill("layer-unknown")}
}

func measuredLayer(set *feature.Set) outage.LayerVerdict {
	parts, sample := failures(set)
	if value(set, feature.FailFrac) <= nearlyNone {
		return slowLayer(set)
	}
	if sample < layerFailed {
		return outage.LayerVerdict{State: outage.VerdictInsufficient, Why: fill("layer-few")}
	}
	below := blameBelow(set, parts)
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(b.share, a.share) })
	first, second := parts[0], parts[1]
	v := outage.LayerVerdict{State: outage.VerdictAmbiguous, Layer: first.layer, Share: round(first.share)}
	if first.layer == outage.LayerTCP && value(set, feature.UnreachableShare) >= noRoute {
		v.Layer = outage.LayerRoute
	}
	switch {
	case first.share >= layerClear:
		v.State = outage.VerdictVeryLikely
	case first.share >= layerMost, answers(first.layer) && answers(second.layer) && first.share+second.share >= layerClear:
		v.State = outage.VerdictLikely
	}
	words := []string{"share", percent(first.share), "sample", strconv.Itoa(sample), "layer", layerWords[v.Layer]}
	switch {
	case below && v.Layer == outage.LayerTCP:
		v.Why = fill("layer-below", words...)
	case v.State == outage.VerdictVeryLikely:
		v.Why = fill("layer", words...)
	default:
		v.Second = second.layer
		v.Why = fill("layer-two", append(words, "other", percent(second.share), "second", layerWords[second.layer])...)
	}
	return v
}

// answers says whether a layer is above the connection: an error and a page that
// lacks its content are both an answer of the service.
func answers(l outage.Layer) bool { return l == outage.LayerHTTP || l == outage.LayerApp }

// failures lists the share of each layer and how many failed attempts they are of.
func failures(set *feature.Set) ([]part, int) {
	sample := 0
	parts := []part{
		{outage.LayerDNS, 0}, {outage.LayerTCP, 0}, {outage.LayerTLS, 0}, {outage.LayerHTTP, 0}, {outage.LayerApp, 0},
	}
	for i, name := range []string{feature.FirstDNSShare, feature.FirstTCPShare, feature.FirstTLSShare, feature.FirstHTTPShare, feature.FirstAppShare} {
		f, _ := set.Get(name)
		parts[i].share = f.Value
		sample = max(sample, f.Sample)
	}
	return parts, sample
}

// blameBelow counts handshakes and requests that were never answered as failures of
// the connection while connections themselves lose packets or are slow: a packet that
// is dropped shows wherever it was needed.
func blameBelow(set *feature.Set, parts []part) bool {
	lossy := value(set, feature.SYNLoss) >= lossyConnects || slowRoad(set, rttBurdened)
	if !lossy || parts[1].share == 0 && !slowRoad(set, rttBurdened) {
		return false
	}
	tls := parts[2].share * value(set, feature.HandshakeTimeout)
	http := parts[3].share * value(set, feature.NoAnswer)
	parts[1].share += tls + http
	parts[2].share -= tls
	parts[3].share -= http
	return tls+http > 0
}

// slowRoad says whether round trips take several times what they took.
func slowRoad(set *feature.Set, times float64) bool {
	return value(set, feature.RTTRatio) >= times && value(set, feature.RTTRise) >= slowRise
}

// slowLayer answers while next to nothing fails.
func slowLayer(set *feature.Set) outage.LayerVerdict {
	rtt, ttfb := value(set, feature.RTTRatio), value(set, feature.TTFBRatio)
	switch {
	case slowRoad(set, slowRatio):
		return outage.LayerVerdict{State: outage.VerdictLikely, Layer: outage.LayerTCP, Why: fill("layer-slow", "value", valueText(rtt, "ratio"))}
	case ttfb >= slowRatio:
		return outage.LayerVerdict{State: outage.VerdictLikely, Layer: outage.LayerHTTP, Why: fill("layer-slow-first", "value", valueText(ttfb, "ratio"))}
	}
	n, _ := set.Get(feature.Attempts)
	return outage.LayerVerdict{State: outage.VerdictVeryLikely, Why: fill("layer-none", "attempts", number(n.Value))}
}

// publishedLayer answers from what others have published: at most likely, for their
// method is theirs.
func publishedLayer(set *feature.Set) outage.LayerVerdict {
	type said struct {
		layer outage.Layer
		what  string
	}
	words := map[string]said{
		feature.DNSFailFrac: {outage.LayerDNS, "look-ups failed"}, feature.TCPFailFrac: {outage.LayerTCP, "connects failed"},
		feature.SYNLoss: {outage.LayerTCP, "packets of connects were lost"}, feature.EchoLoss: {outage.LayerTCP, "packets were lost"},
		feature.TLSFailFrac: {outage.LayerTLS, "handshakes failed"}, feature.HTTPFailFrac: {outage.LayerHTTP, "requests failed"},
		feature.AppFailFrac: {outage.LayerApp, "pages lacked their content"},
	}
	best := outage.LayerVerdict{State: outage.VerdictInsufficient, Why: fill("layer-few")}
	for _, v := range views(set)[1:] {
		for _, name := range []string{feature.DNSFailFrac, feature.TCPFailFrac, feature.SYNLoss, feature.EchoLoss, feature.TLSFailFrac, feature.HTTPFailFrac, feature.AppFailFrac} {
			f, ok := v.at[name]
			w := words[name]
			if !ok || f.Value < lossyConnects {
				continue
			}
			why := fill("layer-published", "sources", v.source, "what", w.what)
			switch {
			case best.Layer == "":
				best = outage.LayerVerdict{State: outage.VerdictLikely, Layer: w.layer, Why: why}
			case best.Layer != w.layer && best.Second == "":
				best.State, best.Second = outage.VerdictAmbiguous, w.layer
				best.Why += "; " + why
			}
		}
	}
	return best
}

// value is that of our own feature, 0 when it is unknown.
func value(set *feature.Set, name string) float64 {
	f, _ := set.Get(name)
	return f.Value
}
