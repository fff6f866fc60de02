// Package ranges is a compact table from addresses to numbers: sorted ranges,
// written as differences and compressed.
//
// It reads and writes bytes that its caller holds. Method: a table is a list of
// starts, each with the number that holds from there to the next start (0: none);
// IPv4 starts are 32 bits, IPv6 starts the upper 64, since networks are not cut
// finer than a /64. On disk the starts are differences and the numbers places in a
// palette ordered by use, all as variable-length integers under zstd with a
// checksum. In memory an entry takes 8 or 12 bytes and a lookup is one binary
// search.
//
// Limits: MaxEntries and MaxDecoded keep a damaged file from taking all memory.
package ranges

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"

	"github.com/klauspost/compress/zstd"
)

const (
	// MaxEntries bounds one table: the world's routing table has about a million
	// networks. A larger one is refused by Encode and Decode, and whoever builds
	// the data must aggregate it first.
	MaxEntries = 4 << 20
	// MaxDecoded bounds the memory that a file may unpack to.
	MaxDecoded = 64 << 20
	magic      = "faultline ranges 1\n"
)

// Table maps addresses to numbers. It never changes after Decode or Add.
type Table struct {
	Version string // of the data that it was made from
	start4  []uint32
	value4  []uint32
	start6  []uint64
	value6  []uint32
}

// Add appends the range from first to last, both included. Ranges must come in
// rising order within a family; what overlaps the range before is cut off. Parts
// of an IPv6 /64 are dropped.
func (t *Table) Add(first, last netip.Addr, value uint32) error {
	if first.Is4() != last.Is4() || last.Less(first) {
		return fmt.Errorf("range %s to %s: want two addresses of one family in order", first, last)
	}
	if len(t.start4) >= MaxEntries-1 || len(t.start6) >= MaxEntries-1 {
		return fmt.Errorf("more than %d ranges: aggregate them first", MaxEntries)
	}
	if first.Is4() {
		t.start4, t.value4 = extend(t.start4, t.value4, v4(first), v4(last), value)
		return nil
	}
	a, b := v6(first), v6(last)
	if lower(first) != 0 {
		a++
	}
	if lower(last) != math.MaxUint64 {
		if b == 0 {
			return nil
		}
		b--
	}
	if a <= b {
		t.start6, t.value6 = extend(t.start6, t.value6, a, b, value)
	}
	return nil
}

// extend adds [first, last] with its value and the end of it. The last start of a
// table is always the end of the last range, with the value 0.
func extend[T uint32 | uint64](starts []T, values []uint32, first, last T, value uint32) ([]T, []uint32) {
	if n := len(starts); n > 0 {
		end := starts[n-1]
		if values[n-1] != 0 || last < end {
			return starts, values // the table is full to its top, or covers this already
		}
		first = max(first, end)
		if first == end {
			starts, values = starts[:n-1], values[:n-1]
		}
	}
	if n := len(values); n == 0 || values[n-1] != value {
		starts, values = append(starts, first), append(values, value)
	}
	if last+1 != 0 {
		starts, values = append(starts, last+1), append(values, 0)
	}
	return starts, values
}

// Lookup returns the number of an address, 0 when the table has none.
func (t *Table) Lookup(a netip.Addr) uint32 {
	if a.Is4() || a.Is4In6() {
		return at(t.start4, t.value4, v4(a.Unmap()))
	}
	if !a.IsValid() {
		return 0
	}
	return at(t.start6, t.value6, v6(a))
}

func at[T uint32 | uint64](starts []T, values []uint32, x T) uint32 {
	i, found := slices.BinarySearch(starts, x)
	if !found {
		i--
	}
	if i < 0 {
		return 0
	}
	return values[i]
}

// Len is the number of entries of both families.
func (t *Table) Len() int { return len(t.start4) + len(t.start6) }

func v4(a netip.Addr) uint32 {
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}

func v6(a netip.Addr) uint64 {
	b := a.As16()
	return binary.BigEndian.Uint64(b[:8])
}

func lower(a netip.Addr) uint64 {
	b := a.As16()
	return binary.BigEndian.Uint64(b[8:])
}

