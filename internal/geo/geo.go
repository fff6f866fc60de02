// Package geo says which country and which network an address belongs to.
//
// It reads tables that are built in, or MMDB files that the operator supplies, and
// writes nothing; an address is looked up and forgotten. Method: countries come
// from the table of github.com/phuslu/iploc, networks from a table made by the
// command in gen; where an operator's file has an answer, it is taken instead.
// Addresses that nobody on the public internet has (loopback, private, shared,
// documentation, ...) have neither.
//
// Limits: a registry knows where a network is registered, not where its user is;
// for IPv6 the network is often the number of the holder rather than of the route.
// MaxMMDBBytes bounds an operator's file. A lookup takes well under a microsecond
// in the built-in tables; they take about 20 MB of memory once used.
package geo

import (
	_ "embed"
	"fmt"
	"net/netip"
	"strconv"

	"github.com/phuslu/iploc"

	"faultline/internal/geo/ranges"
)

// networkData is the table of networks; data/ATTRIBUTION.md says from where.
//
//go:embed data/networks.bin
var networkData []byte

// Place is what is known of an address. The zero value: nothing.
type Place struct {
	Country string // ISO 3166-1 alpha-2, empty: unknown
	ASN     uint32 // autonomous system, 0: unknown
}

// Config names the operator's own files; each may be empty.
type Config struct {
	CountryFile string // MMDB with countries
	ASNFile     string // MMDB with autonomous systems
}

// DB answers lookups. It never changes after Open and is safe for any number of
// callers.
type DB struct {
	networks  *ranges.Table
	countries *mmdb // nil: built in only
	asns      *mmdb
}

// Open loads the tables. An operator's file that is missing, damaged or of another
// kind is an error that names it.
func Open(cfg Config) (*DB, error) {
	networks, err := ranges.Decode(networkData)
	if err != nil {
		return nil, fmt.Errorf("load the built-in networks: %w", err)
	}
	db := &DB{networks: networks}
	if cfg.CountryFile != "" {
		if db.countries, err = openMMDB(cfg.CountryFile, countryPaths()); err != nil {
			return nil, err
		}
	}
	if cfg.ASNFile != "" {
		if db.asns, err = openMMDB(cfg.ASNFile, asnPaths()); err != nil {
			return nil, err
		}
	}
	return db, nil
}

// Lookup says what is known of an address. IPv4 addresses in IPv6 form are the
// IPv4 addresses.
func (db *DB) Lookup(a netip.Addr) Place {
	a = a.Unmap().WithZone("")
	if !Public(a) {
		return Place{}
	}
	var p Place
	if db.countries != nil {
		p.Country = db.countries.country(a)
	}
	if p.Country == "" {
		p.Country = builtinCountry(a)
	}
	if db.asns != nil {
		p.ASN = db.asns.asn(a)
	}
	if p.ASN == 0 {
		p.ASN = db.networks.Lookup(a)
	}
	return p
}

// builtinCountry asks the built-in table, whose word for unknown is ZZ.
func builtinCountry(a netip.Addr) string {
	c := iploc.IPCountry(a)
	if !IsCountry(c) {
		return ""
	}
	return c
}

// NetworkName writes an AS number as reports carry it, such as "AS3320"; empty for 0.
func NetworkName(asn uint32) string {
	if asn == 0 {
		return ""
	}
	return "AS" + strconv.FormatUint(uint64(asn), 10)
}

// Attribution is a source of the built-in tables that asks to be named.
type Attribution struct {
	Text string
	Link string
}

// Attributions lists whom a page that shows countries or networks must name.
func Attributions() []Attribution {
	return []Attribution{
		{"This product includes IP2Location LITE data", "https://lite.ip2location.com"},
		{"IP geolocation by DB-IP", "https://db-ip.com"},
		{"Routing data by the University of Oregon Route Views project", "https://www.routeviews.org"},
		{"Registry statistics by the Number Resource Organization", "https://www.nro.net"},
	}
}
