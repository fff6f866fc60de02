package geo

import (
	"fmt"
	"io"
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

// probeRecords is how many records are tried to find out how a file says things.
const probeRecords = 1000

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
	r, err := maxminddb.OpenBytes(data)
	if err != nil {
		return nil, fmt.Errorf("address database %s is not in MMDB format or cut short: %w; download it again", name, err)
	}
	if err := r.Verify(); err != nil {
		return nil, fmt.Errorf("address database %s is damaged: %w; download it again", name, err)
	}
	m := &mmdb{reader: r}
	if m.path = m.probe(paths); m.path == nil {
		return nil, fmt.Errorf("address database %s (%s) has no field %s in its first records: is it of the right kind?", name, r.Metadata.DatabaseType, names(paths))
	}
	return m, nil
}

// probe finds the first path that leads to a value in one of the first records.
func (m *mmdb) probe(paths []path) path {
	for _, p := range paths {
		tried := 0
		for result := range m.reader.Networks() {
			if value(result, p) != "" {
				return p
			}
			if tried++; tried == probeRecords {
				break
			}
		}
	}
	return nil
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
