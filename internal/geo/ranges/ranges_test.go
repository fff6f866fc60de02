package ranges

import (
	"errors"
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

func add(t *testing.T, table *Table, first, last string, v uint32) {
	t.Helper()
	if err := table.Add(netip.MustParseAddr(first), netip.MustParseAddr(last), v); err != nil {
		t.Fatal(err)
	}
}

func TestLookup(t *testing.T) {
	table := &Table{Version: "test"}
	add(t, table, "1.0.0.0", "1.0.0.255", 1)
	add(t, table, "1.0.1.0", "1.0.1.255", 1)
	add(t, table, "1.0.1.128", "1.0.2.255", 2) // overlaps: the first wins
	add(t, table, "255.0.0.0", "255.255.255.255", 3)
	add(t, table, "2001:db8::", "2001:db8:0:ffff:ffff:ffff:ffff:ffff", 4)
	add(t, table, "2001:db8:1:0:8000::", "2001:db8:1:2:ffff:ffff:ffff:ffff", 5) // begins inside a /64
	add(t, table, "2001:db8:2::1", "2001:db8:2::2", 6)                          // wholly inside one
	data, err := Encode(table)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if back.Version != "test" || back.Len() != table.Len() {
		t.Errorf("came back as version %q with %d entries, want %q with %d", back.Version, back.Len(), "test", table.Len())
	}
	for addr, want := range map[string]uint32{
		"0.255.255.255": 0, "1.0.0.0": 1, "1.0.1.200": 1, "1.0.2.0": 2, "1.0.2.255": 2, "1.0.3.0": 0,
		"254.255.255.255": 0, "255.255.255.255": 3, "::ffff:1.0.0.9": 1, "::": 0,
		"2001:db8::1": 4, "2001:db8:1::1": 0, "2001:db8:1:1::1": 5, "2001:db8:1:3::": 0, "2001:db8:2::1": 0,
		"ffff::": 0,
	} {
		if got := back.Lookup(netip.MustParseAddr(addr)); got != want {
			t.Errorf("Lookup(%s) = %d, want %d", addr, got, want)
		}
	}
	if got := back.Lookup(netip.Addr{}); got != 0 {
		t.Errorf("Lookup of no address = %d", got)
	}
	if err := table.Add(netip.MustParseAddr("2.0.0.9"), netip.MustParseAddr("2.0.0.1"), 1); err == nil {
		t.Error("a range that ends before it begins was taken")
	}
}

// The packed table answers like a plain walk over the ranges.
func TestLookupAgreesWithRanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := &Table{}
		type span struct{ first, last, v uint32 }
		var spans []span
		next := uint64(0)
		for next < 1<<32 && len(spans) < 50 {
			first := next + rapid.Uint64Range(0, 1<<26).Draw(t, "gap")
			last := min(first+rapid.Uint64Range(0, 1<<28).Draw(t, "length"), 1<<32-1)
			if first >= 1<<32 {
				break
			}
			s := span{uint32(first), uint32(last), rapid.Uint32Range(1, 5).Draw(t, "value")}
			if err := table.Add(addr4(s.first), addr4(s.last), s.v); err != nil {
				t.Fatal(err)
			}
			spans, next = append(spans, s), last+1
		}
		data, err := Encode(table)
		if err != nil {
			t.Fatal(err)
		}
		back, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			x, want := rapid.Uint32().Draw(t, "address"), uint32(0)
			for _, s := range spans {
				if s.first <= x && x <= s.last {
					want = s.v
				}
			}
			if got := back.Lookup(addr4(x)); got != want {
				t.Fatalf("Lookup(%s) = %d, want %d", addr4(x), got, want)
			}
		}
	})
}

func addr4(u uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(u >> 24), byte(u >> 16), byte(u >> 8), byte(u)})
}

func TestDecodeDamaged(t *testing.T) {
	table := &Table{Version: "v"}
	add(t, table, "1.0.0.0", "1.0.0.255", 1)
	good, err := Encode(table)
	if err != nil {
		t.Fatal(err)
	}
	flipped := append([]byte(nil), good...)
	flipped[len(flipped)-6] ^= 1
	for name, data := range map[string][]byte{"empty": nil, "cut": good[:len(good)-3], "flipped": flipped, "other": []byte("something else")} {
		if _, err := Decode(data); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: Decode: %v, want ErrDamaged", name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	table := &Table{Version: "v"}
	if err := table.Add(addr4(1<<24), addr4(1<<25), 7); err != nil {
		f.Fatal(err)
	}
	good, err := Encode(table)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Decode(data)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("the error is %v, want ErrDamaged", err)
			}
			return
		}
		got.Lookup(addr4(1 << 24)) // must not panic
	})
}
