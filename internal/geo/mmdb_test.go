package geo

import (
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// text and number encode values of the MMDB format, enough for a small file.
func text(s string) []byte { return append([]byte{2<<5 | byte(len(s))}, s...) }

func number(n uint32) []byte { return binary.BigEndian.AppendUint32([]byte{6<<5 | 4}, n) }

func number16(n uint16) []byte { return binary.BigEndian.AppendUint16([]byte{5<<5 | 2}, n) }

func mapping(parts ...[]byte) []byte {
	out := []byte{7<<5 | byte(len(parts)/2)}
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// makeMMDB writes an IPv4 database with one record for the network 84.0.0.0/8.
func makeMMDB(kind string, record []byte) []byte {
	const bits, prefix = 8, byte(84)
	var out []byte
	node := func(n uint32) { out = append(out, byte(n>>16), byte(n>>8), byte(n)) }
	for i := range uint32(bits) {
		next := i + 1
		if i == bits-1 {
			next = bits + 16 // the first record of the data section
		}
		if prefix>>(7-i)&1 == 0 {
			node(next)
			node(bits)
		} else {
			node(bits)
			node(next)
		}
	}
	out = append(out, make([]byte, 16)...)
	out = append(out, record...)
	out = append(out, "\xab\xcd\xefMaxMind.com"...)
	return append(out, mapping(
		text("binary_format_major_version"), number16(2),
		text("binary_format_minor_version"), number16(0),
		text("build_epoch"), append([]byte{4, 2}, 0x60, 0, 0, 0),
		text("database_type"), text(kind),
		text("description"), mapping(text("en"), text("for a test")),
		text("ip_version"), number16(4),
		text("languages"), []byte{0, 4},
		text("node_count"), number(bits),
		text("record_size"), number16(24),
	)...)
}

func writeFile(t *testing.T, name string, data []byte) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(p, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestOperatorFilesComeFirst(t *testing.T) {
	inside, outside := netip.MustParseAddr("84.128.0.1"), netip.MustParseAddr("82.64.0.1")
	tests := []struct {
		name    string
		country []byte
		asn     []byte
		want    Place
	}{
		{"records as MaxMind writes them",
			mapping(text("country"), mapping(text("iso_code"), text("CH"))),
			mapping(text("autonomous_system_number"), number(64500)), Place{"CH", 64500}},
		{"flat records", mapping(text("country_code"), text("at")), mapping(text("asn"), text("AS64501")), Place{"AT", 64501}},
		{"a country that does not exist", mapping(text("country"), text("ZZ")), mapping(text("asn"), text("none")), Place{"DE", 3320}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			db, err := Open(Config{
				CountryFile: writeFile(t, "c.mmdb", makeMMDB("Country", tt.country)),
				ASNFile:     writeFile(t, "a.mmdb", makeMMDB("ASN", tt.asn)),
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := db.Lookup(inside); got != tt.want {
				t.Errorf("Lookup(%s) = %+v, want %+v", inside, got, tt.want)
			}
			if got := db.Lookup(outside); got != (Place{"FR", 12322}) {
				t.Errorf("Lookup(%s) = %+v, want what is built in", outside, got)
			}
		})
	}
}

func TestOpenNamesTheFileAndTheRemedy(t *testing.T) {
	good := makeMMDB("Country", mapping(text("country_code"), text("CH")))
	damaged := append([]byte(nil), good...)
	for i := range 48 {
		damaged[i] |= 0x40 // every node leads far beyond the data
	}
	tests := []struct {
		name, want string
		cfg        Config
	}{
		{"missing", "check the path", Config{CountryFile: filepath.Join(t.TempDir(), "none.mmdb")}},
		{"no MMDB", "not in MMDB format", Config{CountryFile: writeFile(t, "none.mmdb", []byte("hello"))}},
		{"empty", "not in MMDB format", Config{ASNFile: writeFile(t, "none.mmdb", nil)}},
		{"cut short", "not in MMDB format", Config{CountryFile: writeFile(t, "none.mmdb", good[:len(good)/2])}},
		{"damaged", "download it again", Config{CountryFile: writeFile(t, "none.mmdb", damaged)}},
		{"wrong kind", "autonomous_system_number", Config{ASNFile: writeFile(t, "none.mmdb", good)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Open(tt.cfg)
			if err == nil || !strings.Contains(err.Error(), "none.mmdb") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Open: %v, want an error with the file's name and %q", err, tt.want)
			}
		})
	}
}

// A damaged file must be an error or answer something, never panic.
func FuzzMMDB(f *testing.F) {
	f.Add(makeMMDB("Country", mapping(text("country"), mapping(text("iso_code"), text("CH")))))
	f.Add(makeMMDB("ASN", mapping(text("asn"), text("AS64501"))))
	f.Fuzz(func(t *testing.T, data []byte) {
		db, err := parseMMDB("f.mmdb", data, countryPaths())
		if err != nil {
			return
		}
		if c := db.country(netip.MustParseAddr("84.128.0.1")); c != "" && !IsCountry(c) {
			t.Errorf("the country is %q", c)
		}
	})
}
