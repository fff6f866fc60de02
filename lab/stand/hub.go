package stand

import (
	"fmt"
	"strings"

	"faultline/lab/topology"
)

// Catalog is the hub's catalog of the lab.
func Catalog() string {
	var b strings.Builder
	b.WriteString("kind: other\nservices:\n")
	service := func(id, name, host, providers, categories string) {
		fmt.Fprintf(&b, "  - id: %s\n    name: %s\n    homepage: https://%s/\n    hosts: [{name: %s, role: web, verified: true}]\n    categories: [%s]\n", id, name, host, host, categories)
		if providers != "" {
			fmt.Fprintf(&b, "    providers: [%s]\n", providers)
		}
	}
	const usual = "website, app, login, server-connection"
	service(ServiceFeed, "Feed", FeedHost, ServiceEdge+", "+ServiceNames, "website, app, login, feed, posting, media, server-connection")
	service(ServiceShop, "Shop", ShopHost, ServiceEdge+", "+ServiceNames, usual)
	service(ServiceNews, "News", NewsHost, ServiceEdge+", "+ServiceNames, usual)
	service(ServiceMail, "Mail", MailHost, ServiceEdge, usual)
	service(ServiceBank, "Bank", BankHost, "", usual)
	service(ServiceEdge, "Edgehost", EdgeHost, "", usual)
	service(ServiceNames, "Namehost", NamesHost, "", usual)
	return b.String()
}

// Probes says what agents probe: the page that people come for every five seconds, at
// each of its addresses, the front page and journeys less often, and what is beside
// our service.
func Probes() string {
	var b strings.Builder
	fmt.Fprintf(&b, `lab: true
contact: mailto:lab@feed.example
targets:
  - {service: %[1]s, url: "https://%[2]s/", period: 20s, per-minute: 1000, also: [authoritative]}
  - service: %[1]s
    url: "https://%[2]s/public"
    period: 5s
    per-minute: 1000
    journey-period: 10s
    journeys:
      - name: read
        variants: [desktop, mobile]
        steps:
          - {name: login, method: POST, url: "https://%[2]s/login", body: "user=probe&password=probe", header: {Content-Type: application/x-www-form-urlencoded}, expect: {keyword: "welcome"}}
          - {name: feed, url: "/feed", expect: {keyword: "post-"}, capture: [{name: media, pattern: "media/([0-9]+)"}]}
          - {name: media, url: "/media/${media}", expect: {min_bytes: 2000}}
`, ServiceFeed, FeedHost)
	for _, s := range [][3]string{{ServiceShop, ShopHost, "20s"}, {ServiceNews, NewsHost, "20s"}, {ServiceMail, MailHost, "20s"}, {ServiceBank, BankHost, "15s"}, {ServiceEdge, EdgeHost, "30s"}, {ServiceNames, NamesHost, "30s"}} {
		fmt.Fprintf(&b, "  - {service: %s, url: \"https://%s/\", period: %s, per-minute: 300}\n", s[0], s[1], s[2])
	}
	fmt.Fprintf(&b, "controls:\n  - {url: \"https://%s/\", period: 10s}\n  - {url: \"https://%s/\", period: 10s}\n  - {url: \"http://%s/\", period: 10s}\n", ControlOne, ControlTwo, topology.ControlAddrs[2])
	return b.String()
}
