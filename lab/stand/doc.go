// Package stand writes what the servers of the lab are configured with: edges, name
// servers, resolvers, certificates, and the hub's catalog and probes.
//
// It reads nothing and writes text, files of certificates, and nothing else; who runs
// the servers calls it again when a fault changes one. Everything follows from the
// names and addresses of package topology.
//
// Limits: what a fault does to an edge is said in the edge's own words, so it is as
// fast and as uniform as a real misconfiguration; only what nginx can do can be asked.
package stand

// Names of hosts in the lab, all of them within .example (RFC 2606).
const (
	FeedHost   = "www.feed.example"
	ShopHost   = "www.shop.example"
	NewsHost   = "www.news.example"
	MailHost   = "www.mail.example"
	EdgeHost   = "www.edgehost.example" // the edge provider's own page
	NamesHost  = "www.namehost.example" // the DNS provider's own page, hosted elsewhere
	BankHost   = "www.bank.example"
	ControlOne = "control-one.example"
	ControlTwo = "control-two.example"
)

// Services of the lab's catalog.
const (
	ServiceFeed  = "feed"
	ServiceShop  = "shop"
	ServiceNews  = "news"
	ServiceMail  = "mail"
	ServiceBank  = "bank"
	ServiceEdge  = "edgehost"
	ServiceNames = "namehost"
)

// Siblings are behind the same edge as our service, and know nothing of it.
func Siblings() []string { return []string{ShopHost, NewsHost, MailHost, EdgeHost} }
