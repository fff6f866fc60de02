package ingest

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"sync"

	"faultline/internal/datadir"
	"faultline/outage"
)

// keySize is the length of a reporter key: 128 bits of an HMAC-SHA256.
const keySize = 16

// saltSize is the length of a salt; as long as the HMAC's own output.
const saltSize = 32

// reporterKey stands for one person at one service on one day.
type reporterKey [keySize]byte

// salts keeps the salt of today and of yesterday in one private file. When a day
// is over its salt is deleted, and with it every way from a stored key back to
// an address.
type salts struct {
	path string

	mu   sync.Mutex
	days map[int64][]byte // by day number of the world's clock
}

type saltFile struct {
	Days map[int64]string `json:"days"` // hex, by days since 1970-01-01
}

// openSalts reads the file, or starts without one.
func openSalts(dir string) (*salts, error) {
	s := &salts{path: filepath.Join(dir, "salts.json"), days: map[int64][]byte{}}
	b, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the salts in %s: %w", s.path, err)
	}
	var f saltFile
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, fmt.Errorf("decode the salts in %s: %w: delete the file; people who pressed in the last half hour may then count twice", s.path, err)
	}
	for day, text := range f.Days {
		salt, err := hex.DecodeString(text)
		if err != nil || len(salt) != saltSize {
			return nil, fmt.Errorf("salt of day %d in %s is not %d bytes of hex: delete the file", day, s.path, saltSize)
		}
		s.days[day] = salt
	}
	return s, nil
}

func dayOf(m outage.Minute) int64 { return int64(m / outage.Day) }

// pair returns the salts of a minute's day and of the day before (nil when that
// was never made). A new day is on disk before it is used.
func (s *salts) pair(m outage.Minute) (today, before []byte, err error) {
	day := dayOf(m)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.days[day] == nil {
		if err := s.turn(day); err != nil {
			return nil, nil, err
		}
	}
	return s.days[day], s.days[day-1], nil
}

// turn makes the salt of a day and drops those of days that are over.
func (s *salts) turn(day int64) error {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails (crypto/rand, Go 1.24)
	next := map[int64][]byte{day: salt}
	if old := s.days[day-1]; old != nil {
		next[day-1] = old
	}
	f := saltFile{Days: map[int64]string{}}
	for d, v := range next {
		f.Days[d] = hex.EncodeToString(v)
	}
	b, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("encode the salts: %w", err)
	}
	if err := datadir.Replace(s.path, b); err != nil {
		return fmt.Errorf("save the salt of the day in %s: %w", s.path, err)
	}
	s.days = next
	return nil
}

// masked is the part of an address that stands for one line: IPv4 /32, IPv6 /64.
func masked(a netip.Addr) netip.Prefix {
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // bits fit the family
	return p
}

// site is the wider network that is capped: IPv4 /24, IPv6 /48.
func site(a netip.Addr) netip.Prefix {
	bits := 24
	if a.Is6() {
		bits = 48
	}
	p, _ := a.Prefix(bits) // bits fit the family
	return p
}

// digest is an HMAC over a purpose, a service and a network: keys of different
// services or purposes have nothing in common.
func digest(salt []byte, purpose, service string, p netip.Prefix) reporterKey {
	mac := hmac.New(sha256.New, salt)
	mac.Write([]byte(purpose + "\x00" + service + "\x00"))
	b, _ := p.MarshalBinary() // never fails
	mac.Write(b)
	var k reporterKey
	copy(k[:], mac.Sum(nil))
	return k
}

// short is a digest as a number, for tables that live in memory.
func (k reporterKey) short() uint64 { return binary.BigEndian.Uint64(k[:8]) }
