package ingest

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"faultline/internal/geo"
	"faultline/internal/httpd"
	"faultline/outage"
)

// Press is what a person says: the body of POST /api/v1/reports.
type Press struct {
	Service  string `json:"service"`
	Category string `json:"category"`
	Country  string `json:"country"` // only used where the address says nothing
}

// badPress is an error of the person's making, with the status to answer.
type badPress struct {
	status int
	detail string
}

func (e *badPress) Error() string { return e.detail }

// job checks a press and turns it into a job for the committer. The address
// ends here: what goes on is keys.
func (in *Ingest) job(r *http.Request, p Press) (*job, error) {
	service, ok := in.Services.Get(p.Service)
	if !ok || service.Retired {
		return nil, &badPress{http.StatusUnprocessableEntity, in.unknown(p.Service)}
	}
	if p.Category == "" {
		p.Category = service.Categories[0]
	}
	if !service.HasCategory(p.Category) {
		return nil, &badPress{http.StatusUnprocessableEntity, fmt.Sprintf("category %q is not one of %s: %s", p.Category, service.ID, strings.Join(service.Categories, ", "))}
	}
	country := strings.ToUpper(p.Country)
	if country != "" && geo.CountryName(country) == "" {
		return nil, &badPress{http.StatusUnprocessableEntity, fmt.Sprintf("country %q is not an ISO 3166-1 code of two letters such as US or GB", p.Country)}
	}
	addr := httpd.ClientAddr(r, in.TrustedHops)
	if !addr.IsValid() {
		return nil, &badPress{http.StatusBadRequest, "the connection has no address to tell reporters apart"}
	}
	place := in.Places.Lookup(addr)
	if place.Country != "" {
		country = place.Country
	}
	j := &job{report: outage.Report{
		Service: service.ID, Category: p.Category, Country: country, Source: outage.SourcePress,
	}}
	return j, in.identify(j, addr, place.ASN, slices.Contains(service.Networks, place.ASN))
}

// identify computes the keys that stand for the address.
func (in *Ingest) identify(j *job, addr netip.Addr, asn uint32, own bool) error {
	now := outage.MinuteOf(in.Clock.Now())
	today, before, err := in.salts.pair(now)
	if err != nil {
		return err
	}
	line := masked(addr)
	j.key = digest(today, "reporter", j.report.Service, line)
	if before != nil && now%outage.Day < outage.ReportWindow {
		k := digest(before, "reporter", j.report.Service, line)
		j.before = &k
	}
	net := digest(today, "network", j.report.Service, site(addr))
	j.site, j.exempt = net.short(), own || in.exempt[asn]
	if j.report.Network = geo.NetworkName(asn); asn == 0 {
		j.report.Network = fmt.Sprintf("~%08x", uint32(net.short()))
	}
	return nil
}

// nearMatches is how many services an error suggests; longShown how much of a
// wrong word it repeats.
const (
	nearMatches = 3
	longShown   = 60
)

// unknown says that there is no such service, and which may have been meant.
func (in *Ingest) unknown(id string) string {
	if len(id) > longShown {
		id = id[:longShown] + "…"
	}
	var near []string
	for _, s := range in.Services.Search(id, nearMatches) {
		if !s.Retired {
			near = append(near, s.ID)
		}
	}
	if len(near) == 0 {
		return fmt.Sprintf("service %q is not in the catalog: GET /api/v1/services?q=… finds the id", id)
	}
	return fmt.Sprintf("service %q is not in the catalog: did you mean %s?", id, strings.Join(near, ", "))
}
