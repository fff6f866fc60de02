package siblings

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"faultline/internal/judge"
	"faultline/outage"
)

// maxLead is the largest ratio that is told: where nobody reports anything else it
// would be without bounds.
const maxLead = 1000

// muchLarger is how many times the reports of another a service must have before it
// may be what people mean: those of services beside an outage had up to 7.6 % of it
// (T-Mobile US and Verizon, 15 June 2020).
const muchLarger = 10

// Excess is how many reports a minute an incident's highest one had over what was
// expected; 0 where people report nothing unusual.
func Excess(i *outage.Incident) float64 {
	if i == nil || !judge.Heard(i.Basis) {
		return 0
	}
	return math.Max(0, float64(i.Peak)-i.Expected)
}

// lead finds the service that people report most beside this one.
func (b *Book) lead(service string, from, to outage.Minute) Lead {
	own := Excess(b.incidents[service])
	if own == 0 || len(b.ground.services) < 2 {
		return Lead{}
	}
	l := Lead{Known: true, Ratio: math.Min(own, maxLead)}
	most := 0.0
	for _, id := range sortedKeys(b.incidents) {
		i := b.incidents[id]
		if id == service || i.Onset > to || i.End > 0 && i.End+within < from {
			continue
		}
		if e := Excess(i); e > most {
			most = e
			l.Service, l.Incident = id, i.ID
			l.Ratio = math.Min(own/math.Max(1, e), maxLead)
			l.Fails = i.Probes != nil && i.Probes.Quorum || e >= muchLarger*own
		}
	}
	return l
}

// sortedKeys lists keys in order, so that equal facts are said in equal words.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
