package incident

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"faultline/internal/judge"
	"faultline/internal/siblings"
	"faultline/outage"
)

// What crosses services: providers whose tenants fail together, families, and crowds
// that report one service while another is out. All of it is done here, in the one
// fold that is not partitioned by service.

const (
	// maxTenants are named by an incident; all of them are counted.
	maxTenants = 24
	// maxLinks bounds the links of an incident: of more nobody could read. Those of
	// incidents that come later are left out, and the incidents themselves are not.
	maxLinks = 64
	// collateralShare is the most that the reports of an incident may have of another's
	// while nothing but the crowd speaks of either. Services beside a carrier that was
	// out had up to 7.6 % of its reports (Verizon beside T-Mobile US, 15 June 2020),
	// and one that was out with its owner had 12 % (Cricket, 22 February 2024).
	collateralShare = 0.10
	// collateralSeen is the same where probes look into the service and find it well,
	// while they see the other one fail.
	collateralSeen = 0.50
	// collateralKeep is how far above its limit a ratio may rise before the label goes.
	collateralKeep = 1.25
)

// carry lets a suspicion count for the provider that it names, as a quorum of its own
// probes would: it may open an incident of it, and confirm one that lasts.
func (f *Fold) carry(seen map[string]observation, c *siblings.Cause, m outage.Minute) {
	if c.Provider == "" {
		return
	}
	o, known := seen[c.Provider]
	if !known {
		o = f.look(c.Provider, m)
	}
	p := &o.probes
	if p.tenants != nil && p.tenants.Count >= len(c.Tenants) {
		return // in two manners at once: the one that more of them show
	}
	if p.since == 0 || c.Since < p.since {
		p.since = c.Since
	}
	p.quorum, p.alarm = true, true
	p.tenants = &outage.Tenants{
		Failing: c.Tenants[:min(len(c.Tenants), maxTenants)], Count: len(c.Tenants), Watched: c.Watched,
		Elsewhere: c.Elsewhere.Watched, Spared: c.Elsewhere.Watched - c.Elsewhere.Failing, Manner: string(c.Manner),
	}
	seen[c.Provider] = o
}

// carries notes that services which stand on this one fail together; the worst of it
// stays with the incident.
func (l *life) carries(t *outage.Tenants) {
	if t == nil {
		return
	}
	l.rest("tenants")
	if old := l.Inc.Tenants; old == nil || t.Count > old.Count {
		l.Inc.Tenants = t
	}
}

// recall restores what stands beside services. A state that was saved by an older
// program has the states of probes alone, which say how things are now.
func (f *Fold) recall(saved []byte, probes map[string]*outage.ProbeState) error {
	book := siblings.New(f.config.Services)
	if len(saved) > 0 {
		if err := book.Restore(saved); err != nil {
			return err
		}
	} else {
		for _, service := range slices.Sorted(maps.Keys(probes)) {
			book.Probed(probes[service])
		}
	}
	f.book = book
	return nil
}

// link ties incidents that are open at the same time to each other.
func (f *Fold) link(causes []siblings.Cause) {
	for i := range causes {
		f.linkCause(&causes[i])
	}
	families := map[string][]*life{}
	for _, l := range f.open() {
		if s := f.services[l.Inc.Service]; s != nil && s.Family != "" {
			families[s.Family] = append(families[s.Family], l)
		}
	}
	for _, members := range families {
		for _, l := range members {
			for _, other := range members {
				l.join(&other.Inc, outage.LinkFamily, 0)
			}
		}
	}
	f.linkCrowds()
}

// open lists the incidents that go on, by service.
func (f *Fold) open() []*life {
	var out []*life
	for _, service := range slices.Sorted(maps.Keys(f.state.Lives)) {
		if l := f.state.Lives[service]; l.Inc.State.Open() {
			out = append(out, l)
		}
	}
	return out
}

// linkCause ties tenants that fail together to their provider or, where the catalog has
// none, to each other. Each keeps its own incident.
func (f *Fold) linkCause(c *siblings.Cause) {
	var tenants []*life
	for _, t := range c.Tenants {
		if l := f.state.Lives[t]; l != nil && l.Inc.State.Open() {
			tenants = append(tenants, l)
		}
	}
	if p := f.state.Lives[c.Provider]; p != nil && p.Inc.State.Open() {
		for _, t := range tenants {
			t.join(&p.Inc, outage.LinkProvider, 0)
			p.join(&t.Inc, outage.LinkTenant, 0)
		}
		return
	}
	for _, t := range tenants {
		for _, other := range tenants {
			t.join(&other.Inc, outage.LinkCommon, 0)
		}
	}
}

