package geo

import (
	"net/netip"
	"strings"
	"testing"
)

func builtin(t testing.TB) *DB {
	t.Helper()
	db, err := Open(Config{})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// Large blocks that have belonged to the same holder for many years.
func TestLookupKnownAddresses(t *testing.T) {
	db := builtin(t)
	tests := []struct {
		addr string
		want Place
	}{
		{"8.8.8.8", Place{"US", 15169}},
		{"::ffff:8.8.8.8", Place{"US", 15169}},
		{"84.128.0.1", Place{"DE", 3320}},
		{"2003::1", Place{"DE", 3320}},
		{"82.64.0.1", Place{"FR", 12322}},
		{"73.1.1.1", Place{"US", 7922}},
		{"49.32.0.1", Place{"IN", 55836}},
		{"126.1.1.1", Place{"JP", 17676}},
		{"2409:4000::1", Place{"IN", 55836}},
		{"2607:fb90:1::1", Place{"US", 21928}},
		{"2607:fb90:1::1%eth0", Place{"US", 21928}},
	}
	for _, tt := range tests {
		if got := db.Lookup(netip.MustParseAddr(tt.addr)); got != tt.want {
			t.Errorf("Lookup(%s) = %+v, want %+v", tt.addr, got, tt.want)
		}
	}
}

func TestSpecialAddressesHaveNoPlace(t *testing.T) {
	db := builtin(t)
	for _, s := range []string{
		"0.0.0.0", "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.1.1",
		"192.0.2.1", "198.51.100.9", "203.0.113.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
		"::", "::1", "fe80::1", "fd00::1", "ff02::1", "2001:db8::1", "3fff::1", "64:ff9b::808:808",
		"::ffff:127.0.0.1", "::ffff:10.0.0.1",
	} {
		a := netip.MustParseAddr(s)
		if Public(a) {
			t.Errorf("Public(%s) = true", s)
		}
		if got := db.Lookup(a); got != (Place{}) {
			t.Errorf("Lookup(%s) = %+v, want nothing", s, got)
		}
	}
	if got := db.Lookup(netip.Addr{}); got != (Place{}) {
		t.Errorf("Lookup of no address = %+v, want nothing", got)
	}
}

// A stride over the whole of IPv4 shows how much of it the tables know, and that
// every code they give is in the list of countries.
func TestCoverage(t *testing.T) {
	db := builtin(t)
	public, country, network := 0, 0, 0
	for u := uint32(1 << 24); u < 224<<24; u += 65_537 {
		a := netip.AddrFrom4([4]byte{byte(u >> 24), byte(u >> 16), byte(u >> 8), byte(u)})
		if !Public(a) {
			continue
		}
		public++
		p := db.Lookup(a)
		if p.Country != "" {
			country++
		}
		if p.ASN != 0 {
			network++
		}
	}
	t.Logf("of %d public IPv4 addresses %d have a country and %d a network", public, country, network)
	if country < public*95/100 || network < public*80/100 {
		t.Errorf("of %d public addresses only %d have a country and %d a network", public, country, network)
	}
}

func TestCountries(t *testing.T) {
	list := Countries()
	if len(list) != 250 {
		t.Errorf("there are %d countries, want the 249 of ISO 3166-1 and Kosovo", len(list))
	}
	for i, c := range list {
		if len(c.Code) != 2 || strings.ToUpper(c.Code) != c.Code || c.Name == "" || CountryName(c.Code) != c.Name {
			t.Errorf("country %q %q is not found by its code", c.Code, c.Name)
		}
		if i > 0 && sortName(list[i-1].Name) >= sortName(c.Name) {
			t.Errorf("%q comes after %q", c.Name, list[i-1].Name)
		}
	}
	for code, want := range map[string]string{"GB": "United Kingdom", "US": "United States", "gb": "", "UK": "", "ZZ": "", "": "", "USA": ""} {
		if got := CountryName(code); got != want {
			t.Errorf("CountryName(%q) = %q, want %q", code, got, want)
		}
	}
}

func TestNetworkName(t *testing.T) {
	if got := NetworkName(3320); got != "AS3320" {
		t.Errorf("NetworkName(3320) = %q", got)
	}
	if got := NetworkName(0); got != "" {
		t.Errorf("NetworkName(0) = %q, want nothing", got)
	}
}

func BenchmarkOpen(b *testing.B) {
	for b.Loop() {
		builtin(b)
	}
}

func BenchmarkLookup4(b *testing.B) { benchmarkLookup(b, "84.128.7.9") }
func BenchmarkLookup6(b *testing.B) { benchmarkLookup(b, "2607:fb90:1::1") }

func benchmarkLookup(b *testing.B, s string) {
	db, a := builtin(b), netip.MustParseAddr(s)
	for b.Loop() {
		if db.Lookup(a).ASN == 0 {
			b.Fatal("no network")
		}
	}
}