// Encode writes the table in its compact form.
func Encode(t *Table) ([]byte, error) {
	palette, place := paletteOf(t)
	out := binary.AppendUvarint(nil, uint64(len(t.Version)))
	out = append(out, t.Version...)
	out = binary.AppendUvarint(out, uint64(len(palette)))
	for _, v := range palette {
		out = binary.AppendUvarint(out, uint64(v))
	}
	out = appendColumn(out, t.start4, t.value4, place)
	out = appendColumn(out, t.start6, t.value6, place)
	w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(8<<20))
	if err != nil {
		return nil, fmt.Errorf("compress ranges: %w", err)
	}
	return w.EncodeAll(out, []byte(magic)), nil
}

// paletteOf orders the numbers by how often they are used, so that most places
// are one or two bytes.
func paletteOf(t *Table) ([]uint32, map[uint32]int) {
	uses := map[uint32]int{}
	for _, v := range t.value4 {
		uses[v]++
	}
	for _, v := range t.value6 {
		uses[v]++
	}
	palette := make([]uint32, 0, len(uses))
	for v := range uses {
		palette = append(palette, v)
	}
	slices.SortFunc(palette, func(a, b uint32) int {
		if uses[a] != uses[b] {
			return uses[b] - uses[a]
		}
		return int(int64(a) - int64(b))
	})
	place := make(map[uint32]int, len(palette))
	for i, v := range palette {
		place[v] = i
	}
	return palette, place
}

func appendColumn[T uint32 | uint64](out []byte, starts []T, values []uint32, place map[uint32]int) []byte {
	out = binary.AppendUvarint(out, uint64(len(starts)))
	var last T
	for _, s := range starts {
		out = binary.AppendUvarint(out, uint64(s-last))
		last = s
	}
	for _, v := range values {
		out = binary.AppendUvarint(out, uint64(place[v]))
	}
	return out
}

// ErrDamaged is returned for bytes that are no table.
var ErrDamaged = errors.New("the range table is damaged")

// Decode reads the compact form.
func Decode(data []byte) (*Table, error) {
	if len(data) < len(magic) || string(data[:len(magic)]) != magic {
		return nil, fmt.Errorf("%w: it does not begin with %q", ErrDamaged, magic)
	}
	r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(MaxDecoded))
	if err != nil {
		return nil, fmt.Errorf("unpack ranges: %w", err)
	}
	defer r.Close()
	raw, err := r.DecodeAll(data[len(magic):], nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	c := &cursor{data: raw}
	t := &Table{Version: string(c.bytes(c.count(1)))}
	palette := make([]uint32, c.count(1))
	for i := range palette {
		palette[i] = uint32(c.number(math.MaxUint32))
	}
	t.start4, t.value4 = column[uint32](c, palette, math.MaxUint32)
	t.start6, t.value6 = column[uint64](c, palette, math.MaxUint64)
	if c.bad || len(c.data) != 0 {
		return nil, fmt.Errorf("%w: its parts do not fit together", ErrDamaged)
	}
	return t, nil
}

func column[T uint32 | uint64](c *cursor, palette []uint32, top uint64) ([]T, []uint32) {
	n := c.count(2)
	starts, values := make([]T, n), make([]uint32, n)
	var last uint64
	for i := range starts {
		d := c.number(top - last)
		c.bad = c.bad || d == 0 && i > 0
		last += d
		starts[i] = T(last)
	}
	for i := range values {
		if p := c.number(math.MaxUint32); p < uint64(len(palette)) {
			values[i] = palette[p]
		} else {
			c.bad = true
		}
	}
	return starts, values
}

// cursor reads numbers; after the first bad one it yields zeros.
type cursor struct {
	data []byte
	bad  bool
}

func (c *cursor) number(limit uint64) uint64 {
	v, n := binary.Uvarint(c.data)
	if c.bad || n <= 0 || v > limit {
		c.bad = true
		return 0
	}
	c.data = c.data[n:]
	return v
}

// count reads a length that the remaining bytes can hold.
func (c *cursor) count(bytesEach int) int {
	return int(c.number(min(MaxEntries, uint64(len(c.data)/bytesEach))))
}

func (c *cursor) bytes(n int) []byte {
	if c.bad || n > len(c.data) {
		c.bad = true
		return nil
	}
	b := c.data[:n]
	c.data = c.data[n:]
	return b
}