// linkCrowds labels incidents that only the crowd has seen while something much larger
// is out. The label is a hint and may go again while both are open.
func (f *Fold) linkCrowds() {
	open := f.open()
	for _, l := range open {
		i := slices.IndexFunc(l.Inc.Links, func(k outage.Link) bool { return k.Why == outage.LinkCollateral })
		leads := leader(l, open)
		if i >= 0 && !slices.ContainsFunc(open, func(o *life) bool { return o.Inc.ID == l.Inc.Links[i].Incident }) {
			continue // the other one is over, and what was so remains
		}
		if leads == nil {
			l.unlink(i)
			continue
		}
		labelled := i >= 0 && l.Inc.Links[i].Incident == leads.Inc.ID
		ratio, ok := f.collateral(l, leads, labelled)
		switch {
		case ok && labelled:
			l.Inc.Links = slices.Clone(l.Inc.Links)
			l.Inc.Links[i].Ratio = ratio
		case ok:
			l.unlink(i)
			l.join(&leads.Inc, outage.LinkCollateral, ratio)
		default:
			l.unlink(i)
		}
	}
}

// leader is the confirmed incident that most people report beside this one.
func leader(l *life, open []*life) *life {
	var best *life
	most := 0.0
	for _, other := range open {
		if e := siblings.Excess(&other.Inc); other != l && e > most && other.Inc.Confirmed != 0 && other.Trial == nil {
			best, most = other, e
		}
	}
	return best
}

// collateral weighs the reports of an incident against those of a larger one. What has
// one owner with it, stands on it or depends on it may be out because of it, and what
// probes see fail is out: neither is collateral, whatever the ratio.
func (f *Fold) collateral(l, leads *life, labelled bool) (ratio float64, ok bool) {
	own := siblings.Excess(&l.Inc)
	if own <= 0 || l.Inc.Basis != "crowd" || l.Inc.Probes != nil && l.Inc.Probes.Failing > 0 || f.leans(l.Inc.Service, leads.Inc.Service) {
		return 0, false
	}
	ratio = own / siblings.Excess(&leads.Inc)
	limit := collateralShare
	if well(l.Inc.Probes) && leads.Inc.Probes != nil && leads.Inc.Probes.Quorum {
		limit = collateralSeen
	}
	if labelled {
		limit *= collateralKeep
	}
	return math.Round(ratio*1000) / 1000, ratio <= limit
}

// well says whether probes look into a service and nobody who counts sees it fail.
func well(p *outage.Probes) bool {
	return p != nil && p.Looking >= 2 && p.Failing == 0 && judge.CanBeHealthy(p.Depth)
}

// leans says whether one service may be out because another one is.
func (f *Fold) leans(service, on string) bool {
	s, other := f.services[service], f.services[on]
	if s == nil {
		return false
	}
	if other != nil && s.Family != "" && s.Family == other.Family {
		return true
	}
	return slices.Contains(s.DependsOn, on) || f.book.StandsOn(service, on)
}

// strength orders links: the lower number says more.
func strength(why string) int {
	return slices.Index([]string{outage.LinkProvider, outage.LinkTenant, outage.LinkCommon, outage.LinkCollateral, outage.LinkFamily}, why)
}

// join links the incident to another one, once, by what says most, and keeps links in
// order.
func (l *life) join(other *outage.Incident, why string, ratio float64) {
	if other.ID == l.Inc.ID {
		return
	}
	i, found := slices.BinarySearchFunc(l.Inc.Links, other.ID, func(k outage.Link, id string) int {
		return cmp.Compare(k.Incident, id)
	})
	link := outage.Link{Incident: other.ID, Service: other.Service, Why: why, Ratio: ratio}
	switch {
	case found && strength(why) < strength(l.Inc.Links[i].Why):
		l.Inc.Links = slices.Clone(l.Inc.Links) // the last revision keeps its own
		l.Inc.Links[i] = link
	case !found && len(l.Inc.Links) < maxLinks:
		l.Inc.Links = slices.Insert(slices.Clone(l.Inc.Links), i, link)
	}
}

// unlink takes a link back; a negative index is none.
func (l *life) unlink(i int) {
	if i >= 0 {
		l.Inc.Links = slices.Delete(slices.Clone(l.Inc.Links), i, i+1)
	}
}
