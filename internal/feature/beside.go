package feature

import (
	"maps"
	"slices"

	"faultline/internal/smallcell"
	"faultline/outage"
)

// CrowdMinute is what people reported of a service in a minute.
type CrowdMinute struct {
	At         outage.Minute
	Total      int
	Countries  map[string]int
	Categories map[string]int
}

// Group counts services that were watched in the minutes of an incident.
type Group struct{ Watched, Failing int }

// Beside is what is known of other services in the same minutes.
type Beside struct {
	Siblings    Group // on the same provider, edge or addresses
	Same        int   // siblings that fail at the same layer in the same way, within two minutes
	Elsewhere   Group // that share nothing with it
	Nameservers Group // others on the same name servers
	Region      Group // unrelated ones, as the agents that see it fail see them
	Provider    Yes
	Dependency  Yes
	// Lead compares the excess of reports with the largest excess of another service;
	// LeadFails says whether that one is seen failing by probes, or is ten times larger.
	Lead      float64
	LeadKnown bool
	LeadFails bool
}

// Yes is an answer that may be unknown.
type Yes struct {
	Known, Yes bool
	Rests      []string // ids of incidents
}

// fewReports are too few to say what they are mostly of.
const fewReports = 5

// crowd says how many people report, from where and of what.
func (x *extract) crowd() {
	total, minutes := 0, 0
	countries, kinds := map[string]int{}, map[string]int{}
	for _, m := range x.Crowd {
		if m.At < x.onset || m.At > x.last() {
			continue
		}
		minutes++
		total += m.Total
		for c, n := range m.Countries {
			countries[c] += n
		}
		for c, n := range m.Categories {
			kinds[c] += n
		}
	}
	put := func(name string, value float64, sample int) {
		x.set.Put(Feature{Name: name, Value: round(value), Sample: sample, Origin: outage.OriginCrowd, From: x.onset, To: x.last()})
	}
	put(ReportTotal, float64(total), total)
	// Expected is known only while reports are unusual; a minute without any is a zero.
	if e := x.Incident.Expected; e > 0 {
		span := float64(x.last() - x.onset + 1)
		put(ReportRatio, float64(total)/(max(e, leastExpected)*span), total)
	}
	if total < fewReports {
		return
	}
	delete(countries, "")
	put(ReportCountries, float64(len(countries)), total)
	country, most := largest(countries)
	put(ReportTopCountry, cellShare(most, total), total)
	if cut, agents := x.cutOff(country); agents > 0 {
		put(ReportCountryCut, yes(cut), agents)
	}
	_, kind := largest(kinds)
	put(ReportTopKind, cellShare(kind, total), total)
	put(ReportApp, cellShare(kinds["app"], total), total)
	put(ReportLogin, cellShare(kinds["login"], total), total)
}

// cutOff says whether all agents of a country that could be believed before the onset
// cannot be since - they are silent, or their controls fail too - while others can, and
// how many they are.
func (x *extract) cutOff(country string) (cut bool, agents int) {
	elsewhere, here := 0, 0
	for _, a := range x.agents {
		switch {
		case country == "" || a.quiet.tried == 0:
		case a.vantage.Country != country:
			if a.tried > 0 {
				elsewhere++
			}
		default:
			agents++
			if a.tried > 0 {
				here++
			}
		}
	}
	return here == 0 && elsewhere > 0, agents
}

// cellShare is as coarse as it may be told, where it may be told at all; of fewer
// reports it is exact, and held back from pages.
func cellShare(count, total int) float64 {
	if told, ok := smallcell.Share(count, total); ok {
		return told
	}
	return float64(count) / float64(total)
}

// leastExpected keeps the ratio of a service that nobody ever reports finite.
const leastExpected = 0.05

// largest is the first of those with the highest count, and that count.
func largest(counts map[string]int) (name string, most int) {
	for _, n := range slices.Sorted(maps.Keys(counts)) {
		if counts[n] > most {
			name, most = n, counts[n]
		}
	}
	return name, most
}

// beside says what else fails.
func (x *extract) beside() {
	b := &x.Beside
	put := func(name string, value float64, sample int, origin outage.EvidenceOrigin, rests []string) {
		x.set.Put(Feature{Name: name, Value: round(value), Sample: sample, Origin: origin, From: x.onset, To: x.last(), Rests: rests})
	}
	share := func(name string, g Group) {
		if g.Watched > 0 {
			put(name, float64(g.Failing)/float64(g.Watched), g.Watched, outage.OriginProbes, nil)
		}
	}
	put(SiblingsWatched, float64(b.Siblings.Watched), b.Siblings.Watched, outage.OriginProbes, nil)
	share(SiblingFailShare, b.Siblings)
	share(SiblingSameShare, Group{b.Siblings.Failing, b.Same})
	share(ElsewhereFail, b.Elsewhere)
	share(SameNameserverFail, b.Nameservers)
	share(RegionOthersFail, b.Region)
	for _, q := range []struct {
		name   string
		answer *Yes
	}{{ProviderOut, &b.Provider}, {DependencyOut, &b.Dependency}} {
		if q.answer.Known {
			put(q.name, yes(q.answer.Yes), 1, outage.OriginCatalog, q.answer.Rests)
		}
	}
	if b.LeadKnown {
		put(LeadRatio, b.Lead, 1, outage.OriginCrowd, nil)
		put(LeadFails, yes(b.LeadFails), 1, outage.OriginCrowd, nil)
	}
}

// observed adds what observers have published of the time of the incident. A vendor's
// word that it has a problem is one of those facts, and no measurement.
func (x *extract) observed() {
	list := slices.Clone(x.Observations)
	slices.SortFunc(list, func(a, b outage.Observation) int { return int(a.Minute - b.Minute) })
	for i := range list {
		if f, ok := Observed(&list[i], x.onset, x.At); ok {
			x.set.Put(f)
		}
	}
}

// Observed is the feature that an observation tells of an incident; ok is false where
// it is of another time.
func Observed(o *outage.Observation, onset, at outage.Minute) (f Feature, ok bool) {
	if o.From > at || o.To != 0 && o.To < onset {
		return f, false
	}
	source := o.Source
	f = Feature{
		Name: o.Feature, Value: o.Value, From: o.From, To: o.To, Sample: o.Sample, Vantages: o.Vantages, Networks: o.Networks,
		Origin: outage.OriginObserver, Quote: o.Quote, Rests: []string{o.ID}, Source: &source,
	}
	if o.Feature == VendorAdmits {
		f.Origin = outage.OriginVendor
	}
	return f, true
}
