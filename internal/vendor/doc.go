// Package vendor is the part that reads what vendors say of themselves: their
// official status pages.
//
// It reads the pages that services of the catalog name, over HTTP, and its own
// topic when it starts; it writes the topic words, and nothing else does, and hands
// ingest an observation when a page admits a problem. It runs only where the operator
// has asked for it.
//
// Method: a page is asked every few minutes, with jitter, with conditional requests
// and under an honest name; one request serves all services that name the same
// page. What it says becomes a word when it changes. A page that cannot be read
// twice in a row is unknown since the first failure: never up, and never down. The
// moment of an acknowledgement is the vendor's own, but never earlier than the last
// look at which the page did not show it.
//
// Limits: the size of a page, the time for it, its redirects and the number of its
// incidents are bounded in config.go; addresses that are not public are not asked,
// unless the operator allows it. A feed does not tell how bad a problem is, and
// which of its entries are open is told by their words alone.
package vendor
