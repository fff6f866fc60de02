package geo

import (
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/oschwald/maxminddb-golang/v2"
)

// MaxMMDBBytes bounds an operator's file: country and network databases have up
// to some tens of megabytes, and the file is held in memory, so that replacing it
// on disk cannot hurt a running process. City databases are refused by it.
const MaxMMDBBytes = 96 << 20

// probes is how many addresses of each family are looked up when a file is
// opened, spread evenly, to see that it is sound and how it says things. A full
// walk would be surer, but on a damaged tree it never ends.
const probes = 1 << 16

// path leads to a value inside a record.
type path []any

// countryPaths are the ways in which common databases write the country.
func countryPaths() []path {
	return []path{{"country", "iso_code"}, {"country_code"}, {"country"}}
}

// asnPaths are the ways in which common databases write the network: a number,
// or a text such as "AS3320".
func asnPaths() []path {
	return []path{{"autonomous_system_number"}, {"asn"}, {"as_number"}}
}

// mmdb is an operator's file, with the path on which it has its values.
type mmdb struct {
	reader *maxminddb.Reader
	path   path
}

// openMMDB loads and checks a file. Every error names it and says what to do.
func openMMDB(name string, paths []path) (*mmdb, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open the address database: %w; check the path, or remove it from the configuration to use the built-in data", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxMMDBBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read the address database: %w", err)
	}
	if len(data) > MaxMMDBBytes {
		return nil, fmt.Errorf("address database %s is larger than %d bytes: use a country or ASN database, not a city database", name, MaxMMDBBytes)
	}
	return parseMMDB(name, data, paths)
}

// parseMMDB checks what openMMDB has read.
func parseMMDB(name string, data []byte, paths []path) (*mmdb, error) {
	r, err := maxminddb.OpenBytes(data)
	if err != nil {
		return nil, fmt.Errorf("address database %s is not in MMDB format or cut short: %w; download it again", name, err)
	}
	m := &mmdb{reader: r}
	if m.path, err = probe(r, paths); err != nil {
		return nil, fmt.Errorf("address database %s is damaged: %w; download it again", name, err)
	}
	if m.path == nil {
		return nil, fmt.Errorf("address database %s (%s) answers no field %s: is it of the right kind?", name, r.Metadata.DatabaseType, names(paths))
	}
	return m, nil
}

// probe looks up addresses all over the internet and tries every record that it
// meets once, by path alone: a record can be made so that reading all of it never
// ends. It returns the first path that led to a value, nil when none did.
func probe(r *maxminddb.Reader, paths []path) (path, error) {
	best := len(paths)
	checked := map[uintptr]bool{}
	for a := range sampled(r.Metadata.IPVersion == 6) {
		result := r.Lookup(a)
		if err := result.Err(); err != nil {
			return nil, fmt.Errorf("look up %s: %w", a, err)
		}
		if !result.Found() || checked[result.Offset()] {
			continue
		}
		checked[result.Offset()] = true
		for i := range best {
			if value(result, paths[i]) != "" {
				best = i
				break
			}
		}
	}
	if best == len(paths) {
		return nil, nil
	}
	return paths[best], nil
}

// sampled yields addresses spread over IPv4 and, if asked, over the part of IPv6
// that is in use (2000::/4).
func sampled(both bool) iter.Seq[netip.Addr] {
	return func(yield func(netip.Addr) bool) {
		for i := range uint32(probes) {
			var b [4]byte
			binary.BigEndian.PutUint32(b[:], i*(1<<32/probes)+1)
			if !yield(netip.AddrFrom4(b)) {
				return
			}
		}
		for i := uint64(0); both && i < probes; i++ {
			var b [16]byte
			binary.BigEndian.PutUint64(b[:], 2<<60|i*(1<<60/probes)+1)
			if !yield(netip.AddrFrom16(b)) {
				return
			}
		}
	}
}

// value reads a text or a number at a path; "" when there is none.
func value(result maxminddb.Result, p path) string {
	var text string
	if result.DecodePath(&text, p...) == nil && text != "" {
		return text
	}
	var number uint32
	if result.DecodePath(&number, p...) == nil && number != 0 {
		return strconv.FormatUint(uint64(number), 10)
	}
	return ""
}

func (m *mmdb) country(a netip.Addr) string {
	c := strings.ToUpper(value(m.reader.Lookup(a), m.path))
	if !IsCountry(c) {
		return ""
	}
	return c
}

func (m *mmdb) asn(a netip.Addr) uint32 {
	digits := strings.TrimPrefix(strings.ToUpper(value(m.reader.Lookup(a), m.path)), "AS")
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}

func names(paths []path) string {
	var list []string
	for _, p := range paths {
		var parts []string
		for _, part := range p {
			parts = append(parts, fmt.Sprint(part))
		}
		list = append(list, strings.Join(parts, "."))
	}
	return strings.Join(list, " or ")
}
