package replay

import (
	"errors"
	"fmt"
	"time"

	"faultline/outage"
)

// Row is one line of a recording.
type Row struct {
	Minute   outage.Minute
	Service  string
	Category string // empty: unknown
	Country  string // empty: unknown
	Network  string // empty: unknown
	Reporter string // empty: a count
	Count    int
}

// cell names the series of a row of a file of counts.
func (r *Row) cell() string {
	return r.Service + "\x00" + r.Category + "\x00" + r.Country + "\x00" + r.Network
}

// Limits of a row. A larger count than a thousand million people is a mistake in
// the file, and text longer than this is no name.
const (
	maxCount = 1_000_000_000
	maxText  = 64
)

// Times outside this span are mistakes of a unit, such as milliseconds.
var (
	earliest = outage.MinuteOf(time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC))
	latest   = outage.MinuteOf(time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC))
)

// layouts of times without a zone, which are UTC.
var layouts = [...]string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04Z", "2006-01-02T15:04:05"}

func parseTime(s string) (outage.Minute, error) {
	for _, l := range layouts {
		t, err := time.Parse(l, s)
		if err != nil {
			continue
		}
		m := outage.MinuteOf(t)
		if m < earliest || m > latest {
			return 0, fmt.Errorf("time %q lies outside 1990 to 2200: check its unit and its year", s)
		}
		return m, nil
	}
	return 0, fmt.Errorf("time %q cannot be read: write 2025-03-10T09:30:00Z or 2025-03-10 09:30 (UTC)", clip(s))
}

// check says what no recording may hold.
func (r *Row) check() error {
	if r.Service == "" {
		return errors.New("the service is missing: every line names one")
	}
	for name, v := range map[string]string{"service": r.Service, "category": r.Category, "network": r.Network, "country": r.Country} {
		if len(v) > maxText {
			return fmt.Errorf("the %s has %d bytes: use at most %d", name, len(v), maxText)
		}
		for i := range len(v) {
			if v[i] < ' ' || v[i] == 0x7f {
				return fmt.Errorf("the %s has a control character: use plain text", name)
			}
		}
	}
	if c := r.Country; c != "" && (len(c) != 2 || c[0] < 'A' || c[0] > 'Z' || c[1] < 'A' || c[1] > 'Z') {
		return fmt.Errorf("country %q is not an ISO 3166-1 code: write two capital letters, or leave it empty", clip(c))
	}
	if r.Count < 0 || r.Count > maxCount {
		return fmt.Errorf("count %d: use 0 to %d", r.Count, maxCount)
	}
	return nil
}

// clip shortens what an error quotes.
func clip(s string) string {
	if len(s) > maxText {
		return s[:maxText] + "..."
	}
	return s
}

// spread divides a bucket's count over its minutes evenly; each part of it sits
// in the middle of its share of the bucket, so one report lies in the middle.
func spread(count int, step outage.Minute) []int {
	out := make([]int, step)
	k := int(step)
	whole, rest := count/k, count%k
	for i := range out {
		out[i] = whole
	}
	for i := range rest {
		out[(2*i+1)*k/(2*rest)]++
	}
	return out
}
