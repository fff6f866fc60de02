// Command gen makes the embedded table of networks from published CSV files.
//
// It reads CSV lines "first address,last address,AS number,..." from the files
// named after the flags, in the order of their addresses, and writes one compact
// table. Which data set to use and how to refresh it: see
// docs/how-to/supply-address-data.md.
package main

import (
	"cmp"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strconv"

	"github.com/google/renameio/v2"

	"faultline/internal/geo/ranges"
)

func main() {
	out := flag.String("out", "internal/geo/data/networks.bin", "file to write")
	version := flag.String("version", "", "version of the data set, kept in the table")
	flag.Parse()
	if err := run(*out, *version, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(out, version string, files []string) error {
	if version == "" || len(files) == 0 {
		return errors.New("want -version V FILE.csv...")
	}
	var lines []line
	for _, f := range files {
		more, err := read(f)
		if err != nil {
			return err
		}
		lines = append(lines, more...)
	}
	// Overlaps are rare mistakes of the data; the range that begins first wins.
	slices.SortStableFunc(lines, func(a, b line) int {
		return cmp.Or(a.first.Compare(b.first), a.last.Compare(b.last))
	})
	table := &ranges.Table{Version: version}
	for _, l := range lines {
		if err := table.Add(l.first, l.last, l.asn); err != nil {
			return err
		}
	}
	data, err := ranges.Encode(table)
	if err != nil {
		return err
	}
	if err := renameio.WriteFile(out, data, 0o644); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	fmt.Printf("%s: %d lines, %d entries, %d bytes\n", out, len(lines), table.Len(), len(data))
	return nil
}

type line struct {
	first, last netip.Addr
	asn         uint32
}

func read(name string) ([]line, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open the data set: %w", err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.ReuseRecord = true
	r.FieldsPerRecord = -1
	var lines []line
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		l, err := parse(rec)
		if err != nil {
			at, _ := r.FieldPos(0)
			return nil, fmt.Errorf("%s:%d: %w", name, at, err)
		}
		lines = append(lines, l)
	}
}

func parse(rec []string) (line, error) {
	if len(rec) < 3 {
		return line{}, errors.New("want at least three columns: first,last,as_number")
	}
	first, err1 := netip.ParseAddr(rec[0])
	last, err2 := netip.ParseAddr(rec[1])
	asn, err3 := strconv.ParseUint(rec[2], 10, 32)
	return line{first, last, uint32(asn)}, errors.Join(err1, err2, err3)
}
